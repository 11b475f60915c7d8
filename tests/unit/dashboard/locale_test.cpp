// Numbers are read and written with a point, whatever the locale of the host.
#include "collector/overview_json.hpp"
#include "dashboard/tables.hpp"
#include "events/event_json.hpp"
#include "exporter/open_metrics.hpp"
#include "exporter/text_format.hpp"
#include "metrics/metric_store.hpp"
#include "unit/support/comma_locale.hpp"

#include <ltb/json.hpp>
#include <ltb/price_table.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <cstdio>
#include <sstream>
#include <string>

namespace ltb::dashboard {
namespace {

using testing::HasSubstr;

/// The locale of C++ streams is always there, that of C where it could be made.
class Locale : public testing::Test {
 protected:
  void SetUp() override {
    std::ostringstream stream;
    stream << 1234.5;
    ASSERT_EQ(stream.str(), "1.234,5");
  }
  void TearDown() override {
    if (!HasFailure() && !locale_.has_c())
      GTEST_SKIP() << "checked with C++ streams alone: localedef could not make de_DE.UTF-8";
  }

  const tests::CommaLocale locale_;
};

TEST_F(Locale, IsOneWithACommaInCToo) {
  if (!locale_.has_c()) return;
  std::array<char, 16> text{};
  std::snprintf(text.data(), text.size(), "%.1f", 0.5);
  EXPECT_STREQ(text.data(), "0,5");
}

TEST_F(Locale, PriceFilesAreReadWithAPoint) {
  const PriceTable own = PriceTable::parse(
      R"({"prices": [{"model": "m", "input": 2.5, "output": 0.15, "cache_read": 1.25}]})");
  const auto price = own.find("any", "m");
  ASSERT_TRUE(price.has_value());
  EXPECT_EQ(price->input, 2.5);
  EXPECT_EQ(price->output, 0.15);
  EXPECT_EQ(price->cache_read, 1.25);

  const PriceTable litellm = PriceTable::parse(
      R"({"m": {"litellm_provider": "p", "mode": "chat", "input_cost_per_token": 2.5e-06,
          "output_cost_per_token": 0.00001}})");
  const auto read = litellm.find("p", "m");
  ASSERT_TRUE(read.has_value());
  EXPECT_DOUBLE_EQ(read->input, 2.5);
  EXPECT_DOUBLE_EQ(read->output, 10);
}

TEST_F(Locale, RepliesAreReadWithAPoint) {
  LlmReply reply = read_openai_reply(nlohmann::json::parse(
      R"({"usage": {"prompt_tokens": 12.0, "completion_tokens": 7, "cost": 0.0135}})"));
  EXPECT_EQ(reply.usage, (TokenUsage{12, 7}));
  EXPECT_EQ(reply.cost, 0.0135);

  reply.cost.reset();
  read_reply_headers(reply, [](std::string_view name) -> std::optional<std::string_view> {
    if (name == "x-litellm-response-cost") return "0.25";
    if (name == "retry-after") return "1.5";
    return std::nullopt;
  });
  EXPECT_EQ(reply.cost, 0.25);
  EXPECT_EQ(reply.retry_after, std::chrono::milliseconds{1500});
}

TEST_F(Locale, MetricsAreWrittenWithAPoint) {
  metrics::MetricStore store({});
  metrics::CallRecord call;
  call.status = metrics::CallStatus::Success;
  call.duration_ns = 1'500'000'000;
  const TokenUsage usage{.input_tokens = 1'234'567, .output_tokens = 5};
  call.usage = &usage;
  call.cost = ExactCost{.nano_usd = 1'250'000'000};
  store.request_series("p", "m").record(call);

  for (const std::string& text :
       {exporter::render_text(store), exporter::render_openmetrics(store, {})}) {
    EXPECT_THAT(text, HasSubstr("llm_spend_usd_total{provider=\"p\",model=\"m\"} 1.25"));
    EXPECT_THAT(text, HasSubstr("llm_tokens_input_total{provider=\"p\",model=\"m\"} 1234567"));
    EXPECT_THAT(text,
                HasSubstr("llm_request_duration_seconds_sum{provider=\"p\",model=\"m\"} 1.5"));
    EXPECT_THAT(text, testing::Not(HasSubstr("le=\"0,")));
  }
}

TEST_F(Locale, JsonAndCsvAreWrittenWithAPoint) {
  ModelStats row;
  row.provider = "p";
  row.model = "m";
  row.total_requests = row.successful_requests = 1'234'567;
  row.total_cost_nano_usd = 13'500'001;
  row.total_cost = 0.013500001;
  row.requests_per_second = 12.5;
  row.avg_latency = 1.25;
  collector::Overview overview;
  overview.uptime_seconds = 12.5;
  overview.models = {row};

  const auto parsed = nlohmann::json::parse(collector::overview_json(overview));
  EXPECT_EQ(parsed["uptime_seconds"], 12.5);
  EXPECT_EQ(parsed["models"][0]["total_cost"], 0.013500001);
  EXPECT_EQ(parsed["models"][0]["total_requests"], 1'234'567);
  EXPECT_THAT(providers_csv({}, {row}), HasSubstr("p,m,,1234567,1234567,"));
  EXPECT_THAT(providers_csv({}, {row}), HasSubstr(",0.013500001,"));

  std::string event;
  events::append_json(event, MonitoringEvent::request_completed("p", "m", "r", 1.52,
                                                                TokenUsage{1'234'567, 75}, 0.0135));
  EXPECT_THAT(event, HasSubstr(R"("latency":1.52,)"));
  EXPECT_THAT(event, HasSubstr(R"("input_tokens":1234567,)"));
  EXPECT_THAT(event, HasSubstr(R"("cost":0.0135)"));
}

}  // namespace
}  // namespace ltb::dashboard
