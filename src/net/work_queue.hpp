// Long work of one listener, a slice at a time, so that others are served in between.
#pragma once

#include "net/asio_types.hpp"
#include "support/mutex.hpp"

#include <deque>
#include <functional>
#include <memory>

namespace ltb::net {

/// One job after the other, so that what is being made exists once, whoever asks. Each slice is a
/// task of its own on an I/O thread. Thread safety: any thread.
class WorkQueue : public std::enable_shared_from_this<WorkQueue> {
 public:
  /// Does the next slice, a few milliseconds of work; true when the job is done. An exception ends
  /// the job.
  using Job = std::function<bool()>;

  explicit WorkQueue(asio::io_context& io) : executor_(io.get_executor()) {}

  void add(Job job) LTB_EXCLUDES(mutex_);
  /// Drops what waits. When no I/O thread runs any more.
  void clear() noexcept LTB_EXCLUDES(mutex_);

 private:
  void schedule() LTB_REQUIRES(mutex_);
  void run_slice() LTB_EXCLUDES(mutex_);

  asio::io_context::executor_type executor_;
  support::Mutex mutex_;
  std::deque<Job> jobs_ LTB_GUARDED_BY(mutex_);
  bool scheduled_ LTB_GUARDED_BY(mutex_) = false;  // or running: then it goes on by itself
};

}  // namespace ltb::net
