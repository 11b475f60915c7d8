// TTFT, ITL and TPOT as each skin measures them, against the times at which the server wrote.
//
// Both sides read the same monotonic clock. Other programs may take the processor at any moment, so
// what is bounded is the median error over many calls: at most 2 ms, or 10 ms where a sanitizer
// slows this side down.
#include "integration/replay/replay_fixture.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstddef>
#include <string>
#include <vector>

namespace ltb::test {
namespace {

using Json = nlohmann::json;

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr double kBound = 0.010;
#else
constexpr double kBound = 0.002;
#endif

double seconds(std::int64_t nanoseconds) {
  return static_cast<double>(nanoseconds) * 1e-9;
}

double quantile(std::vector<double> values, double q) {
  std::sort(values.begin(), values.end());
  const auto rank = static_cast<std::size_t>(std::ceil(q * static_cast<double>(values.size())));
  return values.at(std::max<std::size_t>(rank, 1) - 1);
}
double median(const std::vector<double>& values) {
  return quantile(values, 0.5);
}

/// One call as the server did it; nanoseconds.
struct Written {
  std::int64_t received = 0;
  std::vector<std::int64_t> content{};
  std::int64_t end = 0;

  explicit Written(const Json& entry) : received(entry.at("received_ns")), end(entry.at("end_ns")) {
    for (const Json& write : entry.at("writes"))
      if (write.at("what") == "content") content.push_back(write.at("ns"));
  }
};

class Timing : public ReplayTest, public ::testing::WithParamInterface<Skin> {
 protected:
  std::vector<Written> written;                 // by call
  std::vector<RequestPayload> told;             // by call
  std::vector<std::vector<std::int64_t>> seen;  // by call, when each piece came; nanoseconds

  /// Makes the same call again and again, a third with each provider's shape.
  void make_calls(int count, const Json& script, bool stream = true) {
    for (int i = 0; i < count; ++i) {
      Ask asked = ask(kApis[static_cast<std::size_t>(i) % 3], script);
      asked.stream = stream;
      auto& times = seen.emplace_back();
      const CallEnd end = call_through(GetParam(), monitoring, asked, [&] {
        times.push_back(std::chrono::steady_clock::now().time_since_epoch().count());
        return true;
      });
      ASSERT_EQ(end.error, "");
    }
    for (const Json& entry : server.log()) written.emplace_back(entry);
    for (const MonitoringEvent& event : ends()) told.push_back(*event.request_payload());
    ASSERT_EQ(written.size(), static_cast<std::size_t>(count));
    ASSERT_EQ(told.size(), static_cast<std::size_t>(count));
  }

  /// The median of |measured - done| over all calls, in seconds.
  template <typename Measured, typename Done>
  double error(Measured measured, Done done) const {
    std::vector<double> errors;
    for (std::size_t i = 0; i < told.size(); ++i)
      errors.push_back(std::abs(measured(told[i]) - done(written[i])));
    return median(errors);
  }
};

TEST_P(Timing, TimesOfAStreamAreWithinTwoMillisecondsOfTheServers) {
  constexpr int kOutputTokens = 31;
  make_calls(
      45,
      {{"first_ms", 15}, {"gap_ms", {4, 9, 4, 9, 4}}, {"chunks", 6}, {"output", kOutputTokens}});

  EXPECT_LE(error([](const RequestPayload& p) { return p.time_to_first_token.value_or(1e9); },
                  [](const Written& w) { return seconds(w.content.front() - w.received); }),
            kBound)
      << "time to first token";
  EXPECT_LE(error(
                [](const RequestPayload& p) {
                  return p.time_per_output_token.value_or(1e9) * (kOutputTokens - 1);
                },
                [](const Written& w) { return seconds(w.content.back() - w.content.front()); }),
            kBound)
      << "time per output token, all of them together";
  EXPECT_LE(error([](const RequestPayload& p) { return p.latency.value_or(1e9); },
                  [](const Written& w) { return seconds(w.end - w.received); }),
            kBound)
      << "latency";
}

TEST_P(Timing, TimesBetweenTokensAreWithinTwoMillisecondsOfTheServers) {
  make_calls(30, {{"first_ms", 5}, {"gap_ms", {4, 12, 4, 12, 4}}, {"chunks", 6}});

  std::vector<double> gaps;
  for (const Written& call : written)
    for (std::size_t i = 1; i < call.content.size(); ++i)
      gaps.push_back(seconds(call.content[i] - call.content[i - 1]));
  const Percentiles measured = monitoring.collector().totals().inter_token_latency;
  ASSERT_EQ(measured.count, gaps.size());
  // The sketch adds its own error of at most 1.6 %.
  EXPECT_NEAR(measured.p50.value_or(0), median(gaps), kBound + 0.016 * median(gaps));
  // Three of five gaps are short: the upper quantiles are those of the long ones.
  const double upper = quantile(gaps, 0.8);
  EXPECT_GT(upper, 0.0119);
  EXPECT_GE(measured.p95.value_or(0), upper * 0.984 - kBound);

  std::vector<double> delays;
  for (std::size_t call = 0; call < written.size(); ++call) {
    ASSERT_EQ(seen[call].size(), written[call].content.size()) << "every piece once";
    for (std::size_t i = 0; i < seen[call].size(); ++i)
      delays.push_back(seconds(seen[call][i] - written[call].content[i]));
  }
  EXPECT_GE(*std::min_element(delays.begin(), delays.end()), 0.0) << "never before it was written";
  EXPECT_LE(median(delays), kBound);
}

TEST_P(Timing, AnEventInManyPiecesCountsWhenItIsWhole) {
  make_calls(15, {{"first_ms", 5}, {"gap_ms", 2}, {"chunks", 3}, {"split", 60}, {"split_ms", 2}});

  const double first =
      error([](const RequestPayload& p) { return *p.time_to_first_token; },
            [](const Written& w) { return seconds(w.content.front() - w.received); });
  EXPECT_LE(first, kBound);
}

TEST_P(Timing, AWholeAnswerHasALatencyAndNoTokenTimes) {
  make_calls(30, {{"first_ms", 12}}, false);

  EXPECT_LE(error([](const RequestPayload& p) { return p.latency.value_or(1e9); },
                  [](const Written& w) { return seconds(w.end - w.received); }),
            kBound);
  for (const RequestPayload& payload : told) {
    EXPECT_EQ(payload.streamed, std::nullopt);
    EXPECT_EQ(payload.time_to_first_token, std::nullopt);
    EXPECT_EQ(payload.time_per_output_token, std::nullopt);
  }
  const CallTotals totals = monitoring.collector().totals();
  EXPECT_EQ(totals.time_to_first_token.count, 0u);
  EXPECT_EQ(totals.inter_token_latency.count, 0u);
}

INSTANTIATE_TEST_SUITE_P(Through, Timing, ::testing::ValuesIn(kSkins),
                         [](const auto& skin) { return std::string(name_of(skin.param)); });

}  // namespace
}  // namespace ltb::test
