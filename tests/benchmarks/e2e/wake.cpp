// What a publisher pays when the thread that sends sleeps: ours wakes it when it is armed, the
// other way is to post every event to it.
#include "benchmarks/support/process.hpp"
#include "benchmarks/support/sample_calls.hpp"
#include "benchmarks/support/windows.hpp"
#include "e2e/fanout_servers.hpp"

#include <ltb/event.hpp>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>

#include <functional>
#include <memory>
#include <thread>

namespace ltb::bench {
namespace {

constexpr int kEvents = 800;
constexpr std::chrono::milliseconds kPause{1};

/// CPU time of `publish` in this thread, per event, with a pause after each.
Samples paced(const std::function<void(std::uint64_t)>& publish) {
  double cpu = 0;
  double clock = 0;  // what two readings of the clock take
  for (std::uint64_t i = 1; i <= kEvents; ++i) {
    std::this_thread::sleep_for(kPause);
    const double before = thread_cpu_seconds();
    publish(i);
    const double between = thread_cpu_seconds();
    clock += thread_cpu_seconds() - between;
    cpu += between - before;
  }
  return {{"us", (cpu - clock) * 1e6 / kEvents}};
}

MonitoringEvent finished_call(std::uint64_t number) {
  auto event = MonitoringEvent::request_completed(kProvider, kModel, "req_0123456789abcdef", 1.234,
                                                  call_usage(), kCallCost);
  event.timestamp = std::chrono::system_clock::now();
  event.id = number;
  return event;
}

Samples wake_per_event() {
  boost::asio::io_context io(1);
  const auto work = boost::asio::make_work_guard(io);
  std::thread thread([&io] { io.run(); });
  std::uint64_t seen = 0;  // touched by the thread alone
  auto samples = paced([&](std::uint64_t number) {
    auto event = finished_call(number);
    boost::asio::post(io, [&seen, shared = std::make_shared<const MonitoringEvent>(
                                      std::move(event))] { seen += shared->id; });
  });
  io.stop();
  thread.join();
  return samples;
}

// What both do before anybody is to be woken.
Samples build_alone() {
  std::shared_ptr<const MonitoringEvent> kept;
  return paced([&](std::uint64_t number) {
    auto event = finished_call(number);
    kept = std::make_shared<const MonitoringEvent>(std::move(event));
  });
}

Samples armed_wake() {
  const auto server = make_fanout_server("ours", {.clients = 0});
  return paced([&](std::uint64_t number) { server->publish(number); });
}

}  // namespace
}  // namespace ltb::bench

int main(int argc, char** argv) {
  return ltb::bench::guarded_main("wake", [&] {
    ltb::bench::Rounds rounds;
    rounds.add("armed", ltb::bench::armed_wake);
    rounds.add("per event", ltb::bench::wake_per_event);
    rounds.add("build", ltb::bench::build_alone);
    rounds.run(argc > 1 ? std::atoi(argv[1]) : 7);
    rounds.print();
  });
}
