#include "net/work_queue.hpp"

#include <utility>

namespace ltb::net {

void WorkQueue::add(Job job) {
  const support::MutexLock lock(mutex_);
  jobs_.push_back(std::move(job));
  if (!scheduled_) schedule();
}

void WorkQueue::clear() noexcept {
  std::deque<Job> dropped;
  const support::MutexLock lock(mutex_);
  dropped.swap(jobs_);
}

// Without memory nothing runs until the next add().
void WorkQueue::schedule() {
  scheduled_ = false;
  asio::post(executor_, [weak = weak_from_this()] {
    if (const auto self = weak.lock()) self->run_slice();
  });
  scheduled_ = true;
}

void WorkQueue::run_slice() {
  Job* job = nullptr;
  {
    const support::MutexLock lock(mutex_);
    scheduled_ = !jobs_.empty();
    if (!scheduled_) return;
    job = &jobs_.front();  // a deque does not move it, and only this function takes it off
  }
  bool is_done = true;
  try {
    is_done = (*job)();
  } catch (...) {  // no memory; who waits for it is let go with it
  }
  Job done;  // let go after the lock
  const support::MutexLock lock(mutex_);
  if (is_done) {
    done = std::move(jobs_.front());
    jobs_.pop_front();
  }
  scheduled_ = false;
  if (!jobs_.empty()) schedule();
}

}  // namespace ltb::net
