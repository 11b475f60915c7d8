// The page's port end to end: files, configuration, numbers.
#include "system_fixture.hpp"
#include "unit/support/gunzip.hpp"

#include <gmock/gmock.h>

#include <chrono>
#include <cstdint>
#include <map>
#include <string>

namespace ltb::test {
namespace {

using namespace std::chrono_literals;
using nlohmann::json;
using testing::HasSubstr;
using testing::Not;

class Dashboard : public testing::Test {
 protected:
  Dashboard() { system_.start(); }
  HttpReply get(const std::string& target, const std::string& headers = {}) {
    RawClient client(system_.dashboard_port());
    auto reply = client.get(target, headers);
    EXPECT_TRUE(reply.has_value()) << target;
    return reply.value_or(HttpReply{});
  }
  MonitoringSystem system_{free_ports()};
};

TEST_F(Dashboard, ServesThePageWithItsHeadersAndKnowsItsETag) {
  const HttpReply page = get("/");
  if (page.status == 404) GTEST_SKIP() << "built without the page";
  EXPECT_EQ(page.status, 200);
  EXPECT_EQ(page.header("content-type"), "text/html; charset=utf-8");
  EXPECT_EQ(page.header("cache-control"), "no-cache");
  EXPECT_EQ(page.header("x-content-type-options"), "nosniff");
  EXPECT_EQ(page.header("x-frame-options"), "DENY");
  EXPECT_EQ(page.header("referrer-policy"), "no-referrer");
  EXPECT_THAT(page.header("content-security-policy"), HasSubstr("default-src 'none'"));
  const HttpReply again = get("/", "If-None-Match: " + page.header("etag") + "\r\n");
  EXPECT_EQ(again.status, 304);
  EXPECT_EQ(again.body, "");
  EXPECT_EQ(get("/app.js").status, 200);
}

TEST_F(Dashboard, ServesTheScriptCompressedToThoseWhoTakeIt) {
  const HttpReply plain = get("/app.js");
  if (plain.status == 404) GTEST_SKIP() << "built without the page";
  EXPECT_EQ(plain.header("content-encoding"), "");
  EXPECT_EQ(plain.header("vary"), "Accept-Encoding");
  const HttpReply packed = get("/app.js", "Accept-Encoding: gzip, deflate, br\r\n");
  EXPECT_EQ(packed.status, 200);
  EXPECT_EQ(packed.header("content-encoding"), "gzip");
  EXPECT_EQ(packed.header("content-type"), plain.header("content-type"));
  EXPECT_TRUE(packed.body.starts_with("\x1f\x8b"));
  EXPECT_LT(packed.body.size() * 2, plain.body.size());
  EXPECT_NE(packed.header("etag"), plain.header("etag"));
  const std::string known = "If-None-Match: " + packed.header("etag") + "\r\n";
  EXPECT_EQ(get("/app.js", "Accept-Encoding: gzip\r\n" + known).status, 304);
  EXPECT_EQ(get("/app.js", known).status, 200);
}

TEST_F(Dashboard, ServesLongAnswersOfTheApiCompressed) {
  for (int i = 0; i < 20; ++i)
    system_.begin_request("openai", "model-" + std::to_string(i)).finish({}, 0.01);
  const HttpReply plain = get("/api/v1/providers");
  const HttpReply packed = get("/api/v1/providers", "Accept-Encoding: gzip\r\n");

  EXPECT_EQ(packed.header("content-encoding"), "gzip");
  const auto text = gunzip(packed.body);
  ASSERT_TRUE(text.has_value());
  EXPECT_EQ(json::parse(*text).at("models").size(), 20u);
  EXPECT_LT(packed.body.size(), plain.body.size() / 4);
}

TEST_F(Dashboard, NoPathLeadsOutOfTheAssets) {
  for (const char* target :
       {"/../../etc/passwd", "/%2e%2e/%2e%2e/etc/passwd", "/..%2f..%2fetc/passwd",
        "/%252e%252e/etc/passwd", "//etc/passwd", "/app.js/../../etc/passwd"}) {
    EXPECT_EQ(get(target).status, 404) << target;
  }
  EXPECT_EQ(get("/app.js%00.html").status, 400);
}

TEST_F(Dashboard, ConfigSaysThatTheStreamIsHere) {
  const json config = json::parse(get("/config.json").body);

  EXPECT_EQ(config.at("websocket_url"), "");
  EXPECT_EQ(config.at("protocol"), 1);
  EXPECT_FALSE(config.at("version").get<std::string>().empty());
  EXPECT_FALSE(config.contains("slos"));
}

TEST_F(Dashboard, NumbersAgreeWithMetricsAndEvents) {
  for (int i = 0; i < 5; ++i) {
    auto scope = system_.begin_request("openai", "gpt-4");
    scope.finish({.input_tokens = 100, .output_tokens = 10}, 0.0135);
  }
  system_.begin_request("openai", "gpt-4").fail(ErrorType::RateLimit, "429");

  const json overview = json::parse(get("/api/v1/overview").body);
  EXPECT_EQ(overview.at("totals").at("successful_requests"), 5);
  EXPECT_EQ(overview.at("totals").at("failed_requests"), 1);
  EXPECT_EQ(overview.at("totals").at("total_input_tokens"), 500);
  EXPECT_EQ(overview.at("totals").at("total_cost"), 0.0675);
  EXPECT_EQ(overview.at("last_event_id"), "evt_12");
  EXPECT_THAT(system_.render_prometheus(),
              HasSubstr("llm_cost_usd_total{provider=\"openai\",model=\"gpt-4\"} 67500\n"));

  json events;
  ASSERT_TRUE(eventually([&] {
    events = json::parse(get("/api/v1/events").body);
    return events.at("events").size() == 12;
  }));
  EXPECT_EQ(events.at("epoch"), overview.at("epoch"));
  EXPECT_EQ(events.at("last_event_id"), "evt_12");
  EXPECT_EQ(events.at("events").at(11).at("event_type"), "RequestFailed");
  EXPECT_EQ(
      json::parse(get("/api/v1/events?since=evt_10&type=RequestFailed").body).at("events").size(),
      1u);
  EXPECT_EQ(get("/api/v1/errors?format=csv").body,
            "provider,model,error_type,count\r\nopenai,gpt-4,rate_limit,1\r\n");
}

TEST_F(Dashboard, RefusalsArePlainTextThatNamesThem) {
  const HttpReply bad = get("/api/v1/series?metric=a&window=%3Cb%3E");
  EXPECT_EQ(bad.status, 400);
  EXPECT_EQ(bad.header("content-type"), "text/plain; charset=utf-8");
  EXPECT_EQ(bad.body, "window=<b>: expected a whole number between 1 and 604800\n");
  EXPECT_EQ(get("/api/v1/nope").status, 404);
  RawClient client(system_.dashboard_port());
  ASSERT_TRUE(client.send("POST /api/v1/overview HTTP/1.1\r\nHost: localhost\r\n\r\n"));
  EXPECT_EQ(client.read_reply()->status, 405);
}

TEST_F(Dashboard, ForeignOriginsAndHostsAreTurnedAway) {
  EXPECT_EQ(get("/api/v1/overview", "Origin: https://evil.example\r\n").status, 403);
  EXPECT_EQ(get("/api/v1/overview", "Origin: http://localhost:5173\r\n").status, 200);
  RawClient rebound(system_.dashboard_port());
  ASSERT_TRUE(rebound.send("GET /api/v1/overview HTTP/1.1\r\nHost: evil.example\r\n\r\n"));
  EXPECT_EQ(rebound.read_reply()->status, 403);
}

TEST(Token, GuardsAllThreeListenersButTheHealthChecksAndThePageItself) {
  MonitoringSystem system(free_ports().with_auth_token("s3cret"));
  system.start();
  const auto status = [](std::uint16_t port, const std::string& target,
                         const std::string& more = {}) {
    return RawClient(port).get(target, more)->status;
  };
  const std::string token = "Authorization: Bearer s3cret\r\n";
  for (const char* target : {"/config.json", "/api/v1/overview", "/api/v1/events", "/api/nope"}) {
    EXPECT_EQ(status(system.dashboard_port(), target), 401) << target;
    EXPECT_EQ(status(system.dashboard_port(), target, "Authorization: Bearer wrong\r\n"), 401);
  }
  EXPECT_EQ(status(system.dashboard_port(), "/api/v1/overview", token), 200);
  EXPECT_EQ(status(system.prometheus_port(), "/metrics"), 401);
  EXPECT_EQ(status(system.prometheus_port(), "/metrics", token), 200);
  EXPECT_EQ(status(system.prometheus_port(), "/-/healthy"), 200);
  EXPECT_EQ(status(system.websocket_port(), "/health"), 200);
  EXPECT_NE(status(system.dashboard_port(), "/"), 401);
  EXPECT_NE(status(system.dashboard_port(), "/app.js"), 401);
  // The address may carry it by mistake: it opens nothing.
  EXPECT_EQ(status(system.dashboard_port(), "/config.json?token=s3cret"), 401);
}

TEST(Token, OpensTheStreamAsAHeaderOrAsAProtocolThatIsNotEchoed) {
  MonitoringSystem system(free_ports().with_auth_token("s3cret"));
  system.start();
  for (const std::uint16_t port : {system.websocket_port(), system.dashboard_port()}) {
    const auto upgrade = [&](const std::string& headers) {
      return RawClient(port).upgrade("/ws", headers).value();
    };
    EXPECT_EQ(upgrade("").status, 401);
    EXPECT_EQ(upgrade("Sec-WebSocket-Protocol: ltb.v1, ltb.bearer.d3Jvbmc\r\n").status, 401);
    const HttpReply header = upgrade("Authorization: Bearer s3cret\r\n");
    EXPECT_EQ(header.status, 101);
    EXPECT_EQ(header.headers.count("sec-websocket-protocol"), 0u);
    const HttpReply protocol = upgrade("Sec-WebSocket-Protocol: ltb.v1, ltb.bearer.czNjcmV0\r\n");
    EXPECT_EQ(protocol.status, 101);
    EXPECT_EQ(protocol.header("sec-websocket-protocol"), "ltb.v1");
  }
  // What is offered as a protocol is no password for the API.
  EXPECT_EQ(RawClient(system.dashboard_port())
                .get("/api/v1/overview", "Sec-WebSocket-Protocol: ltb.bearer.czNjcmV0\r\n")
                ->status,
            401);
}

TEST(MetricsEndpoint, AnswersInOpenMetricsToThoseWhoPreferItUnlessTurnedOff) {
  const std::string accept = "Accept: text/plain;q=0.5\r\nAccept: application/openmetrics-text\r\n";
  for (const bool enabled : {true, false}) {
    MonitoringSystem system(free_ports().with_openmetrics(enabled));
    system.start();
    auto scope = system.begin_request("openai", "gpt-4");
    const std::string id(scope.request_id());
    scope.finish();

    RawClient client(system.prometheus_port());
    const auto asked = client.get("/metrics", accept);
    EXPECT_EQ(asked->header("content-type"),
              enabled ? "application/openmetrics-text; version=1.0.0; charset=utf-8"
                      : "text/plain; version=0.0.4; charset=utf-8");
    EXPECT_EQ(asked->body.ends_with("\n# EOF\n"), enabled);
    EXPECT_EQ(asked->body.find("# {request_id=\"" + id + "\"}") != std::string::npos, enabled);
    const auto plain = client.get("/metrics");
    EXPECT_EQ(plain->header("content-type"), "text/plain; version=0.0.4; charset=utf-8");
    EXPECT_EQ(plain->body.find(id), std::string::npos);
  }
}

TEST_F(Dashboard, TwoBenchmarksAtOnceShowTheirOwnNumbersOnApiAndMetrics) {
  EventReceiver receiver = system_.event_bus().subscribe();
  BenchmarkRun cheap = system_.begin_benchmark("cheap", "MMLU", 128);
  BenchmarkRun dear = system_.begin_benchmark("dear", "GSM8K", 0);
  for (int i = 0; i < 32; ++i) {
    cheap.begin_request("openai", "small")
        .finish({.input_tokens = 10, .output_tokens = 1}, 0.000000003);
    cheap.advance();
    const CurrentRun current = dear.make_current();
    system_.begin_request("openai", "large").finish({.input_tokens = 20, .output_tokens = 2}, 0.5);
    dear.fail_example();
  }

  RawClient prometheus(system_.prometheus_port());
  const auto metrics = prometheus.get("/metrics");
  ASSERT_TRUE(metrics.has_value());
  EXPECT_THAT(metrics->body,
              HasSubstr("llm_benchmark_examples_completed_total{name=\"MMLU\"} 32\n"));
  EXPECT_THAT(metrics->body, HasSubstr("llm_benchmark_examples_failed_total{name=\"GSM8K\"} 32\n"));
  EXPECT_THAT(metrics->body,
              HasSubstr("llm_benchmark_progress{benchmark_id=\"cheap\",name=\"MMLU\"} 25\n"));
  EXPECT_THAT(metrics->body, Not(HasSubstr("llm_benchmark_progress{benchmark_id=\"dear\"")));

  const json all = json::parse(get("/api/v1/benchmarks").body).at("benchmarks");
  ASSERT_EQ(all.size(), 2u);
  const json& first = all.at(0).at("benchmark_id") == "cheap" ? all.at(0) : all.at(1);
  const json& second = all.at(0).at("benchmark_id") == "cheap" ? all.at(1) : all.at(0);
  EXPECT_DOUBLE_EQ(first.at("cost").get<double>(), 0.000000096);
  EXPECT_DOUBLE_EQ(first.at("projected_cost").get<double>(), 0.000000384);
  EXPECT_EQ(first.at("total_input_tokens"), 320);
  EXPECT_EQ(second.at("cost"), 16);
  EXPECT_EQ(second.at("total_output_tokens"), 64);
  EXPECT_EQ(second.at("total_examples"), 0);
  EXPECT_EQ(second.at("completed_examples"), 32);
  EXPECT_FALSE(second.contains("progress_percent"));
  EXPECT_FALSE(second.contains("projected_cost"));

  // The rest of both bursts is published though nothing more happens.
  std::map<std::string, std::uint64_t> told;
  while (told["cheap"] < 32 || told["dear"] < 32) {
    const auto received = receiver.receive_for(10s);
    ASSERT_TRUE(received.has_value());
    if (const BenchmarkPayload* benchmark = received->event->benchmark())
      told[benchmark->benchmark_id] = benchmark->completed_examples;
  }
}

}  // namespace
}  // namespace ltb::test
