// What a MonitoringSystem owns, and how it starts and stops.
#pragma once

#include "collector/overview_json.hpp"
#include "core/monitoring_core.hpp"
#include "exporter/metrics_endpoint.hpp"
#include "net/server.hpp"
#include "support/log.hpp"
#include "support/mutex.hpp"
#include "websocket/hub.hpp"

#include <ltb/config.hpp>
#include <ltb/monitoring_system.hpp>

#include <atomic>
#include <memory>
#include <string>

namespace ltb {

/// Thread safety: every member from any thread, but for the destructor.
class MonitoringSystem::Impl {
 public:
  Impl(MonitoringConfig config, std::shared_ptr<const support::Clock> clock);
  ~Impl();

  void start();
  void stop() noexcept;
  [[nodiscard]] bool is_running() const noexcept { return server_->is_running(); }
  [[nodiscard]] std::uint16_t port(std::string_view listener) const noexcept {
    return server_->port(listener);
  }

  [[nodiscard]] const MonitoringConfig& config() const noexcept { return config_; }
  [[nodiscard]] const std::shared_ptr<core::MonitoringCore>& core() const noexcept { return core_; }
  [[nodiscard]] exporter::Exposition& exposition() const noexcept { return *exposition_; }
  [[nodiscard]] const MetricCollector& collector() const noexcept { return collector_; }

  [[nodiscard]] std::string last_start_error() const;
  void set_last_start_error(std::string text);

 private:
  void add_listeners();
  void add_listener(const char* name, const std::string& own_address, std::uint16_t port,
                    net::Router router);
  [[nodiscard]] net::Router websocket_router() const;
  [[nodiscard]] net::Router dashboard_router() const;
  void add_self_metrics();
  void add_listener_metrics();
  void add_stream_metrics();
  void warn_when_open() noexcept;

  const MonitoringConfig config_;
  const support::Log log_;
  const std::shared_ptr<core::MonitoringCore> core_;
  const MetricCollector collector_;
  const std::shared_ptr<exporter::Exposition> exposition_;
  const std::string epoch_;  // differs between a restarted program and this one
  const std::shared_ptr<const collector::OverviewSource> overview_;
  const std::shared_ptr<websocket::Hub> hub_;  // null when neither stream nor dashboard is enabled
  const std::shared_ptr<net::Server> server_;  // metrics and publishers hold it for a moment
  metrics::Family* dropped_events_ = nullptr;  // the store's; set at construction
  std::atomic<bool> warned_{false};
  mutable support::Mutex error_mutex_;
  std::string last_start_error_ LTB_GUARDED_BY(error_mutex_);
};

namespace detail {

/// How the bridges reach the inside of a system.
struct MonitoringSystemAccess {
  static const std::shared_ptr<core::MonitoringCore>& core(MonitoringSystem& system) noexcept {
    return system.core_;
  }
  static exporter::Exposition& exposition(MonitoringSystem& system) noexcept {
    return system.impl_->exposition();
  }
};

}  // namespace detail
}  // namespace ltb
