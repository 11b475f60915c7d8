// How long a provider asks to wait: Retry-After as milliseconds, seconds or an HTTP date (RFC
// 9110, 5.6.7 and 10.2.3).
#include "llm/http_date.hpp"

#include <ltb/error_type.hpp>

#include <algorithm>
#include <array>

namespace ltb {
namespace {

using std::chrono::milliseconds;

/// More than that counts as that: it keeps sums of waits and points in time far from overflow.
constexpr milliseconds kLongestWait = std::chrono::hours{24 * 365};

bool is_digit(char c) noexcept {
  return c >= '0' && c <= '9';
}

std::string_view trim(std::string_view text) noexcept {
  const auto is_space = [](char c) { return c == ' ' || c == '\t'; };
  while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
  return text;
}

/// A decimal number without sign or exponent, times `scale` (1 or 1,000), rounded up: a client that
/// comes too early is refused again.
std::optional<milliseconds> parse_decimal(std::string_view text, std::int64_t scale) noexcept {
  constexpr std::int64_t kMicro = 1'000'000;  // six decimals are kept, the rest rounds up
  const std::int64_t limit = kLongestWait.count() * (kMicro / scale);
  std::int64_t micros = 0;  // millionths of the unit
  bool digits = false;
  bool more = false;
  std::size_t i = 0;
  for (; i < text.size() && is_digit(text[i]); ++i) {
    digits = true;
    micros = std::min(limit, micros * 10 + (text[i] - '0') * kMicro);
  }
  if (i < text.size() && text[i] == '.') {
    std::int64_t place = kMicro / 10;
    for (++i; i < text.size() && is_digit(text[i]); ++i, place /= 10) {
      digits = true;
      micros += (text[i] - '0') * place;
      more = more || (place == 0 && text[i] != '0');
    }
  }
  if (!digits || i != text.size()) return std::nullopt;
  const std::int64_t divisor = kMicro / scale;
  const std::int64_t count = (micros + (more ? 1 : 0) + divisor - 1) / divisor;
  return std::min(milliseconds{count}, kLongestWait);
}

/// Takes the parts of a date from the front of a text; the first part that does not fit makes it
/// fail for good.
class DateReader {
 public:
  explicit DateReader(std::string_view text) noexcept : text_(text) {}

  void literal(std::string_view expected) noexcept {
    if (!text_.starts_with(expected)) return fail();
    text_.remove_prefix(expected.size());
  }
  unsigned number(std::size_t digits) noexcept {
    unsigned value = 0;
    for (std::size_t i = 0; i < digits; ++i) {
      if (i >= text_.size() || !is_digit(text_[i])) return fail(), 0;
      value = value * 10 + static_cast<unsigned>(text_[i] - '0');
    }
    text_.remove_prefix(digits);
    return value;
  }
  /// asctime's day: two digits, or a space and one.
  unsigned padded_day() noexcept {
    if (!text_.starts_with(' ')) return number(2);
    text_.remove_prefix(1);
    return number(1);
  }
  template <std::size_t N>
  unsigned one_of(const std::array<std::string_view, N>& names) noexcept {
    for (std::size_t i = 0; i < N; ++i) {
      if (text_.starts_with(names[i]))
        return text_.remove_prefix(names[i].size()), static_cast<unsigned>(i);
    }
    return fail(), 0;
  }
  std::chrono::seconds time_of_day() noexcept {
    const unsigned hour = number(2);
    literal(":");
    const unsigned minute = number(2);
    literal(":");
    const unsigned second = number(2);
    if (hour > 23 || minute > 59 || second > 60) fail();  // 60: a leap second
    return std::chrono::hours{hour} + std::chrono::minutes{minute} + std::chrono::seconds{second};
  }
  [[nodiscard]] bool next_is(char c) const noexcept { return text_.starts_with(c); }
  [[nodiscard]] bool read_all() const noexcept { return !failed_ && text_.empty(); }

