// The public API as its users write it: each test is a program of the documentation, on free ports,
// including the umbrella header alone.
#include <ltb/monitoring.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace {

using namespace std::chrono_literals;

ltb::MonitoringConfig free_ports() {
  return ltb::MonitoringConfig{}.with_prometheus_port(0).with_websocket_port(0).with_dashboard_port(
      0);
}

/// A provider a user might have.
class Echo : public ltb::Provider {
 public:
  explicit Echo(std::string name) : name_(std::move(name)) {}
  [[nodiscard]] std::string name() const override { return name_; }
  ltb::CompletionResponse complete(const ltb::CompletionRequest& request) override {
    if (request.prompt.empty()) throw ltb::ProviderError{ltb::ErrorType::RateLimit, "429"};
    return {.text = request.prompt,
            .usage = ltb::TokenUsage{.input_tokens = 3, .output_tokens = 2}};
  }

 private:
  std::string name_;
};

/// A client that knows nothing of this library.
struct MyRequest {
  std::string model{};
  std::string prompt{};
};
struct MyReply {
  std::string text{};
};
struct MyClient {
  static std::string name() { return "mine"; }
  MyReply complete(const MyRequest& request) { return {request.prompt}; }
};

TEST(PublicApi, DefaultsAreTheGuides) {
  const ltb::MonitoringSystem monitoring;

  EXPECT_EQ(monitoring.config().prometheus_port, 9090);
  EXPECT_EQ(monitoring.config().websocket_port, 8080);
  EXPECT_EQ(monitoring.config().dashboard_port, 3000);
  EXPECT_EQ(monitoring.config().retention_period, 1h);
  EXPECT_FALSE(monitoring.config().detailed_metrics);
}

TEST(PublicApi, ACustomConfigurationIsBuiltInOneExpression) {
  const ltb::MonitoringSystem custom{ltb::MonitoringConfig{}
                                         .with_prometheus_port(9091)
                                         .with_websocket_port(8081)
                                         .with_dashboard_port(3001)
                                         .with_retention_period(std::chrono::hours{2})
                                         .with_detailed_metrics(true)};

  EXPECT_EQ(custom.config().prometheus_port, 9091);
  EXPECT_EQ(custom.config().retention_period, 7200s);
  EXPECT_EQ(custom.prometheus_port(), 0) << "nothing is bound before start()";
}

TEST(PublicApi, PortsReallyBoundCanBeReadBack) {
  ltb::MonitoringSystem monitoring{ltb::MonitoringConfig::from_env(free_ports())};

  monitoring.start();

  EXPECT_NE(monitoring.prometheus_port(), 0);
  EXPECT_NE(monitoring.websocket_port(), 0);
  EXPECT_NE(monitoring.dashboard_port(), 0);
  monitoring.stop();
  EXPECT_EQ(monitoring.prometheus_port(), 0);
}

TEST(PublicApi, EveryWayOfWatchingACallCountsIt) {
  ltb::MonitoringSystem monitoring{free_ports()};
  const auto openai = std::make_shared<Echo>("openai");

  auto monitored = std::make_shared<ltb::MonitoredProvider>(openai, monitoring);
  const ltb::CompletionResponse reply = monitored->complete({.model = "gpt-4", .prompt = "Hello"});
  std::string streamed;
  (void)monitored->stream({.model = "gpt-4", .prompt = "Hi"}, [&](const ltb::StreamChunk& chunk) {
    streamed += chunk.text;
    return true;
  });
  ltb::Monitored<MyClient> client{MyClient{}, monitoring};
  const MyReply answer = client.complete(MyRequest{.model = "m", .prompt = "?"});
  const int observed = ltb::observe(monitoring, "openai", "gpt-4", [&](ltb::RequestScope& scope) {
    scope.set_usage({.input_tokens = 5, .output_tokens = 7});
    return 42;
  });
  ltb::RequestScope scope = monitoring.begin_request("openai", "gpt-4");
  scope.on_chunk();
  scope.finish({.input_tokens = 150, .output_tokens = 75});

  EXPECT_EQ(reply.text, "Hello");
  EXPECT_EQ(streamed, "Hi");
  EXPECT_EQ(answer.text, "?");
  EXPECT_EQ(observed, 42);
  const auto stats = monitoring.get_provider_stats("openai");
  ASSERT_TRUE(stats.has_value());
  EXPECT_EQ(stats->total_requests, 4U);
  EXPECT_EQ(stats->total_input_tokens, 3U + 3 + 5 + 150);
  EXPECT_EQ(stats->total_output_tokens, 2U + 2 + 7 + 75);
  EXPECT_EQ(monitoring.get_provider_stats("mine")->total_requests, 1U);
}

