// A scrape over a kept-alive connection, end to end: our listener against prometheus-cpp's Exposer.
#include "benchmarks/support/process.hpp"
#include "benchmarks/support/render_stores.hpp"
#include "benchmarks/support/sockets.hpp"
#include "benchmarks/support/windows.hpp"
#include "exporter/metrics_endpoint.hpp"
#include "net/server.hpp"

#include <prometheus/exposer.h>

#include <charconv>
#include <cstdlib>

namespace ltb::bench {
namespace {

/// One kept-alive connection that fetches /metrics. Reads both ways to end a body.
class Scraper {
 public:
  explicit Scraper(std::uint16_t port) : connection_(port) {}

  /// The size of the body.
  std::size_t scrape() {
    connection_.send("GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n");
    in_.clear();
    std::size_t head = 0;
    while ((head = in_.find("\r\n\r\n")) == std::string::npos) connection_.receive(in_);
    head += 4;
    if (!in_.starts_with("HTTP/1.1 200")) throw std::runtime_error(in_.substr(0, head));
    if (in_.find("Transfer-Encoding: chunked") < head) return read_chunks(head);
    return read_length(head);
  }

 private:
  std::size_t read_length(std::size_t head) {
    std::string lower = in_.substr(0, head);
    for (char& c : lower) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    const std::size_t at = lower.find("content-length: ");
    if (at == std::string::npos) throw std::runtime_error("no length: " + lower);
    const std::size_t length = std::strtoull(lower.c_str() + at + 16, nullptr, 10);
    while (in_.size() < head + length) connection_.receive(in_);
    return length;
  }

  std::size_t read_chunks(std::size_t at) {
    std::size_t length = 0;
    for (;;) {
      std::size_t line = 0;
      while ((line = in_.find("\r\n", at)) == std::string::npos) connection_.receive(in_);
      const std::size_t size = std::strtoull(in_.c_str() + at, nullptr, 16);
      at = line + 2 + size + 2;
      while (in_.size() < at) connection_.receive(in_);
      if (size == 0) return length;
      length += size;
    }
  }

  Connection connection_;
  std::string in_;
};

Samples time_scrapes(Scraper& scraper, int count) {
  (void)scraper.scrape();  // the first after the other side's turn finds cold caches
  const double started = seconds_now();
  std::size_t bytes = 0;
  for (int i = 0; i < count; ++i) bytes = scraper.scrape();
  return {{"seconds", (seconds_now() - started) / count}, {"bytes", static_cast<double>(bytes)}};
}

void run(std::size_t series, int rounds) {
  CounterStore ours(series);
  const auto exposition = std::make_shared<exporter::Exposition>(ours.metrics);
  net::Server server;
  server.add_listener({.name = "prometheus"}, exporter::make_metrics_router(exposition));
  server.start();
  Scraper our_scraper(server.port("prometheus"));

  PrometheusCounters theirs(series);
  prometheus::Exposer exposer(std::vector<std::string>{
      "listening_ports", "127.0.0.1:0", "num_threads", "2", "enable_keep_alive", "yes",
      "keep_alive_timeout_ms", "60000", "tcp_nodelay", "1"});
  exposer.RegisterCollectable(theirs.registry);
  Scraper their_scraper(static_cast<std::uint16_t>(exposer.GetListeningPorts().at(0)));

  Rounds windows;
  windows.add("ours", [&] { return time_scrapes(our_scraper, 20); });
  windows.add("exposer", [&] { return time_scrapes(their_scraper, 1); });
  windows.run(rounds);
  windows.print();
  server.stop();
}

}  // namespace
}  // namespace ltb::bench

int main(int argc, char** argv) {
  return ltb::bench::guarded_main("scrape", [&] {
    const std::size_t series = argc > 1 ? std::strtoull(argv[1], nullptr, 10) : 10'000;
    ltb::bench::run(series, argc > 2 ? std::atoi(argv[2]) : 9);
  });
}
