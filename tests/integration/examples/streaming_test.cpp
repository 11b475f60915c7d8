// Streams over real connections: pieces handed on as they come, every way of being cut, cancelled
// or refused, for both dialects.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <optional>
#include <stdexcept>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include "http_provider.hpp"
#include "retry.hpp"
#include "scripted_server.hpp"

namespace {

using namespace llm_benchmark;
using std::chrono::milliseconds;
using testing::ElementsAre;
using testing::HasSubstr;

std::string data(const std::string& json) {
  return "data: " + json + "\n\n";
}
std::string delta(const std::string& text) {
  return data(R"({"choices":[{"delta":{"content":")" + text + R"("}}]})");
}

const std::string kReason = data(R"({"choices":[{"delta":{},"finish_reason":"stop"}]})");
const std::string kUsage =
    data(R"({"choices":[],"usage":{"prompt_tokens":11,"completion_tokens":7}})");
const std::string kDone = data("[DONE]");
const std::string kWhole = delta("Par") + delta("is") + kReason + kUsage + kDone;

std::string streamed(const std::string& events, const std::string& more_headers = {}) {
  return stream_head(more_headers) + chunk(events) + chunk("");
}

HttpProviderSettings settings_for(const ScriptedServer& server,
                                  milliseconds timeout = milliseconds{20'000}) {
  return {.name = "openai", .url = parse_base_url(server.url()), .timeouts = {.whole = timeout}};
}

/// What a streamed call came to.
struct Outcome {
  std::vector<std::string> pieces{};
  std::optional<ltb::CompletionResponse> response{};
  std::optional<ltb::ErrorType> error{};
  std::string message{};
};

Outcome stream(
    ltb::Provider& provider, const std::function<bool()>& go_on = [] { return true; }) {
  Outcome outcome;
  try {
    outcome.response =
        provider.stream({.model = "m", .prompt = "P"}, [&](const ltb::StreamChunk& chunk) {
          outcome.pieces.emplace_back(chunk.text);
          return go_on();
        });
  } catch (const ltb::ProviderError& error) {
    outcome.error = error.type();
    outcome.message = error.what();
  }
  return outcome;
}

TEST(Streaming, AStreamIsReadWholeAndItsConnectionKept) {
  ScriptedServer server(
      [](std::size_t) { return Reply{streamed(kWhole, "x-ratelimit-remaining-tokens: 9\r\n")}; });
  const auto provider = make_openai_provider(settings_for(server), {});

  for (int i = 0; i < 5; ++i) {
    const Outcome outcome = stream(*provider);
    EXPECT_THAT(outcome.pieces, ElementsAre("Par", "is"));
    ASSERT_TRUE(outcome.response) << outcome.message;
    EXPECT_EQ(outcome.response->text, "Paris");
    EXPECT_EQ(outcome.response->finish_reason, "stop");
    EXPECT_EQ(outcome.response->usage, (ltb::TokenUsage{.input_tokens = 11, .output_tokens = 7}));
    ASSERT_TRUE(outcome.response->rate_limits);
    EXPECT_EQ(outcome.response->rate_limits->tokens_remaining, 9U);
  }

  EXPECT_EQ(server.connections(), 1U);
  const std::string request = server.requests().front();
  const auto body = nlohmann::json::parse(request.substr(request.find("\r\n\r\n")));
  EXPECT_EQ(body["stream"], true);
  EXPECT_EQ(body["stream_options"]["include_usage"], true);
}

TEST(Streaming, EachPieceIsHandedOnBeforeTheNextOneIsSent) {
  // The server sends the next piece when the callback asked for it: a client that waited for more
  // than it has would wait for ever.
  ScriptedServer server([](std::size_t) {
    return Reply{stream_head() + chunk(delta("1")),
                 false,
                 {chunk(delta("2")), chunk(delta("3")), chunk(kReason + kDone) + chunk("")}};
  });
  const auto provider = make_openai_provider(settings_for(server), {});

  const Outcome outcome = stream(*provider, [&server] {
    server.release();
    return true;
  });

  EXPECT_THAT(outcome.pieces, ElementsAre("1", "2", "3"));
  EXPECT_TRUE(outcome.response) << outcome.message;
}

TEST(Streaming, BytesThatComeOneByOneGiveTheSameAnswer) {
  const std::string bytes = streamed(": hello\r\n\r\n" + kWhole);
  Reply reply;
  for (const char byte : bytes) reply.later.emplace_back(1, byte);
  ScriptedServer server([&reply](std::size_t) { return reply; });
  for (std::size_t i = 0; i < bytes.size(); ++i) server.release();
  const auto provider = make_openai_provider(settings_for(server), {});

  const Outcome outcome = stream(*provider);

  EXPECT_THAT(outcome.pieces, ElementsAre("Par", "is"));
  ASSERT_TRUE(outcome.response) << outcome.message;
  EXPECT_TRUE(outcome.response->usage);
}

TEST(Streaming, AStreamThatEndsWithItsConnectionIsWhole) {
  ScriptedServer server([](std::size_t) {
    return Reply{"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n" + kWhole, true};
  });
  const auto provider = make_openai_provider(settings_for(server), {});

  EXPECT_EQ(stream(*provider).response.value().text, "Paris");
}

TEST(Streaming, AStreamCutBeforeItsEndIsANetworkErrorThatTellsHowFarItCame) {
  for (const bool is_chunked : {true, false}) {
    ScriptedServer server([is_chunked](std::size_t) {
      return Reply{is_chunked ? stream_head() + chunk(delta("Par"))
                              : "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n" +
                                    delta("Par") + "data: {\"cho",
                   true};
    });
    const auto provider = make_openai_provider(settings_for(server), {});

    const Outcome outcome = stream(*provider);

    EXPECT_THAT(outcome.pieces, ElementsAre("Par"));
    EXPECT_EQ(outcome.error, ltb::ErrorType::Network);
    EXPECT_THAT(outcome.message, HasSubstr("after 1 pieces of content (3 bytes)"));
    EXPECT_THAT(outcome.message, HasSubstr(server.url()));
  }
}

TEST(Streaming, WhatIsCutAfterTheReasonIsWholeWithoutItsUsage) {
  ScriptedServer server([](std::size_t) {
    return Reply{stream_head() + chunk(delta("Paris") + kReason), true};
  });
  const auto provider = make_openai_provider(settings_for(server), {});

  const Outcome outcome = stream(*provider);

  ASSERT_TRUE(outcome.response) << outcome.message;
  EXPECT_EQ(outcome.response->text, "Paris");
  EXPECT_EQ(outcome.response->usage, std::nullopt);
}

TEST(Streaming, AStreamThatStallsIsATimeout) {
  ScriptedServer server([](std::size_t) {
    return Reply{stream_head() + chunk(delta("Par")), false, {chunk("never")}};
  });
  const auto provider = make_openai_provider(settings_for(server, milliseconds{200}), {});

  const Outcome outcome = stream(*provider);

  EXPECT_THAT(outcome.pieces, ElementsAre("Par"));
  EXPECT_EQ(outcome.error, ltb::ErrorType::Timeout);
  EXPECT_THAT(outcome.message, HasSubstr("within 200 ms, after 1 pieces"));
}

TEST(Streaming, AServerThatDawdlesAfterTheEndMarkCostsItsConnectionAndNoMore) {
  ScriptedServer server([](std::size_t) {
    return Reply{stream_head() + chunk(kWhole), false, {chunk("")}};
  });
  const auto provider = make_openai_provider(settings_for(server), {});

  EXPECT_EQ(stream(*provider).response.value().text, "Paris");
  EXPECT_TRUE(server.wait_for_closed(1));
}

TEST(Streaming, AnErrorInTheStreamUnder200IsThatError) {
  ScriptedServer server([](std::size_t) {
    return Reply{streamed(delta("Par") +
                          data(R"({"error":{"message":"gone","code":"server_is_overloaded"}})"))};
  });
  const auto provider = make_openai_provider(settings_for(server), {});

  const Outcome outcome = stream(*provider);

  EXPECT_THAT(outcome.pieces, ElementsAre("Par"));
  EXPECT_EQ(outcome.error, ltb::ErrorType::Overloaded);
  EXPECT_THAT(outcome.message, HasSubstr("gone"));
}

TEST(Streaming, AnErrorInsteadOfAStreamIsReadAndItsConnectionKept) {
  ScriptedServer server([](std::size_t n) {
    return Reply{n == 0 ? http("429 Too Many Requests", R"({"error":{"message":"slow"}})")
                        : streamed(kWhole)};
  });
  const auto provider = make_openai_provider(settings_for(server), {});

  EXPECT_EQ(stream(*provider).error, ltb::ErrorType::RateLimit);
  EXPECT_TRUE(stream(*provider).response);
  EXPECT_EQ(server.connections(), 1U);
}

TEST(Streaming, AServerThatAnswersWholeStreamsNothingAndIsUnderstood) {
  ScriptedServer server([](std::size_t) {
    return Reply{http("200 OK", R"({"choices":[{"message":{"content":"Paris"}}],)"
                                R"("usage":{"prompt_tokens":1,"completion_tokens":2}})")};
  });
  const auto provider = make_openai_provider(settings_for(server), {});

  const Outcome outcome = stream(*provider);

  EXPECT_TRUE(outcome.pieces.empty()) << "there was no first token to be timed";
  ASSERT_TRUE(outcome.response) << outcome.message;
  EXPECT_EQ(outcome.response->text, "Paris");
  EXPECT_EQ(outcome.response->usage, (ltb::TokenUsage{.input_tokens = 1, .output_tokens = 2}));
}

TEST(Streaming, AStreamUnderAWrongTypeIsStillAStream) {
  ScriptedServer server([](std::size_t) {
    return Reply{"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: " +
                 std::to_string(kWhole.size()) + "\r\n\r\n" + kWhole};
  });
  const auto provider = make_openai_provider(settings_for(server), {});

  EXPECT_THAT(stream(*provider).pieces, ElementsAre("Par", "is"));
}

TEST(Streaming, AServerThatRefusesStreamOptionsIsAskedWithoutThemFromThenOn) {
  ScriptedServer server([](std::size_t n) {
    return Reply{
        n == 0 ? http("400 Bad Request", R"({"error":{"message":"unknown field stream_options"}})")
               : streamed(delta("x") + kReason + kDone)};
  });
  const auto provider = make_openai_provider(settings_for(server), {});

  const Outcome first = stream(*provider);
  const Outcome second = stream(*provider);

  ASSERT_TRUE(first.response && second.response) << first.message << second.message;
  EXPECT_THAT(first.response->failed_attempts,
              ElementsAre(ltb::FailedAttempt{ltb::ErrorType::InvalidRequest, {}}));
  EXPECT_TRUE(second.response->failed_attempts.empty());
  EXPECT_EQ(second.response->usage, std::nullopt);
  const auto requests = server.requests();
  ASSERT_EQ(requests.size(), 3U);
  EXPECT_THAT(requests[0], HasSubstr("stream_options"));
  EXPECT_THAT(requests[1], testing::Not(HasSubstr("stream_options")));
  EXPECT_THAT(requests[2], testing::Not(HasSubstr("stream_options")));
}

TEST(Streaming, ACallbackThatSaysNoClosesTheConnectionAndKeepsWhatCame) {
  ScriptedServer server([](std::size_t) {
    return Reply{stream_head() + chunk(delta("Par") + delta("is")), false, {chunk("never")}};
  });
  const auto provider = make_openai_provider(settings_for(server), {});

  const Outcome outcome = stream(*provider, [] { return false; });

  EXPECT_THAT(outcome.pieces, ElementsAre("Par"));
  ASSERT_TRUE(outcome.response) << outcome.message;
  EXPECT_EQ(outcome.response->text, "Par");
  EXPECT_TRUE(server.wait_for_closed(1));
  (void)stream(*provider, [] { return false; });
  EXPECT_EQ(server.connections(), 2U);
}

TEST(Streaming, ACallbackThatThrowsEndsTheCallWithItsOwnException) {
  ScriptedServer server([](std::size_t) {
    return Reply{stream_head() + chunk(delta("Par")), false, {chunk("never")}};
  });
  const auto provider = make_openai_provider(settings_for(server), {});
  const auto stream_with = [&](const ltb::StreamCallback& callback) {
    (void)provider->stream({.model = "m", .prompt = "P"}, callback);
  };

  EXPECT_THROW(stream_with([](const ltb::StreamChunk&) -> bool { throw std::logic_error("mine"); }),
               std::logic_error);
  try {
    stream_with([](const ltb::StreamChunk&) -> bool {
      throw ltb::ProviderError(ltb::ErrorType::Other, "mine");
    });
    FAIL() << "nothing was thrown";
  } catch (const ltb::ProviderError& error) {
    EXPECT_STREQ(error.what(), "mine");
  }
  EXPECT_TRUE(server.wait_for_closed(2));
}

TEST(Streaming, AStopDuringAStreamCancelsIt) {
  ScriptedServer server([](std::size_t) {
    return Reply{stream_head() + chunk(delta("Par")), false, {chunk("never")}};
  });
  std::stop_source stop;
  const auto provider = make_openai_provider(settings_for(server), stop.get_token());

  const Outcome outcome = stream(*provider, [&stop] {
    stop.request_stop();
    return true;
  });

  EXPECT_EQ(outcome.error, ltb::ErrorType::Cancelled);
}

TEST(Streaming, AnEventWithoutEndIsRefusedAtALimit) {
  const std::string endless = chunk("data: " + std::string(5U * 1024 * 1024, 'x'));
  ScriptedServer server([&endless](std::size_t) { return Reply{stream_head() + endless, true}; });
  const auto provider = make_openai_provider(settings_for(server), {});

  const Outcome outcome = stream(*provider);

  EXPECT_EQ(outcome.error, ltb::ErrorType::Parse);
  EXPECT_THAT(outcome.message, HasSubstr("more than 4194304 bytes"));
}

TEST(Streaming, AStreamWithoutAnAnswerIsAParseError) {
  ScriptedServer server([](std::size_t) { return Reply{streamed(kDone)}; });
  const auto provider = make_openai_provider(settings_for(server), {});

  EXPECT_EQ(stream(*provider).error, ltb::ErrorType::Parse);
}

TEST(Streaming, AMonitoredStreamHasItsTimesAndTheCutOneItsCategory) {
  ScriptedServer server([](std::size_t n) {
    if (n == 0) return Reply{streamed(kWhole)};
    return Reply{stream_head() + chunk(delta("Par")), true};
  });
  ltb::MonitoringSystem monitoring;
  ltb::MonitoredProvider provider(make_openai_provider(settings_for(server), {}), monitoring);

  (void)stream(provider);
  (void)stream(provider);

  const auto totals = monitoring.collector().totals();
  EXPECT_EQ(totals.successful_requests, 1U);
  EXPECT_EQ(totals.time_to_first_token.count, 2U);
  EXPECT_EQ(totals.errors[static_cast<std::size_t>(ltb::ErrorType::Network)], 1U);
  EXPECT_EQ(totals.active_requests, 0U);
}

TEST(Streaming, ARetriedStreamTellsItsAttemptsAndWaitsAsLongAsAsked) {
  ScriptedServer server([](std::size_t n) {
    if (n == 0) return Reply{http("429 Too Many Requests", "{}", "Retry-After: 2\r\n")};
    if (n == 1) return Reply{stream_head(), true};
    return Reply{streamed(kWhole)};
  });
  std::vector<std::chrono::nanoseconds> waits;
  RetryingProvider provider(make_openai_provider(settings_for(server), {}), {.retries = 2}, 1,
                            [&waits](std::chrono::nanoseconds wait) {
                              waits.push_back(wait);
                              return true;
                            });

  const Outcome outcome = stream(provider);

  ASSERT_TRUE(outcome.response) << outcome.message;
  ASSERT_EQ(waits.size(), 2U);
  EXPECT_GE(waits[0], std::chrono::seconds{2});
  EXPECT_LE(waits[0], milliseconds{2200});
  EXPECT_THAT(outcome.response->failed_attempts,
              ElementsAre(ltb::FailedAttempt{ltb::ErrorType::RateLimit, waits[0]},
                          ltb::FailedAttempt{ltb::ErrorType::Network, waits[1]}));
}

TEST(Streaming, AnthropicsEventsAreReadAndItsHeadersSent) {
  const auto event = [](const std::string& type, const std::string& json) {
    return "event: " + type + "\ndata: " + json + "\n\n";
  };
  const std::string events =
      event("message_start", R"({"type":"message_start","message":{"id":"msg_1","model":"c",)"
                             R"("usage":{"input_tokens":3,"output_tokens":1}}})") +
      event("ping", R"({"type":"ping"})") +
      event("content_block_delta",
            R"({"type":"content_block_delta","delta":{"type":"text_delta","text":"Paris"}})") +
      event("message_delta", R"({"type":"message_delta","delta":{"stop_reason":"end_turn"},)"
                             R"("usage":{"output_tokens":4}})") +
      event("message_stop", R"({"type":"message_stop"})");
  ScriptedServer server([&events](std::size_t n) {
    if (n == 0) return Reply{streamed(events)};
    return Reply{http("529 Overloaded",
                      R"({"type":"error","error":{"type":"overloaded_error","message":"Busy"}})")};
  });
  HttpProviderSettings settings = settings_for(server);
  settings.api_key = "sk-ant";
  const auto provider = make_anthropic_provider(settings, {});

  const Outcome outcome = stream(*provider);
  const Outcome refused = stream(*provider);

  EXPECT_THAT(outcome.pieces, ElementsAre("Paris"));
  ASSERT_TRUE(outcome.response) << outcome.message;
  EXPECT_EQ(outcome.response->usage, (ltb::TokenUsage{.input_tokens = 3, .output_tokens = 4}));
  EXPECT_EQ(refused.error, ltb::ErrorType::Overloaded);
  EXPECT_THAT(refused.message, HasSubstr("/v1/messages: HTTP 529: Busy"));
  EXPECT_EQ(server.connections(), 1U);
  const std::string request = server.requests().front();
  EXPECT_THAT(request, testing::StartsWith("POST /v1/messages HTTP/1.1\r\n"));
  EXPECT_THAT(request, HasSubstr("\r\nx-api-key: sk-ant\r\n"));
  EXPECT_THAT(request, HasSubstr("\r\nanthropic-version: 2023-06-01\r\n"));
}

}  // namespace