TEST(PublicApi, SeveralProvidersAreWrappedAtOnce) {
  ltb::MonitoringSystem monitoring{free_ports()};
  const std::vector<std::shared_ptr<ltb::Provider>> providers{std::make_shared<Echo>("openai"),
                                                              std::make_shared<Echo>("anthropic")};

  const std::vector<std::shared_ptr<ltb::Provider>> all =
      ltb::monitor_providers(providers, monitoring);
  for (const auto& provider : all) (void)provider->complete({.model = "m", .prompt = "Hello"});

  EXPECT_EQ(monitoring.get_all_provider_stats().size(), 2U);
}

TEST(PublicApi, SeparateCallsTellTheWholeStory) {
  ltb::MonitoringSystem monitoring{free_ports()};

  monitoring.record_request("openai", "gpt-4");
  EXPECT_EQ(monitoring.get_provider_stats("openai")->active_requests, 1U);
  monitoring.record_latency("openai", 1.52);
  monitoring.record_tokens("openai", 150, 75);
  monitoring.record_cost("openai", 0.0135);
  monitoring.record_request("openai", "gpt-4");
  monitoring.record_error("openai", "rate_limit");

  const auto stats = monitoring.get_provider_stats("openai");
  ASSERT_TRUE(stats.has_value());
  EXPECT_EQ(stats->active_requests, 0U);
  EXPECT_EQ(stats->successful_requests, 1U);
  EXPECT_EQ(stats->failed_requests, 1U);
  EXPECT_EQ(stats->avg_latency, 1.52);
  EXPECT_EQ(stats->total_input_tokens, 150U);
  EXPECT_EQ(stats->total_output_tokens, 75U);
  EXPECT_EQ(stats->total_cost_nano_usd, 13'500'000U);
  EXPECT_EQ(stats->total_cost, 0.0135);
}

TEST(PublicApi, TheHealthCheckOfTheGuideWorksAsWritten) {
  ltb::MonitoringSystem monitoring{free_ports()};
  const auto monitored =
      ltb::monitor_providers({std::make_shared<Echo>("openai")}, monitoring).front();
  for (int i = 0; i < 8; ++i) (void)monitored->complete({.model = "gpt-4", .prompt = "Hello"});
  for (int i = 0; i < 2; ++i)
    EXPECT_THROW((void)monitored->complete({.model = "gpt-4"}), ltb::ProviderError);

  std::vector<std::string> unwell;
  for (const ltb::ProviderStats& s : monitoring.get_all_provider_stats())
    if (s.failed_requests > s.total_requests / 10)
      unwell.push_back(s.provider + ": " +
                       std::to_string(s.failed_requests * 100 / s.total_requests) + " %");

  EXPECT_EQ(unwell, std::vector<std::string>{"openai: 20 %"});
}

