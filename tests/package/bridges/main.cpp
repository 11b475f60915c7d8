// The opt-in headers in one program: an Asio timer stands for a call, its reply is JSON, and the
// numbers come out of the collectable that a host's own Prometheus endpoint would show.
#include <ltb/asio.hpp>
#include <ltb/json.hpp>
#include <ltb/monitoring.hpp>
#include <ltb/prometheus.hpp>

#include <prometheus/metric_family.h>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include <chrono>
#include <cstdio>
#include <memory>
#include <utility>

int main() {
  ltb::MonitoringSystem monitoring;
  boost::asio::io_context context;
  boost::asio::steady_timer timer{context, std::chrono::milliseconds{1}};
  const auto body = nlohmann::json::parse(
      R"({"model": "gpt-4", "usage": {"prompt_tokens": 150, "completion_tokens": 75}})");
  ltb::async_observe<void(boost::system::error_code)>(
      monitoring, "openai", "gpt-4",
      [&](ltb::RequestScope& scope, auto handler) {
        ltb::apply(scope, ltb::read_openai_reply(body));
        timer.async_wait(std::move(handler));
      },
      [](const boost::system::error_code&) {});
  context.run();

  double tokens = 0;
  for (const prometheus::MetricFamily& family : ltb::make_collectable(monitoring)->Collect()) {
    if (family.name == "llm_tokens_input_total") tokens = family.metric.at(0).counter.value;
  }
  const bool right = tokens == 150;
  std::printf("%s\n", right ? "works" : "wrong numbers");
  return right ? 0 : 1;
}
