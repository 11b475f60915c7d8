// The system as a whole, without sockets: recording, reading, starting with nothing to open.
#include <ltb/monitoring.hpp>
#include <ltb/prometheus.hpp>

#include "unit/exporter/exposition_parser.hpp"

#include <gtest/gtest.h>
#include <prometheus/counter.h>
#include <prometheus/registry.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <set>
#include <stdexcept>
#include <string>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

namespace ltb {
namespace {

using tests::ExpositionParser;

MonitoringConfig quiet() {
  return MonitoringConfig{}.with_prometheus(false).with_websocket(false).with_dashboard(false);
}

std::optional<Metric> find(const std::vector<Metric>& metrics, std::string_view name) {
  for (const Metric& metric : metrics)
    if (metric.name() == name) return metric;
  return std::nullopt;
}

TEST(Version, TheNumbersAreThoseOfTheText) {
  EXPECT_EQ(std::to_string(LTB_VERSION_MAJOR) + '.' + std::to_string(LTB_VERSION_MINOR) + '.' +
                std::to_string(LTB_VERSION_PATCH),
            LTB_VERSION);
}

TEST(MonitoringSystem, ChecksItsConfigurationAndOpensNothing) {
  EXPECT_THROW(MonitoringSystem(MonitoringConfig{}.with_io_threads(0)), std::invalid_argument);

  MonitoringSystem monitoring;
  EXPECT_FALSE(monitoring.is_running());
  EXPECT_EQ(monitoring.prometheus_port(), 0);
  EXPECT_EQ(monitoring.websocket_port(), 0);
  EXPECT_EQ(monitoring.dashboard_port(), 0);
  EXPECT_EQ(monitoring.config().prometheus_port, 9090);
}

TEST(MonitoringSystem, StartsAndStopsAnyNumberOfTimesWithNothingToOpen) {
  MonitoringSystem monitoring(quiet());
  monitoring.stop();
  for (int i = 0; i < 20; ++i) {
    monitoring.start();
    EXPECT_TRUE(monitoring.is_running());
    monitoring.start();
    monitoring.stop();
    EXPECT_FALSE(monitoring.is_running());
    monitoring.stop();
  }
}

TEST(MonitoringSystem, StartTellsAnErrorByExceptionOrCode) {
  MonitoringSystem monitoring(
      quiet().with_prometheus(true).with_prometheus_port(0).with_bind_address("192.0.2.1"));

  std::error_code error;
  monitoring.start(error);
  EXPECT_TRUE(error);
  EXPECT_FALSE(monitoring.is_running());
  const std::string text = monitoring.last_start_error();
  EXPECT_NE(text.find("prometheus"), std::string::npos) << text;
  EXPECT_NE(text.find("192.0.2.1"), std::string::npos) << text;
  try {
    monitoring.start();
    FAIL();
  } catch (const std::system_error& thrown) {
    EXPECT_EQ(thrown.what(), text);
    EXPECT_EQ(thrown.code(), error);
  }
}

TEST(MonitoringSystem, AStartThatWorksClearsTheLastError) {
  MonitoringSystem monitoring(quiet());
  std::error_code error = std::make_error_code(std::errc::address_in_use);

  monitoring.start(error);

  EXPECT_FALSE(error);
  EXPECT_EQ(monitoring.last_start_error(), "");
}

TEST(MonitoringSystem, RendersWithoutBeingStarted) {
  MonitoringSystem monitoring;
  monitoring.begin_request("openai", "gpt-4").finish(TokenUsage{150, 75}, 0.0135);

  const auto text = ExpositionParser::parse(monitoring.render_prometheus());

  EXPECT_EQ(
      text.samples.at({"llm_tokens_input_total", {{"provider", "openai"}, {"model", "gpt-4"}}}),
      150.0);
  EXPECT_EQ(text.samples.at({"llm_monitor_events_published_total", {}}), 2.0);
  EXPECT_EQ(text.families.at("llm_build_info").type, "gauge");
  EXPECT_GT(text.samples.at({"process_resident_memory_bytes", {}}), 1e6);
  EXPECT_TRUE(std::is_sorted(text.family_order.begin(), text.family_order.end()));
}

TEST(MonitoringSystem, CountsOnItsOwnHowManySeriesItShows) {
  MonitoringSystem monitoring;
  monitoring.begin_request("openai", "gpt-4").finish();
  const auto text = ExpositionParser::parse(monitoring.render_prometheus());

  std::size_t series = 0;
  for (const auto& [key, value] : text.samples) {
    const auto& [name, labels] = key;
    const bool is_part = labels.contains("le") || name.ends_with("_sum");
    series += is_part ? 0u : 1u;  // a histogram is one series: its count
  }
  EXPECT_EQ(text.samples.at({"llm_monitor_series", {}}), static_cast<double>(series));
}

TEST(MonitoringSystem, TakesTheSeparateCalls) {
  MonitoringSystem monitoring;
  monitoring.record_request("openai", "gpt-4");
  monitoring.record_latency("openai", 1.52);
  monitoring.record_tokens("openai", 150, 75);
  monitoring.record_cost("openai", 0.0135);
  monitoring.record_request("openai", "gpt-4");
  monitoring.record_error("openai", "rate_limit");
  monitoring.record_request("anthropic", "claude");
  monitoring.record_latency("anthropic", "claude", 2.0);
  monitoring.record_tokens("anthropic", "claude", 1, 2);
  monitoring.record_cost("anthropic", "claude", 0.25);
  monitoring.record_error("anthropic", "claude", ErrorType::Timeout, "slow");

  const auto all = monitoring.get_all_provider_stats();
  ASSERT_EQ(all.size(), 2u);
  EXPECT_EQ(all[0].provider, "anthropic");
  EXPECT_EQ(all[0].failed_requests, 1u);
  EXPECT_EQ(all[1].provider, "openai");
  EXPECT_EQ(all[1].total_requests, 2u);
  EXPECT_EQ(all[1].successful_requests, 1u);
  EXPECT_EQ(all[1].failed_requests, 1u);
  EXPECT_EQ(all[1].avg_latency, 1.52);
  EXPECT_EQ(all[1].total_input_tokens, 150u);
  EXPECT_EQ(all[1].total_output_tokens, 75u);
  EXPECT_EQ(all[1].total_cost, 0.0135);
  EXPECT_EQ(all[1].active_requests, 0u);
  EXPECT_EQ(monitoring.get_provider_stats("nobody"), std::nullopt);
  EXPECT_EQ(monitoring.collector().model_stats("anthropic", "claude")->total_requests, 2u);
}

TEST(MonitoringSystem, GivesItsMetricsAsSortedValuesWithoutItsOwnBookkeeping) {
  MonitoringSystem monitoring;
  monitoring.begin_request("openai", "gpt-4").finish(TokenUsage{150, 75}, 0.0135);
  monitoring.begin_request("anthropic", "claude").fail(ErrorType::Timeout);

  const std::vector<Metric> all = monitoring.get_metrics();

  EXPECT_TRUE(std::is_sorted(all.begin(), all.end(),
                             [](const Metric& a, const Metric& b) { return a.name() < b.name(); }));
  for (const Metric& metric : all) {
    EXPECT_FALSE(metric.name().starts_with("llm_monitor_")) << metric.name();
    EXPECT_FALSE(metric.name().starts_with("process_")) << metric.name();
    EXPECT_NE(metric.name(), "llm_build_info");
    EXPECT_FALSE(metric.help().empty()) << metric.name();
  }
  const auto mine = monitoring.get_provider_metrics("openai");
  EXPECT_FALSE(mine.empty());
  EXPECT_LT(mine.size(), all.size());
  for (const Metric& metric : mine) EXPECT_EQ(metric.label("provider"), "openai");
  EXPECT_EQ(std::get<Counter>(find(mine, "llm_tokens_input_total")->value()).value, 150.0);
  EXPECT_EQ(std::get<HistogramValue>(find(mine, "llm_request_duration_seconds")->value()).count,
            1u);
  EXPECT_TRUE(monitoring.get_provider_metrics("nobody").empty());
}

TEST(MonitoringSystem, GivesMetricsOfTheUsersOwnWhateverTheirNames) {
  MonitoringSystem monitoring;
  for (const char* name : {"queue_depth", "process_queue_depth", "llm_monitor_of_mine"})
    monitoring.event_bus().publish(
        MonitoringEvent::metric_recorded(Metric(name, MetricType::Gauge, Gauge{5})));

  const std::vector<Metric> all = monitoring.get_metrics();

  for (const char* name : {"queue_depth", "process_queue_depth", "llm_monitor_of_mine"}) {
    ASSERT_TRUE(find(all, name).has_value()) << name;
    EXPECT_EQ(std::get<Gauge>(find(all, name)->value()).value, 5.0);
  }
}

TEST(MonitoringSystem, TwoOfThemKnowNothingOfEachOther) {
  MonitoringSystem a, b;
  EventReceiver of_b = b.event_bus().subscribe();
  a.begin_request("openai", "gpt-4").finish();
  a.begin_benchmark("b1", "MMLU", 1).complete();

  EXPECT_TRUE(b.get_all_provider_stats().empty());
  EXPECT_TRUE(b.collector().benchmarks().empty());
  EXPECT_EQ(b.event_bus().last_event_id(), 0u);
  EXPECT_EQ(of_b.try_receive(), std::nullopt);
  EXPECT_EQ(a.get_all_provider_stats().size(), 1u);
}

TEST(MonitoringSystem, ItsEndClosesReceiversAndLeavesHandlesHarmless) {
  std::optional<MonitoringSystem> monitoring(std::in_place);
  EventReceiver receiver = monitoring->event_bus().subscribe();
  Subscription subscription = monitoring->event_bus().on_event([](const MonitoringEvent&) {});
  std::optional<ReceivedEvent> got = ReceivedEvent{};
  std::thread waiting([&] { got = receiver.receive(); });

  monitoring.reset();
  waiting.join();

  EXPECT_EQ(got, std::nullopt);
  EXPECT_TRUE(receiver.is_closed());
  EXPECT_FALSE(subscription.is_active());
}

TEST(MonitoringSystem, ItsEndClosesReceiversThoughAScopeKeepsTheBus) {
  std::optional<MonitoringSystem> monitoring(std::in_place);
  EventReceiver receiver = monitoring->event_bus().subscribe();
  RequestScope scope = monitoring->begin_request("p", "m");
  EXPECT_TRUE(receiver.receive());
  std::optional<ReceivedEvent> got = ReceivedEvent{};
  std::thread waiting([&] { got = receiver.receive_for(std::chrono::seconds{20}); });

  monitoring.reset();
  waiting.join();

  EXPECT_EQ(got, std::nullopt);
  EXPECT_TRUE(receiver.is_closed());
  scope.finish();
}

TEST(MonitoringSystem, RunsACollectorOfItsOwnWhileItRuns) {
  MonitoringSystem monitoring(quiet());
  EventReceiver receiver = monitoring.event_bus().subscribe();
  monitoring.start();
  for (int i = 0; i < 20; ++i) monitoring.begin_request("openai", "m").fail(ErrorType::ServerError);

  bool told = false;  // by the tick of a running system, nobody asks here
  while (const auto received = receiver.receive_for(std::chrono::seconds{20})) {
    told = received->event->event_type == EventType::ProviderStatus;
    if (told) break;
  }

  EXPECT_TRUE(told);
  EXPECT_EQ(monitoring.get_provider_stats("openai")->status, ProviderHealth::Unavailable);
}

TEST(PrometheusBridge, GivesTheSeriesOfASystemEvenAfterItsEnd) {
  std::optional<MonitoringSystem> monitoring(std::in_place);
  monitoring->begin_request("openai", "gpt-4").finish(TokenUsage{150, 75});
  const std::shared_ptr<prometheus::Collectable> collectable = make_collectable(*monitoring);
  monitoring.reset();

  double tokens = 0;
  for (const auto& family : collectable->Collect())
    if (family.name == "llm_tokens_input_total") tokens = family.metric.at(0).counter.value;
  EXPECT_EQ(tokens, 150.0);
}

TEST(PrometheusBridge, WhatOnlyARunningSystemKnowsIsAbsentAfterItsEndAndNotSetBackToZero) {
  std::optional<MonitoringSystem> monitoring(std::in_place);
  const std::shared_ptr<prometheus::Collectable> collectable = make_collectable(*monitoring);
  const auto names = [&] {
    std::set<std::string> all;
    for (const auto& family : collectable->Collect()) all.insert(family.name);
    return all;
  };
  const std::set<std::string> before = names();
  monitoring.reset();
  const std::set<std::string> after = names();

  for (const char* name : {"llm_monitor_ws_messages_total", "llm_monitor_http_requests_total"}) {
    EXPECT_TRUE(before.contains(name)) << name;
    EXPECT_FALSE(after.contains(name)) << name;
  }
  EXPECT_TRUE(after.contains("llm_monitor_series")) << "the core is there still";
}

TEST(PrometheusBridge, ShowsAHostsRegistryWhileTheHostKeepsIt) {
  MonitoringSystem monitoring;
  auto registry = std::make_shared<prometheus::Registry>();
  prometheus::BuildCounter()
      .Name("host_things_total")
      .Help("Things.")
      .Register(*registry)
      .Add({{"kind", "a"}})
      .Increment(3);
  add_collectable(monitoring, registry);

  const auto text = ExpositionParser::parse(monitoring.render_prometheus());
  EXPECT_EQ(text.samples.at({"host_things_total", {{"kind", "a"}}}), 3.0);
  EXPECT_EQ(text.family_order.back(), "host_things_total");

  registry.reset();
  EXPECT_EQ(monitoring.render_prometheus().find("host_things"), std::string::npos);
}

}  // namespace
}  // namespace ltb
