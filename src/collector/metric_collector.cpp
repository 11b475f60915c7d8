// The public face of the collector.
#include "collector/collector_core.hpp"

#include <ltb/collector.hpp>

namespace ltb {

std::string_view to_string(BenchmarkState state) noexcept {
  switch (state) {
    case BenchmarkState::Running:
      return "running";
    case BenchmarkState::Stalled:
      return "stalled";
    case BenchmarkState::Completed:
      return "completed";
  }
  return "running";
}

CallTotals MetricCollector::totals() const {
  return core_->totals();
}
std::vector<ProviderStats> MetricCollector::provider_stats() const {
  return core_->provider_stats();
}
std::optional<ProviderStats> MetricCollector::provider_stats(std::string_view provider) const {
  return core_->provider_stats(provider);
}
std::vector<ModelStats> MetricCollector::model_stats() const {
  return core_->model_stats();
}
std::optional<ModelStats> MetricCollector::model_stats(std::string_view provider,
                                                       std::string_view model) const {
  return core_->model_stats(provider, model);
}
Percentiles MetricCollector::percentiles(std::string_view provider, std::string_view model,
                                         std::chrono::seconds window) const {
  return core_->percentiles(provider, model, window);
}
HistorySeries MetricCollector::history(const HistoryQuery& query) const {
  return core_->history(query);
}
std::vector<BenchmarkStatus> MetricCollector::benchmarks() const {
  return core_->benchmarks();
}

}  // namespace ltb