 private:
  void fail() noexcept {
    failed_ = true;
    text_ = {};
  }

  std::string_view text_;
  bool failed_ = false;
};

constexpr std::array<std::string_view, 7> kDays = {"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"};
constexpr std::array<std::string_view, 7> kLongDays = {
    "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"};
constexpr std::array<std::string_view, 12> kMonths = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                      "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

struct Date {
  int year = 0;
  unsigned month = 0;
  unsigned day = 0;
  std::chrono::seconds time{};
};

/// "Sun, 06 Nov 1994 08:49:37 GMT"
std::optional<Date> parse_imf_fixdate(std::string_view text) noexcept {
  DateReader in(text);
  Date date;
  in.one_of(kDays);
  in.literal(", ");
  date.day = in.number(2);
  in.literal(" ");
  date.month = in.one_of(kMonths) + 1;
  in.literal(" ");
  date.year = static_cast<int>(in.number(4));
  in.literal(" ");
  date.time = in.time_of_day();
  in.literal(" GMT");
  if (!in.read_all()) return std::nullopt;
  return date;
}

/// "Sunday, 06-Nov-94 08:49:37 GMT": the year is the nearest one, at most 50 years ahead.
std::optional<Date> parse_rfc850(std::string_view text, int this_year) noexcept {
  DateReader in(text);
  Date date;
  in.one_of(kLongDays);
  in.literal(", ");
  date.day = in.number(2);
  in.literal("-");
  date.month = in.one_of(kMonths) + 1;
  in.literal("-");
  date.year = this_year - this_year % 100 + static_cast<int>(in.number(2));
  in.literal(" ");
  date.time = in.time_of_day();
  in.literal(" GMT");
  if (!in.read_all()) return std::nullopt;
  if (date.year > this_year + 50) date.year -= 100;
  if (date.year <= this_year - 50) date.year += 100;
  return date;
}

/// "Sun Nov  6 08:49:37 1994"
std::optional<Date> parse_asctime(std::string_view text) noexcept {
  DateReader in(text);
  Date date;
  in.one_of(kDays);
  in.literal(" ");
  date.month = in.one_of(kMonths) + 1;
  in.literal(" ");
  date.day = in.padded_day();
  in.literal(" ");
  date.time = in.time_of_day();
  in.literal(" ");
  date.year = static_cast<int>(in.number(4));
  if (!in.read_all()) return std::nullopt;
  return date;
}

std::optional<milliseconds> parse_date(std::string_view text,
                                       std::chrono::system_clock::time_point now) noexcept {
  const auto until = llm::parse_http_date(text, now);
  if (!until) return std::nullopt;
  return std::clamp(*until - std::chrono::floor<milliseconds>(now), milliseconds{0}, kLongestWait);
}

}  // namespace

std::optional<std::chrono::sys_time<milliseconds>> llm::parse_http_date(
    std::string_view text, std::chrono::system_clock::time_point now) noexcept {
  using namespace std::chrono;
  const int this_year = static_cast<int>(year_month_day{floor<days>(now)}.year());
  std::optional<Date> date = parse_imf_fixdate(text);
  if (!date) date = parse_rfc850(text, this_year);
  if (!date) date = parse_asctime(text);
  if (!date) return std::nullopt;
  const year_month_day day{year{date->year}, month{date->month}, std::chrono::day{date->day}};
  if (!day.ok()) return std::nullopt;
  return sys_days{day} + date->time;
}

std::optional<milliseconds> parse_retry_after(std::string_view retry_after_ms,
                                              std::string_view retry_after,
                                              std::chrono::system_clock::time_point now) noexcept {
  if (const auto wait = parse_decimal(trim(retry_after_ms), 1)) return wait;
  const std::string_view text = trim(retry_after);
  if (const auto wait = parse_decimal(text, 1000)) return wait;
  return parse_date(text, now);
}

}  // namespace ltb
