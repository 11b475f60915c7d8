// How much of a budget is left, and an alert when it runs out.
#pragma once

#include "metrics/metric_store.hpp"

#include <ltb/event.hpp>

#include <atomic>
#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

namespace ltb::collector {

/// Adds llm_budget_limit_usd and llm_budget_remaining_usd to the store when there is a budget.
/// tick() from one thread at a time. Nothing is stopped: watching does not interfere.
class BudgetMonitor {
 public:
  BudgetMonitor(metrics::MetricStore& store, std::optional<double> budget_usd,
                std::function<std::uint64_t()> total_cost_nano);

  /// An alert when 80 % and when all of it is spent, each once.
  [[nodiscard]] std::vector<MonitoringEvent> tick();

 private:
  const std::optional<double> budget_usd_;
  // In whole nano-dollars, as costs are summed: 0.3 USD less 0.1 is 0.2.
  std::int64_t limit_nano_ = 0;
  const std::function<std::uint64_t()> total_cost_nano_;
  std::atomic<int> raised_{0};  // 1: the warning, 2: the error
};

}  // namespace ltb::collector
