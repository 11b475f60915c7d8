// The OpenAI provider over a real connection: what it sends, how it keeps connections, and what
// each way of failing counts as. The server is a plain socket that answers what the test says,
// right or wrong.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <nlohmann/json.hpp>
#include <optional>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include "http_provider.hpp"
#include "openai_messages.hpp"
#include "scripted_server.hpp"

namespace {

using namespace llm_benchmark;
using std::chrono::milliseconds;
using testing::HasSubstr;

const std::string kAnswer =
    R"({"id":"c1","model":"m","choices":[{"finish_reason":"stop","message":{"content":"Paris"}}],)"
    R"("usage":{"prompt_tokens":11,"completion_tokens":7}})";

HttpProvider provider_for(const std::string& url, milliseconds timeout = milliseconds{20'000},
                          std::stop_token stop = {}, const std::string& key = {}) {
  return {{.name = "openai",
           .url = parse_base_url(url),
           .api_key = key,
           .timeouts = {.whole = timeout}},
          std::make_unique<OpenAiMessages>(),
          std::move(stop)};
}

struct Thrown {
  ltb::ErrorType type = ltb::ErrorType::Other;
  std::string message = "nothing was thrown";
};

Thrown failure_of(ltb::Provider& provider) {
  try {
    (void)provider.complete({.model = "m", .prompt = "P"});
  } catch (const ltb::ProviderError& error) {
    return {error.type(), error.what()};
  }
  return {};
}

TEST(OpenAiProvider, SendsAWholeRequestAndReadsTheAnswer) {
  ScriptedServer server([](std::size_t) { return Reply{http("200 OK", kAnswer)}; });
  auto provider = provider_for(server.url() + "/v1", milliseconds{20'000}, {}, "sk-1");

  const auto response = provider.complete({.model = "m", .prompt = "Capital of France?"});

  EXPECT_EQ(response.text, "Paris");
  EXPECT_EQ(response.usage, (ltb::TokenUsage{.input_tokens = 11, .output_tokens = 7}));
  ASSERT_EQ(server.requests().size(), 1U);
  const std::string request = server.requests().front();
  EXPECT_THAT(request, testing::StartsWith("POST /v1/chat/completions HTTP/1.1\r\n"));
  EXPECT_THAT(request, HasSubstr("\r\nHost: " + server.url().substr(7) + "\r\n"));
  EXPECT_THAT(request, HasSubstr("\r\nAuthorization: Bearer sk-1\r\n"));
  EXPECT_THAT(request, HasSubstr("\r\nContent-Type: application/json\r\n"));
  EXPECT_EQ(nlohmann::json::parse(request.substr(request.find("\r\n\r\n")))["model"], "m");
}

TEST(OpenAiProvider, WithoutAKeySendsNoAuthorization) {
  ScriptedServer server([](std::size_t) { return Reply{http("200 OK", kAnswer)}; });
  auto provider = provider_for(server.url());

  (void)provider.complete({.model = "m", .prompt = "P"});

  EXPECT_THAT(server.requests().front(), testing::Not(HasSubstr("Authorization")));
}

TEST(OpenAiProvider, ManyCallsInARowUseOneConnection) {
  ScriptedServer server([](std::size_t) { return Reply{http("200 OK", kAnswer)}; });
  auto provider = provider_for(server.url());

  for (int i = 0; i < 20; ++i) {
    EXPECT_EQ(provider.complete({.model = "m", .prompt = "P"}).text, "Paris");
  }

  EXPECT_EQ(server.requests().size(), 20U);
  EXPECT_EQ(server.connections(), 1U);
}

TEST(OpenAiProvider, AnErrorAnswerKeepsTheConnectionToo) {
  ScriptedServer server([](std::size_t n) {
    return Reply{n == 0 ? http("429 Too Many Requests", R"({"error":{"message":"slow down"}})")
                        : http("200 OK", kAnswer)};
  });
  auto provider = provider_for(server.url());

  const Thrown thrown = failure_of(provider);

  EXPECT_EQ(thrown.type, ltb::ErrorType::RateLimit);
  EXPECT_EQ(thrown.message, "POST " + server.url() + "/v1/chat/completions: HTTP 429: slow down");
  EXPECT_EQ(provider.complete({.model = "m", .prompt = "P"}).text, "Paris");
  EXPECT_EQ(server.connections(), 1U);
}

TEST(OpenAiProvider, AServerThatSaysCloseGetsANewConnectionEachTime) {
  ScriptedServer server([](std::size_t) {
    return Reply{http("200 OK", kAnswer, "Connection: close\r\n"), true};
  });
  auto provider = provider_for(server.url());

  for (int i = 0; i < 3; ++i) (void)provider.complete({.model = "m", .prompt = "P"});

  EXPECT_EQ(server.connections(), 3U);
}

TEST(OpenAiProvider, AKeptConnectionThatTheServerClosedIsReplacedUnnoticed) {
  // Answers as if it kept the connection, then closes it.
  ScriptedServer server([](std::size_t) { return Reply{http("200 OK", kAnswer), true}; });
  auto provider = provider_for(server.url());

  for (int i = 0; i < 5; ++i) {
    EXPECT_EQ(provider.complete({.model = "m", .prompt = "P"}).text, "Paris");
  }

  EXPECT_EQ(server.requests().size(), 5U);
}

TEST(OpenAiProvider, AnAnswerCutInTheMiddleIsANetworkErrorAndIsNotAskedAgain) {
  ScriptedServer server([](std::size_t n) {
    return n == 0 ? Reply{http("200 OK", kAnswer)}
                  : Reply{http("200 OK", kAnswer).substr(0, 150), true};
  });
  auto provider = provider_for(server.url());
  (void)provider.complete({.model = "m", .prompt = "P"});

  const Thrown thrown = failure_of(provider);

  EXPECT_EQ(thrown.type, ltb::ErrorType::Network);
  EXPECT_THAT(thrown.message, HasSubstr(server.url() + "/v1/chat/completions: cannot read"));
  EXPECT_EQ(server.requests().size(), 2U);
}

TEST(OpenAiProvider, AFreshConnectionThatIsClosedWithoutAnAnswerIsANetworkError) {
  ScriptedServer server([](std::size_t) { return Reply{"", true}; });
  auto provider = provider_for(server.url());

  EXPECT_EQ(failure_of(provider).type, ltb::ErrorType::Network);
  EXPECT_EQ(server.requests().size(), 1U);
}

TEST(OpenAiProvider, WhatIsNoHttpOrNoJsonIsAParseError) {
  for (const std::string& bytes :
       {std::string("SSH-2.0-OpenSSH_9.2\r\n\r\n"), http("200 OK", "<html>hello</html>"),
        std::string("HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n")}) {
    ScriptedServer server([&bytes](std::size_t) { return Reply{bytes, true}; });
    auto provider = provider_for(server.url());

    EXPECT_EQ(failure_of(provider).type, ltb::ErrorType::Parse) << bytes;
  }
}

TEST(OpenAiProvider, ASilentServerIsATimeoutThatNamesUrlAndTime) {
  ScriptedServer server([](std::size_t) { return Reply{}; });
  auto provider = provider_for(server.url(), milliseconds{50});

  const Thrown thrown = failure_of(provider);

  EXPECT_EQ(thrown.type, ltb::ErrorType::Timeout);
  EXPECT_EQ(thrown.message,
            "POST " + server.url() + "/v1/chat/completions: cannot read the answer within 50 ms");
}

TEST(OpenAiProvider, ARequestsOwnTimeoutBeatsTheUsualOne) {
  ScriptedServer server([](std::size_t) { return Reply{}; });
  auto provider = provider_for(server.url(), std::chrono::hours{1});
  std::optional<ltb::ErrorType> type;

  try {
    (void)provider.complete({.model = "m", .prompt = "P", .timeout = milliseconds{50}});
  } catch (const ltb::ProviderError& error) {
    type = error.type();
  }

  EXPECT_EQ(type, ltb::ErrorType::Timeout);
}

TEST(OpenAiProvider, AServerThatDoesNotBeginInTimeIsATimeoutOfItsOwn) {
  ScriptedServer server([](std::size_t) { return Reply{}; });
  HttpProvider provider(
      {.name = "openai",
       .url = parse_base_url(server.url()),
       .timeouts = {.whole = std::chrono::hours{1}, .first_byte = milliseconds{50}}},
      std::make_unique<OpenAiMessages>(), {});

  const Thrown thrown = failure_of(provider);

  EXPECT_EQ(thrown.type, ltb::ErrorType::Timeout);
  EXPECT_THAT(thrown.message, HasSubstr("cannot read the answer within 50 ms"));
}

TEST(OpenAiProvider, AnAnswerTellsTheLimitsOfItsHeaders) {
  ScriptedServer server([](std::size_t) {
    return Reply{http("200 OK", kAnswer, "X-RateLimit-Remaining-Requests: 5\r\n")};
  });
  auto provider = provider_for(server.url());

  const auto response = provider.complete({.model = "m", .prompt = "P"});

  ASSERT_TRUE(response.rate_limits);
  EXPECT_EQ(response.rate_limits->requests_remaining, 5U);
}

TEST(OpenAiProvider, AnUnreachableServerIsANetworkErrorThatNamesTheUrl) {
  std::string url;
  {
    const ScriptedServer gone([](std::size_t) { return Reply{}; });
    url = gone.url();
  }
  auto provider = provider_for(url);

  const Thrown thrown = failure_of(provider);

  EXPECT_EQ(thrown.type, ltb::ErrorType::Network);
  EXPECT_THAT(thrown.message, HasSubstr("POST " + url + "/v1/chat/completions: cannot connect"));
  EXPECT_THAT(thrown.message, HasSubstr("Connection refused"));
}

TEST(OpenAiProvider, AHostThatIsNotThereIsANetworkErrorThatNamesIt) {
  // A label of 70 characters is no legal name, so nobody is asked for it.
  const std::string host = std::string(70, 'h') + ".invalid";
  auto provider = provider_for("http://" + host + ":8000");

  const Thrown thrown = failure_of(provider);

  EXPECT_EQ(thrown.type, ltb::ErrorType::Network);
  EXPECT_THAT(thrown.message, HasSubstr("cannot find the host \"" + host + '"'));
}

TEST(OpenAiProvider, AStopEndsAWaitingCallAsCancelled) {
  ScriptedServer server([](std::size_t) { return Reply{}; });
  std::stop_source stop;
  auto provider = provider_for(server.url(), std::chrono::hours{1}, stop.get_token());
  Thrown thrown;
  std::jthread caller([&] { thrown = failure_of(provider); });
  ASSERT_TRUE(server.wait_for_requests(1));

  stop.request_stop();
  caller.join();

  EXPECT_EQ(thrown.type, ltb::ErrorType::Cancelled);
  EXPECT_EQ(failure_of(provider).type, ltb::ErrorType::Cancelled);
  EXPECT_EQ(server.requests().size(), 1U);
}

TEST(OpenAiProvider, CallsOnManyThreadsShareTheConnectionsThatAreFree) {
  ScriptedServer server([](std::size_t) { return Reply{http("200 OK", kAnswer)}; });
  auto provider = provider_for(server.url());
  std::atomic<int> right{0};

  {
    std::vector<std::jthread> callers;
    for (int t = 0; t < 4; ++t) {
      callers.emplace_back([&] {
        for (int i = 0; i < 25; ++i) {
          if (provider.complete({.model = "m", .prompt = "P"}).text == "Paris") ++right;
        }
      });
    }
  }

  EXPECT_EQ(right, 100);
  EXPECT_LE(server.connections(), 4U);
}

TEST(OpenAiProvider, AKeyThatCannotBeAHeaderIsRefusedWithoutShowingIt) {
  const auto provider = provider_for("http://127.0.0.1", milliseconds{1}, {}, "sk-secret\n");

  try {
    provider.validate_config();
    FAIL() << "nothing was thrown";
  } catch (const std::invalid_argument& error) {
    EXPECT_THAT(error.what(), HasSubstr("API key"));
    EXPECT_THAT(error.what(), testing::Not(HasSubstr("sk-secret")));
  }
}

}  // namespace
