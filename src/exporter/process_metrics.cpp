#include "exporter/process_metrics.hpp"

#include <sys/resource.h>
#include <unistd.h>

#include <charconv>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <limits>
#include <locale>
#include <optional>
#include <sstream>
#include <string>
#include <string_view>
#include <system_error>

namespace ltb::exporter {
namespace {

constexpr double kUnknown = std::numeric_limits<double>::quiet_NaN();

std::string read_file(const char* path) {
  std::ifstream file(path);
  return std::string(std::istreambuf_iterator<char>(file), {});
}

/// Unknown when the text does not begin with a number.
double number_in(std::string_view text) noexcept {
  std::uint64_t value = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), value);
  return parsed.ec == std::errc{} ? static_cast<double>(value) : kUnknown;
}

// A field of /proc/self/stat by its number in proc(5). The command name, field 2, may hold blanks
// and parentheses: the fields are counted from its closing one. Unknown when the file cannot be
// opened, as in a program that has no descriptor left.
double stat_field(int number) {
  const std::string stat = read_file("/proc/self/stat");
  const std::size_t name_end = stat.rfind(')');
  if (name_end == std::string::npos) return kUnknown;
  std::istringstream fields(stat.substr(name_end + 1));
  fields.imbue(std::locale::classic());  // not the host's
  std::string field;
  for (int at = 3; at <= number; ++at) fields >> field;
  return number_in(field);
}

double ticks_per_second() {
  return static_cast<double>(sysconf(_SC_CLK_TCK));
}

double cpu_seconds() {
  rusage usage{};
  if (getrusage(RUSAGE_SELF, &usage) != 0) return kUnknown;
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) * 1e-6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

double most_descriptors() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return kUnknown;
  return static_cast<double>(limit.rlim_cur);
}

double open_descriptors() {
  std::error_code error;
  std::filesystem::directory_iterator entry("/proc/self/fd", error);
  // None is free for the folder itself: all that the limit allows are open.
  if (error == std::errc::too_many_files_open) return most_descriptors();
  double count = 0;
  for (const std::filesystem::directory_iterator end; !error && entry != end;
       entry.increment(error))
    ++count;
  return !error && count > 0 ? count - 1 : kUnknown;  // without the one that reads the folder
}

double start_time_seconds() {
  constexpr std::string_view kBoot = "btime ";
  const std::string stat = read_file("/proc/stat");
  const std::size_t at = stat.find(kBoot);
  if (at == std::string::npos) return kUnknown;
  return number_in(std::string_view(stat).substr(at + kBoot.size())) +
         stat_field(22) / ticks_per_second();
}

}  // namespace

void add_process_metrics(metrics::MetricStore& store) {
  using enum MetricType;
  const double start = start_time_seconds();
  using std::chrono::system_clock;
  std::optional<system_clock::time_point> began;
  if (!std::isnan(start)) {
    began = system_clock::time_point(
        std::chrono::duration_cast<system_clock::duration>(std::chrono::duration<double>(start)));
  }
  store
      .add_family("process_cpu_seconds_total",
                  "User and system CPU time of the host process in seconds.", Counter)
      .add({}, metrics::CallbackCell{cpu_seconds}, nullptr, began);
  store.add_callback("process_resident_memory_bytes",
                     "Resident memory of the host process in bytes.", Gauge,
                     [] { return stat_field(24) * static_cast<double>(sysconf(_SC_PAGESIZE)); });
  store.add_callback("process_virtual_memory_bytes", "Virtual memory of the host process in bytes.",
                     Gauge, [] { return stat_field(23); });
  store.add_callback("process_open_fds", "Open file descriptors of the host process.", Gauge,
                     open_descriptors);
  store.add_callback("process_max_fds", "Most file descriptors the host process may open.", Gauge,
                     most_descriptors);
  store.add_callback("process_threads", "Threads of the host process.", Gauge,
                     [] { return stat_field(20); });
  store.add_callback("process_start_time_seconds",
                     "Start of the host process, in seconds since the Unix epoch.", Gauge,
                     [start] { return std::isnan(start) ? start_time_seconds() : start; });
}

}  // namespace ltb::exporter
