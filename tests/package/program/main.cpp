// Uses the installed library: records one call with listeners on free ports, and reads it back.
#include <ltb/monitoring.hpp>

#include <cstdio>

int main() {
  ltb::MonitoringSystem monitoring{
      ltb::MonitoringConfig{}.with_prometheus_port(0).with_websocket_port(0).with_dashboard_port(
          0)};
  monitoring.start();
  monitoring.begin_request("openai", "gpt-4")
      .finish({.input_tokens = 150, .output_tokens = 75}, 0.0135);
  const auto stats = monitoring.get_provider_stats("openai");
  const bool right = monitoring.prometheus_port() != 0 && stats && stats->total_requests == 1 &&
                     stats->total_cost_nano_usd == 13'500'000;
  std::printf("ltb-monitoring %s: %s\n", LTB_VERSION, right ? "works" : "wrong numbers");
  return right ? 0 : 1;
}
