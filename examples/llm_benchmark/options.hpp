// The command line of llm_benchmark: which flags there are, and what a wrong one is told.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <ltb/config.hpp>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "pacer.hpp"
#include "target.hpp"

namespace llm_benchmark {

/// What the user asked for.
struct Options {
  std::filesystem::path dataset{};
  std::optional<std::uint64_t> requests{};  ///< Stop after this many; absent: no such end.
  std::optional<std::chrono::nanoseconds>
      duration{};            ///< Start nothing after this; absent: no such end.
  unsigned concurrency = 8;  ///< Requests in flight at most.
  std::optional<double>
      rate{};  ///< Requests started per second; absent: as fast as `concurrency` lets them.
  Arrival arrival = Arrival::Poisson;
  std::uint64_t warm_up = 0;                  ///< Requests to each target before the benchmark.
  std::vector<TargetSpec> targets{};          ///< Empty: the simulated providers.
  bool stream = true;                         ///< Real ones: false unless asked for.
  unsigned retries = 0;                       ///< Real ones: 2 unless given.
  std::chrono::milliseconds timeout{60'000};  ///< For one attempt.
  std::optional<std::chrono::milliseconds> first_byte_timeout{};
  std::string ca_file{};
  std::optional<std::uint32_t> max_tokens{};  ///< Of an answer; absent: the server's own bound.
  std::optional<double> temperature{};        ///< 0 to 2; absent: the server's own.
  std::uint64_t seed = 1;
  std::string prices{};  ///< A file, or "builtin"; empty: none but those LTB_PRICE_TABLE names.
  std::vector<ltb::Slo> slos{};
  std::optional<double> budget_usd{};
  bool stay = false;
  bool quiet = false;
  bool help = false;
  std::filesystem::path json{};  ///< Where the summary goes as JSON; empty: nowhere.

  [[nodiscard]] bool is_simulated() const noexcept { return targets.empty(); }
};

/// A command line that says something impossible; what() names the flag, its value and what was
/// expected.
class UsageError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// Reads the arguments after the program's name, `--flag value` or `--flag=value`. Throws
/// UsageError.
[[nodiscard]] Options parse_options(const std::vector<std::string>& arguments,
                                    const std::filesystem::path& default_dataset);

/// The text of --help.
[[nodiscard]] std::string usage(const std::filesystem::path& default_dataset);

}  // namespace llm_benchmark
