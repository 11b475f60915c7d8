// Every category of error, as each provider says it over HTTP, through every skin: one failed call
// of that category, with the provider's code in the event and nowhere else.
#include "integration/replay/replay_fixture.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <array>
#include <chrono>
#include <ostream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace ltb::test {
namespace {

using namespace std::chrono_literals;
using Json = nlohmann::json;

struct Failure {
  Api api;
  Json script;
  ErrorType type;
  std::string code = "?";  ///< "?": any.
  bool stream = true;
};

void PrintTo(const Failure& failure, std::ostream* out) {
  *out << name_of(failure.api) << ' ' << failure.script;
}

/// Statuses alone: each api sends the code it usually sends with them.
std::vector<Failure> statuses() {
  using enum ErrorType;
  const std::vector<std::pair<int, ErrorType>> table{
      {400, InvalidRequest}, {401, Auth},        {402, Quota},          {403, Permission},
      {404, NotFound},       {408, Timeout},     {413, InvalidRequest}, {422, InvalidRequest},
      {429, RateLimit},      {500, ServerError}, {502, ServerError},    {503, Overloaded},
      {504, Timeout},        {529, Overloaded}};
  std::vector<Failure> all;
  for (const Api api : kApis)
    for (const auto& [status, type] : table)
      all.push_back({api, {{"status", status}}, type, "?", status % 2 == 0});
  return all;
}

/// Codes and messages that say more than the status.
std::vector<Failure> codes() {
  using enum ErrorType;
  const auto openai = [](int status, const char* type, const char* code) {
    return Json{{"status", status}, {"type", type}, {"code", code}};
  };
  return {
      {Api::OpenAi, openai(429, "insufficient_quota", "insufficient_quota"), Quota,
       "insufficient_quota"},
      {Api::OpenAi, openai(400, "invalid_request_error", "context_length_exceeded"), ContextLength,
       "context_length_exceeded"},
      {Api::OpenAi, openai(400, "invalid_request_error", "content_filter"), ContentFilter,
       "content_filter"},
      {Api::OpenAi, openai(400, "invalid_request_error", "content_policy_violation"), ContentFilter,
       "content_policy_violation"},
      {Api::OpenAi, openai(404, "invalid_request_error", "model_not_found"), NotFound,
       "model_not_found"},
      {Api::OpenAi, openai(503, "server_error", "slow_down"), Overloaded, "slow_down"},
      {Api::Anthropic,
       {{"status", 400}, {"message", "prompt is too long: 215000 tokens > 200000 maximum"}},
       ContextLength,
       "invalid_request_error"},
      {Api::Anthropic,
       {{"status", 400},
        {"message", "Your credit balance is too low to access the Anthropic API."}},
       Quota,
       "invalid_request_error"},
      {Api::Anthropic,
       {{"status", 500}, {"type", "overloaded_error"}},
       Overloaded,
       "overloaded_error"},
      {Api::Google, {{"status", 400}, {"code", "API_KEY_INVALID"}}, Auth, "API_KEY_INVALID"},
      {Api::Google, {{"status", 403}, {"code", "BILLING_DISABLED"}}, Quota, "BILLING_DISABLED"},
      {Api::Google,
       {{"status", 400},
        {"message",
         "The input token count (1200000) exceeds the maximum number of tokens allowed"}},
       ContextLength,
       "INVALID_ARGUMENT"},
      {Api::Google,
       {{"body", R"({"promptFeedback":{"blockReason":"PROHIBITED_CONTENT"}})"}},
       ContentFilter,
       "PROHIBITED_CONTENT",
       false},
      {Api::Google,
       {{"stream_body", "data: {\"promptFeedback\":{\"blockReason\":\"SAFETY\"}}\r\n\r\n"}},
       ContentFilter,
       "SAFETY"},
  };
}

/// Errors inside a stream that began well, under 200.
std::vector<Failure> in_stream() {
  using enum ErrorType;
  const auto error = [](int after, int status, const char* type = nullptr,
                        const char* code = nullptr) {
    Json told{{"after", after}, {"status", status}};
    if (type != nullptr) told["type"] = type;
    if (code != nullptr) told["code"] = code;
    return Json{{"stream_error", told}};
  };
  return {
      {Api::OpenAi, error(2, 500), ServerError, "server_error"},
      {Api::OpenAi, error(0, 429, "requests", "rate_limit_exceeded"), RateLimit,
       "rate_limit_exceeded"},
      {Api::OpenAi, error(3, 400, "invalid_request_error", "content_filter"), ContentFilter,
       "content_filter"},
      {Api::Anthropic, error(2, 529), Overloaded, "overloaded_error"},
      {Api::Anthropic, error(0, 500), ServerError, "api_error"},
      {Api::Google, error(2, 503), Overloaded, "UNAVAILABLE"},
      {Api::Google, error(5, 504), Timeout, "DEADLINE_EXCEEDED"},
  };
}

/// What is no answer at all.
std::vector<Failure> broken() {
  using enum ErrorType;
  std::vector<Failure> all;
  for (const Api api : kApis) {
    all.push_back({api, {{"body", R"({"choices": [)"}}, Parse, "?", false});
    all.push_back(
        {api, {{"body", "<html>Bad gateway</html>"}, {"status", 502}}, ServerError, "", false});
    all.push_back({api, {{"stream_body", "data: {\"choices\": [oops\n\n"}}, Parse});
    for (const char* how : {"fin", "rst"})
      for (const int after : {-1, 0, 2, 5})
        all.push_back({api, {{"cut", {{"after", after}, {"how", how}}}}, Network});
  }
  return all;
}

class Errors : public ReplayTest, public ::testing::WithParamInterface<Skin> {
 protected:
  void expect_each(const std::vector<Failure>& failures) {
    for (const Failure& failure : failures) {
      SCOPED_TRACE(::testing::PrintToString(failure));
      const std::uint64_t before = monitoring.collector().totals().failed_requests;
      Ask asked = ask(failure.api, failure.script);
      asked.stream = failure.stream;

      const CallEnd end = call_through(GetParam(), monitoring, asked);

      EXPECT_FALSE(end.error.empty()) << "the caller is told";
      const RequestPayload payload = end_of_call(EventType::RequestFailed);
      EXPECT_EQ(payload.provider, name_of(failure.api));
      EXPECT_EQ(to_string(payload.error_type.value_or(ErrorType::Other)), to_string(failure.type));
      if (failure.code != "?") {
        EXPECT_EQ(payload.error_code.value_or(""), failure.code);
      }
      EXPECT_EQ(monitoring.collector().totals().failed_requests, before + 1);
      EXPECT_EQ(active(), 0u);
    }
    expect_log_agrees(failures);
  }