TEST(PublicApi, BenchmarksAndEvaluationsReachEveryKindOfListener) {
  ltb::MonitoringSystem monitoring{free_ports()};
  struct MySubscriber : ltb::EventSubscriber {
    int events = 0;
    void on_event(const ltb::MonitoringEvent&) override { ++events; }
  };
  auto& bus = monitoring.event_bus();
  const auto subscriber = std::make_shared<MySubscriber>();
  bus.add_subscriber(subscriber);
  std::vector<ltb::EventType> seen;
  ltb::Subscription s =
      bus.on_event([&](const ltb::MonitoringEvent& e) { seen.push_back(e.event_type); });
  ltb::EventReceiver rx = bus.subscribe();

  bus.publish(ltb::MonitoringEvent::benchmark_progress("bench_1", "MMLU", 50, 100));
  bus.publish(ltb::MonitoringEvent::evaluation_completed("eval_1", "faithfulness", "openai",
                                                         "gpt-4", 0.92));
  s.reset();
  ltb::BenchmarkRun run = monitoring.begin_benchmark("bench_123", "MMLU", 2);
  run.set_current_provider("openai");
  run.advance();
  run.fail_example();
  run.complete();

  EXPECT_EQ(seen,
            (std::vector{ltb::EventType::BenchmarkProgress, ltb::EventType::EvaluationCompleted}));
  EXPECT_GE(subscriber->events, 4);
  const auto first = rx.receive_for(10s);
  ASSERT_TRUE(first.has_value());
  EXPECT_EQ(first->event->benchmark()->progress_percent, 50);
  const auto benchmarks = monitoring.collector().benchmarks();
  ASSERT_EQ(benchmarks.size(), 2U);
  EXPECT_EQ(benchmarks[1].benchmark_id, "bench_123") << "finished ones follow the running ones";
  EXPECT_EQ(benchmarks[1].state, ltb::BenchmarkState::Completed);
  EXPECT_EQ(benchmarks[1].failed_examples, 1U);
}

TEST(PublicApi, WhatWasRecordedIsReadInFiveWays) {
  ltb::MonitoringSystem monitoring{free_ports()};
  monitoring.record_request("openai", "gpt-4");
  monitoring.record_latency("openai", 0.5);

  const auto percentiles = monitoring.collector().percentiles("openai", "gpt-4", 5min);
  EXPECT_EQ(percentiles.count, 1U);
  ASSERT_TRUE(percentiles.p95.has_value());
  EXPECT_NEAR(*percentiles.p95, 0.5, 0.5 * 0.016);
  const auto series = monitoring.collector().history(
      {.metric = "latency_p95", .provider = "openai", .window = 15min});
  EXPECT_EQ(series.points.back().value, percentiles.p95);
  EXPECT_FALSE(monitoring.get_metrics().empty());
  for (const ltb::Metric& metric : monitoring.get_provider_metrics("openai"))
    EXPECT_EQ(metric.label("provider"), "openai");
  const std::string text = monitoring.render_prometheus();
  EXPECT_NE(
      text.find("llm_requests_total{provider=\"openai\",model=\"gpt-4\",status=\"success\"} 1\n"),
      std::string::npos);
}

TEST(PublicApi, MetricValuesOfTheGuideAreMadeAndPublished) {
  ltb::MonitoringSystem monitoring{free_ports()};
  const ltb::Metric m = ltb::Metric("my_runs_total", ltb::MetricType::Counter, ltb::Counter{1})
                            .with_label("provider", "openai")
                            .with_label("model", "gpt-4");
  const ltb::HistogramValue h{
      .buckets = {{.le = 0.5, .count = 45}, {.le = 1.0, .count = 123}}, .count = 234, .sum = 456.7};

  monitoring.event_bus().publish(ltb::MonitoringEvent::metric_recorded(m));
  monitoring.event_bus().publish(ltb::MonitoringEvent::metric_recorded(
      ltb::Metric("my_seconds", ltb::MetricType::Histogram, h)));

  const std::string text = monitoring.render_prometheus();
  EXPECT_NE(text.find("my_runs_total{model=\"gpt-4\",provider=\"openai\"} 1\n"), std::string::npos);
  EXPECT_NE(text.find("my_seconds_bucket{le=\"+Inf\"} 234\n"), std::string::npos);
  EXPECT_EQ(ltb::RequestMetric("openai", "gpt-4").to_metric().name(), "llm_requests_total");
  EXPECT_EQ(ltb::TokenMetric("openai", "gpt-4", 150, 75).to_metrics().size(), 2U);
  EXPECT_EQ(ltb::LatencyMetric("openai", "gpt-4", 1.52).to_metric().type(),
            ltb::MetricType::Histogram);
  EXPECT_EQ(ltb::CostMetric("openai", "gpt-4", 0.0135).to_metric().name(), "llm_cost_usd_total");
  EXPECT_EQ(ltb::ErrorMetric("openai", "rate_limit")
                .with_model("gpt-4")
                .with_message("Rate limit exceeded")
                .to_metric()
                .label("error_type"),
            "rate_limit");
}

}  // namespace
