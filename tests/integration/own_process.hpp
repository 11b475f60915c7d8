// What this process holds, as Linux counts it.
#pragma once

#include <dirent.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string>
#include <thread>

namespace ltb::test {

inline std::size_t entries_of(const char* directory) {
  std::size_t count = 0;
  DIR* dir = ::opendir(directory);
  while (dir != nullptr && ::readdir(dir) != nullptr) ++count;
  if (dir != nullptr) ::closedir(dir);
  return count;
}

/// Comparable with each other; a few more than there are.
inline std::size_t open_descriptors() {
  return entries_of("/proc/self/fd");
}

/// Starts and ends one thread. ThreadSanitizer adds a thread of its own with a program's first,
/// which must not count as one that the code under test left behind.
inline bool start_the_first_thread() {
  std::atomic<pid_t> id{0};
  std::thread([&id] { id = ::gettid(); }).join();
  // A joined thread leaves /proc a moment later.
  const std::string entry = "/proc/self/task/" + std::to_string(id);
  while (std::filesystem::exists(entry)) std::this_thread::sleep_for(std::chrono::milliseconds{1});
  return true;
}
/// As many more than there are as open_descriptors() has.
inline std::size_t threads() {
  static const bool started = start_the_first_thread();
  return started ? entries_of("/proc/self/task") : 0;
}

inline std::uint64_t resident_kib() {
  std::ifstream statm("/proc/self/statm");
  std::uint64_t pages = 0;
  statm >> pages >> pages;
  return pages * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE)) / 1024;
}

}  // namespace ltb::test
