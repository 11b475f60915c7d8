// The usual names that Monitored looks for: parts of a usage, pieces of a stream, a start that was
// never set; and what exceptions of files and of Boost stand for.
#include <ltb/finishes_later.hpp>
#include <ltb/monitored.hpp>

#include "unit/provider/call_watcher.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/error.hpp>
#include <boost/system/system_error.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <future>
#include <limits>
#include <optional>
#include <string>
#include <system_error>
#include <vector>

namespace ltb::test {
namespace {

using detail::watch::FinishesLater;

struct InputDetails {
  int cached_tokens = 40;
};
struct OutputDetails {
  int reasoning_tokens = 6;
};
struct ResponsesUsage {
  int input_tokens = 50;
  int output_tokens = 9;
  InputDetails input_tokens_details{};
  std::optional<OutputDetails> output_tokens_details{OutputDetails{}};
};
struct ChatUsage {
  int prompt_tokens = 50;
  int completion_tokens = 9;
  InputDetails prompt_tokens_details{};
  OutputDetails completion_tokens_details{};
};

TEST(MonitoredFields, ResponsesAndChatNamesReadTheSame) {
  const TokenUsage expected{50, 9, 40, 6};
  EXPECT_EQ(detail::watch::tokens_in(ResponsesUsage{}), expected);
  EXPECT_EQ(detail::watch::tokens_in(ChatUsage{}), expected);
}

TEST(MonitoredFields, CacheWritesOfAnHourAreRead) {
  struct Creation {
    int ephemeral_5m_input_tokens = 20;
    int ephemeral_1h_input_tokens = 50;
  };
  struct Usage {
    int input_tokens = 3;
    int output_tokens = 8;
    int cache_creation_input_tokens = 70;
    Creation cache_creation{};
  };
  EXPECT_EQ(detail::watch::tokens_in(Usage{}),
            (TokenUsage{73, 8, std::nullopt, std::nullopt, 70, 50}));
}

TEST(MonitoredFields, CountsThatNoIntegerHoldsAreAbsent) {
  struct Usage {
    double input_tokens = 3;
    double output_tokens = 8;
  };
  EXPECT_EQ(detail::watch::tokens_in(Usage{}), (TokenUsage{3, 8}));
  for (const double bad : {-1.0, 1e300, std::numeric_limits<double>::quiet_NaN(),
                           std::numeric_limits<double>::infinity()})
    EXPECT_EQ(detail::watch::tokens_in(Usage{.input_tokens = bad}), std::nullopt) << bad;
}

TEST(MonitoredFields, MembersThatNobodySetAreNotAUsage) {
  struct Usage {
    int input_tokens = 0;
    int output_tokens = 0;
  };
  EXPECT_EQ(detail::watch::tokens_in(Usage{}), std::nullopt);
  EXPECT_EQ(detail::watch::tokens_in(Usage{0, 1}), (TokenUsage{0, 1}));
}

template <typename Chunk>
bool has_content(const Chunk& chunk) {
  DefaultMonitoredTraits::State state;
  return DefaultMonitoredTraits::on_chunk(state, chunk);
}

TEST(MonitoredChunks, AnyMemberThatIsNotEmptyIsContent) {
  struct TextAndDelta {
    std::string text{};
    std::string delta{};
  };
  EXPECT_TRUE(has_content(TextAndDelta{"", "piece"}));
  EXPECT_TRUE(has_content(TextAndDelta{"piece", ""}));
  EXPECT_FALSE(has_content(TextAndDelta{}));
  struct WithReasoning {
    std::optional<std::string> content{};
    std::string reasoning_content{};
  };
  EXPECT_TRUE(has_content(WithReasoning{std::nullopt, "hm"}));
  EXPECT_TRUE(has_content(WithReasoning{"a", ""}));
  EXPECT_FALSE(has_content(WithReasoning{"", ""}));
  EXPECT_FALSE(has_content(WithReasoning{}));
  struct Thinker {
    std::string thinking{};
    std::string reasoning{};
  };
  EXPECT_TRUE(has_content(Thinker{"hm", ""}));
  EXPECT_TRUE(has_content(Thinker{"", "hm"}));
  EXPECT_FALSE(has_content(Thinker{}));
}

TEST(MonitoredChunks, ListsAndStructsInsideAreLookedInto) {
  struct Delta {
    std::string content{};
    std::vector<int> tool_calls{};
  };
  struct Chunk {
    Delta delta{};
  };
  EXPECT_TRUE(has_content(Chunk{{"x", {}}}));
  EXPECT_TRUE(has_content(Chunk{{"", {1}}}));
  EXPECT_FALSE(has_content(Chunk{}));
  EXPECT_TRUE(has_content(7)) << "what has none of these members is taken for content";
  EXPECT_TRUE(has_content(std::string("x")));
  EXPECT_FALSE(has_content(std::string()));
}

template <typename Chunk>
bool is_reasoning(const Chunk& chunk) {
  return DefaultMonitoredTraits::is_reasoning(chunk);
}

TEST(MonitoredChunks, ReasoningAloneIsReasoning) {
  struct Delta {
    std::string content{};
    std::string reasoning_content{};
  };
  struct Chunk {
    Delta delta{};
  };
  EXPECT_TRUE(is_reasoning(Delta{"", "hm"}));
  EXPECT_TRUE(is_reasoning(Chunk{{"", "hm"}}));
  EXPECT_FALSE(is_reasoning(Delta{"a", "hm"}));
  EXPECT_FALSE(is_reasoning(Chunk{{"a", ""}}));
  EXPECT_FALSE(is_reasoning(Chunk{}));
  EXPECT_FALSE(is_reasoning(std::string("x")));
  EXPECT_FALSE(is_reasoning(7));
}

struct TimedRequest {
  std::string model = "m";
  std::chrono::steady_clock::time_point scheduled_at{};
};
struct TimedClient {
  static std::string provider_name() { return "timed"; }
  int complete(const TimedRequest&) { return 0; }
};

TEST(MonitoredRequest, AStartThatWasNeverSetIsNotTheStartOfTheMachine) {
  CallWatcher watcher;
  Monitored client{TimedClient{}, watcher.monitoring};

  client.complete(TimedRequest{});

  const RequestPayload unset = watcher.succeeded();
  EXPECT_EQ(unset.queue_time, std::nullopt);
  EXPECT_LT(unset.latency.value_or(0), 60.0);

  client.complete(
      TimedRequest{.scheduled_at = std::chrono::steady_clock::now() - std::chrono::minutes{2}});
  EXPECT_GE(watcher.succeeded().latency.value_or(0), 120.0);
}

TEST(FinishesLater, KnowsFuturesAndAwaitables) {
  static_assert(FinishesLater<std::future<int>>);
  static_assert(FinishesLater<std::future<void>>);
  static_assert(FinishesLater<std::shared_future<int>>);
  static_assert(FinishesLater<boost::asio::awaitable<int>>);
  static_assert(!FinishesLater<int>);
  static_assert(!FinishesLater<std::string>);
  static_assert(!FinishesLater<std::optional<int>>);
}

template <typename Thrown>
RequestPayload failed_with(Thrown thrown) {
  CallWatcher watcher;
  EXPECT_THROW(observe(watcher.monitoring, "p", "m", [&](RequestScope&) { throw thrown; }), Thrown);
  return watcher.failed();
}

TEST(Classify, ErrorsOfBoostAreThoseOfTheStandard) {
  namespace error = boost::asio::error;
  using boost::system::system_error;
  EXPECT_EQ(failed_with(system_error(error::connection_refused)).error_type, ErrorType::Network);
  EXPECT_EQ(failed_with(system_error(error::host_not_found)).error_type, ErrorType::Network);
  EXPECT_EQ(failed_with(system_error(error::timed_out)).error_type, ErrorType::Timeout);
  EXPECT_EQ(failed_with(system_error(error::connection_reset)).error_code,
            "system:" + std::to_string(ECONNRESET));
}

TEST(Classify, ErrorsOfFilesAreNotOfTheNetwork) {
  const auto missing = std::make_error_code(std::errc::no_such_file_or_directory);
  EXPECT_EQ(failed_with(std::filesystem::filesystem_error("open", missing)).error_type,
            ErrorType::Other);
  EXPECT_EQ(failed_with(std::ios_base::failure("read")).error_type, ErrorType::Other);
  EXPECT_EQ(failed_with(std::system_error(missing)).error_type, ErrorType::Other);
  EXPECT_EQ(to_call_error(std::make_error_code(std::errc::no_space_on_device)).type,
            ErrorType::Other);
  EXPECT_EQ(to_call_error(std::make_error_code(std::errc::broken_pipe)).type, ErrorType::Network);
  EXPECT_EQ(to_call_error(std::make_error_code(std::errc::host_unreachable)).type,
            ErrorType::Network);
}

}  // namespace
}  // namespace ltb::test
