// The query of an API request: read, checked, and refused in words that help.
#pragma once

#include "events/event_history.hpp"
#include "net/http.hpp"

#include <ltb/collector.hpp>

#include <chrono>
#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace ltb::dashboard {

/// Becomes a 400 with this text.
class BadRequest : public std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// The parameters of one request. Parameters nobody asks for are ignored; empty ones count as
/// absent.
class Query {
 public:
  /// Throws BadRequest for broken escapes and for a parameter that comes twice.
  explicit Query(std::string_view encoded);

  [[nodiscard]] std::optional<std::string_view> text(std::string_view name) const noexcept;
  /// Throws BadRequest naming parameter, value and range.
  [[nodiscard]] std::optional<std::int64_t> whole(std::string_view name, std::int64_t low,
                                                  std::int64_t high) const;
  [[nodiscard]] std::optional<double> number(std::string_view name, double low, double high) const;

 private:
  std::vector<std::pair<std::string, std::string>> parameters_;
};

/// "name=value: expected ..." with the value escaped.
[[noreturn]] void refuse(std::string_view name, std::string_view value, std::string_view expected);

enum class Format { Json, Csv };
/// `format=`, else what the Accept header likes better.
[[nodiscard]] Format format_of(const Query& query, const net::Request& request);

/// since, limit and type of /api/v1/events.
[[nodiscard]] events::EventQuery event_query_of(const Query& query);

/// The question of /api/v1/series.
struct SeriesQuery {
  enum class By { Nothing, Provider, Model };
  std::vector<std::string> metrics{};
  std::string provider{};
  std::string model{};
  By by = By::Nothing;
  double from = 0;  ///< Unix time, seconds.
  double to = 0;
  std::int64_t step = 0;  ///< Seconds, at least what kMaxPoints needs; 0: the smallest that fits.

  static constexpr std::size_t kMaxMetrics = 32;
  static constexpr std::int64_t kMaxWindow = 604'800;
  static constexpr std::int64_t kMaxPoints = 600;  ///< Of one series.
};
[[nodiscard]] SeriesQuery series_query_of(const Query& query,
                                          std::chrono::system_clock::time_point now);

}  // namespace ltb::dashboard
