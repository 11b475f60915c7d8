// What this process holds, as Linux counts it.
#pragma once

#include <dirent.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <fstream>

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
inline std::size_t threads() {
  return entries_of("/proc/self/task");
}

inline std::uint64_t resident_kib() {
  std::ifstream statm("/proc/self/statm");
  std::uint64_t pages = 0;
  statm >> pages >> pages;
  return pages * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE)) / 1024;
}

}  // namespace ltb::test
