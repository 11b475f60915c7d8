// Tokens, costs, finish reasons and limits, through every skin, against what the server logged.
#include "integration/replay/replay_fixture.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <chrono>
#include <cmath>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>

namespace ltb::test {
namespace {

using namespace std::chrono_literals;
using Json = nlohmann::json;

// USD per 1,000,000 tokens = pico-dollars a token / 10^6: chosen so that single calls are no whole
// nano-dollars.
constexpr std::uint64_t kInput = 150'137, kOutput = 600'411, kRead = 75'003, kWrite = 187'507,
                        kReasoning = 700'001;

PriceTable prices() {
  PriceTable table;
  table.add({.model = "model",
             .input = kInput * 1e-6,
             .output = kOutput * 1e-6,
             .cache_read = kRead * 1e-6,
             .cache_write = kWrite * 1e-6,
             .reasoning = kReasoning * 1e-6});
  return table;
}

/// What the server logged, added up.
struct Sums {
  std::uint64_t calls = 0, input = 0, output = 0, cached = 0, reasoning = 0, pico = 0;
  std::uint64_t without_usage = 0;

  void add(const Json& entry) {
    ++calls;
    const Json& usage = entry.at("usage");
    if (usage.is_null()) {
      ++without_usage;
      return;
    }
    const auto of = [&](const char* name) { return usage.value(name, std::uint64_t{0}); };
    const std::uint64_t in = of("input"), out = of("output"), read = of("cached"),
                        thought = of("reasoning"), written = of("cache_written");
    input += in;
    output += out;
    cached += read;
    reasoning += thought;
    pico += (in - read - written) * kInput + read * kRead + written * kWrite +
            (out - thought) * kOutput + thought * kReasoning;
  }
};

class Usage : public ReplayTest, public ::testing::WithParamInterface<Skin> {
 protected:
  Usage() : ReplayTest(MonitoringConfig{}.with_price_table(prices())) {}

