// What a person sees while it runs.

#include "console.hpp"

#include <chrono>
#include <iostream>

#include "summary.hpp"

namespace llm_benchmark {
namespace {

constexpr std::chrono::milliseconds kRewriteEvery{250};
constexpr const char* kWipeLine = "\r\x1b[K";

}  // namespace

Console::Console(const ltb::MonitoringSystem& monitoring, std::optional<std::uint64_t> requests,
                 bool show_progress)
    : monitoring_(monitoring), requests_(requests), show_progress_(show_progress) {
  if (show_progress_) {
    thread_ = std::jthread([this](const std::stop_token& stop) { rewrite(stop); });
  }
}

Console::~Console() {
  if (!show_progress_) return;
  thread_.request_stop();
  thread_.join();
  std::cout << kWipeLine << std::flush;
}

void Console::complain(const std::string& message) {
  const std::lock_guard lock(mutex_);
  if (show_progress_) std::cout << kWipeLine << std::flush;
  std::cerr << "llm_benchmark: " << message << '\n';
}

void Console::rewrite(const std::stop_token& stop) {
  std::unique_lock lock(mutex_);
  while (!stop.stop_requested()) {
    std::cout << kWipeLine << progress_line(monitoring_.collector().totals(), requests_)
              << std::flush;
    tick_.wait_for(lock, stop, kRewriteEvery, [] { return false; });
  }
}

std::string progress_line(const ltb::CallTotals& totals, std::optional<std::uint64_t> requests) {
  std::string line = std::to_string(totals.total_requests);
  if (requests) line += '/' + std::to_string(*requests);
  if (const auto rate = totals.requests_per_second) line += "  " + fixed(*rate, 1) + "/s";
  line += "  " + std::to_string(totals.active_requests) + " in flight  " +
          std::to_string(totals.failed_requests) + " errors";
  if (totals.latency.p95) line += "  P95 " + fixed(*totals.latency.p95, 2) + " s";
  if (const auto ttft = totals.time_to_first_token.p50) line += "  TTFT " + fixed(*ttft, 2) + " s";
  if (totals.total_cost_nano_usd) line += "  $" + dollars(*totals.total_cost_nano_usd);
  if (totals.unpriced_requests > 0) {
    line += (totals.total_cost_nano_usd ? " + " : "  ") + std::to_string(totals.unpriced_requests) +
            " not priced";
  }
  return line;
}

}  // namespace llm_benchmark
