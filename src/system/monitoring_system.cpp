// The public face of the whole.
#include <ltb/monitoring_system.hpp>

#include "exporter/text_format.hpp"
#include "support/clock.hpp"
#include "system/monitoring_system_impl.hpp"

#include <algorithm>
#include <exception>
#include <utility>

namespace ltb {

MonitoringSystem::MonitoringSystem(MonitoringConfig config)
    : impl_(std::make_unique<Impl>(std::move(config), std::make_shared<support::Clock>())),
      core_(impl_->core()) {}

MonitoringSystem::~MonitoringSystem() = default;

void MonitoringSystem::start() {
  try {
    impl_->start();
    impl_->set_last_start_error({});
  } catch (const std::exception& error) {
    impl_->set_last_start_error(error.what());
    throw;
  }
}

void MonitoringSystem::start(std::error_code& error) noexcept {
  error.clear();
  try {
    start();
  } catch (const std::system_error& failure) {
    error = failure.code();
  } catch (...) {  // no memory or no threads
    error = std::make_error_code(std::errc::resource_unavailable_try_again);
  }
}

std::string MonitoringSystem::last_start_error() const {
  return impl_->last_start_error();
}
void MonitoringSystem::stop() noexcept {
  impl_->stop();
}
bool MonitoringSystem::is_running() const noexcept {
  return impl_->is_running();
}
std::uint16_t MonitoringSystem::prometheus_port() const noexcept {
  return impl_->port("prometheus");
}
std::uint16_t MonitoringSystem::websocket_port() const noexcept {
  return impl_->port("websocket");
}
std::uint16_t MonitoringSystem::dashboard_port() const noexcept {
  return impl_->port("dashboard");
}
const MonitoringConfig& MonitoringSystem::config() const noexcept {
  return impl_->config();
}

RequestScope MonitoringSystem::begin_request(std::string_view provider,
                                             std::string_view model) noexcept {
  return core::MonitoringCore::begin_request(core_, provider, model);
}

BenchmarkRun MonitoringSystem::begin_benchmark(std::string_view benchmark_id, std::string_view name,
                                               std::uint64_t total_examples) noexcept {
  return core::MonitoringCore::begin_benchmark(core_, benchmark_id, name, total_examples);
}

void MonitoringSystem::record_request(std::string_view provider, std::string_view model) noexcept {
  core_->record_request(provider, model);
}

void MonitoringSystem::record_latency(std::string_view provider, double latency_seconds) noexcept {
  core_->record_latency(provider, {}, latency_seconds);
}

void MonitoringSystem::record_latency(std::string_view provider, std::string_view model,
                                      double latency_seconds) noexcept {
  core_->record_latency(provider, model, latency_seconds);
}

void MonitoringSystem::record_tokens(std::string_view provider, std::uint64_t input_tokens,
                                     std::uint64_t output_tokens) noexcept {
  core_->record_tokens(provider, {}, {input_tokens, output_tokens});
}

void MonitoringSystem::record_tokens(std::string_view provider, std::string_view model,
                                     std::uint64_t input_tokens,
                                     std::uint64_t output_tokens) noexcept {
  core_->record_tokens(provider, model, {input_tokens, output_tokens});
}

void MonitoringSystem::record_cost(std::string_view provider, double cost_usd) noexcept {
  core_->record_cost(provider, {}, cost_usd);
}

void MonitoringSystem::record_cost(std::string_view provider, std::string_view model,
                                   double cost_usd) noexcept {
  core_->record_cost(provider, model, cost_usd);
}

void MonitoringSystem::record_error(std::string_view provider,
                                    std::string_view error_type) noexcept {
  core_->record_error(provider, error_type);
}

void MonitoringSystem::record_error(std::string_view provider, ErrorType type,
                                    std::string_view message) noexcept {
  core_->record_error(provider, {}, type, message);
}

void MonitoringSystem::record_error(std::string_view provider, std::string_view model,
                                    ErrorType type, std::string_view message) noexcept {
  core_->record_error(provider, model, type, message);
}

EventBus& MonitoringSystem::event_bus() noexcept {
  return core_->bus();
}
const MetricCollector& MonitoringSystem::collector() const noexcept {
  return impl_->collector();
}

std::vector<ProviderStats> MonitoringSystem::get_all_provider_stats() const {
  return impl_->collector().provider_stats();
}

std::optional<ProviderStats> MonitoringSystem::get_provider_stats(std::string_view provider) const {
  return impl_->collector().provider_stats(provider);
}

std::vector<Metric> MonitoringSystem::get_metrics() const {
  std::vector<Metric> all;
  for (const metrics::Family* family : core_->store().families()) {
    const std::string& name = family->name();
    const bool is_ours = family->owner() == metrics::FamilyOwner::Library;
    if (is_ours && (name.starts_with("llm_monitor_") || name.starts_with("process_") ||
                    name == "llm_build_info"))
      continue;
    family->for_each([&](const metrics::Series& series) {
      auto now = metrics::read_value(series, family->type());
      if (!now) return;
      Metric metric(name, family->type(), *std::move(now));
      for (const auto& [label, value] : series.labels) metric.with_label(label, value);
      metric.with_help(family->help());
      all.push_back(std::move(metric));
    });
  }
  return all;
}

std::vector<Metric> MonitoringSystem::get_provider_metrics(std::string_view provider) const {
  std::vector<Metric> all = get_metrics();
  std::erase_if(all, [&](const Metric& metric) { return metric.label("provider") != provider; });
  return all;
}

std::string MonitoringSystem::render_prometheus() const {
  return impl_->exposition().render();
}

}  // namespace ltb
