// Asynchronous calls watched by ltb/asio.hpp: every kind of token, every end, real sockets.
#include <ltb/asio.hpp>

#include "unit/provider/call_watcher.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/bind_allocator.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/bind_executor.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/use_future.hpp>
#include <boost/asio/write.hpp>

#include <gtest/gtest.h>

#include <array>
#include <chrono>
#include <cstddef>
#include <functional>
#include <future>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace ltb::test {
namespace {

namespace asio = boost::asio;
using namespace std::chrono_literals;
using ErrorCode = boost::system::error_code;
using Tcp = asio::ip::tcp;

struct Reply {
  std::string text{};
  TokenUsage usage{};
};

struct AsyncObserve : ::testing::Test {
  CallWatcher watcher;
  MonitoringSystem& monitoring = watcher.monitoring;
  asio::io_context context;

  /// A client that completes with these, from the loop.
  template <typename Token>
  auto chat(ErrorCode error, Reply reply, Token&& token) {
    return asio::async_initiate<Token, void(ErrorCode, Reply)>(
        [this](auto handler, ErrorCode with, Reply what) {
          const auto executor = asio::get_associated_executor(handler, context.get_executor());
          asio::post(executor, [h = std::move(handler), with, what = std::move(what)]() mutable {
            std::move(h)(with, std::move(what));
          });
        },
        token, error, std::move(reply));
  }
  auto chats(ErrorCode error = {}) {
    return [this, error](RequestScope& scope, auto handler) {
      scope.on_chunk();
      scope.on_chunk();
      return chat(error, Reply{"Hi", {3, 4}}, std::move(handler));
    };
  }
  static constexpr auto kReadUsage = [](RequestScope& scope, const Reply& reply) {
    scope.set_usage(reply.usage);
  };
};

TEST_F(AsyncObserve, CallbackGetsTheResultAndTheCallIsRecorded) {
  std::string text;

  async_observe(monitoring, "openai", "gpt-4", chats(), kReadUsage,
                [&](ErrorCode error, Reply reply) {
                  EXPECT_FALSE(error);
                  EXPECT_EQ(watcher.active(), 0u) << "recorded before the handler runs";
                  text = std::move(reply.text);
                });
  EXPECT_EQ(watcher.active(), 1u);
  context.run();

  EXPECT_EQ(text, "Hi");
  const RequestPayload payload = watcher.succeeded();
  EXPECT_EQ(payload.provider, "openai");
  EXPECT_EQ(payload.model, "gpt-4");
  EXPECT_EQ(payload.tokens, (TokenUsage{3, 4}));
  EXPECT_EQ(payload.streamed, true);
  EXPECT_EQ(watcher.observed("llm_inter_token_latency_seconds"), 1u);
}

TEST_F(AsyncObserve, FutureAndCoroutineGetTheResult) {
  std::future<Reply> future =
      async_observe(monitoring, "openai", "gpt-4", chats(), kReadUsage, asio::use_future);
  context.run();
  EXPECT_EQ(future.get().text, "Hi");
  EXPECT_EQ(watcher.succeeded().tokens, (TokenUsage{3, 4}));

  context.restart();
  future = asio::co_spawn(
      context,
      [this]() -> asio::awaitable<Reply> {
        co_return co_await async_observe(monitoring, "openai", "gpt-4", chats(), kReadUsage,
                                         asio::use_awaitable);
      },
      asio::use_future);
  context.run();
  EXPECT_EQ(future.get().text, "Hi");
  EXPECT_EQ(watcher.succeeded().tokens, (TokenUsage{3, 4}));
}

TEST_F(AsyncObserve, ErrorCodesAreClassifiedAndHandedOn) {
  const std::vector<std::pair<ErrorCode, ErrorType>> cases = {
      {asio::error::timed_out, ErrorType::Timeout},
      {asio::error::operation_aborted, ErrorType::Cancelled},
      {asio::error::eof, ErrorType::Network},
      {asio::error::host_not_found, ErrorType::Network},
      {asio::error::connection_refused, ErrorType::Network}};
  for (const auto& [error, type] : cases) {
    ErrorCode got;
    async_observe(monitoring, "openai", "gpt-4", chats(error), kReadUsage,
                  [&](ErrorCode with, const Reply&) { got = with; });
    context.run();
    context.restart();

    EXPECT_EQ(got, error);
    const RequestPayload payload = watcher.failed();
    EXPECT_EQ(payload.error_type, type) << error.message();
    EXPECT_EQ(payload.error, error.message());
    EXPECT_EQ(payload.tokens, std::nullopt) << "the hook is for results";
  }
}

TEST_F(AsyncObserve, HookMayFailACallWhoseErrorIsInItsResult) {
  async_observe(
      monitoring, "openai", "gpt-4", chats(),
      [](RequestScope& scope, const Reply&) { scope.fail(ErrorType::RateLimit, "429"); },
      [](ErrorCode error, const Reply&) { EXPECT_FALSE(error); });
  context.run();

  EXPECT_EQ(watcher.failed().error_type, ErrorType::RateLimit);
}

TEST_F(AsyncObserve, ThrowingHookCostsWhatItWouldHaveTold) {
  async_observe(
      monitoring, "openai", "gpt-4", chats(),
      [](RequestScope&, const Reply&) { throw std::runtime_error("hook"); },
      [](ErrorCode error, const Reply&) { EXPECT_FALSE(error); });
  context.run();

  (void)watcher.succeeded();
}

TEST_F(AsyncObserve, ExceptionOfASpawnedCoroutineIsClassified) {
  const auto operation = [this](RequestScope&, auto token) {
    return asio::co_spawn(
        context,
        []() -> asio::awaitable<int> {
          throw ProviderError(ErrorType::Overloaded, "busy", "529");
          co_return 1;
        },
        std::move(token));
  };
  std::future<int> future =
      async_observe(monitoring, "openai", "gpt-4", operation, asio::use_future);
  context.run();

  EXPECT_THROW(future.get(), ProviderError);
  const RequestPayload payload = watcher.failed();
  EXPECT_EQ(payload.error_type, ErrorType::Overloaded);
  EXPECT_EQ(payload.error_code, "529");
}

TEST_F(AsyncObserve, PlainCallbackClientIsWatchedBySayingItsSignature) {
  const auto operation = [this](RequestScope&, auto handler) {
    const auto shared = std::make_shared<decltype(handler)>(std::move(handler));
    const std::function<void(int)> done = [shared](int result) { std::move (*shared)(result); };
    asio::post(context, [done] { done(7); });
  };
  std::future<int> future =
      async_observe<void(int)>(monitoring, "openai", "gpt-4", operation, asio::use_future);
  context.run();

  EXPECT_EQ(future.get(), 7);
  (void)watcher.succeeded();
}

TEST_F(AsyncObserve, AssociatedExecutorIsTheHandlers) {
  auto strand = asio::make_strand(context);
  bool on_strand = false;

  async_observe(monitoring, "openai", "gpt-4", chats(), kReadUsage,
                asio::bind_executor(strand, [&](ErrorCode, const Reply&) {
                  on_strand = strand.running_in_this_thread();
                }));
  context.run();

  EXPECT_TRUE(on_strand);
  (void)watcher.succeeded();
}

template <typename T>
struct CountingAllocator {
  using value_type = T;
  explicit CountingAllocator(int* open_blocks) : open(open_blocks) {}
  template <typename U>
  CountingAllocator(const CountingAllocator<U>& other) : open(other.open) {}
  T* allocate(std::size_t count) {
    ++total(0);
    ++*open;
    return std::allocator<T>().allocate(count);
  }
  void deallocate(T* block, std::size_t count) {
    --*open;
    std::allocator<T>().deallocate(block, count);
  }
  int& total(int) { return open[1]; }
  friend bool operator==(const CountingAllocator& a, const CountingAllocator& b) {
    return a.open == b.open;
  }
  int* open;
};

TEST_F(AsyncObserve, MemoryComesFromTheHandlersAllocatorAndIsBackBeforeItRuns) {
  std::array<int, 2> blocks{};  // open now, ever

  async_observe(monitoring, "openai", "gpt-4", chats(), kReadUsage,
                asio::bind_allocator(CountingAllocator<char>(blocks.data()),
                                     [&](ErrorCode, const Reply&) { EXPECT_EQ(blocks[0], 0); }));
  EXPECT_GE(blocks[1], 1);
  context.run();

  EXPECT_EQ(blocks[0], 0);
  (void)watcher.succeeded();
}

TEST_F(AsyncObserve, CancellationReachesTheOperationAndCountsAsCancelled) {
  asio::steady_timer never(context, asio::steady_timer::time_point::max());
  asio::cancellation_signal signal;
  ErrorCode got;

  async_observe(
      monitoring, "openai", "gpt-4",
      [&](RequestScope&, auto handler) { return never.async_wait(std::move(handler)); },
      asio::bind_cancellation_slot(signal.slot(), [&](ErrorCode error) { got = error; }));
  asio::post(context, [&] { signal.emit(asio::cancellation_type::terminal); });
  context.run();

  EXPECT_EQ(got, asio::error::operation_aborted);
  EXPECT_EQ(watcher.failed().error_type, ErrorType::Cancelled);
}

TEST_F(AsyncObserve, HandlerThatIsDestroyedUncalledCountsAsCancelledOnce) {
  {
    asio::io_context dying;
    asio::steady_timer never(dying, asio::steady_timer::time_point::max());
    async_observe(
        monitoring, "openai", "gpt-4",
        [&](RequestScope&, auto handler) { return never.async_wait(std::move(handler)); },
        [](ErrorCode) { FAIL() << "called"; });
    EXPECT_EQ(watcher.active(), 1u);
  }
  EXPECT_EQ(watcher.failed().error_type, ErrorType::Cancelled);
}

TEST_F(AsyncObserve, OperationThatThrowsWhenStartedIsAFailureAndRethrown) {
  const auto operation = [](RequestScope&, auto) {
    throw ProviderError(ErrorType::Auth, "no key");
  };

  EXPECT_THROW(async_observe<void(ErrorCode)>(monitoring, "openai", "gpt-4", operation,
                                              [](ErrorCode) { FAIL() << "called"; }),
               ProviderError);

  EXPECT_EQ(watcher.failed().error_type, ErrorType::Auth);
}

TEST_F(AsyncObserve, LazyTokenBeginsTheCallWhenItIsStarted) {
  auto deferred = async_observe(monitoring, "openai", std::string("gpt-") + "4", chats(),
                                kReadUsage, asio::deferred);
  EXPECT_FALSE(watcher.receiver.try_receive().has_value());

  std::move(deferred)([](ErrorCode, const Reply&) {});
  context.run();

  EXPECT_EQ(watcher.succeeded().model, "gpt-4");
}

TEST_F(AsyncObserve, TimerThatWinsTheRaceCancelsTheCall) {
  using namespace asio::experimental::awaitable_operators;
  asio::steady_timer never(context, asio::steady_timer::time_point::max());
  asio::steady_timer soon(context, 1ms);
  const auto race = [&]() -> asio::awaitable<void> {
    auto call = async_observe(
        monitoring, "openai", "gpt-4",
        [&](RequestScope&, auto handler) { return never.async_wait(std::move(handler)); },
        asio::use_awaitable);
    co_await (std::move(call) || soon.async_wait(asio::use_awaitable));
  };
  asio::co_spawn(context, race(), asio::detached);
  context.run();

  EXPECT_EQ(watcher.failed().error_type, ErrorType::Cancelled);
}

TEST_F(AsyncObserve, CoroutineIsWatchedAsAWhole) {
  const auto value = [&](RequestScope& scope) -> asio::awaitable<std::unique_ptr<int>> {
    // Named, because g++ 12 destroys aggregate temporaries of a co_await expression twice.
    Reply answer{"Hi", {1, 2}};
    const boost::system::error_code no_error;
    Reply reply = co_await chat(no_error, std::move(answer), asio::use_awaitable);
    scope.set_usage(reply.usage);
    co_return std::make_unique<int>(5);
  };
  const auto timeout = [](RequestScope&) -> asio::awaitable<void> {
    throw boost::system::system_error(asio::error::timed_out);
    co_return;
  };
  auto future =
      asio::co_spawn(context, co_observe(monitoring, "openai", "gpt-4", value), asio::use_future);
  context.run();
  EXPECT_EQ(*future.get(), 5);
  EXPECT_EQ(watcher.succeeded().tokens, (TokenUsage{1, 2}));

  context.restart();
  auto failing =
      asio::co_spawn(context, co_observe(monitoring, "openai", "gpt-4", timeout), asio::use_future);
  context.run();
  EXPECT_THROW(failing.get(), boost::system::system_error);
  EXPECT_EQ(watcher.failed().error_type, ErrorType::Timeout);
}

TEST_F(AsyncObserve, CoroutineThatIsDestroyedCountsAsCancelled) {
  const auto wait = [](RequestScope&) -> asio::awaitable<void> {
    asio::steady_timer never(co_await asio::this_coro::executor,
                             asio::steady_timer::time_point::max());
    co_await never.async_wait(asio::use_awaitable);
  };
  {
    asio::io_context dying;
    asio::co_spawn(dying, co_observe(monitoring, "openai", "gpt-4", wait), asio::detached);
    dying.poll();
    EXPECT_EQ(watcher.active(), 1u);
  }
  EXPECT_EQ(watcher.failed().error_type, ErrorType::Cancelled);
}

TEST_F(AsyncObserve, StreamThatIsCutCountsAsNetworkErrorWithItsChunks) {
  Tcp::acceptor acceptor(context, Tcp::endpoint(asio::ip::address_v4::loopback(), 0));
  const auto serve = [&]() -> asio::awaitable<void> {
    Tcp::socket socket = co_await acceptor.async_accept(asio::use_awaitable);
    for (int i = 0; i < 3; ++i) {
      co_await asio::async_write(socket, asio::buffer("piece", 5), asio::use_awaitable);
      std::array<char, 1> ready{};
      co_await asio::async_read(socket, asio::buffer(ready), asio::use_awaitable);
    }
  };
  const auto read_all = [&](RequestScope& scope) -> asio::awaitable<void> {
    Tcp::socket socket(context);
    co_await socket.async_connect(acceptor.local_endpoint(), asio::use_awaitable);
    for (;;) {
      std::array<char, 5> piece{};
      co_await asio::async_read(socket, asio::buffer(piece), asio::use_awaitable);
      scope.on_chunk();
      co_await asio::async_write(socket, asio::buffer(piece, 1), asio::use_awaitable);
    }
  };
  asio::co_spawn(context, serve(), asio::detached);
  asio::co_spawn(context, co_observe(monitoring, "openai", "gpt-4", read_all), asio::detached);
  context.run();

  const RequestPayload payload = watcher.failed();
  EXPECT_EQ(payload.error_type, ErrorType::Network);
  EXPECT_EQ(payload.error_code, "asio.misc:2");
  EXPECT_EQ(payload.streamed, true);
  EXPECT_EQ(watcher.observed("llm_inter_token_latency_seconds"), 2u);
}

TEST_F(AsyncObserve, ThousandCallsAtOnceOnSeveralThreadsAreEachCountedOnce) {
  constexpr int kCalls = 1000;
  std::vector<std::unique_ptr<asio::steady_timer>> timers;
  for (int i = 0; i < kCalls; ++i)
    timers.push_back(std::make_unique<asio::steady_timer>(
        context, i % 2 == 0 ? asio::steady_timer::time_point::min()
                            : asio::steady_timer::time_point::max()));
  for (int i = 0; i < kCalls; ++i)
    async_observe(
        monitoring, "openai", "gpt-4",
        [&timer = *timers[static_cast<std::size_t>(i)]](RequestScope& scope, auto handler) {
          scope.on_chunk();
          return timer.async_wait(std::move(handler));
        },
        [](ErrorCode) {});
  EXPECT_EQ(watcher.active(), 1000u);

  for (int i = 1; i < kCalls; i += 2) timers[static_cast<std::size_t>(i)]->cancel();
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) threads.emplace_back([this] { context.run(); });
  for (std::thread& thread : threads) thread.join();

  const CallTotals totals = monitoring.collector().totals();
  EXPECT_EQ(totals.active_requests, 0u);
  EXPECT_EQ(totals.total_requests, 1000u);
  EXPECT_EQ(totals.cancelled_requests, 500u);
  EXPECT_EQ(totals.successful_requests, 500u);
}

}  // namespace
}  // namespace ltb::test
