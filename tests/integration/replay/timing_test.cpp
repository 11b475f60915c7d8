// TTFT, ITL, TPOT and latency as each skin measures them, against the times at which the server
// wrote. Both sides read the same monotonic clock.
//
// Two things are asked. Of every call, however busy the machine: what was measured lies between
// what the server did and what the caller saw. And of undisturbed calls: the error against the
// server's log is at most 2 ms (10 ms where a sanitizer slows this side down) for a quarter of the
// calls of a batch. Other programs may take the processor at any moment, which disturbs some calls,
// while a wrong measurement is wrong in all; so one of a few batches must do it. A call counts from
// when its caller began, connecting included, so that is where the server's times are taken from.
#include "integration/replay/replay_fixture.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <iostream>
#include <string>
#include <utility>
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
/// What a quarter of these errors keeps.
double undisturbed(const std::vector<double>& errors) {
  return quantile(errors, 0.25);
}

/// One call as the server did it; nanoseconds.
struct Written {
  std::int64_t received = 0;
  std::vector<std::int64_t> content{};
  std::int64_t last = 0;  // its last write began
  std::int64_t end = 0;   // and was done

  Written() = default;
  explicit Written(const Json& entry)
      : received(entry.at("received_ns")),
        last(entry.at("writes").back().at("ns")),
        end(entry.at("end_ns")) {
    for (const Json& write : entry.at("writes"))
      if (write.at("what") == "content") content.push_back(write.at("ns"));
  }
};

/// One call from three sides.
struct Call {
  Written server;
  RequestPayload told;
  std::vector<std::int64_t> seen{};  // when the caller got each piece
  std::int64_t before = 0;           // the caller began
  std::int64_t after = 0;            // the caller was done
};

std::int64_t now() {
  return std::chrono::steady_clock::now().time_since_epoch().count();
}

/// Ahead of whatever else runs, where that is allowed; the server inherits it.
struct InFront {
  InFront() { (void)setpriority(PRIO_PROCESS, 0, -15); }
};

class Timing : InFront, public ReplayTest, public ::testing::WithParamInterface<Skin> {
 protected:
  /// Makes the same call again and again, a third with each provider's shape.
  std::vector<Call> make_calls(int count, const Json& script, bool stream = true) {
    (void)control(server.port(), "/replay/clear");
    std::vector<Call> calls;
    for (int i = 0; i < count; ++i) {
      Ask asked = ask(kApis[static_cast<std::size_t>(i) % 3], script);
      asked.stream = stream;
      Call& call = calls.emplace_back();
      call.before = now();
      const CallEnd end = call_through(GetParam(), monitoring, asked, [&call] {
        call.seen.push_back(now());
        return true;
      });
      call.after = now();
      EXPECT_EQ(end.error, "");
    }
    const Json log = server.log();
    const auto told = ends();
    EXPECT_EQ(log.size(), calls.size());
    EXPECT_EQ(told.size(), calls.size());
    for (std::size_t i = 0; i < calls.size() && i < log.size() && i < told.size(); ++i) {
      calls[i].server = Written(log[i]);
      calls[i].told = *told[i].request_payload();
    }
    return calls;
  }

  /// Whether enough of a batch was undisturbed: |measured - done| is within the bound.
  template <typename Measured, typename Done>
  static bool is_near(const std::vector<Call>& calls, const char* what, Measured measured,
                      Done done) {
    std::vector<double> errors;
    for (const Call& call : calls) errors.push_back(std::abs(measured(call.told) - done(call)));
    const double error = undisturbed(errors);
    if (error > kBound) std::cout << what << ": a quarter is off by up to " << error << " s\n";
    return error <= kBound;
  }

  /// Runs batches until one is undisturbed.
  static void expect_undisturbed(const std::function<bool()>& batch) {
    constexpr int kBatches = 6;
    for (int i = 0; i < kBatches; ++i)
      if (batch() || HasFailure()) return;
    ADD_FAILURE() << "no batch of " << kBatches << " was within " << kBound << " s";
  }
};

constexpr double kSlack = 1e-9;  // a time in seconds is a rounded number

double latency(const RequestPayload& told) {
  return told.latency.value_or(1e9);
}
double first_token(const RequestPayload& told) {
  return told.time_to_first_token.value_or(1e9);
}

