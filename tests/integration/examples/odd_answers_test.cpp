// Answers as odd servers, proxies and gateways send them: what HTTP allows is read, what it does
// not is named.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <zlib.h>

#include <array>
#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "http_provider.hpp"
#include "scripted_server.hpp"

namespace {

using namespace llm_benchmark;
using std::chrono::milliseconds;
using testing::HasSubstr;
using testing::Not;

std::string data(const std::string& json) {
  return "data: " + json + "\n\n";
}
std::string answer(const std::string& text) {
  return R"({"choices":[{"message":{"content":")" + text + R"("}}]})";
}
std::string delta(const std::string& text) {
  return data(R"({"choices":[{"delta":{"content":")" + text + R"("}}]})");
}
const std::string kReason = data(R"({"choices":[{"delta":{},"finish_reason":"stop"}]})");
const std::string kUsage =
    data(R"({"choices":[],"usage":{"prompt_tokens":11,"completion_tokens":7}})");
const std::string kDone = data("[DONE]");

std::string events(const std::string& text) {
  return delta(text) + kReason + kUsage + kDone;
}
std::string streamed(const std::string& body, const std::string& more_headers = {}) {
  return stream_head(more_headers) + chunk(body) + chunk("");
}

HttpProviderSettings settings_for(const std::string& url) {
  return {.name = "odd", .url = parse_base_url(url), .timeouts = {.whole = milliseconds{20'000}}};
}

/// What a call came to.
struct Outcome {
  std::optional<ltb::CompletionResponse> response{};
  std::optional<ltb::ErrorType> error{};
  std::string message{};
  std::string code{};
  [[nodiscard]] std::string text() const { return response ? response->text : message; }
};

Outcome ask(ltb::Provider& provider, bool stream = true) {
  Outcome outcome;
  try {
    outcome.response = stream ? provider.stream({.model = "m", .prompt = "P"}, {})
                              : provider.complete({.model = "m", .prompt = "P"});
  } catch (const ltb::ProviderError& error) {
    outcome.error = error.type();
    outcome.message = error.what();
    outcome.code = error.code();
  }
  return outcome;
}

TEST(OddAnswers, InterimAnswersAreSkippedAndEachQuestionGetsItsOwnAnswer) {
  const std::array<std::string, 4> interim{
      "HTTP/1.1 100 Continue\r\n\r\n",
      "HTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload\r\n\r\n",
      "HTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 102 Processing\r\n\r\n", ""};
  ScriptedServer server([&interim](std::size_t n) {
    const std::string text = "answer " + std::to_string(n);
    return Reply{interim[n % 4] +
                 (n % 8 < 4 ? streamed(events(text)) : http("200 OK", answer(text)))};
  });
  const auto provider = make_openai_provider(settings_for(server.url()), {});

  for (int n = 0; n < 16; ++n) {
    EXPECT_EQ(ask(*provider, n % 8 < 4).text(), "answer " + std::to_string(n));
  }
  EXPECT_EQ(server.connections(), 1U);
}

std::string deflated(const std::string& text, int window_bits) {
  z_stream stream{};
  EXPECT_EQ(deflateInit2(&stream, 6, Z_DEFLATED, window_bits, 8, Z_DEFAULT_STRATEGY), Z_OK);
  std::string out(compressBound(text.size()) + 64, '\0');
  std::string in = text;
  stream.next_in = reinterpret_cast<Bytef*>(in.data());
  stream.avail_in = static_cast<uInt>(in.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  EXPECT_EQ(deflate(&stream, Z_FINISH), Z_STREAM_END);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

std::string gzipped(const std::string& text) {
  return deflated(text, 15 + 16);
}

/// `{"choices":[{"message":{"content":"Paris"}}]}` by another Brotli encoder.
std::string paris_by_brotli() {
  static constexpr unsigned char kBytes[] = {
      0x1b, 0x2c, 0x00, 0xf8, 0x8d, 0xd3, 0x15, 0xf3, 0x23, 0x84, 0x75, 0x2f, 0x45, 0xb6,
      0xf6, 0x52, 0xa7, 0xab, 0x0f, 0x26, 0x72, 0x22, 0x14, 0x65, 0x6d, 0xc7, 0xb7, 0x09,
      0x2e, 0x5c, 0x93, 0x13, 0x96, 0x38, 0x8d, 0x31, 0xc5, 0x31, 0xd1, 0x37};
  return {reinterpret_cast<const char*>(kBytes), sizeof kBytes};
}

TEST(OddAnswers, CompressedAnswersAreDecoded) {
  struct Coded {
    std::string coding;
    std::string bytes;
    bool stream;
  };
  const std::vector<Coded> all{{"gzip", gzipped(events("Paris")), true},
                               {"deflate", deflated(events("Paris"), 15), true},
                               {"gzip", gzipped(answer("Paris")), false},
                               {"br", paris_by_brotli(), false}};
  for (const Coded& coded : all) {
    ScriptedServer server([&coded](std::size_t) {
      return Reply{streamed(coded.bytes, "Content-Encoding: " + coded.coding + "\r\n")};
    });
    const auto provider = make_openai_provider(settings_for(server.url()), {});

    EXPECT_EQ(ask(*provider, coded.stream).text(), "Paris") << coded.coding;
    EXPECT_THAT(server.requests().front(), testing::ContainsRegex("\r\nAccept-Encoding: .*gzip"));
    EXPECT_THAT(server.requests().front(), HasSubstr(coded.coding)) << "as it was asked for";
  }
}

TEST(OddAnswers, ACompressedErrorKeepsItsCode) {
  ScriptedServer server([](std::size_t) {
    return Reply{http("429 Too Many Requests",
                      gzipped(R"({"error":{"code":"insufficient_quota","message":"empty"}})"),
                      "Content-Encoding: gzip\r\n")};
  });
  const auto provider = make_openai_provider(settings_for(server.url()), {});

  const Outcome outcome = ask(*provider, false);

  EXPECT_EQ(outcome.error, ltb::ErrorType::Quota);
  EXPECT_THAT(outcome.message, HasSubstr("HTTP 429: empty"));
}

TEST(OddAnswers, ACodingThatIsUnknownOrBrokenIsNamed) {
  for (const std::string coding : {"x-unknown", "gzip"}) {
    ScriptedServer server([&coding](std::size_t) {
      return Reply{streamed("no such bytes, not at all", "Content-Encoding: " + coding + "\r\n")};
    });
    const auto provider = make_openai_provider(settings_for(server.url()), {});

    const Outcome outcome = ask(*provider);

    EXPECT_EQ(outcome.error, ltb::ErrorType::Parse) << outcome.message;
    EXPECT_THAT(outcome.message, HasSubstr("its Content-Encoding \"" + coding + '"'));
  }
}

TEST(OddAnswers, HeadsMayBeLong) {
  for (const std::size_t kilobytes : {10U, 20U, 200U}) {
    std::string headers;
    for (std::size_t i = 0; i < kilobytes; ++i) {
      headers += "x-gateway-" + std::to_string(i) + ": " + std::string(1000, 'v') + "\r\n";
    }
    ScriptedServer server(
        [&headers](std::size_t) { return Reply{streamed(events("Paris"), headers)}; });
    const auto provider = make_openai_provider(settings_for(server.url()), {});

    EXPECT_EQ(ask(*provider).text(), "Paris") << kilobytes;
  }
}

TEST(OddAnswers, A307And308ToTheSameServerAreFollowedWithTheirBody) {
  for (const std::string status : {"307 Temporary Redirect", "308 Permanent Redirect"}) {
    ScriptedServer server([&status](std::size_t n) {
      return Reply{n == 0 ? http(status, "moved", "Location: /other/place?x=1\r\n")
                          : streamed(events("Paris"))};
    });
    const auto provider = make_openai_provider(settings_for(server.url()), {});

    EXPECT_EQ(ask(*provider).text(), "Paris");
    const auto requests = server.requests();
    ASSERT_EQ(requests.size(), 2U);
    EXPECT_THAT(requests[1], testing::StartsWith("POST /other/place?x=1 HTTP/1.1\r\n"));
    EXPECT_EQ(requests[0].substr(requests[0].find("\r\n\r\n")),
              requests[1].substr(requests[1].find("\r\n\r\n")));
  }
}

TEST(OddAnswers, AnyOtherRedirectIsAnErrorThatNamesItsTargetAndNothingSecret) {
  ScriptedServer elsewhere([](std::size_t) { return Reply{streamed(events("Paris"))}; });
  const std::string target = "http://me:hush@127.0.0.1:" + elsewhere.port() + "/v1?token=hush";
  for (const std::string status :
       {"301 Moved", "302 Found", "303 See Other", "307 Temporary", "308 P"}) {
    ScriptedServer server(
        [&](std::size_t) { return Reply{http(status, "moved", "Location: " + target + "\r\n")}; });
    const auto provider = make_openai_provider(settings_for(server.url()), {});

    const Outcome outcome = ask(*provider);

    EXPECT_THAT(outcome.message, HasSubstr("HTTP " + status.substr(0, 3) +
                                           ": redirected to http://127.0.0.1:" + elsewhere.port() +
                                           "/v1 (only 307"));
    EXPECT_THAT(outcome.message, Not(HasSubstr("hush")));
    EXPECT_EQ(server.requests().size(), 1U);
  }
  EXPECT_TRUE(elsewhere.requests().empty());
}

TEST(OddAnswers, ARedirectInACircleEnds) {
  ScriptedServer server([](std::size_t) {
    return Reply{http("307 Temporary Redirect", "", "Location: /v1/chat/completions\r\n")};
  });
  const auto provider = make_openai_provider(settings_for(server.url()), {});

  EXPECT_THAT(ask(*provider).message, HasSubstr("HTTP 307"));
  EXPECT_LE(server.requests().size(), 6U);
}

TEST(OddAnswers, AnAnswerIsCompleteWhateverItsConnectionDoesThen) {
  std::vector<std::string> heartbeats(100, chunk(": keep-alive\n\n"));
  const std::string whole = stream_head() + chunk(delta("Paris") + kReason + kUsage);
  const Reply silence{whole, false, {"never"}};
  const Reply reset{whole, true, {}, true};
  const Reply cut{whole, true};
  const Reply garbage{whole + "no chunk at all\r\n", true};
  const Reply beats{whole, false, heartbeats};
  for (const Reply& reply : {silence, reset, cut, garbage, beats}) {
    ScriptedServer server([&reply](std::size_t) { return reply; });
    for (std::size_t i = 0; reply.later.size() > 1 && i < reply.later.size(); ++i) server.release();
    const auto provider = make_openai_provider(settings_for(server.url()), {});
    const auto begin = std::chrono::steady_clock::now();

    const Outcome outcome = ask(*provider);

    ASSERT_TRUE(outcome.response) << outcome.message;
    EXPECT_EQ(outcome.response->text, "Paris");
    EXPECT_EQ(outcome.response->usage, (ltb::TokenUsage{.input_tokens = 11, .output_tokens = 7}));
    EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds{10})
        << "half of the call's own time";
  }
}

TEST(OddAnswers, TheLatencyOfAnAnswerEndsWithItThoughTheServerKeepsTheStreamOpen) {
  ScriptedServer server([](std::size_t) {
    return Reply{stream_head() + chunk(delta("Paris") + kReason), false, {"never"}};
  });
  const auto provider = make_openai_provider(settings_for(server.url()), {});

  const Outcome outcome = ask(*provider);
  const auto returned = std::chrono::steady_clock::now();

  ASSERT_TRUE(outcome.response && outcome.response->completed_at) << outcome.message;
  EXPECT_GE(returned - *outcome.response->completed_at, milliseconds{200})
      << "it waited for the usage, and that is in no latency";
}

TEST(OddAnswers, APageUnder200IsAParseErrorThatShowsItsStart) {
  const std::string page = "<!DOCTYPE html><title>Portal</title>Log in here first";
  for (const bool stream : {true, false}) {
    for (const std::string label : {"text/html", "text/event-stream", "application/json"}) {
      ScriptedServer server([&](std::size_t) {
        return Reply{"HTTP/1.1 200 OK\r\nContent-Type: " + label +
                     "\r\nContent-Length: " + std::to_string(page.size()) + "\r\n\r\n" + page};
      });
      const auto provider = make_openai_provider(settings_for(server.url()), {});

      const Outcome outcome = ask(*provider, stream);

      EXPECT_EQ(outcome.error, ltb::ErrorType::Parse) << outcome.message;
      EXPECT_THAT(outcome.message, HasSubstr('"' + page + '"'));
    }
  }
}

TEST(OddAnswers, AnErrorInAStreamTellsHowFarItCameOnce) {
  ScriptedServer server([](std::size_t) {
    return Reply{streamed(delta("x") + data(R"({"error":{"message":"late","code":504}})"))};
  });
  const auto provider = make_openai_provider(settings_for(server.url()), {});

  const std::string message = ask(*provider).message;

  EXPECT_THAT(message, testing::EndsWith(
                           "an error in the stream, after 1 pieces of content (1 bytes): late"));
}

TEST(OddAnswers, AServersOwnCancellationIsNotTheCallers) {
  ScriptedServer server([](std::size_t) {
    return Reply{http("499 Client Closed Request", R"({"error":{"code":"cancelled"}})")};
  });
  const auto provider = make_openai_provider(settings_for(server.url()), {});

  EXPECT_EQ(ask(*provider).error, ltb::ErrorType::ServerError);
}

TEST(OddAnswers, QueryAndUserAreSentAndNeverShown) {
  ScriptedServer server([](std::size_t n) {
    return Reply{n == 0 ? streamed(events("Paris"))
                        : http("401 Unauthorized",
                               R"({"error":{"message":"no sk-hush-key, no bWU6aHVzaA=="}})")};
  });
  HttpProviderSettings settings = settings_for("http://me:hush@127.0.0.1:" + server.port() +
                                               "/deployments/d?api-version=1&k=hush");
  settings.api_key = "sk-hush-key";
  const auto provider = make_openai_provider(settings, {});

  EXPECT_EQ(ask(*provider).text(), "Paris");
  const Outcome refused = ask(*provider);

  const std::string request = server.requests().front();
  EXPECT_THAT(request,
              testing::StartsWith(
                  "POST /deployments/d/chat/completions?api-version=1&k=hush HTTP/1.1\r\n"));
  EXPECT_THAT(request, HasSubstr("\r\nAuthorization: Basic bWU6aHVzaA==\r\n"));
  EXPECT_THAT(request, HasSubstr("\r\napi-key: sk-hush-key\r\n"));
  EXPECT_EQ(refused.message, "POST http://127.0.0.1:" + server.port() +
                                 "/deployments/d/chat/completions: HTTP 401: no ***, no ***");
}

TEST(OddAnswers, WhatAServerEchoesOfASecretIsHidden) {
  // An excerpt shows 200 bytes: the last echo is cut after nine of its characters.
  const std::string echo = "sk-0123456789 and open-sesame, " + std::string(160, 'x');
  ScriptedServer server([&echo](std::size_t n) {
    const std::string error = R"({"error":{"message":")" + echo + R"(sk-0123456789"}})";
    return Reply{n == 0 ? streamed(data(error)) : http("200 OK", error)};
  });
  HttpProviderSettings settings =
      settings_for("http://me:open%2Dsesame@127.0.0.1:" + server.port());
  settings.api_key = "sk-0123456789";
  const auto provider = make_openai_provider(settings, {});

  for (const bool stream : {true, false}) {
    const std::string message = ask(*provider, stream).message;
    EXPECT_THAT(message, HasSubstr(": *** and ***, xxx"));
    EXPECT_THAT(message, testing::EndsWith("x***..."));
  }
}

TEST(OddAnswers, ASecretIsHiddenInTheQueryInEscapesAndInACodeToo) {
  const std::string path = "/v1/chat/completions?key=query-secret";
  ScriptedServer server([&path](std::size_t n) {
    const std::string error =
        R"({"error":{"message":"no )" + path + R"( for sk\u002dab\/cd+ef","code":"sk-ab/cd+ef"}})";
    return Reply{n == 0   ? streamed(data(error))
                 : n == 1 ? http("200 OK", error)
                          : http("400 Bad Request", error)};
  });
  HttpProviderSettings settings = settings_for(server.url() + "?key=query-secret");
  settings.api_key = "sk-ab/cd+ef";
  const auto provider = make_openai_provider(settings, {});

  for (const bool stream : {true, false, false}) {
    const Outcome refused = ask(*provider, stream);
    EXPECT_THAT(refused.message, HasSubstr("no /v1/chat/completions?key=*** for ***"));
    EXPECT_EQ(refused.code, "***");
  }
}

TEST(OddAnswers, ACallWithoutABoundIsNotAskedAgainForTheNameOfOne) {
  ScriptedServer server([](std::size_t) {
    return Reply{
        http("400 Bad Request", R"({"error":{"message":"max_completion_tokens must not be 0"}})")};
  });
  const auto provider = make_openai_provider(settings_for(server.url()), {});
  EXPECT_EQ(ask(*provider).error, ltb::ErrorType::InvalidRequest);
  EXPECT_EQ(server.requests().size(), 1u);
}

TEST(OddAnswers, AModelThatWantsAnotherNameForTheBoundIsAskedSoFromThenOn) {
  ScriptedServer server([](std::size_t n) {
    return Reply{
        n == 0 ? http("400 Bad Request",
                      R"({"error":{"message":"Unsupported parameter: 'max_tokens'. )"
                      R"(Use 'max_completion_tokens' instead.","code":"unsupported_parameter"}})")
               : http("200 OK", answer("Paris"))};
  });
  HttpProviderSettings settings = settings_for(server.url());
  settings.max_tokens = 64;
  settings.temperature = 0;
  const auto provider = make_openai_provider(settings, {});

  const Outcome first = ask(*provider, false);
  const Outcome second = ask(*provider, false);

  ASSERT_TRUE(first.response && second.response) << first.message << second.message;
  EXPECT_EQ(first.response->failed_attempts.size(), 1U);
  const auto requests = server.requests();
  ASSERT_EQ(requests.size(), 3U);
  EXPECT_THAT(requests[0], HasSubstr("\"max_tokens\":64"));
  EXPECT_THAT(requests[0], HasSubstr("\"temperature\":0.0"));
  EXPECT_THAT(requests[1], HasSubstr("\"max_completion_tokens\":64"));
  EXPECT_THAT(requests[2], HasSubstr("\"max_completion_tokens\":64"));
}

TEST(OddAnswers, MoreThanSixteenMebibytesAreRefused) {
  ScriptedServer server([](std::size_t n) {
    const std::string much(17U * 1024 * 1024, 'x');
    return Reply{n == 0 ? http("200 OK", '"' + much + '"') : http("500 Oops", much), true};
  });
  const auto provider = make_openai_provider(settings_for(server.url()), {});

  for (const bool stream : {true, false, false}) {
    const Outcome outcome = ask(*provider, stream);
    EXPECT_EQ(outcome.error, ltb::ErrorType::Parse) << outcome.message.substr(0, 300);
    EXPECT_THAT(outcome.message, HasSubstr("16 MiB"));
  }
}

}  // namespace