 private:
  /// The counters hold the categories and nothing of the providers' own words.
  void expect_log_agrees(const std::vector<Failure>& failures) {
    EXPECT_EQ(server.log().size(), failures.size()) << "one request each";
    std::array<std::uint64_t, kErrorTypeCount> expected{};
    for (const Failure& failure : failures) ++expected[static_cast<std::size_t>(failure.type)];
    EXPECT_EQ(monitoring.collector().totals().errors, expected);
    const std::string text = monitoring.render_prometheus();
    for (const Failure& failure : failures) {
      // These two are also the names of categories.
      if (failure.code.size() <= 1 || parse_error_type(failure.code)) continue;
      EXPECT_EQ(text.find('"' + failure.code + '"'), std::string::npos) << failure.code;
    }
  }
};

TEST_P(Errors, StatusesGiveTheirCategory) {
  expect_each(statuses());
}

TEST_P(Errors, CodesAndKnownMessagesBeatTheStatus) {
  expect_each(codes());
}

TEST_P(Errors, ErrorsInsideAStreamCountUnder200) {
  expect_each(in_stream());
}

TEST_P(Errors, BrokenAndCutAnswersCountOnce) {
  expect_each(broken());
}

TEST_P(Errors, AConnectionRefusedIsANetworkError) {
  Ask asked = ask(Api::OpenAi);
  asked.port = closed_port();

  const CallEnd end = call_through(GetParam(), monitoring, asked);

  EXPECT_FALSE(end.error.empty());
  EXPECT_EQ(end_of_call(EventType::RequestFailed).error_type, ErrorType::Network);
  EXPECT_EQ(active(), 0u);
}

TEST_P(Errors, AServerThatStallsIsATimeoutOfTheClient) {
  for (const int after : {-1, 0, 2}) {
    SCOPED_TRACE(after);
    Ask asked = ask(Api::Anthropic, {{"first_ms", 0}, {"stall", {{"after", after}}}});
    asked.timeout = 150ms;

    const CallEnd end = call_through(GetParam(), monitoring, asked);

    EXPECT_FALSE(end.error.empty());
    const RequestPayload payload = end_of_call(EventType::RequestFailed);
    EXPECT_EQ(payload.error_type, ErrorType::Timeout);
    EXPECT_GE(payload.latency.value_or(0), 0.150);
    EXPECT_EQ(active(), 0u);
  }
}

INSTANTIATE_TEST_SUITE_P(Through, Errors, ::testing::ValuesIn(kSkins),
                         [](const auto& skin) { return std::string(name_of(skin.param)); });

}  // namespace
}  // namespace ltb::test
