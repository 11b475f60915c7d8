#include "system/monitoring_system_impl.hpp"

#include "dashboard/api.hpp"
#include "dashboard/page_routes.hpp"
#include "exporter/process_metrics.hpp"
#include "net/access.hpp"
#include "websocket/routes.hpp"

#include <ltb/version.hpp>

#include <array>
#include <chrono>
#include <limits>
#include <random>
#include <utility>

namespace ltb {
namespace {

constexpr double kUnknown = std::numeric_limits<double>::quiet_NaN();
constexpr std::chrono::milliseconds kCollectorInterval{250};
/// Left alone, the kernel grows it to some MB for each client that does not read, and a container
/// pays for that too.
constexpr int kSendBufferBytes = 128 * 1024;

net::ServerOptions server_options(const MonitoringConfig& config) {
  net::ServerOptions options;
  options.io_threads = config.io_threads;
  options.log = support::Log(config.logger);
  options.limits = config.limits;
  options.tls = {config.tls_certificate, config.tls_key};
  options.send_buffer_bytes = kSendBufferBytes;
  return options;
}

MonitoringConfig validated(MonitoringConfig config) {
  config.validate();
  return config;
}

std::string new_epoch() {
  constexpr char kHex[] = "0123456789abcdef";
  std::random_device random;
  std::string epoch;
  for (int i = 0; i < 16; ++i) epoch += kHex[random() & 15];
  return epoch;
}

std::shared_ptr<websocket::Hub> make_hub(
    const MonitoringConfig& config, core::MonitoringCore& core, const std::string& epoch,
    const std::shared_ptr<const collector::OverviewSource>& overview) {
  if (!config.websocket_enabled && !config.dashboard_enabled) return nullptr;
  websocket::HubOptions options;
  options.epoch = epoch;
  options.event_history = config.event_history;
  options.overview = [overview] { return overview->json(); };
  options.clock = &core.clock();
  return std::make_shared<websocket::Hub>(events::EventBusAccess::shared_core(core.bus()),
                                          std::move(options));
}

}  // namespace

MonitoringSystem::Impl::Impl(MonitoringConfig config, std::shared_ptr<const support::Clock> clock)
    : config_(validated(std::move(config))),
      log_(config_.logger),
      core_(std::make_shared<core::MonitoringCore>(config_, std::move(clock))),
      collector_(core_->collector()),
      exposition_(std::make_shared<exporter::Exposition>(core_->store())),
      epoch_(new_epoch()),
      overview_(std::make_shared<const collector::OverviewSource>(
          collector_, core_->clock(), epoch_, LTB_VERSION,
          [core = core_] { return core->events().last_event_id(); })),
      hub_(make_hub(config_, *core_, epoch_, overview_)),
      server_(std::make_shared<net::Server>(server_options(config_))) {
  add_self_metrics();
  add_listener_metrics();
  add_listeners();
  server_->every(kCollectorInterval, [core = core_] { core->collector().tick(); });
  if (!hub_) return;
  add_stream_metrics();
  server_->every(websocket::kFlushInterval, [hub = hub_] { hub->tick(); });
  const auto post = [server = std::weak_ptr<net::Server>(server_)](std::function<void()> task) {
    const auto alive = server.lock();
    return alive && alive->post(std::move(task));
  };
  server_->on_change(
      [hub = hub_, post](bool running) { running ? hub->start(post) : hub->stop(); });
}

MonitoringSystem::Impl::~Impl() {
  stop();
  // A wrapper or scope may keep the bus alive, and a subscriber may hold one: both end here.
  core_->events().close();
}

void MonitoringSystem::Impl::add_listeners() {
  if (config_.prometheus_enabled)
    add_listener("prometheus", config_.prometheus_bind_address, config_.prometheus_port,
                 exporter::make_metrics_router(exposition_, config_.openmetrics_enabled));
  if (config_.websocket_enabled)
    add_listener("websocket", config_.websocket_bind_address, config_.websocket_port,
                 websocket_router());
  if (config_.dashboard_enabled)
    add_listener("dashboard", config_.dashboard_bind_address, config_.dashboard_port,
                 dashboard_router());
}

net::Router MonitoringSystem::Impl::websocket_router() const {
  net::Router router;
  websocket::add_stream_route(router, hub_);
  websocket::add_health_route(router, hub_);
  return router;
}

net::Router MonitoringSystem::Impl::dashboard_router() const {
  net::Router router;
  dashboard::add_page_routes(
      router, {config_.websocket_url, LTB_VERSION, config_.dashboard_directory, config_.slos});
  dashboard::add_api_routes(router, overview_, hub_);
  websocket::add_stream_route(router, hub_);
  return router;
}

void MonitoringSystem::Impl::add_listener(const char* name, const std::string& own_address,
                                          std::uint16_t port, net::Router router) {
  net::ListenerOptions options;
  options.name = name;
  options.address = own_address.empty() ? config_.bind_address : own_address;
  options.port = port;
  options.auth_token = config_.auth_token;
  options.allowed_origins = config_.allowed_origins;
  options.allowed_hosts = config_.allowed_hosts;
  server_->add_listener(std::move(options), std::move(router));
}

void MonitoringSystem::Impl::add_self_metrics() {
  using enum MetricType;
  metrics::MetricStore& store = core_->store();
  events::EventBusCore* events = &core_->events();  // part of the recorder, as the store is
  const auto number = [](auto value) { return static_cast<double>(value); };
  store.add_family("llm_build_info", "The version of the monitoring library; always 1.", Gauge)
      .add({{"version", LTB_VERSION}}, metrics::CallbackCell{[] { return 1.0; }});
  store.add_callback("llm_monitor_events_published_total", "Events published.", Counter,
                     [=] { return number(events->last_event_id()); });
  dropped_events_ = &store.add_family("llm_monitor_events_dropped_total",
                                      "Events that slow receivers and clients lost.", Counter);
  dropped_events_->add({{"subscriber", "receivers"}},
                       metrics::CallbackCell{[=] { return number(events->stats().dropped); }});
  store.add_callback("llm_monitor_event_texts_cut_total",
                     "Texts of events that were longer than 8,192 bytes.", Counter,
                     [=] { return number(events->stats().texts_cut); });
  store.add_callback("llm_monitor_subscriber_errors_total",
                     "Exceptions thrown by event subscribers.", Counter,
                     [=] { return number(events->stats().subscriber_errors); });
  store.add_callback("llm_monitor_series", "Series in the store.", Gauge,
                     [&store, number] { return number(store.series_count()); });
  store.add_callback("llm_monitor_labels_cut_total",
                     "Recordings whose label was longer than max_label_bytes.", Counter,
                     [&store, number] { return number(store.labels_cut()); });
  store.add_callback(
      "llm_monitor_history_cuts_total",
      "Times that history was shortened to stay within max_history_bytes.", Counter,
      [collector = &core_->collector(), number] { return number(collector->history_cuts()); });
  metrics::Family& rejected = store.add_family(
      "llm_monitor_series_rejected_total",
      "Recordings refused (bad number, name or type), or taken by an _overflow_ series.", Counter);
  rejected.add({{"reason", "invalid"}},
               metrics::CallbackCell{[&store, number] { return number(store.rejected()); }});
  rejected.add({{"reason", "overflow"}},
               metrics::CallbackCell{[&store, number] { return number(store.overflowed()); }});
  exporter::add_process_metrics(store);
}

// What the limits of the network did, per listener. The store may outlive the server (a wrapper
// keeps it): then these show 0.
void MonitoringSystem::Impl::add_listener_metrics() {
  using enum MetricType;
  using Stats = net::ListenerStats;
  struct Row {
    const char* name;
    const char* help;
    MetricType type;
    std::uint64_t Stats::*field;
  };
  static constexpr Row kRows[] = {
      {"llm_monitor_connections", "Connections open, by listener.", Gauge, &Stats::connections},
      {"llm_monitor_http_requests_total", "HTTP requests answered.", Counter, &Stats::requests},
      {"llm_monitor_bad_requests_total", "Malformed or oversized HTTP requests.", Counter,
       &Stats::bad_requests},
      {"llm_monitor_unauthorized_total", "Requests without the right token.", Counter,
       &Stats::unauthorized},
      {"llm_monitor_forbidden_total", "Requests refused by their Host, Origin or site.", Counter,
       &Stats::forbidden},
      {"llm_monitor_connections_refused_total", "Connections over the limit.", Counter,
       &Stats::connections_refused},
      {"llm_monitor_ws_refused_total", "WebSocket clients over the limit.", Counter,
       &Stats::websockets_refused},
      {"llm_monitor_idle_closed_total", "Idle connections closed to make room for others.", Counter,
       &Stats::idle_closed},
      {"llm_monitor_answers_refused_total",
       "Requests refused because too many bytes of answers wait to be read.", Counter,
       &Stats::answers_refused},
      {"llm_monitor_tls_errors_total", "Connections that ended in the TLS handshake.", Counter,
       &Stats::tls_errors},
      {"llm_monitor_timeouts_total", "Connections closed by a time-out.", Counter,
       &Stats::timeouts},
      {"llm_monitor_slow_readers_closed_total",
       "WebSocket clients dropped because they did not read.", Counter,
       &Stats::slow_readers_closed},
      {"llm_monitor_ws_offending_total",
       "WebSocket clients closed for what they sent: no text, too large, too much, against the "
       "protocol.",
       Counter, &Stats::websockets_offending},
      {"llm_monitor_handler_errors_total", "Requests that failed inside the library.", Counter,
       &Stats::handler_errors},
      {"llm_monitor_accept_errors_total", "Connections that could not be accepted.", Counter,
       &Stats::accept_errors}};
  const std::pair<const char*, bool> listeners[] = {{"prometheus", config_.prometheus_enabled},
                                                    {"websocket", config_.websocket_enabled},
                                                    {"dashboard", config_.dashboard_enabled}};
  for (const Row& row : kRows) {
    metrics::Family& family = core_->store().add_family(row.name, row.help, row.type);
    for (const auto& [listener, enabled] : listeners) {
      if (!enabled) continue;
      family.add({{"listener", listener}},
                 metrics::CallbackCell{[server = std::weak_ptr<net::Server>(server_),
                                        name = std::string(listener), field = row.field] {
                   const auto alive = server.lock();
                   return alive ? static_cast<double>(alive->stats(name).*field) : kUnknown;
                 }});
    }
  }
}

void MonitoringSystem::Impl::add_stream_metrics() {
  using enum MetricType;
  metrics::MetricStore& store = core_->store();
  // The store may outlive the hub (a wrapper keeps it): then these are not known.
  const auto from_hub =
      [hub = std::weak_ptr<websocket::Hub>(hub_)](std::uint64_t websocket::HubStats::*field) {
        return [hub, field] {
          const auto alive = hub.lock();
          return alive ? static_cast<double>(alive->stats().*field) : kUnknown;
        };
      };
  store.add_callback("llm_monitor_ws_clients", "WebSocket clients connected.", Gauge,
                     from_hub(&websocket::HubStats::clients));
  store.add_callback("llm_monitor_ws_messages_total", "Messages sent to WebSocket clients.",
                     Counter, from_hub(&websocket::HubStats::messages));
  dropped_events_->add({{"subscriber", "websocket"}},
                       metrics::CallbackCell{from_hub(&websocket::HubStats::dropped)});
}

// No lock here: what excludes what is the server's to say, which holds none while it joins.
void MonitoringSystem::Impl::start() {
  server_->start();
  if (!warned_.exchange(true)) warn_when_open();
}

// The receivers first, so that nothing which is joined can wait for one.
void MonitoringSystem::Impl::stop() noexcept {
  core_->events().close_receivers();
  server_->stop();
}

void MonitoringSystem::Impl::warn_when_open() noexcept {
  const std::pair<const char*, const std::string*> listeners[] = {
      {"prometheus", config_.prometheus_enabled ? &config_.prometheus_bind_address : nullptr},
      {"websocket", config_.websocket_enabled ? &config_.websocket_bind_address : nullptr},
      {"dashboard", config_.dashboard_enabled ? &config_.dashboard_bind_address : nullptr}};
  for (const auto& [name, own] : listeners) {
    if (own == nullptr) continue;
    const std::string& address = own->empty() ? config_.bind_address : *own;
    if (!net::is_loopback_host(address))
      log_.warn("{} listener: bound to {}, so other machines can reach it{}", name, address,
                config_.auth_token.empty()
                    ? " without a token (set one with with_auth_token() or LTB_AUTH_TOKEN)"
                : config_.tls_certificate.empty()
                    ? ", and the token travels in clear text (see with_tls() and LTB_TLS_CERT, or "
                      "put a proxy in front)"
                    : "");
  }
}

std::string MonitoringSystem::Impl::last_start_error() const {
  support::MutexLock lock(error_mutex_);
  return last_start_error_;
}

void MonitoringSystem::Impl::set_last_start_error(std::string text) {
  support::MutexLock lock(error_mutex_);
  last_start_error_ = std::move(text);
}

}  // namespace ltb
