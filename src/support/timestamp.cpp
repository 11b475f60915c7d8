#include "support/timestamp.hpp"

#include <algorithm>
#include <cstdint>

namespace ltb::support {
namespace {

using std::chrono::days;
using std::chrono::floor;
using std::chrono::system_clock;

constexpr int kFirstYear = 1700;
constexpr int kLastYear = 2260;
constexpr system_clock::time_point kEarliest{
    std::chrono::sys_days{std::chrono::year{kFirstYear} / 1 / 1}};
constexpr system_clock::time_point kLatest =
    std::chrono::sys_days{std::chrono::year{kLastYear + 1} / 1 / 1} - std::chrono::milliseconds{1};

void write_digits(char* at, std::size_t count, unsigned value) noexcept {
  for (std::size_t i = count; i > 0; --i, value /= 10) {
    at[i - 1] = static_cast<char>('0' + value % 10);
  }
}

// Takes digits and separators from the front of a text; once something is wrong it stays so.
class Scanner {
 public:
  explicit Scanner(std::string_view text) noexcept : rest_(text) {}

  int digits(std::size_t count) noexcept {
    int value = 0;
    for (std::size_t i = 0; i < count; ++i) {
      if (rest_.size() <= i || rest_[i] < '0' || rest_[i] > '9') return fail();
      value = value * 10 + (rest_[i] - '0');
    }
    rest_.remove_prefix(count);
    return value;
  }

  char one_of(std::string_view allowed) noexcept {
    if (rest_.empty() || allowed.find(rest_[0]) == std::string_view::npos) {
      fail();
      return '\0';
    }
    const char taken = rest_[0];
    rest_.remove_prefix(1);
    return taken;
  }

  // ".123" as nanoseconds; 0 when there is none.
  std::int64_t fraction() noexcept {
    if (rest_.empty() || rest_[0] != '.') return 0;
    rest_.remove_prefix(1);
    std::int64_t value = 0;
    std::size_t seen = 0;
    for (; !rest_.empty() && rest_[0] >= '0' && rest_[0] <= '9' && seen < 9; ++seen) {
      value = value * 10 + (rest_[0] - '0');
      rest_.remove_prefix(1);
    }
    if (seen == 0) return fail();
    for (; seen < 9; ++seen) value *= 10;
    return value;
  }

  [[nodiscard]] bool done() const noexcept { return good_ && rest_.empty(); }

 private:
  int fail() noexcept {
    good_ = false;
    rest_ = {};
    return 0;
  }

  std::string_view rest_;
  bool good_ = true;
};

}  // namespace

TimestampText timestamp_chars(system_clock::time_point time) noexcept {
  // What parse_timestamp() reads back; rounding the ends of the clock's own range would overflow.
  time = std::clamp(time, kEarliest, kLatest);
  const auto day = floor<days>(time);
  const std::chrono::year_month_day date{day};
  const auto ms = static_cast<unsigned>(floor<std::chrono::milliseconds>(time - day).count());
  TimestampText text{'0', '0', '0', '0', '-', '0', '0', '-', '0', '0', 'T', '0',
                     '0', ':', '0', '0', ':', '0', '0', '.', '0', '0', '0', 'Z'};
  char* at = text.data();
  write_digits(at, 4, static_cast<unsigned>(static_cast<int>(date.year())));
  write_digits(at + 5, 2, static_cast<unsigned>(date.month()));
  write_digits(at + 8, 2, static_cast<unsigned>(date.day()));
  write_digits(at + 11, 2, ms / 3'600'000);
  write_digits(at + 14, 2, ms / 60'000 % 60);
  write_digits(at + 17, 2, ms / 1000 % 60);
  write_digits(at + 20, 3, ms % 1000);
  return text;
}

std::string timestamp_text(system_clock::time_point time) {
  const TimestampText text = timestamp_chars(time);
  return std::string(text.data(), text.size());
}

std::optional<system_clock::time_point> parse_timestamp(std::string_view text) noexcept {
  Scanner scan(text);
  const int year = scan.digits(4);
  scan.one_of("-");
  const int month = scan.digits(2);
  scan.one_of("-");
  const int day = scan.digits(2);
  scan.one_of("Tt ");
  const int hour = scan.digits(2);
  scan.one_of(":");
  const int minute = scan.digits(2);
  scan.one_of(":");
  const int second = scan.digits(2);
  const std::int64_t nanoseconds = scan.fraction();
  int offset_minutes = 0;
  if (const char zone = scan.one_of("Zz+-"); zone == '+' || zone == '-') {
    const int hours = scan.digits(2);
    scan.one_of(":");
    const int minutes = scan.digits(2);
    if (hours > 23 || minutes > 59) return std::nullopt;
    offset_minutes = (hours * 60 + minutes) * (zone == '+' ? 1 : -1);
  }
  const std::chrono::year_month_day date{std::chrono::year{year},
                                         std::chrono::month{static_cast<unsigned>(month)},
                                         std::chrono::day{static_cast<unsigned>(day)}};
  // Second 60 is a leap second; the system clock counts it as the next one.
  if (!scan.done() || !date.ok() || year < kFirstYear || year > kLastYear || hour > 23 ||
      minute > 59 || second > 60) {
    return std::nullopt;
  }
  return std::chrono::sys_days{date} + std::chrono::hours{hour} +
         std::chrono::minutes{minute - offset_minutes} + std::chrono::seconds{second} +
         std::chrono::nanoseconds{nanoseconds};
}

}  // namespace ltb::support
