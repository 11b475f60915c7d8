// A host program that does what hosts do to a library: ends with it still alive, keeps SIGPIPE's
// default, or is a client that is killed.
//
// Usage: fault_host static-destruction | sigpipe | client PORT
#include "integration/system_fixture.hpp"

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <memory>

namespace {

using namespace ltb;

/// Lives longer than the system: what a host keeps in a global.
struct Keeper {
  std::optional<RequestScope> scope;
  std::optional<EventReceiver> receiver;
  std::optional<Subscription> subscription;
  std::shared_ptr<Provider> provider;
  int seen = 0;

  ~Keeper() {  // after the system's end
    scope->finish(TokenUsage{1, 2});
    (void)provider->complete({.model = "late"});
    int left = 0;
    while (receiver->receive()) ++left;  // ends: the bus is closed
    std::printf("after the end: %d seen, receiver closed %d\n", seen, receiver->is_closed());
    std::fflush(stdout);
    subscription.reset();
  }
};

class Echo final : public Provider {
 public:
  [[nodiscard]] std::string name() const override { return "echo"; }
  CompletionResponse complete(const CompletionRequest& request) override {
    return {.text = request.prompt, .usage = TokenUsage{1, 1}};
  }
};

MonitoringSystem& global_system() {
  static MonitoringSystem system(test::free_ports());
  return system;
}

int static_destruction() {
  static Keeper keeper;  // made before the system: destroyed after it
  MonitoringSystem& system = global_system();
  system.start();
  keeper.scope = system.begin_request("p", "m");
  keeper.receiver = system.event_bus().subscribe();
  keeper.subscription = system.event_bus().on_event([](const MonitoringEvent&) { ++keeper.seen; });
  keeper.provider = std::make_shared<MonitoredProvider>(std::make_shared<Echo>(), system);
  std::atexit([] {  // runs before the system's destructor, while it serves
    MonitoringSystem& running = global_system();
    running.event_bus().publish(MonitoringEvent::request("p", "at exit"));
    test::RawClient client(running.prometheus_port());
    const auto reply = client.get("/metrics");
    std::printf("at exit: status %d\n", reply ? reply->status : 0);
    std::fflush(stdout);
  });
  std::exit(0);  // not _exit: destructors run, with a listener open and a client connected
}

int sigpipe() {
  std::signal(SIGPIPE, SIG_DFL);
  MonitoringSystem system(test::free_ports());
  system.start();
  const std::string text(8000, 'x');
  for (int round = 0; round < 40; ++round) {
    test::StreamClient stream(system.websocket_port(), "", 4096);
    test::RawClient page(system.dashboard_port(), 4096);
    (void)page.send("GET /app.js HTTP/1.1\r\nHost: localhost\r\n\r\n");
    test::RawClient scraper(system.prometheus_port(), 4096);
    (void)scraper.send("GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n");
    for (int i = 0; i < 50; ++i)
      system.event_bus().publish(MonitoringEvent::alert(AlertSeverity::Info, "t", text));
  }  // all three close with bytes unread: the server's next send finds a reset connection
  test::RawClient client(system.prometheus_port());
  const auto reply = client.get("/metrics");
  std::printf("alive: status %d\n", reply ? reply->status : 0);
  return 0;
}

int client(const char* port) {
  test::StreamClient stream(static_cast<std::uint16_t>(std::atoi(port)));
  (void)stream.next();
  std::printf("connected\n");
  std::fflush(stdout);
  while (!stream.next().is_null()) {
  }
  return 0;
}

}  // namespace

int main(int count, char** arguments) {
  const std::string mode = count > 1 ? arguments[1] : "";
  if (mode == "static-destruction") return static_destruction();
  if (mode == "sigpipe") return sigpipe();
  if (mode == "client" && count > 2) return client(arguments[2]);
  std::fprintf(stderr, "fault_host: expected static-destruction, sigpipe or client PORT\n");
  return 2;
}
