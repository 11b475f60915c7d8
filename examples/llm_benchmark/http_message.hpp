// HTTP requests and answers as values: what the dialects write and read, free of any network.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace llm_benchmark {

using HttpHeaders = std::vector<std::pair<std::string, std::string>>;

/// How long a call may take, counted from its start.
struct Timeouts {
  std::chrono::milliseconds whole{60'000};
  /// To the first byte of the answer's body; absent: as `whole`.
  std::optional<std::chrono::milliseconds> first_byte{};
};

/// A POST of JSON.
struct HttpRequest {
  std::string url{};      ///< With its query, without user and password.
  HttpHeaders headers{};  ///< Beside Host, User-Agent, Accept-Encoding and Content-Type (JSON).
  std::string body{};
  bool streamed = false;  ///< An answer that is not streamed is limited to kMaxAnswerBytes.
};

struct HttpReply {
  int status = 0;
  HttpHeaders headers{};  ///< Names in lower case.
  std::string body{};
  std::string redirect{};  ///< Where a 3xx answer points, without user, password and query.

  /// The value of a header (`name` in lower case), or nothing.
  [[nodiscard]] std::optional<std::string_view> header(std::string_view name) const {
    for (const auto& [known, value] : headers) {
      if (known == name) return value;
    }
    return std::nullopt;
  }
};

/// Whether a status may come with an answer: any 2xx. 201 and 203 are what some gateways send.
[[nodiscard]] constexpr bool is_success(int status) noexcept {
  return status >= 200 && status < 300;
}

inline constexpr std::size_t kMaxAnswerBytes = std::size_t{16} * 1024 * 1024;

}  // namespace llm_benchmark
