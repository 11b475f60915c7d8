#include "collector/budget_monitor.hpp"

#include <algorithm>
#include <charconv>
#include <string>

namespace ltb::collector {
namespace {

std::string dollars(double usd) {
  // The host's locale may have a comma.
  char text[400];
  const auto end = std::to_chars(text, text + sizeof text, usd, std::chars_format::fixed, 4).ptr;
  return '$' + std::string(text, end);
}

}  // namespace

BudgetMonitor::BudgetMonitor(metrics::MetricStore& store, std::optional<double> budget_usd,
                             std::function<std::uint64_t()> total_cost_nano)
    : budget_usd_(budget_usd), total_cost_nano_(std::move(total_cost_nano)) {
  if (!budget_usd_) return;
  store.add_callback("llm_budget_limit_usd", "The configured budget in USD.", MetricType::Gauge,
                     [limit = *budget_usd_] { return limit; });
  store.add_callback("llm_budget_remaining_usd",
                     "What is left of the budget in USD; negative when it is overspent.",
                     MetricType::Gauge, [limit = *budget_usd_, spent = total_cost_nano_] {
                       return limit - static_cast<double>(spent()) * 1e-9;
                     });
}

std::vector<MonitoringEvent> BudgetMonitor::tick() {
  std::vector<MonitoringEvent> alerts;
  if (!budget_usd_) return alerts;
  constexpr double kWarnAt = 0.8;
  const double spent = static_cast<double>(total_cost_nano_()) * 1e-9;
  const int level = spent >= *budget_usd_ ? 2 : spent >= *budget_usd_ * kWarnAt ? 1 : 0;
  if (level <= raised_.load(std::memory_order_relaxed)) return alerts;
  raised_.store(level, std::memory_order_relaxed);
  const std::string message = dollars(spent) + " of " + dollars(*budget_usd_) + " are spent";
  alerts.push_back(
      level == 2 ? MonitoringEvent::alert(AlertSeverity::Error, "Budget spent", message)
                 : MonitoringEvent::alert(AlertSeverity::Warning, "Budget nearly spent", message));
  return alerts;
}

}  // namespace ltb::collector
