// std::mutex with the annotations that clang's thread-safety analysis reads (libstdc++'s carries
// none).
#pragma once

#include <condition_variable>
#include <mutex>

#if defined(__clang__)
#define LTB_THREAD_ANNOTATION(x) __attribute__((x))
#else
#define LTB_THREAD_ANNOTATION(x)
#endif
#define LTB_CAPABILITY(x) LTB_THREAD_ANNOTATION(capability(x))
#define LTB_SCOPED_CAPABILITY LTB_THREAD_ANNOTATION(scoped_lockable)
#define LTB_GUARDED_BY(x) LTB_THREAD_ANNOTATION(guarded_by(x))
#define LTB_REQUIRES(...) LTB_THREAD_ANNOTATION(requires_capability(__VA_ARGS__))
#define LTB_EXCLUDES(...) LTB_THREAD_ANNOTATION(locks_excluded(__VA_ARGS__))
#define LTB_ACQUIRE(...) LTB_THREAD_ANNOTATION(acquire_capability(__VA_ARGS__))
#define LTB_RELEASE(...) LTB_THREAD_ANNOTATION(release_capability(__VA_ARGS__))
#define LTB_TRY_ACQUIRE(...) LTB_THREAD_ANNOTATION(try_acquire_capability(__VA_ARGS__))
#define LTB_NO_THREAD_SAFETY_ANALYSIS LTB_THREAD_ANNOTATION(no_thread_safety_analysis)

namespace ltb::support {

class LTB_CAPABILITY("mutex") Mutex {
 public:
  void lock() LTB_ACQUIRE() { mutex_.lock(); }
  void unlock() LTB_RELEASE() { mutex_.unlock(); }
  bool try_lock() LTB_TRY_ACQUIRE(true) { return mutex_.try_lock(); }

 private:
  std::mutex mutex_;
};

class LTB_SCOPED_CAPABILITY MutexLock {
 public:
  explicit MutexLock(Mutex& mutex) LTB_ACQUIRE(mutex) : mutex_(mutex) { mutex_.lock(); }
  ~MutexLock() LTB_RELEASE() { mutex_.unlock(); }
  MutexLock(const MutexLock&) = delete;
  MutexLock& operator=(const MutexLock&) = delete;

 private:
  Mutex& mutex_;
};

/// Waits on a Mutex that the caller holds.
using ConditionVariable = std::condition_variable_any;

}  // namespace ltb::support
