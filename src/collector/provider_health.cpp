#include "collector/provider_health.hpp"

#include <cmath>
#include <string>

namespace ltb::collector {
namespace {

constexpr Second kWindow = 60;
constexpr Second kForgetAfter = 300;

double share(std::uint64_t part, std::uint64_t whole) {
  return whole == 0 ? 0.0 : static_cast<double>(part) / static_cast<double>(whole);
}

std::string percent(double share_of_one) {
  return std::to_string(std::lround(share_of_one * 100)) + " %";
}

std::string describe(const HistoryDelta& window) {
  const std::uint64_t answered = window.success + window.error;
  std::string text = percent(share(window.error, answered)) + " of " + std::to_string(answered) +
                     " requests failed in the last 60 s (" +
                     percent(share(window.errors_of(ErrorType::RateLimit), answered)) +
                     " rate limited)";
  if (window.limited_attempts > 0)
    text += ", " + std::to_string(window.limited_attempts) + " attempts before were rate limited";
  return text;
}

MonitoringEvent status_event(const metrics::ProviderSeries& provider, ProviderHealth health,
                             const HistoryDelta& window) {
  ProviderPayload payload;
  payload.provider = provider.provider();
  payload.status = health;
  payload.message = describe(window);
  payload.active_requests = provider.active();
  if (window.latencies > 0)
    payload.avg_latency_ms =
        static_cast<double>(window.latency_ns) * 1e-6 / static_cast<double>(window.latencies);
  return MonitoringEvent(EventType::ProviderStatus, std::move(payload));
}

MonitoringEvent alert_event(const metrics::ProviderSeries& provider, ProviderHealth health,
                            const HistoryDelta& window) {
  const std::string& name = provider.provider();
  const std::string message = name + ": " + describe(window);
  switch (health) {
    case ProviderHealth::RateLimited:
      return MonitoringEvent::alert(AlertSeverity::Warning, "Rate limited", message, name);
    case ProviderHealth::Unavailable:
      return MonitoringEvent::alert(AlertSeverity::Error, "Very high error rate", message, name);
    case ProviderHealth::Degraded:
      return MonitoringEvent::alert(AlertSeverity::Warning, "High error rate", message, name);
    case ProviderHealth::Healthy:
      break;
  }
  return MonitoringEvent::alert(AlertSeverity::Info, "Provider recovered", message, name);
}

// Being rate limited is neither better nor worse than the other states.
bool is_better(ProviderHealth now, ProviderHealth before) noexcept {
  if (now == ProviderHealth::Healthy) return before != ProviderHealth::Healthy;
  return now == ProviderHealth::Degraded && before == ProviderHealth::Unavailable;
}

}  // namespace

ProviderHealth ProviderHealthMonitor::judge(const HistoryDelta& window,
                                            const AlertThresholds& thresholds) noexcept {
  const std::uint64_t answered = window.success + window.error;
  const double failed = share(window.error, answered);
  // Retried attempts count too: a provider that makes every call wait is not well.
  const double limited = share(window.errors_of(ErrorType::RateLimit) + window.limited_attempts,
                               answered + window.limited_attempts);
  // Mostly rate limits: the provider is well and asks for patience.
  if (limited > 0 && limited >= thresholds.rate_limited_rate && limited * 2 >= failed)
    return ProviderHealth::RateLimited;
  if (failed > 0 && failed >= thresholds.critical_error_rate) return ProviderHealth::Unavailable;
  if (failed > 0 && failed >= thresholds.error_rate) return ProviderHealth::Degraded;
  return ProviderHealth::Healthy;
}

ProviderHealth ProviderHealthMonitor::judge_recovery(const HistoryDelta& window,
                                                     const AlertThresholds& thresholds) noexcept {
  constexpr double kClear = 0.8;
  AlertThresholds lower = thresholds;
  lower.error_rate *= kClear;
  lower.critical_error_rate *= kClear;
  lower.rate_limited_rate *= kClear;
  return judge(window, lower);
}

bool ProviderHealthMonitor::is_silent(const metrics::ProviderSeries& provider) const {
  const auto windows = history_.provider_windows(kForgetAfter);
  const auto found = windows.find(provider.provider());
  if (found == windows.end()) return true;
  return found->second.is_known && found->second.sum.success + found->second.sum.error == 0;
}

std::vector<MonitoringEvent> ProviderHealthMonitor::tick() {
  std::vector<MonitoringEvent> events;
  const auto windows = history_.provider_windows(kWindow);
  const HistoryDelta nothing;
  support::MutexLock lock(mutex_);
  for (metrics::ProviderSeries* provider : store_.all_provider_series()) {
    const auto found = windows.find(provider->provider());
    const HistoryDelta& window = found == windows.end() ? nothing : found->second.sum;
    ProviderHealth& judged = judged_.try_emplace(provider, ProviderHealth::Healthy).first->second;
    const std::uint64_t answered = window.success + window.error;
    const bool forgotten =
        answered == 0 && judged != ProviderHealth::Healthy && is_silent(*provider);
    if (answered < thresholds_.minimum_requests && !forgotten) continue;
    ProviderHealth health = judge(window, thresholds_);
    if (is_better(health, judged)) {
      const ProviderHealth clearly = judge_recovery(window, thresholds_);
      health = is_better(clearly, judged) ? clearly : judged;
    }
    if (health == judged) continue;
    judged = health;
    provider->health.store(health, std::memory_order_relaxed);
    events.push_back(status_event(*provider, health, window));
    events.push_back(alert_event(*provider, health, window));
  }
  return events;
}

}  // namespace ltb::collector
