#include "llm/reset_time.hpp"

#include "llm/http_date.hpp"
#include "support/timestamp.hpp"

#include <ltb/error_type.hpp>
#include <ltb/llm_reply.hpp>

#include <algorithm>
#include <cstdint>

namespace ltb::llm {
namespace {

using std::chrono::milliseconds;
using std::chrono::nanoseconds;

constexpr std::int64_t kSecond = 1'000'000'000;
constexpr std::int64_t kYearSeconds = 366 * 86'400;
constexpr nanoseconds kYear{kYearSeconds * kSecond};

bool is_digit(char c) noexcept {
  return c >= '0' && c <= '9';
}

char lower(char c) noexcept {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

bool is_letter(char c) noexcept {
  return lower(c) >= 'a' && lower(c) <= 'z';
}

std::string_view trim(std::string_view text) noexcept {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

/// A decimal number: its whole part (at most 9 x 10^18), and the rest in billionths.
struct Decimal {
  std::int64_t whole = 0;
  std::int64_t billionths = 0;
};

/// Takes a number without sign or exponent off the front of `text`.
std::optional<Decimal> take_decimal(std::string_view& text) noexcept {
  if (text.empty() || !is_digit(text.front())) return std::nullopt;
  Decimal number;
  std::size_t i = 0;
  for (; i < text.size() && is_digit(text[i]); ++i) {
    if (number.whole >= 900'000'000'000'000'000) return std::nullopt;
    number.whole = number.whole * 10 + (text[i] - '0');
  }
  if (i + 1 < text.size() && text[i] == '.' && is_digit(text[i + 1])) {
    std::int64_t place = kSecond / 10;
    for (++i; i < text.size() && is_digit(text[i]); ++i, place /= 10)
      number.billionths += (text[i] - '0') * place;
  }
  text.remove_prefix(i);
  return number;
}

struct Unit {
  std::string_view name;
  std::int64_t length;  // nanoseconds
};
constexpr std::int64_t kMinute = 60 * kSecond;
constexpr std::int64_t kHour = 60 * kMinute;
constexpr std::int64_t kDay = 24 * kHour;
constexpr Unit kUnits[] = {{"ms", 1'000'000},
                           {"us", 1'000},
                           {"ns", 1},
                           {"s", kSecond},
                           {"m", kMinute},
                           {"h", kHour},
                           {"d", kDay},
                           {"sec", kSecond},
                           {"secs", kSecond},
                           {"second", kSecond},
                           {"seconds", kSecond},
                           {"min", kMinute},
                           {"mins", kMinute},
                           {"minute", kMinute},
                           {"minutes", kMinute},
                           {"hour", kHour},
                           {"hours", kHour},
                           {"day", kDay},
                           {"days", kDay},
                           {"millisecond", 1'000'000},
                           {"milliseconds", 1'000'000}};

/// The length of the unit at the front of `text`, perhaps after one space; 0 when there is none.
std::int64_t take_unit(std::string_view& text) noexcept {
  std::string_view rest = text;
  if (rest.starts_with(' ')) rest.remove_prefix(1);
  std::size_t end = 0;
  while (end < rest.size() && is_letter(rest[end])) ++end;
  const std::string_view word = rest.substr(0, end);
  for (const Unit& unit : kUnits) {
    if (!std::equal(word.begin(), word.end(), unit.name.begin(), unit.name.end(),
                    [](char a, char b) { return lower(a) == b; }))
      continue;
    text = rest.substr(end);
    return unit.length;
  }
  return 0;
}

/// `number` of `unit`; nothing beyond a year. Parts of a nanosecond are dropped.
std::optional<nanoseconds> times(const Decimal& number, std::int64_t unit) noexcept {
  if (number.whole > kYear.count() / unit) return std::nullopt;
  const std::int64_t rest =
      unit >= kSecond ? number.billionths * (unit / kSecond) : number.billionths / (kSecond / unit);
  return nanoseconds{number.whole * unit + rest};
}

/// The text behind what parts the numbers of "1 minute 20 seconds" or "2 hours, 5 minutes", when a
/// number follows.
std::string_view behind_separator(std::string_view text) noexcept {
  std::string_view rest = text;
  if (rest.starts_with(',')) rest.remove_prefix(1);
  if (rest.starts_with(" and ")) rest.remove_prefix(4);
  while (rest.starts_with(' ')) rest.remove_prefix(1);
  return !rest.empty() && is_digit(rest.front()) ? rest : text;
}

enum class Form { Field, Sentence };

/// Takes "1h2m3.5s" or "30 seconds" off the front of `text`, of a sentence "1 minute 20 seconds"
/// too, as far as each number has a unit.
std::optional<nanoseconds> take_duration(std::string_view& text, Form form) noexcept {
  std::optional<nanoseconds> sum;
  for (;;) {
    std::string_view rest = sum && form == Form::Sentence ? behind_separator(text) : text;
    const auto number = take_decimal(rest);
    const std::int64_t unit = number ? take_unit(rest) : 0;
    if (unit == 0) return sum;
    const auto part = times(*number, unit);
    if (!part || sum.value_or(nanoseconds{0}) + *part > kYear) return std::nullopt;
    sum = sum.value_or(nanoseconds{0}) + *part;
    text = rest;
  }
}

std::optional<nanoseconds> parse_duration(std::string_view text) noexcept {
  std::string_view rest = text;
  if (const auto number = take_decimal(rest); number && rest.empty())
    return times(*number, kSecond);
  rest = text;
  const auto duration = take_duration(rest, Form::Field);
  return rest.empty() ? duration : std::nullopt;
}

milliseconds round_up(nanoseconds wait) noexcept {
  return std::chrono::ceil<milliseconds>(wait);
}

bool is_near(SystemTime time, SystemTime now) noexcept {
  const auto away =
      std::chrono::floor<std::chrono::hours>(time) - std::chrono::floor<std::chrono::hours>(now);
  return away >= -std::chrono::hours{366 * 24} && away <= std::chrono::hours{366 * 24};
}

/// A bare number: seconds until then, or, where that would be years, an epoch in the unit that
/// puts it near now.
std::optional<SystemTime> reset_of_number(const Decimal& number, SystemTime now) noexcept {
  if (number.whole < kYearSeconds)
    return now + std::chrono::duration_cast<SystemTime::duration>(*times(number, kSecond));
  for (std::int64_t unit = kSecond; unit >= 1; unit /= 1000) {  // s, ms, us, ns
    const std::int64_t in_one_second = kSecond / unit;
    const std::chrono::seconds seconds{number.whole / in_one_second};
    if (seconds.count() > 9'000'000'000) continue;  // 2255: the clock's own range ends soon after
    const nanoseconds rest{number.whole % in_one_second * unit + number.billionths / in_one_second};
    const SystemTime time{std::chrono::duration_cast<SystemTime::duration>(seconds + rest)};
    if (is_near(time, now)) return time;
  }
  return std::nullopt;
}

}  // namespace

milliseconds wait_until(SystemTime then, SystemTime now) noexcept {
  return then <= now ? milliseconds{0}
                     : round_up(std::chrono::duration_cast<nanoseconds>(then - now));
}

std::optional<SystemTime> parse_reset(std::string_view text, SystemTime now) noexcept {
  text = trim(text);
  if (const auto time = support::parse_timestamp(text))
    return is_near(*time, now) ? time : std::nullopt;
  std::string_view rest = text;
  if (const auto number = take_decimal(rest); number && rest.empty())
    return reset_of_number(*number, now);
  if (const auto wait = parse_duration(text))
    return now + std::chrono::duration_cast<SystemTime::duration>(*wait);
  const auto date = parse_http_date(text, now);
  if (!date) return std::nullopt;
  // In milliseconds: a date of the year 9999 has no place in the clock's nanoseconds.
  constexpr milliseconds kMost{kYearSeconds * 1000};
  const milliseconds away = *date - std::chrono::floor<milliseconds>(now);
  if (away < -kMost || away > kMost) return std::nullopt;
  return SystemTime{std::chrono::duration_cast<SystemTime::duration>(date->time_since_epoch())};
}

std::optional<milliseconds> parse_retry_wait(std::string_view text, SystemTime now) noexcept {
  const auto wait = parse_retry_after({}, text, now);
  if (wait && *wait < std::chrono::hours{365 * 24}) return wait;
  const auto reset = parse_reset(text, now);
  return reset ? std::optional(wait_until(*reset, now)) : std::nullopt;
}

}  // namespace ltb::llm

// Declared in ltb/llm_reply.hpp, whose templates need them.
namespace ltb::detail {

using namespace llm;

std::optional<milliseconds> parse_wait(std::string_view text) noexcept {
  const auto wait = parse_duration(text);
  return wait ? std::optional(round_up(*wait)) : std::nullopt;
}

std::optional<milliseconds> wait_in_message(std::string_view message) noexcept {
  constexpr std::string_view kBefore[] = {"try again in ", "retry in ", "retry after ",
                                          "try again after ", "wait "};
  constexpr std::size_t kMostBytes = 4096;
  message = message.substr(0, kMostBytes);
  for (const std::string_view before : kBefore) {
    const auto found = std::search(message.begin(), message.end(), before.begin(), before.end(),
                                   [](char a, char b) { return lower(a) == b; });
    if (found == message.end()) continue;
    std::string_view rest =
        message.substr(static_cast<std::size_t>(found - message.begin()) + before.size());
    if (const auto wait = take_duration(rest, Form::Sentence)) return round_up(*wait);
  }
  return std::nullopt;
}

}  // namespace ltb::detail