  double counter(const char* family, Api api, const std::string& model,
                 std::pair<const char*, const char*> label = {nullptr, nullptr}) const {
    for (const Metric& metric : monitoring.get_metrics()) {
      if (metric.name() != family) continue;
      std::map<std::string, std::string> labels(metric.labels().begin(), metric.labels().end());
      if (labels["provider"] != name_of(api) || labels["model"] != model) continue;
      if (label.first != nullptr && labels[label.first] != label.second) continue;
      if (const auto* value = std::get_if<Counter>(&metric.value())) return value->value;
      if (const auto* value = std::get_if<Gauge>(&metric.value())) return value->value;
    }
    return -1;
  }
};

TEST_P(Usage, TokensAndCostsAgreeWithTheServersLogToTheNanoDollar) {
  for (const Api api : kApis)
    for (int i = 0; i < 12; ++i) {
      Ask asked = ask(api, {{"first_ms", 0},
                            {"gap_ms", 0},
                            {"input", 1000 + 37 * i},
                            {"output", 100 + 13 * i},
                            {"cached", 90 * (i % 3)},
                            {"reasoning", api == Api::Anthropic ? 0 : 17 * (i % 4)},
                            {"cache_written", api == Api::Anthropic ? 33 * (i % 2) : 0},
                            {"finish", i % 2 == 0 ? "stop" : "length"},
                            {"usage", i % 6 != 5}});
      asked.stream = i % 4 != 3;
      const CallEnd end = call_through(GetParam(), monitoring, asked);
      EXPECT_EQ(end.error, "");
      const RequestPayload payload = end_of_call(EventType::RequestCompleted);
      EXPECT_EQ(payload.streamed.value_or(false), asked.stream);
      EXPECT_EQ(payload.time_to_first_token.has_value(), asked.stream);
      EXPECT_EQ(payload.tokens.has_value(), i % 6 != 5);
      EXPECT_EQ(payload.cost.has_value(), i % 6 != 5);
    }

  std::map<std::string, Sums> logged;
  for (const Json& entry : server.log()) logged[entry.at("api")].add(entry);
  ASSERT_EQ(logged.size(), 3u);
  for (const Api api : kApis) {
    SCOPED_TRACE(name_of(api));
    const Sums& sums = logged[std::string(name_of(api))];
    const auto stats = monitoring.collector().model_stats(name_of(api), "model-1");
    ASSERT_TRUE(stats.has_value());
    EXPECT_EQ(stats->successful_requests, sums.calls);
    EXPECT_EQ(stats->total_input_tokens, sums.input);
    EXPECT_EQ(stats->total_output_tokens, sums.output);
    EXPECT_EQ(stats->total_cost_nano_usd, sums.pico / 1000);
    const auto count = [&](const char* family) { return counter(family, api, "model-1"); };
    EXPECT_EQ(count("llm_tokens_cached_input_total"), static_cast<double>(sums.cached));
    EXPECT_EQ(count("llm_tokens_reasoning_total"), static_cast<double>(sums.reasoning));
    EXPECT_EQ(count("llm_usage_missing_total"), static_cast<double>(sums.without_usage));
    EXPECT_EQ(count("llm_unpriced_requests_total"), static_cast<double>(sums.without_usage));
    EXPECT_GT(sums.without_usage, 0u);
    const double half = static_cast<double>(sums.calls) / 2;
    EXPECT_EQ(counter("llm_finish_reasons_total", api, "model-1", {"reason", "stop"}), half);
    EXPECT_EQ(counter("llm_finish_reasons_total", api, "model-1", {"reason", "length"}), half);
  }
}

TEST_P(Usage, ACostThatTheProviderTellsBeatsTheTable) {
  Ask asked = ask(Api::OpenAi, {{"first_ms", 0}, {"gap_ms", 0}, {"cost", 0.123456789}});

  call_through(GetParam(), monitoring, asked);

  EXPECT_EQ(monitoring.collector().totals().total_cost_nano_usd, 123'456'789u);
}

TEST_P(Usage, AModelThatTheTableDoesNotKnowIsUnpriced) {
  Ask asked = ask(Api::Google, {{"first_ms", 0}, {"gap_ms", 0}});
  asked.model = "nobody-knows-it";

  call_through(GetParam(), monitoring, asked);

  EXPECT_EQ(end_of_call(EventType::RequestCompleted).cost, std::nullopt);
  EXPECT_EQ(counter("llm_unpriced_requests_total", Api::Google, "nobody-knows-it"), 1.0);
  EXPECT_EQ(counter("llm_usage_missing_total", Api::Google, "nobody-knows-it"), 0.0);
}

TEST_P(Usage, BytesThatAreSplitAnywhereGiveTheSameNumbers) {
  for (const Api api : kApis)
    for (const int split : {1, 2, 3, 7, 64}) {
      SCOPED_TRACE(std::string(name_of(api)) + " by " + std::to_string(split));
      const Ask asked =
          ask(api, {{"first_ms", 0},
                    {"gap_ms", 0},
                    {"split", split},
                    {"cached", 7},
                    {"texts", {"Na\u00efve ", "\U0001F642\U0001F642 ", "\u65e5\u672c\u8a9e"}}});

      const CallEnd end = call_through(GetParam(), monitoring, asked);

      EXPECT_EQ(end.error, "");
      EXPECT_EQ(end.text, "Na\u00efve \U0001F642\U0001F642 \u65e5\u672c\u8a9e");
      const RequestPayload payload = end_of_call(EventType::RequestCompleted);
      ASSERT_TRUE(payload.tokens.has_value());
      EXPECT_EQ(payload.tokens->input_tokens, 40u);
      EXPECT_EQ(payload.tokens->output_tokens, 24u);
      EXPECT_EQ(payload.tokens->cached_tokens, 7u);
    }
}

TEST_P(Usage, LimitsOfTheHeadersAreGaugesAlsoWhenTheCallFails) {
  const auto call = [&](int status, const char* remaining) {
    Ask asked = ask(Api::OpenAi, {{"status", status},
                                  {"first_ms", 0},
                                  {"headers",
                                   {{"x-ratelimit-limit-requests", "60"},
                                    {"x-ratelimit-remaining-requests", remaining},
                                    {"x-ratelimit-reset-requests", "20s"},
                                    {"x-ratelimit-limit-tokens", "150000"},
                                    {"x-ratelimit-remaining-tokens", "149984"},
                                    {"x-ratelimit-reset-tokens", "6ms"}}}});
    asked.stream = false;
    call_through(GetParam(), monitoring, asked);
  };
  const auto gauge = [&](const char* family, const char* kind) {
    return counter(family, Api::OpenAi, "model-1", {"kind", kind});
  };
  const double before = static_cast<double>(std::chrono::duration_cast<std::chrono::seconds>(
                                                std::chrono::system_clock::now().time_since_epoch())
                                                .count());
  call(200, "59");
  EXPECT_EQ(gauge("llm_ratelimit_limit", "requests"), 60.0);
  EXPECT_EQ(gauge("llm_ratelimit_remaining", "requests"), 59.0);
  EXPECT_EQ(gauge("llm_ratelimit_limit", "tokens"), 150'000.0);
  EXPECT_EQ(gauge("llm_ratelimit_remaining", "tokens"), 149'984.0);
  const double reset = counter("llm_ratelimit_reset_timestamp_seconds", Api::OpenAi, "model-1");
  EXPECT_GE(reset, before + 20);
  EXPECT_LE(reset, before + 20 + 60) << "the clock of a busy machine";

  call(429, "0");
  EXPECT_EQ(gauge("llm_ratelimit_remaining", "requests"), 0.0);
}

INSTANTIATE_TEST_SUITE_P(Through, Usage, ::testing::ValuesIn(kSkins),
                         [](const auto& skin) { return std::string(name_of(skin.param)); });

}  // namespace
}  // namespace ltb::test
