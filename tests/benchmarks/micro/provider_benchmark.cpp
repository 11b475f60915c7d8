// What MonitoredProvider adds to a call of a provider that answers at once, with everything on and
// a client of the event stream attached.
#include "benchmarks/support/sample_calls.hpp"
#include "benchmarks/support/sockets.hpp"

#include <ltb/monitoring.hpp>

#include <benchmark/benchmark.h>

#include <atomic>
#include <memory>
#include <thread>

namespace ltb::bench {
namespace {

class InstantProvider final : public Provider {
 public:
  [[nodiscard]] std::string name() const override { return kProvider; }
  CompletionResponse complete(const CompletionRequest&) override {
    CompletionResponse response;
    response.text = "42";
    response.usage = call_usage();
    response.cost = kCallCost;
    response.finish_reason = "stop";
    return response;
  }
};

CompletionRequest request() {
  CompletionRequest request;
  request.model = kModel;
  return request;
}

/// Reads whatever the stream sends, as a dashboard does, until it is destroyed.
class StreamReader {
 public:
  explicit StreamReader(std::uint16_t port) : client_(port) {
    (void)client_.upgrade("/ws?stats_ms=1000");
    thread_ = std::thread([this] {
      char buffer[1 << 16];
      while (::recv(client_.fd(), buffer, sizeof buffer, 0) > 0) {
      }
    });
  }
  ~StreamReader() {
    client_.shutdown();
    thread_.join();
  }
  StreamReader(const StreamReader&) = delete;
  StreamReader& operator=(const StreamReader&) = delete;

 private:
  Connection client_;
  std::thread thread_;
};

void BM_BareProvider(benchmark::State& state) {
  InstantProvider provider;
  const auto asked = request();
  for (auto _ : state) benchmark::DoNotOptimize(provider.complete(asked));
}
BENCHMARK(BM_BareProvider);

void BM_MonitoredProvider(benchmark::State& state) {
  MonitoringSystem monitoring(MonitoringConfig{}
                                  .with_prometheus_port(0)
                                  .with_websocket_port(0)
                                  .with_dashboard_port(0)
                                  .with_price_table(PriceTable::built_in())
                                  .with_slo({.name = "fast", .latency = std::chrono::seconds{1}}));
  monitoring.start();
  const StreamReader dashboard(monitoring.dashboard_port());
  MonitoredProvider provider(std::make_shared<InstantProvider>(), monitoring);
  const auto asked = request();
  for (auto _ : state) benchmark::DoNotOptimize(provider.complete(asked));
}
BENCHMARK(BM_MonitoredProvider);

}  // namespace
}  // namespace ltb::bench
