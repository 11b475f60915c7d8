// Ctrl-C and SIGTERM by signalfd: no code runs inside a signal handler, so nothing has to be
// async-signal-safe.

#include "stop_signal.hpp"

#include <poll.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <system_error>

namespace llm_benchmark {
namespace {

sigset_t watched_signals() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGINT);
  sigaddset(&set, SIGTERM);
  return set;
}

int checked(int fd, const char* what) {
  if (fd < 0) throw std::system_error(errno, std::generic_category(), what);
  return fd;
}

}  // namespace

StopSignal::StopSignal() {
  const sigset_t set = watched_signals();
  if (const int error = pthread_sigmask(SIG_BLOCK, &set, nullptr); error != 0) {
    throw std::system_error(error, std::generic_category(), "cannot block SIGINT and SIGTERM");
  }
  signals_ = checked(signalfd(-1, &set, SFD_CLOEXEC), "cannot watch for SIGINT and SIGTERM");
  quit_ = checked(eventfd(0, EFD_CLOEXEC), "cannot make an eventfd");
  thread_ = std::thread([this] { watch(); });
}

StopSignal::~StopSignal() {
  const std::uint64_t one = 1;
  [[maybe_unused]] const ssize_t written = write(quit_, &one, sizeof one);
  thread_.join();
  close(signals_);
  close(quit_);
}

void StopSignal::watch() noexcept {
  std::array<pollfd, 2> fds{{{signals_, POLLIN, 0}, {quit_, POLLIN, 0}}};
  for (;;) {
    if (poll(fds.data(), fds.size(), -1) < 0) continue;
    if ((fds[1].revents & POLLIN) != 0) return;
    signalfd_siginfo info{};
    if (read(signals_, &info, sizeof info) != static_cast<ssize_t>(sizeof info)) continue;
    // A second signal means "now": no destructors, the exit code a shell gives a killed program.
    if (!stop_.request_stop()) _exit(128 + static_cast<int>(info.ssi_signo));
  }
}

bool wait_until(const std::stop_token& stop, std::chrono::steady_clock::time_point deadline) {
  std::mutex mutex;
  std::condition_variable_any condition;
  std::unique_lock lock(mutex);
  condition.wait_until(lock, stop, deadline, [] { return false; });
  return !stop.stop_requested();
}

void wait_for_stop(const std::stop_token& stop) {
  std::mutex mutex;
  std::condition_variable_any condition;
  std::unique_lock lock(mutex);
  condition.wait(lock, stop, [] { return false; });
}

}  // namespace llm_benchmark
