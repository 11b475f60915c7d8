// A thousand calls in flight at once, in coroutines and on threads: each counted once, tokens to
// the last one, active back to 0.
#include "integration/replay/replay_fixture.hpp"

#include <ltb/asio.hpp>
#include <ltb/json.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <sys/resource.h>

#include <chrono>
#include <cstdint>
#include <exception>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace ltb::test {
namespace {

namespace asio = boost::asio;
using namespace std::chrono_literals;
using Json = nlohmann::json;

constexpr int kCalls = 1000;

/// Sockets for everybody, in this process and in the server, which inherits the limit.
struct ManyFiles {
  ManyFiles() {
    rlimit limit{};
    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
  }
};

struct Concurrent : ManyFiles, ReplayTest {
  Ask held(int number, Json script = Json::object()) const {
    script.update({{"hold", true},
                   {"first_ms", 0},
                   {"gap_ms", 0},
                   {"chunks", 3},
                   {"input", 100 + number},
                   {"output", 10 + number % 7}});
    Ask asked = ask(kApis[static_cast<std::size_t>(number) % 3], std::move(script));
    asked.timeout = 60s;
    return asked;
  }

  /// One call in its own scope, on whatever thread runs it.
  static asio::awaitable<void> read_into(RequestScope& scope, Ask asked) {
    LlmReply whole;
    const Api api = asked.api;
    const Answer answer = co_await async_ask(std::move(asked), [&](const Json& chunk) {
      const bool has_content = api == Api::OpenAi      ? read_openai_chunk(whole, chunk)
                               : api == Api::Anthropic ? read_anthropic_chunk(whole, chunk)
                                                       : read_google_chunk(whole, chunk);
      if (has_content) scope.on_chunk();
      return true;
    });
    if (answer.status >= 400) whole = read_openai_reply(answer.body, answer.status);
    apply(scope, whole);
  }

  /// Lets the server answer once all are in flight.
  void release_when_all_wait() {
    const auto asked = [&] { return control(server.port(), "/replay/count").get<int>(); };
    EXPECT_TRUE(comes_true([&] { return active() == kCalls && asked() == kCalls; }))
        << active() << " active, " << asked() << " asked";
    server.release();
  }

  void expect_tokens_of_the_log() {
    std::uint64_t input = 0;
    std::uint64_t output = 0;
    std::uint64_t answered = 0;
    for (const Json& entry : server.log()) {
      if (entry.at("usage").is_null()) continue;
      ++answered;
      input += entry.at("usage").at("input").get<std::uint64_t>();
      output += entry.at("usage").at("output").get<std::uint64_t>();
    }
    const CallTotals totals = monitoring.collector().totals();
    EXPECT_EQ(totals.successful_requests, answered);
    EXPECT_EQ(totals.total_input_tokens, input);
    EXPECT_EQ(totals.total_output_tokens, output);
    EXPECT_EQ(totals.total_requests, static_cast<std::uint64_t>(kCalls));
    EXPECT_EQ(totals.active_requests, 0u);
  }
};

TEST_F(Concurrent, AThousandCoroutinesOnFourThreads) {
  asio::io_context context;
  for (int i = 0; i < kCalls; ++i)
    asio::co_spawn(
        context,
        co_observe(monitoring, name_of(kApis[static_cast<std::size_t>(i) % 3]), "model-1",
                   [asked = held(i)](RequestScope& scope) { return read_into(scope, asked); }),
        asio::detached);
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) threads.emplace_back([&] { context.run(); });
  release_when_all_wait();
  for (std::thread& thread : threads) thread.join();

  expect_tokens_of_the_log();
  const CallTotals totals = monitoring.collector().totals();
  EXPECT_EQ(totals.successful_requests, static_cast<std::uint64_t>(kCalls));
  EXPECT_EQ(totals.time_to_first_token.count, static_cast<std::uint64_t>(kCalls));
  EXPECT_EQ(totals.inter_token_latency.count, static_cast<std::uint64_t>(2 * kCalls));
  EXPECT_EQ(ends().size(), static_cast<std::size_t>(kCalls));
}

TEST_F(Concurrent, AThousandScopesOnAHundredThreadsThatEndInEveryWay) {
  constexpr int kThreads = 100;
  const std::vector<Json> scripts{Json::object(),
                                  {{"status", 429}},
                                  {{"cut", {{"after", 1}, {"how", "rst"}}}},
                                  Json::object()};  // of the last the scope is dropped
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t)
    threads.emplace_back([&, t] {
      asio::io_context context(1);
      std::vector<std::unique_ptr<RequestScope>> scopes;
      for (int i = 0; i < kCalls / kThreads; ++i) {
        const int number = t * (kCalls / kThreads) + i;
        const int kind = number % 4;
        const Ask asked = held(number, scripts[static_cast<std::size_t>(kind)]);
        scopes.push_back(std::make_unique<RequestScope>(
            monitoring.begin_request(name_of(asked.api), "model-1")));
        RequestScope* scope = scopes.back().get();
        asio::co_spawn(context, read_into(*scope, asked), [scope, kind](std::exception_ptr error) {
          if (kind == 3) return;
          if (error) {
            scope->fail(ErrorType::Network);
          } else {
            scope->finish();
          }
        });
      }
      context.run();
    });
  release_when_all_wait();
  for (std::thread& thread : threads) thread.join();

  const CallTotals totals = monitoring.collector().totals();
  EXPECT_EQ(totals.active_requests, 0u);
  EXPECT_EQ(totals.total_requests, static_cast<std::uint64_t>(kCalls));
  EXPECT_EQ(totals.successful_requests, 250u);
  EXPECT_EQ(totals.errors[static_cast<std::size_t>(ErrorType::RateLimit)], 250u);
  EXPECT_EQ(totals.errors[static_cast<std::size_t>(ErrorType::Network)], 250u);
  EXPECT_EQ(totals.cancelled_requests, 250u);
  EXPECT_EQ(ends().size(), static_cast<std::size_t>(kCalls));
}

}  // namespace
}  // namespace ltb::test
