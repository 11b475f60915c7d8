// The injected logger, if any. The library writes nowhere else.
#pragma once

#include <spdlog/logger.h>

#include <memory>
#include <utility>

namespace ltb::support {

/// Writes to the host's logger, or nowhere. Never throws: a failing sink must not reach the caller.
/// Call it without a lock, because a sink is foreign code that may call the library. What such a
/// call would log is left out: the sink may hold a mutex of its own.
class Log {
 public:
  Log() = default;
  explicit Log(std::shared_ptr<spdlog::logger> logger) noexcept : logger_(std::move(logger)) {}

  template <typename... Args>
  void info(spdlog::format_string_t<Args...> format, Args&&... args) const noexcept {
    write(spdlog::level::info, format, std::forward<Args>(args)...);
  }
  template <typename... Args>
  void warn(spdlog::format_string_t<Args...> format, Args&&... args) const noexcept {
    write(spdlog::level::warn, format, std::forward<Args>(args)...);
  }
  template <typename... Args>
  void error(spdlog::format_string_t<Args...> format, Args&&... args) const noexcept {
    write(spdlog::level::err, format, std::forward<Args>(args)...);
  }

 private:
  template <typename... Args>
  void write(spdlog::level::level_enum level, spdlog::format_string_t<Args...> format,
             Args&&... args) const noexcept {
    if (!logger_ || is_writing_) return;
    is_writing_ = true;
    try {
      logger_->log(level, format, std::forward<Args>(args)...);
    } catch (...) {  // the host's sink failed; there is no other place to report it
    }
    is_writing_ = false;
  }

  static inline thread_local constinit bool is_writing_ = false;

  std::shared_ptr<spdlog::logger> logger_;
};

}  // namespace ltb::support
