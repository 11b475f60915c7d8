#include "collector/budget_monitor.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>
#include <string>

namespace ltb::collector {
namespace {

std::string dollars(double usd) {
  // The host's locale may have a comma.
  char text[400];
  const auto end = std::to_chars(text, text + sizeof text, usd, std::chars_format::fixed, 4).ptr;
  return '$' + std::string(text, end);
}

std::int64_t bounded(std::uint64_t nano) noexcept {
  constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max() / 2;
  return nano < static_cast<std::uint64_t>(kMost) ? static_cast<std::int64_t>(nano) : kMost;
}

}  // namespace

BudgetMonitor::BudgetMonitor(metrics::MetricStore& store, std::optional<double> budget_usd,
                             std::function<std::uint64_t()> total_cost_nano)
    : budget_usd_(budget_usd), total_cost_nano_(std::move(total_cost_nano)) {
  if (!budget_usd_) return;
  limit_nano_ = std::max<std::int64_t>(1, std::llround(*budget_usd_ * 1e9));
  store.add_callback("llm_budget_limit_usd", "The configured budget in USD.", MetricType::Gauge,
                     [limit = *budget_usd_] { return limit; });
  store.add_callback("llm_budget_remaining_usd",
                     "What is left of the budget in USD; negative when it is overspent.",
                     MetricType::Gauge, [limit = limit_nano_, spent = total_cost_nano_] {
                       return static_cast<double>(limit - bounded(spent())) / 1e9;
                     });
}

std::vector<MonitoringEvent> BudgetMonitor::tick() {
  std::vector<MonitoringEvent> alerts;
  if (!budget_usd_) return alerts;
  const std::int64_t spent = bounded(total_cost_nano_());
  const std::int64_t warn_at = limit_nano_ - limit_nano_ / 5;  // 80 %
  const int level = spent >= limit_nano_ ? 2 : spent >= warn_at ? 1 : 0;
  if (level <= raised_.load(std::memory_order_relaxed)) return alerts;
  raised_.store(level, std::memory_order_relaxed);
  const std::string message =
      dollars(static_cast<double>(spent) / 1e9) + " of " + dollars(*budget_usd_) + " spent";
  alerts.push_back(
      level == 2 ? MonitoringEvent::alert(AlertSeverity::Error, "Budget exhausted", message)
                 : MonitoringEvent::alert(AlertSeverity::Warning, "Budget 80 % used", message));
  return alerts;
}

}  // namespace ltb::collector
