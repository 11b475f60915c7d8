// What Monitored reads of results and errors: by usual names, and by traits of one's own.
#include <ltb/monitored.hpp>

#include "unit/provider/call_watcher.hpp"
#include "unit/provider/own_types.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <exception>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <variant>

namespace ltb::test {
namespace {

/// std::expected, as C++20 programs have it.
template <typename T, typename E>
class Expected {
 public:
  Expected(T value) : held_(std::in_place_index<0>, std::move(value)) {}
  Expected(E error, int) : held_(std::in_place_index<1>, std::move(error)) {}
  [[nodiscard]] bool has_value() const { return held_.index() == 0; }
  explicit operator bool() const { return has_value(); }
  const T& operator*() const { return std::get<0>(held_); }
  [[nodiscard]] const E& error() const { return std::get<1>(held_); }

 private:
  std::variant<T, E> held_;
};

template <typename E>
struct ValueClient {
  using Result = Expected<Answer, E>;
  [[nodiscard]] std::string_view name() const { return "values"; }
  Result complete(const Request&) { return error ? Result(*error, 0) : Result(Answer{}); }
  std::optional<E> error{};
};

TEST(Monitored, ExpectedValueIsASuccessAndItsContentIsRead) {
  CallWatcher watcher;
  Monitored client{ValueClient<CallError>{}, watcher.monitoring};

  const auto result = client.complete(Request{});

  EXPECT_EQ((*result).text, "Hi");
  EXPECT_EQ(watcher.succeeded().tokens, (TokenUsage{150, 75}));
}

TEST(Monitored, ExpectedErrorIsAFailureAndReturnedUnchanged) {
  CallWatcher watcher;
  Monitored client{ValueClient<CallError>{CallError{ErrorType::Quota, "broke", "402"}},
                   watcher.monitoring};

  const auto result = client.complete(Request{});

  EXPECT_EQ(result.error(), (CallError{ErrorType::Quota, "broke", "402"}));
  const RequestPayload payload = watcher.failed();
  EXPECT_EQ(payload.error_type, ErrorType::Quota);
  EXPECT_EQ(payload.error, "broke");
  EXPECT_EQ(payload.error_code, "402");
  EXPECT_EQ(payload.tokens, std::nullopt);
}

template <typename E>
RequestPayload failed_with(E error) {
  CallWatcher watcher;
  Monitored client{ValueClient<E>{std::move(error)}, watcher.monitoring};
  EXPECT_FALSE(client.complete(Request{}).has_value());
  return watcher.failed();
}

TEST(Monitored, ErrorValuesOfUsualKindsAreClassified) {
  struct HttpError {
    int status = 0;
    std::string code{};
    std::string message{};
  };
  struct Strange {};
  EXPECT_EQ(failed_with(ErrorType::RateLimit).error_type, ErrorType::RateLimit) << "enumerator 0";
  EXPECT_EQ(failed_with(std::make_error_code(std::errc::timed_out)).error_type, ErrorType::Timeout);
  EXPECT_EQ(failed_with(std::make_error_code(std::errc::operation_canceled)).error_type,
            ErrorType::Cancelled);
  EXPECT_EQ(failed_with(std::make_error_code(std::errc::connection_refused)).error_type,
            ErrorType::Network);
  EXPECT_EQ(failed_with(std::string("why")).error, "why");
  EXPECT_EQ(failed_with(std::make_exception_ptr(ProviderError(ErrorType::Auth, "no"))).error_type,
            ErrorType::Auth);
  EXPECT_EQ(failed_with(ProviderError(ErrorType::Parse, "no")).error_type, ErrorType::Parse);
  EXPECT_EQ(failed_with(std::runtime_error("plain")).error, "plain");
  EXPECT_EQ(failed_with(HttpError{404, "", "no such model"}).error_type, ErrorType::NotFound);
  const RequestPayload quota = failed_with(HttpError{429, "insufficient_quota", "pay"});
  EXPECT_EQ(quota.error_type, ErrorType::Quota) << "the code beats the status";
  EXPECT_EQ(quota.error_code, "insufficient_quota");
  EXPECT_EQ(failed_with(Strange{}).error_type, ErrorType::Other);
}

struct MemberErrorAnswer {
  std::string text{};
  std::string error{};
};
struct MemberErrorClient {
  static std::string provider_name() { return "member"; }
  MemberErrorAnswer complete(const Request& request) { return {{}, request.prompt}; }
};

TEST(Monitored, ErrorMemberOfAResultFailsTheCallWhenThereIsOne) {
  CallWatcher watcher;
  Monitored client{MemberErrorClient{}, watcher.monitoring};

  client.complete(Request{.prompt = "out of luck"});
  EXPECT_EQ(watcher.failed().error, "out of luck");
  client.complete(Request{.prompt = ""});
  EXPECT_EQ(watcher.succeeded().error, std::nullopt);
}

/// Nothing here has a usual name.
struct OddClient {
  struct Reply {
    std::uint64_t in = 0;
    std::uint64_t out = 0;
    int code = 200;
  };
  struct Broken {};
  Reply ask(std::string_view which, int code) {
    if (code < 0) throw Broken{};
    return {which.size(), 2, code};
  }
  template <typename F>
  int talk(std::string_view, int times, F&& f) {
    for (int i = 0; i < times; ++i)
      if (f(i) == 'q') return i;
    return times;
  }
};

}  // namespace
}  // namespace ltb::test

