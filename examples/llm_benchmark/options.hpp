// The command line of llm_benchmark: which flags there are, and what a wrong one is told.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace llm_benchmark {

enum class ProviderKind { Simulated, OpenAi };

/// What the user asked for.
struct Options {
  std::filesystem::path dataset{};
  std::optional<std::uint64_t> requests{};  ///< Stop after this many; absent: no such end.
  std::optional<std::chrono::nanoseconds>
      duration{};            ///< Start nothing after this; absent: no such end.
  unsigned concurrency = 8;  ///< Requests in flight at most.
  std::optional<double>
      rate{};  ///< Requests started per second; absent: as fast as `concurrency` lets them.
  ProviderKind provider = ProviderKind::Simulated;
  std::string base_url{};             ///< Of an OpenAI-compatible server.
  std::vector<std::string> models{};  ///< Asked in turn, the same questions each.
  std::string api_key_env = "OPENAI_API_KEY";
  bool api_key_env_given = false;  ///< Named by the user: then the variable must be set.
  std::chrono::milliseconds timeout{60'000};
  std::uint64_t seed = 1;
  bool stay = false;
  bool quiet = false;
  bool help = false;
  std::filesystem::path json{};  ///< Where the summary goes as JSON; empty: nowhere.
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
