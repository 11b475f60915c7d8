// The frame of an end-to-end program: variants measured in turn, window by window, so that whatever
// else the machine does hits them all alike; the samples go out as JSON.
#pragma once

#include <nlohmann/json.hpp>

#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <exception>
#include <functional>
#include <iostream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace ltb::bench {

/// One number of one window.
using Samples = std::vector<std::pair<std::string, double>>;

/// Runs every variant once per round and keeps what it returns.
class Rounds {
 public:
  void add(std::string variant, std::function<Samples()> measure) {
    variants_.emplace_back(std::move(variant), std::move(measure));
  }

  void run(int rounds) {
    for (int round = 0; round < rounds; ++round) {
      for (const auto& [variant, measure] : variants_) {
        std::cerr << "  round " << round + 1 << '/' << rounds << ": " << variant << std::endl;
        for (const auto& [name, value] : measure()) samples_[variant + '/' + name].push_back(value);
      }
    }
  }

  /// One round, each variant in a process of its own: what an earlier one left in the heap would be
  /// given to a later one.
  void run_apart() {
    for (const auto& [variant, measure] : variants_) {
      std::cerr << "  " << variant << std::endl;
      int ends[2];
      if (::pipe(ends) != 0) throw std::runtime_error("pipe failed");
      const pid_t pid = ::fork();
      if (pid < 0) throw std::runtime_error("fork failed");
      if (pid == 0) {
        const std::string text = nlohmann::json(measure()).dump();
        const auto written = ::write(ends[1], text.data(), text.size());
        ::_exit(written == static_cast<ssize_t>(text.size()) ? 0 : 1);
      }
      ::close(ends[1]);
      std::string text;
      char buffer[4096];
      for (ssize_t got = 0; (got = ::read(ends[0], buffer, sizeof buffer)) > 0;)
        text.append(buffer, static_cast<std::size_t>(got));
      ::close(ends[0]);
      int status = 0;
      ::waitpid(pid, &status, 0);
      if (status != 0) throw std::runtime_error(variant + " failed");
      for (const auto& [name, value] : nlohmann::json::parse(text).get<Samples>())
        samples_[variant + '/' + name].push_back(value);
    }
  }

  /// Whether no window of any variant measured anything but 0 under this name.
  [[nodiscard]] bool all_zero(std::string_view name) const {
    for (const auto& [key, values] : samples_.items())
      if (key.ends_with('/' + std::string(name)))
        for (const double value : values)
          if (value != 0) return false;
    return true;
  }

  /// {"samples": {"variant/number": [one value per round]}}
  void print() const { std::cout << nlohmann::json{{"samples", samples_}}.dump() << std::endl; }

 private:
  std::vector<std::pair<std::string, std::function<Samples()>>> variants_;
  nlohmann::json samples_ = nlohmann::json::object();
};

/// The main function of such a program: what goes wrong ends it with a message.
template <typename Body>
int guarded_main(const char* program, Body&& body) {
  try {
    body();
    return 0;
  } catch (const std::exception& error) {
    std::cerr << program << ": " << error.what() << std::endl;
    return 1;
  }
}

}  // namespace ltb::bench
