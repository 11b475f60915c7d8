// Calls that are given up, cut or thrown out of, on real streams: recorded once, active back to 0.
#include "integration/replay/replay_fixture.hpp"

#include <ltb/asio.hpp>
#include <ltb/json.hpp>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <exception>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>

namespace ltb::test {
namespace {

namespace asio = boost::asio;
using Json = nlohmann::json;

// Longer than any test waits: who sees its end has not given up.
const Json kEndless{{"first_ms", 0}, {"gap_ms", 5}, {"chunks", 100'000}};

class Ends : public ReplayTest, public ::testing::WithParamInterface<Skin> {
 protected:
  [[nodiscard]] bool server_sees(const char* end) const {
    return comes_true([&] { return server.log().back().value("end", "") == end; });
  }
};

TEST_P(Ends, ACallbackThatSaysNoCancelsTheCallAndClosesTheConnection) {
  for (const Api api : kApis) {
    SCOPED_TRACE(name_of(api));
    int pieces = 0;

    call_through(GetParam(), monitoring, ask(api, kEndless), [&] { return ++pieces < 3; });

    EXPECT_EQ(pieces, 3);
    const RequestPayload payload = end_of_call(EventType::RequestFailed);
    EXPECT_EQ(payload.error_type, ErrorType::Cancelled);
    EXPECT_TRUE(payload.time_to_first_token.has_value()) << "what had come stays measured";
    EXPECT_EQ(active(), 0u);
    EXPECT_TRUE(server_sees("client closed"));
  }
  const CallTotals totals = monitoring.collector().totals();
  EXPECT_EQ(totals.cancelled_requests, 3u);
  EXPECT_EQ(totals.total_requests, 3u);
  EXPECT_EQ(totals.failed_requests, 0u);
  EXPECT_EQ(totals.inter_token_latency.count, 6u) << "two between three pieces of each";
}

TEST_P(Ends, ACallbackThatThrowsEndsTheCallOnceAndItsExceptionComesOut) {
  int pieces = 0;

  const CallEnd end =
      call_through(GetParam(), monitoring, ask(Api::OpenAi, kEndless), [&]() -> bool {
        if (++pieces == 2) throw std::runtime_error("the caller's own bug");
        return true;
      });

  EXPECT_EQ(end.error, "the caller's own bug");
  const RequestPayload payload = end_of_call(EventType::RequestFailed);
  EXPECT_EQ(payload.error_type, ErrorType::Other);
  EXPECT_EQ(payload.error, "the caller's own bug");
  EXPECT_EQ(active(), 0u);
  EXPECT_TRUE(server_sees("client closed"));
}

TEST_P(Ends, WhatIsNoExceptionClassIsCountedTheSame) {
  const CallEnd end =
      call_through(GetParam(), monitoring, ask(Api::Google, kEndless), []() -> bool { throw 42; });

  EXPECT_EQ(end.error, "an exception that is not a std::exception");
  EXPECT_EQ(end_of_call(EventType::RequestFailed).error_type, ErrorType::Other);
  EXPECT_EQ(active(), 0u);
}

TEST_P(Ends, ACutStreamKeepsTheTimesOfWhatHadCome) {
  call_through(GetParam(), monitoring,
               ask(Api::Anthropic, {{"cut", {{"after", 3}, {"how", "rst"}}}}));

  const RequestPayload payload = end_of_call(EventType::RequestFailed);
  EXPECT_EQ(payload.error_type, ErrorType::Network);
  EXPECT_TRUE(payload.time_to_first_token.has_value());
  const CallTotals totals = monitoring.collector().totals();
  EXPECT_EQ(totals.time_to_first_token.count, 1u);
  EXPECT_EQ(totals.inter_token_latency.count, 2u);
  EXPECT_EQ(totals.latency.count, 0u);
}

TEST_P(Ends, ASystemThatStopsMeanwhileLosesNothing) {
  bool stopped = false;
  const CallEnd end =
      call_through(GetParam(), monitoring, ask(Api::OpenAi, {{"first_ms", 0}}), [&] {
        if (!std::exchange(stopped, true)) monitoring.stop();
        return true;
      });

  EXPECT_EQ(end.error, "");
  EXPECT_EQ(monitoring.collector().totals().successful_requests, 1u);
  EXPECT_EQ(active(), 0u);
}

INSTANTIATE_TEST_SUITE_P(Through, Ends, ::testing::ValuesIn(kSkins),
                         [](const auto& skin) { return std::string(name_of(skin.param)); });

// Scopes by hand
// -----------------------------------------------------------------------------------------------

struct ManualEnds : ReplayTest {
  /// Streams until the scope has so many chunks.
  void read_some(RequestScope& scope, int chunks) const {
    LlmReply whole;
    (void)test::ask(ask(Api::OpenAi, kEndless), [&](const Json& chunk) {
      if (!read_openai_chunk(whole, chunk)) return true;
      scope.on_chunk();
      return --chunks > 0;
    });
  }
};

TEST_F(ManualEnds, AScopeThatIsDroppedInTheMiddleOfAStreamIsCancelledOnce) {
  {
    RequestScope scope = monitoring.begin_request("openai", "model-1");
    read_some(scope, 2);
    EXPECT_EQ(active(), 1u);
  }
  EXPECT_EQ(end_of_call(EventType::RequestFailed).error_type, ErrorType::Cancelled);
  EXPECT_EQ(active(), 0u);
}

TEST_F(ManualEnds, AScopeThatMovesThroughThreadsInTheMiddleOfAStreamEndsOnce) {
  std::optional<RequestScope> scope = monitoring.begin_request("openai", "model-1");
  std::thread([this, moved = std::move(*scope)]() mutable {
    read_some(moved, 2);
    RequestScope again = std::move(moved);
    moved.finish();  // nothing is left in it
    std::thread([this, last = std::move(again)]() mutable {
      read_some(last, 2);
      last.finish({3, 4});
      last.finish({5, 6});
      last.fail(ErrorType::Other);
    }).join();
  }).join();
  scope.reset();

  EXPECT_EQ(end_of_call(EventType::RequestCompleted).tokens, (TokenUsage{3, 4}));
  EXPECT_EQ(active(), 0u);
  EXPECT_EQ(monitoring.collector().totals().total_requests, 1u);
}

// Asio
// -----------------------------------------------------------------------------------------------

struct AsioEnds : ReplayTest {
  asio::io_context context{1};
  asio::cancellation_signal signal;
  std::exception_ptr thrown;

  /// A call that streams without end and runs `at_third` at its third piece.
  asio::awaitable<void> endless(RequestScope& scope, std::function<void()> at_third) {
    LlmReply whole;
    int pieces = 0;
    co_await async_ask(ask(Api::OpenAi, kEndless), [&, at_third](const Json& chunk) {
      if (read_openai_chunk(whole, chunk)) {
        scope.on_chunk();
        if (++pieces == 3) at_third();
      }
      return true;
    });
  }
  void expect_cancelled_once() {
    const RequestPayload payload = end_of_call(EventType::RequestFailed);
    EXPECT_EQ(payload.error_type, ErrorType::Cancelled);
    EXPECT_EQ(monitoring.collector().totals().cancelled_requests, 1u);
    EXPECT_EQ(monitoring.collector().totals().inter_token_latency.count, 2u);
    EXPECT_EQ(active(), 0u);
  }
};

TEST_F(AsioEnds, CancellingACoroutineCountsAsCancelledOnce) {
  const auto cancel = [this] { signal.emit(asio::cancellation_type::terminal); };
  asio::co_spawn(context,
                 co_observe(monitoring, "openai", "model-1",
                            [&](RequestScope& scope) { return endless(scope, cancel); }),
                 asio::bind_cancellation_slot(
                     signal.slot(), [&](std::exception_ptr error) { thrown = std::move(error); }));

  context.run();

  EXPECT_TRUE(thrown) << "the caller is told too";
  expect_cancelled_once();
}

TEST_F(AsioEnds, CancellingAnObservedOperationCountsAsCancelledOnce) {
  const auto cancel = [this] { signal.emit(asio::cancellation_type::terminal); };
  async_observe<void(std::exception_ptr)>(
      monitoring, "openai", "model-1",
      [&](RequestScope& scope, auto handler) {
        asio::co_spawn(context, endless(scope, cancel), std::move(handler));
      },
      asio::bind_cancellation_slot(signal.slot(),
                                   [&](std::exception_ptr error) { thrown = std::move(error); }));

  context.run();

  EXPECT_TRUE(thrown);
  expect_cancelled_once();
}

TEST_F(AsioEnds, AContextThatIsDestroyedUnderACallCountsAsCancelledOnce) {
  {
    asio::io_context dying{1};
    asio::co_spawn(
        dying,
        co_observe(monitoring, "openai", "model-1",
                   [&](RequestScope& scope) { return endless(scope, [&dying] { dying.stop(); }); }),
        asio::detached);
    dying.run();
    EXPECT_EQ(active(), 1u);
  }
  expect_cancelled_once();
}

}  // namespace
}  // namespace ltb::test
