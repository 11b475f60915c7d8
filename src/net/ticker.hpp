// A task of the server at its interval.
#pragma once

#include "net/asio_types.hpp"
#include "support/log.hpp"
#include "support/log_limit.hpp"
#include "support/utf8.hpp"

#include <atomic>
#include <chrono>
#include <exception>
#include <functional>
#include <memory>
#include <utility>

namespace ltb::net {

struct PeriodicTask {
  std::chrono::milliseconds interval;
  std::function<void()> run;
};

/// Runs one task at its interval on a strand of its own, until the runtime ends.
class Ticker : public std::enable_shared_from_this<Ticker> {
 public:
  Ticker(asio::io_context& io, std::shared_ptr<const PeriodicTask> task, support::Log log,
         const std::atomic<bool>& ending)
      : timer_(asio::make_strand(io)),
        task_(std::move(task)),
        log_(std::move(log)),
        ending_(ending) {}

  void start() {
    timer_.expires_after(task_->interval);
    wait();
  }

 private:
  void wait() {
    timer_.async_wait([self = shared_from_this()](const ErrorCode& error) {
      if (error || self->ending_) return;
      self->run();
      // A fixed rate; after a run that took longer, the beats it missed are skipped.
      const auto now = std::chrono::steady_clock::now();
      auto next = self->timer_.expiry() + self->task_->interval;
      if (next <= now) next = now + self->task_->interval;
      self->timer_.expires_at(next);
      self->wait();
    });
  }

  void run() noexcept {
    try {
      task_->run();
    } catch (const std::exception& error) {
      if (limit_.due())
        log_.error("a periodic task threw: {}", support::escape_for_log(error.what()));
    } catch (...) {
      if (limit_.due()) log_.error("a periodic task threw something that is not a std::exception");
    }
  }

  Timer timer_;
  std::shared_ptr<const PeriodicTask> task_;
  support::Log log_;
  support::LogLimit limit_;
  const std::atomic<bool>& ending_;  // of the runtime, which outlives the io_context
};

}  // namespace ltb::net
