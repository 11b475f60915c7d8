// Which statuses may come with an answer, and what an answer that is not there is called.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <optional>
#include <string>

#include "http_provider.hpp"
#include "scripted_server.hpp"

namespace {

using namespace llm_benchmark;
using testing::HasSubstr;

const std::string kAnswer =
    R"({"choices":[{"message":{"content":"Paris"},"finish_reason":"stop"}],)"
    R"("usage":{"prompt_tokens":11,"completion_tokens":7}})";
const std::string kEvents =
    "data: {\"choices\":[{\"delta\":{\"content\":\"Paris\"}}]}\n\n"
    "data: {\"choices\":[{\"delta\":{},\"finish_reason\":\"stop\"}],"
    "\"usage\":{\"prompt_tokens\":11,\"completion_tokens\":7}}\n\ndata: [DONE]\n\n";

std::shared_ptr<HttpProvider> provider_for(const std::string& url) {
  return make_openai_provider({.name = "p",
                               .url = parse_base_url(url),
                               .timeouts = {.whole = std::chrono::milliseconds{20'000}}},
                              {});
}

TEST(SuccessStatus, AnAnswerUnderAny2xxIsAnAnswer) {
  for (const char* status : {"200 OK", "201 Created", "202 Accepted",
                             "203 Non-Authoritative Information", "206 Partial Content"}) {
    ScriptedServer server([&](std::size_t n) {
      if (n == 0) return Reply{http(status, kAnswer)};
      std::string head = stream_head();
      return Reply{head.replace(head.find("200 OK"), 6, status) + chunk(kEvents) + chunk("")};
    });
    const auto provider = provider_for(server.url());

    const auto whole = provider->complete({.model = "m", .prompt = "P"});
    const auto streamed = provider->stream({.model = "m", .prompt = "P"}, {});

    for (const auto& response : {whole, streamed}) {
      EXPECT_EQ(response.text, "Paris") << status;
      EXPECT_EQ(response.usage, (ltb::TokenUsage{11, 7})) << status;
      EXPECT_EQ(response.finish_reason, "stop") << status;
    }
  }
}

TEST(SuccessStatus, A2xxWithoutAnAnswerIsAParseErrorThatSaysWhatCame) {
  const auto failure = [](const std::string& reply, bool stream) {
    ScriptedServer server([&](std::size_t) { return Reply{reply}; });
    const auto provider = provider_for(server.url());
    std::optional<ltb::ProviderError> error;
    try {
      if (stream) {
        (void)provider->stream({.model = "m", .prompt = "P"}, {});
      } else {
        (void)provider->complete({.model = "m", .prompt = "P"});
      }
    } catch (const ltb::ProviderError& thrown) {
      error = thrown;
    }
    return error;
  };
  for (const bool stream : {false, true}) {
    for (const auto& [reply, words] :
         {std::pair{std::string("HTTP/1.1 204 No Content\r\n\r\n"), "is empty (HTTP 204)"},
          {std::string("HTTP/1.1 205 Reset Content\r\nContent-Length: 0\r\n\r\n"),
           "is empty (HTTP 205)"},
          {http("202 Accepted", ""), "is empty (HTTP 202)"},
          {http("200 OK", ""), "the answer is empty: \"\""},
          {http("202 Accepted", R"({"id":"job_1","status":"queued"})"), "has no choices"},
          {http("206 Partial Content", kAnswer.substr(0, 30)), "is not a JSON object"}}) {
      const auto error = failure(reply, stream);
      ASSERT_TRUE(error.has_value()) << reply;
      EXPECT_EQ(error->type(), ltb::ErrorType::Parse) << reply;
      EXPECT_THAT(error->what(), HasSubstr(words)) << reply;
    }
  }
}

TEST(SuccessStatus, ARefusalWhoseBodyIsCutKeepsItsStatusAndItsWait) {
  for (const std::string body : {"", R"({"error":{"message":"slow)"}) {
    for (const bool stream : {false, true}) {
      ScriptedServer server([&](std::size_t) {
        return Reply{.bytes =
                         "HTTP/1.1 429 Too Many Requests\r\nRetry-After: 3\r\n"
                         "X-RateLimit-Remaining-Requests: 0\r\nContent-Length: 1000\r\n\r\n" +
                         body,
                     .close = true};
      });
      const auto provider = provider_for(server.url());
      std::optional<ltb::ProviderError> error;
      try {
        if (stream) {
          (void)provider->stream({.model = "m", .prompt = "P"}, {});
        } else {
          (void)provider->complete({.model = "m", .prompt = "P"});
        }
      } catch (const ltb::ProviderError& thrown) {
        error = thrown;
      }

      ASSERT_TRUE(error.has_value());
      EXPECT_EQ(error->type(), ltb::ErrorType::RateLimit) << error->what();
      EXPECT_EQ(error->retry_after(), std::chrono::milliseconds{3000});
      ASSERT_TRUE(error->rate_limits().has_value());
      EXPECT_EQ(error->rate_limits()->requests_remaining, 0U);
    }
  }
}

TEST(SuccessStatus, AnErrorUnderA2xxTellsTheWaitAndTheLimitsOfItsHeaders) {
  ScriptedServer server([](std::size_t n) {
    const std::string headers = "Retry-After: 3\r\nX-RateLimit-Remaining-Requests: 0\r\n";
    const std::string body = R"({"error":{"code":429,"message":"slow down"}})";
    return Reply{n == 0 ? http("200 OK", body, headers)
                        : stream_head(headers) + chunk("data: " + body + "\n\n") + chunk("")};
  });
  const auto provider = provider_for(server.url());
  for (const bool stream : {false, true}) {
    std::optional<ltb::ProviderError> error;
    try {
      if (stream) {
        (void)provider->stream({.model = "m", .prompt = "P"}, {});
      } else {
        (void)provider->complete({.model = "m", .prompt = "P"});
      }
    } catch (const ltb::ProviderError& thrown) {
      error = thrown;
    }

    ASSERT_TRUE(error.has_value());
    EXPECT_EQ(error->type(), ltb::ErrorType::RateLimit) << error->what();
    EXPECT_EQ(error->retry_after(), std::chrono::milliseconds{3000}) << stream;
    ASSERT_TRUE(error->rate_limits().has_value()) << stream;
    EXPECT_EQ(error->rate_limits()->requests_remaining, 0U);
  }
}

}  // namespace