template <>
struct ltb::MonitoredTraits<ltb::test::OddClient> : ltb::DefaultMonitoredTraits {
  using Client = ltb::test::OddClient;
  struct State {
    int chunks = 0;
  };
  static const char* provider(const Client&) { return "odd"; }
  static std::string_view model(const Client&, std::string_view which, int) { return which; }
  static Client::Reply complete(Client& client, std::string_view which, int code) {
    return client.ask(which, code);
  }
  template <typename F>
  static int stream(Client& client, std::string_view which, F&& f, int times) {
    return client.talk(which, times, std::forward<F>(f));
  }
  static bool on_chunk(State& state, int index) { return ++state.chunks > 0 && index % 2 == 0; }
  static bool continues(char answer) { return answer != 'q'; }
  static std::optional<TokenUsage> usage(const Client::Reply& reply) {
    if (reply.code == 666) throw std::runtime_error("a trait that throws");
    return TokenUsage{reply.in, reply.out};
  }
  static std::optional<TokenUsage> usage(int) { return std::nullopt; }
  static std::optional<CallError> error(const Client::Reply& reply) {
    if (reply.code < 400) return std::nullopt;
    return CallError{classify_http_error(reply.code, {}), "odd", std::to_string(reply.code)};
  }
  static std::optional<CallError> error(int) { return std::nullopt; }
  static std::optional<CallError> classify(const std::exception_ptr& thrown) {
    try {
      std::rethrow_exception(thrown);
    } catch (const Client::Broken&) {
      return CallError{ErrorType::Parse, "broken", {}};
    } catch (...) {
      return std::nullopt;
    }
  }
  template <typename... Result>
  static void on_end(RequestScope& scope, State& state, const Result&...) {
    if (state.chunks > 0) scope.set_usage({0, static_cast<std::uint64_t>(state.chunks)});
  }
};

namespace ltb::test {
namespace {

TEST(Monitored, TraitsReplaceEveryAnswer) {
  CallWatcher watcher;
  Monitored client{OddClient{}, watcher.monitoring};

  EXPECT_EQ(client.complete("odd-1", 200).out, 2u);
  const RequestPayload payload = watcher.succeeded();
  EXPECT_EQ(payload.provider, "odd");
  EXPECT_EQ(payload.model, "odd-1");
  EXPECT_EQ(payload.tokens, (TokenUsage{5, 2}));

  EXPECT_EQ(client.complete("odd-1", 503).code, 503);
  EXPECT_EQ(watcher.failed().error_type, ErrorType::Overloaded);
  EXPECT_THROW(client.complete("odd-1", -1), OddClient::Broken);
  EXPECT_EQ(watcher.failed().error_type, ErrorType::Parse);
}

TEST(Monitored, TraitThatThrowsCostsWhatItWouldHaveTold) {
  CallWatcher watcher;
  MonitoredTraits<OddClient>::State state;
  RequestScope scope = watcher.monitoring.begin_request("odd", "odd-1");

  detail::watch::end_call<MonitoredTraits<OddClient>>(scope, state, false,
                                                      OddClient::Reply{1, 2, 666});

  EXPECT_EQ(watcher.failed().tokens, std::nullopt) << "666 is an error, its usage unreadable";
}

TEST(Monitored, TraitsKeepStateForOneCallAndSayWhatCancels) {
  CallWatcher watcher;
  Monitored client{OddClient{}, watcher.monitoring};

  EXPECT_EQ(client.stream(
                "odd-1", [](int) { return 'c'; }, 5),
            5);
  EXPECT_EQ(watcher.succeeded().tokens, (TokenUsage{0, 5}));
  EXPECT_EQ(watcher.observed("llm_inter_token_latency_seconds"), 2u) << "0, 2 and 4 have content";

  EXPECT_EQ(client.stream(
                "odd-1", [](int i) { return i == 2 ? 'q' : 'c'; }, 5),
            2);
  EXPECT_EQ(watcher.failed().tokens, (TokenUsage{0, 3}));
}

TEST(Monitored, AnyMethodOrCallableIsWatchedByCall) {
  CallWatcher watcher;
  Monitored client{OddClient{}, watcher.monitoring};

  EXPECT_EQ(client.call(&OddClient::ask, std::string_view("m"), 200).in, 1u);
  EXPECT_EQ(watcher.succeeded().model, "m");
  EXPECT_EQ(
      client.call([](OddClient& c, std::string_view m, int n) { return c.ask(m, n); }, "xyz", 0).in,
      3u);
  EXPECT_EQ(watcher.succeeded().tokens, (TokenUsage{3, 2}));
}

}  // namespace
}  // namespace ltb::test