TEST_P(Timing, TimesOfAStreamAreThoseOfTheServer) {
  constexpr int kOutputTokens = 31;
  const auto pace = [](const RequestPayload& told) {
    return told.time_per_output_token.value_or(1e9) * (kOutputTokens - 1);
  };
  expect_undisturbed([&] {
    const auto calls = make_calls(
        21,
        {{"first_ms", 15}, {"gap_ms", {4, 9, 4, 9, 4}}, {"chunks", 6}, {"output", kOutputTokens}});
    for (const Call& call : calls) {
      const Written& did = call.server;
      EXPECT_GE(first_token(call.told), seconds(did.content.front() - did.received) - kSlack);
      EXPECT_LE(first_token(call.told), seconds(call.seen.front() - call.before) + kSlack);
      // A time per token is cut to whole nanoseconds.
      EXPECT_GE(pace(call.told) + kOutputTokens * 1e-9,
                seconds(did.content.back() - call.seen.front()));
      EXPECT_LE(pace(call.told), seconds(call.seen.back() - did.content.front()) + kSlack);
      EXPECT_GE(latency(call.told), seconds(did.last - did.received) - kSlack);
      EXPECT_LE(latency(call.told), seconds(call.after - call.before) + kSlack);
    }
    const bool first = is_near(calls, "time to first token", first_token, [](const Call& c) {
      return seconds(c.server.content.front() - c.before);
    });
    const bool tokens = is_near(
        calls, "time per output token, of all tokens together", pace,
        [](const Call& c) { return seconds(c.server.content.back() - c.server.content.front()); });
    const bool whole = is_near(calls, "latency", latency,
                               [](const Call& c) { return seconds(c.server.end - c.before); });
    return first && tokens && whole;
  });
}

TEST_P(Timing, TimesBetweenTokensAreThoseOfTheServer) {
  std::vector<double> gaps;   // as the server wrote, all batches
  std::vector<double> least;  // what each may have been measured as
  std::vector<double> most;
  expect_undisturbed([&] {
    std::vector<double> delays;
    for (const Call& call : make_calls(21, {{"gap_ms", {4, 12, 4, 12, 4}}, {"chunks", 6}})) {
      const auto& written = call.server.content;
      EXPECT_EQ(call.seen.size(), written.size()) << "every piece once";
      if (call.seen.size() != written.size()) return false;
      for (std::size_t i = 0; i < written.size(); ++i) {
        delays.push_back(seconds(call.seen[i] - written[i]));
        EXPECT_GE(delays.back(), 0.0) << "never before it was written";
        if (i == 0) continue;
        gaps.push_back(seconds(written[i] - written[i - 1]));
        least.push_back(std::max(0.0, seconds(written[i] - call.seen[i - 1])));
        most.push_back(seconds(call.seen[i] - written[i - 1]));
      }
    }
    // The sketch adds its own error of at most 1.6 %, and may take the next rank.
    const Percentiles measured = monitoring.collector().totals().inter_token_latency;
    EXPECT_EQ(measured.count, gaps.size());
    for (const auto& [shown, q] : {std::pair{measured.p50, 0.5}, std::pair{measured.p95, 0.95}}) {
      EXPECT_GE(shown.value_or(-1), quantile(least, q - 0.03) * 0.984 - 1e-6);
      EXPECT_LE(shown.value_or(1e9), quantile(most, q + 0.03) * 1.016 + 1e-6);
    }
    const double typical = median(gaps);
    return undisturbed(delays) <= kBound &&
           std::abs(measured.p50.value_or(1e9) - typical) <= kBound + 0.016 * typical;
  });
}

TEST_P(Timing, AnEventInManyPiecesCountsWhenItIsWhole) {
  expect_undisturbed([&] {
    const auto calls = make_calls(
        9, {{"first_ms", 5}, {"gap_ms", 2}, {"chunks", 3}, {"split", 60}, {"split_ms", 2}});
    for (const Call& call : calls)
      EXPECT_GE(first_token(call.told),
                seconds(call.server.content.front() - call.server.received) - kSlack);
    return is_near(calls, "time to first token", first_token,
                   [](const Call& c) { return seconds(c.server.content.front() - c.before); });
  });
}

TEST_P(Timing, AWholeAnswerHasALatencyAndNoTokenTimes) {
  expect_undisturbed([&] {
    const auto calls = make_calls(21, {{"first_ms", 12}}, false);
    for (const Call& call : calls) {
      EXPECT_GE(latency(call.told), seconds(call.server.last - call.server.received) - kSlack);
      EXPECT_LE(latency(call.told), seconds(call.after - call.before) + kSlack);
      EXPECT_EQ(call.told.streamed, std::nullopt);
      EXPECT_EQ(call.told.time_to_first_token, std::nullopt);
      EXPECT_EQ(call.told.time_per_output_token, std::nullopt);
    }
    return is_near(calls, "latency", latency,
                   [](const Call& c) { return seconds(c.server.end - c.before); });
  });
  const CallTotals totals = monitoring.collector().totals();
  EXPECT_EQ(totals.time_to_first_token.count, 0u);
  EXPECT_EQ(totals.inter_token_latency.count, 0u);
}

INSTANTIATE_TEST_SUITE_P(Through, Timing, ::testing::ValuesIn(kSkins),
                         [](const auto& skin) { return std::string(name_of(skin.param)); });

}  // namespace
}  // namespace ltb::test
