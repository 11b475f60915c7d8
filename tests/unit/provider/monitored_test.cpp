// Monitored: clients of any shape, each call recorded once, everything else unchanged.
#include <ltb/monitored.hpp>

#include "unit/provider/call_watcher.hpp"
#include "unit/provider/own_types.hpp"

#include <gtest/gtest.h>

#include <functional>
#include <future>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

namespace ltb::test {
namespace {

/// A client of the simplest kind: throws when it fails.
struct ThrowingClient {
  [[nodiscard]] std::string name() const { return "openai"; }
  Answer complete(const Request& request) {
    ++calls;
    if (request.prompt == "429") throw ProviderError(ErrorType::RateLimit, "slow down", "rpm");
    if (request.prompt == "int") throw 42;
    return {};
  }
  template <typename OnPiece>
  Answer stream(const Request& request, OnPiece on_piece) {
    for (const char* text : {"", "a", "b", "c"})
      if (!on_piece(Piece{text})) {
        if (request.prompt == "throws when cancelled") throw std::runtime_error("cancelled");
        return {};
      }
    return {};
  }
  [[nodiscard]] int twice(int number) const { return 2 * number; }
  int calls = 0;
};

TEST(Monitored, SuccessIsRecordedWithUsageCostAndFinishReasonByUsualNames) {
  CallWatcher watcher;
  Monitored<ThrowingClient> client{ThrowingClient{}, watcher.monitoring};

  const Answer answer = client.complete(Request{});

  EXPECT_EQ(answer.text, "Hi");
  EXPECT_EQ(client.inner().calls, 1);
  const RequestPayload payload = watcher.succeeded();
  EXPECT_EQ(payload.provider, "openai");
  EXPECT_EQ(payload.model, "gpt-4");
  EXPECT_EQ(payload.tokens, (TokenUsage{150, 75}));
  EXPECT_DOUBLE_EQ(payload.cost.value_or(0), 0.0135);
  EXPECT_EQ(payload.finish_reason, "stop");
  EXPECT_EQ(payload.streamed, std::nullopt);
  EXPECT_EQ(watcher.observed("llm_time_to_first_token_seconds"), 0u);
}

TEST(Monitored, ThrownProviderErrorIsRecordedOnceAndRethrownUnchanged) {
  CallWatcher watcher;
  Monitored client{ThrowingClient{}, watcher.monitoring};

  try {
    client.complete(Request{.prompt = "429"});
    FAIL() << "nothing was thrown";
  } catch (const ProviderError& error) {
    EXPECT_EQ(error.code(), "rpm");
  }

  const RequestPayload payload = watcher.failed();
  EXPECT_EQ(payload.error_type, ErrorType::RateLimit);
  EXPECT_EQ(payload.error, "slow down");
  EXPECT_EQ(payload.error_code, "rpm");
}

TEST(Monitored, ThrownIntIsRethrownAsItIs) {
  CallWatcher watcher;
  Monitored client{ThrowingClient{}, watcher.monitoring};

  EXPECT_THROW(client.complete(Request{.prompt = "int"}), int);

  EXPECT_EQ(watcher.failed().error_type, ErrorType::Other);
}

TEST(Monitored, OtherMethodsAreReachedByTheArrowAndNotRecorded) {
  CallWatcher watcher;
  const Monitored client{ThrowingClient{}, watcher.monitoring};

  EXPECT_EQ(client->twice(21), 42);
  EXPECT_EQ(client.provider(), "openai");
  EXPECT_FALSE(watcher.receiver.try_receive().has_value());
}

TEST(Monitored, StreamTimesChunksWithContentOnly) {
  CallWatcher watcher;
  Monitored client{ThrowingClient{}, watcher.monitoring};
  std::string text;

  client.stream(Request{}, [&](const Piece& piece) {
    text += piece.text;
    return true;
  });

  EXPECT_EQ(text, "abc");
  EXPECT_EQ(watcher.succeeded().streamed, true);
  EXPECT_EQ(watcher.observed("llm_time_to_first_token_seconds"), 1u);
  EXPECT_EQ(watcher.observed("llm_inter_token_latency_seconds"), 2u);
}

TEST(Monitored, CallbackThatReturnsFalseCancels) {
  CallWatcher watcher;
  Monitored client{ThrowingClient{}, watcher.monitoring};

  client.stream(Request{}, [](const Piece& piece) { return piece.text != "b"; });

  const RequestPayload payload = watcher.failed();
  EXPECT_EQ(payload.error_type, ErrorType::Cancelled);
  EXPECT_EQ(payload.tokens, (TokenUsage{150, 75})) << "what was told is not lost";
  EXPECT_EQ(watcher.monitoring.collector().totals().cancelled_requests, 1u);
  EXPECT_EQ(watcher.observed("llm_inter_token_latency_seconds"), 1u);
}

TEST(Monitored, ClientThatThrowsBecauseTheCallerGaveUpCountsAsCancelled) {
  CallWatcher watcher;
  Monitored client{ThrowingClient{}, watcher.monitoring};

  EXPECT_THROW(
      client.stream(Request{.prompt = "throws when cancelled"}, [](const Piece&) { return false; }),
      std::runtime_error);

  EXPECT_EQ(watcher.failed().error_type, ErrorType::Cancelled);
}

TEST(Monitored, ExceptionOfTheCallbackPassesThrough) {
  CallWatcher watcher;
  Monitored client{ThrowingClient{}, watcher.monitoring};

  EXPECT_THROW(
      client.stream(Request{}, [](const Piece&) -> bool { throw std::out_of_range("mine"); }),
      std::out_of_range);

  EXPECT_EQ(watcher.failed().error, "mine");
}

TEST(Monitored, CallbackGivenAsAnObjectIsUsedAndNotCopied) {
  CallWatcher watcher;
  Monitored client{ThrowingClient{}, watcher.monitoring};
  struct Counter {
    Counter() = default;
    Counter(const Counter&) = delete;
    bool operator()(const Piece&) { return ++count > 0; }
    int count = 0;
  } counter;

  client.stream(Request{}, counter);

  EXPECT_EQ(counter.count, 4);
  EXPECT_TRUE(watcher.succeeded().streamed);
}

/// Calls back by std::function, with void callbacks and arguments of its own.
struct FunctionClient {
  static constexpr std::string_view provider_name = "local";
  using Callback = std::function<void(std::string_view, int)>;
  using BoolCallback = std::function<bool(const Piece&)>;
  void stream(const Request&, const Callback& on_text, int times) const {
    for (int i = 0; i < times; ++i) on_text("word", i);
  }
  void stream_bool(const Request&, BoolCallback on_piece) {
    kept = std::move(on_piece);
    kept(Piece{"x"});
  }
  BoolCallback kept{};
};

TEST(Monitored, VoidCallbackWithSeveralArgumentsAndExtraArgumentsAreForwarded) {
  CallWatcher watcher;
  const Monitored client{FunctionClient{}, watcher.monitoring};
  int sum = 0;

  client.stream(
      Request{}, [&](std::string_view, int index) { sum += index; }, 4);

  EXPECT_EQ(sum, 6);
  const RequestPayload payload = watcher.succeeded();
  EXPECT_EQ(payload.provider, "local");
  EXPECT_EQ(payload.tokens, std::nullopt) << "not told is not 0";
  EXPECT_EQ(watcher.observed("llm_inter_token_latency_seconds"), 3u);
}

TEST(Monitored, EmptyFunctionMeansThatNobodyListens) {
  CallWatcher watcher;
  Monitored client{FunctionClient{}, watcher.monitoring};

  client.call_streaming(&FunctionClient::stream_bool, Request{}, FunctionClient::BoolCallback{});

  EXPECT_EQ(watcher.succeeded().streamed, true);
}

TEST(Monitored, ClientThatCallsBackAfterItsReturnDoesNoHarm) {
  CallWatcher watcher;
  Monitored client{FunctionClient{}, watcher.monitoring};
  int calls = 0;
  client.call_streaming(&FunctionClient::stream_bool, Request{}, [&calls](const Piece&) {
    ++calls;
    return true;
  });

  client.inner().kept(Piece{"late"});

  EXPECT_EQ(calls, 2);
  (void)watcher.succeeded();
  EXPECT_EQ(watcher.observed("llm_inter_token_latency_seconds"), 0u);
}

/// Returns in every way a function can.
struct ReturningClient {
  static constexpr const char* kProviderName = "returns";
  std::string model = "of-the-client";
  Answer kept{};
  Answer& complete(int) { return kept; }
  const Answer& complete(int) const { return kept; }
  std::unique_ptr<Answer> complete(std::unique_ptr<int> owned) {
    return *owned > 0 ? std::make_unique<Answer>() : nullptr;
  }
  Answer&& complete(std::string) { return std::move(kept); }
  void complete(char) {}
};

TEST(Monitored, ReturnTypesAreTheClients) {
  using Client = Monitored<ReturningClient>;
  static_assert(std::is_same_v<decltype(std::declval<Client&>().complete(1)), Answer&>);
  static_assert(std::is_same_v<decltype(std::declval<const Client&>().complete(1)), const Answer&>);
  static_assert(
      std::is_same_v<decltype(std::declval<Client&>().complete(std::string())), Answer&&>);
  static_assert(std::is_same_v<decltype(std::declval<Client&>().complete('a')), void>);
  CallWatcher watcher;
  Client client{ReturningClient{}, watcher.monitoring};

  EXPECT_EQ(&client.complete(1), &client.inner().kept);
  EXPECT_EQ(watcher.succeeded().model, "of-the-client");
  Answer&& moved = client.complete(std::string());
  EXPECT_EQ(&moved, &client.inner().kept);
  EXPECT_EQ(watcher.succeeded().tokens, (TokenUsage{150, 75}));
  client.complete('a');
  EXPECT_EQ(watcher.succeeded().tokens, std::nullopt);
  EXPECT_NE(client.complete(std::make_unique<int>(1)), nullptr);
  EXPECT_EQ(watcher.succeeded().tokens, (TokenUsage{150, 75}));
  EXPECT_EQ(client.complete(std::make_unique<int>(0)), nullptr);
  EXPECT_EQ(watcher.succeeded().tokens, std::nullopt);
}

struct ImmovableClient {
  explicit ImmovableClient(std::string provider) : provider_(std::move(provider)) {}
  ImmovableClient(const ImmovableClient&) = delete;
  ImmovableClient& operator=(const ImmovableClient&) = delete;
  [[nodiscard]] const std::string& name() const { return provider_; }
  Answer complete(const Request&) { return {}; }
  std::string provider_;
};

TEST(Monitored, ClientsMayBeImmovableOrHeldByAnyPointer) {
  CallWatcher watcher;
  Monitored<ImmovableClient> in_place{std::in_place, watcher.monitoring, "in place"};
  Monitored unique{std::make_unique<ImmovableClient>("unique"), watcher.monitoring};
  const auto shared_client = std::make_shared<ImmovableClient>("shared");
  const Monitored shared{shared_client, watcher.monitoring};
  ImmovableClient mine{"reference"};
  const Monitored reference{std::ref(mine), watcher.monitoring};
  Monitored pointer{&mine, watcher.monitoring};

  in_place.complete(Request{});
  EXPECT_EQ(watcher.succeeded().provider, "in place");
  unique.complete(Request{});
  EXPECT_EQ(watcher.succeeded().provider, "unique");
  shared.complete(Request{});
  EXPECT_EQ(watcher.succeeded().provider, "shared");
  reference.complete(Request{});
  EXPECT_EQ(watcher.succeeded().provider, "reference");
  pointer.complete(Request{});
  EXPECT_EQ(watcher.succeeded().provider, "reference");
  EXPECT_EQ(shared.inner(), shared_client);
  EXPECT_EQ(&*reference.operator->(), &mine);
}

TEST(Monitored, NullClientIsRefusedAtOnce) {
  CallWatcher watcher;
  EXPECT_THROW((Monitored{std::shared_ptr<ImmovableClient>(), watcher.monitoring}),
               std::invalid_argument);
}

template <typename Client, typename... Args>
concept Completes = requires(Client& client, Args... args) {
  client.complete(args...);
};

TEST(Monitored, CallsThatDoNotFitAreRefusedByConcepts) {
  using Client = Monitored<ThrowingClient>;
  static_assert(Completes<Client, Request>);
  static_assert(!Completes<Client, int>);
  static_assert(!Completes<Client, Request, const char*>, "too much");
  static_assert(!Completes<const Client, Request>, "the client's is not const");
  static_assert(detail::watch::FinishesLater<std::future<int>>);
  static_assert(!detail::watch::FinishesLater<Answer>);
}

/// The library's own Provider, once by each of the two skins.
struct EchoProvider : Provider {
  [[nodiscard]] std::string name() const override { return "echo"; }
  CompletionResponse complete(const CompletionRequest& request) override {
    return stream(request, {});
  }
  CompletionResponse stream(const CompletionRequest& request, const StreamCallback& on) override {
    for (const char c : request.prompt)
      if (on && !on({.text = std::string_view(&c, 1)})) break;
    return {.text = request.prompt,
            .usage = TokenUsage{3, 4, 1, 2},
            .cost = 0.5,
            .finish_reason = "length",
            .failed_attempts = {{ErrorType::Overloaded, std::chrono::seconds{1}}}};
  }
};

TEST(Monitored, AgreesWithMonitoredProvider) {
  const CompletionRequest request{.model = "echo-1", .prompt = "abcd"};
  const auto go_on = [](const StreamChunk&) { return true; };
  CallWatcher one;
  CallWatcher other;
  MonitoredProvider by_base(std::make_shared<EchoProvider>(), one.monitoring);
  Monitored by_traits{std::make_shared<EchoProvider>(), other.monitoring};

  by_base.stream(request, go_on);
  by_traits.stream(request, go_on);

  RequestPayload first = one.succeeded();
  RequestPayload second = other.succeeded();
  for (RequestPayload* payload : {&first, &second}) {
    EXPECT_EQ(payload->tokens, (TokenUsage{3, 4, 1, 2}));
    EXPECT_GE(payload->latency.value_or(-1), payload->time_to_first_token.value_or(0));
    EXPECT_TRUE(payload->time_per_output_token) << "though an earlier attempt was told";
    payload->request_id.clear();
    payload->latency = payload->time_to_first_token = payload->time_per_output_token = {};
  }
  EXPECT_EQ(first, second);
  EXPECT_EQ(first.attempts, 2u);
  EXPECT_EQ(one.observed("llm_inter_token_latency_seconds"),
            other.observed("llm_inter_token_latency_seconds"));
}

TEST(Monitored, OutlivesTheSystem) {
  auto monitoring = std::make_unique<MonitoringSystem>();
  Monitored client{ThrowingClient{}, *monitoring};
  monitoring.reset();

  EXPECT_EQ(client.complete(Request{}).text, "Hi");
}

struct ConstClient {
  static constexpr const char* provider_name = "many";
  Answer complete(const Request& request) const {
    if (request.prompt == "bad") throw ProviderError(ErrorType::ServerError, "bad");
    return {};
  }
};

TEST(Monitored, ThousandScopesAtOnceAreEachCountedOnce) {
  CallWatcher watcher;
  constexpr int kThreads = 8;
  constexpr int kEach = 125;
  const Monitored client{ConstClient{}, watcher.monitoring};
  std::vector<RequestScope> open;
  for (int i = 0; i < kThreads * kEach; ++i)
    open.push_back(watcher.monitoring.begin_request("many", "gpt-4"));
  EXPECT_EQ(watcher.active(), 1000u);

  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t)
    threads.emplace_back([&, t] {
      for (int i = 0; i < kEach; ++i) {
        RequestScope& scope = open[static_cast<std::size_t>(t * kEach + i)];
        scope.on_chunk();
        try {
          client.complete(Request{.prompt = i % 5 == 0 ? "bad" : "good"});
        } catch (const ProviderError&) {
        }
        i % 2 == 0 ? scope.finish({1, 1}) : scope.cancel();
      }
    });
  for (std::thread& thread : threads) thread.join();

  const CallTotals totals = watcher.monitoring.collector().totals();
  EXPECT_EQ(totals.total_requests, 2000u);
  EXPECT_EQ(totals.failed_requests, 200u);
  EXPECT_EQ(totals.cancelled_requests, 8u * 62u);
  EXPECT_EQ(totals.successful_requests, 2000u - 200u - 8u * 62u);
  EXPECT_EQ(totals.active_requests, 0u);
}

}  // namespace
}  // namespace ltb::test
