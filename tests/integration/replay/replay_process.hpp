// The replay server of these tests as a child process.
#pragma once

#include <nlohmann/json.hpp>

#include <sys/types.h>

#include <cstdint>

namespace ltb::test {

/// Started by the constructor, ended by the destructor; it also ends by itself when this process
/// does. Throws std::runtime_error when it does not start.
class ReplayProcess {
 public:
  ReplayProcess();
  ~ReplayProcess();
  ReplayProcess(const ReplayProcess&) = delete;
  ReplayProcess& operator=(const ReplayProcess&) = delete;

  [[nodiscard]] std::uint16_t port() const noexcept { return port_; }
  /// What it did, one entry per request; see server/server.mjs.
  [[nodiscard]] nlohmann::json log() const;
  /// Lets the requests go on that its scripts hold.
  void release() const;

 private:
  pid_t child_ = -1;
  int keep_alive_ = -1;  // its standard input
  std::uint16_t port_ = 0;
};

/// A port of 127.0.0.1 on which nobody listens.
[[nodiscard]] std::uint16_t closed_port();

}  // namespace ltb::test
