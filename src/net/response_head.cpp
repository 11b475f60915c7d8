// Response to bytes. Header text from handlers is made harmless here, once for all routes.
#include "net/response_head.hpp"

#include <algorithm>
#include <array>
#include <string_view>

namespace ltb::net {
namespace {

constexpr std::array<std::string_view, 5> kSessionHeaders = {"Content-Length", "Connection", "Date",
                                                             "Content-Type", "Transfer-Encoding"};

bool is_token(std::string_view name) noexcept {
  constexpr std::string_view kOther = "!#$%&'*+-.^_`|~";
  return !name.empty() && std::all_of(name.begin(), name.end(), [&](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           kOther.find(c) != std::string_view::npos;
  });
}

void append_header(std::string& out, std::string_view name, std::string_view value) {
  out.append(name).append(": ");
  // A CR or LF that reached a value would split the response.
  for (const char c : value) {
    const auto byte = static_cast<unsigned char>(c);
    out.push_back((byte < 0x20 && c != '\t') || byte == 0x7f ? ' ' : c);
  }
  out.append("\r\n");
}

bool has(const Response& response, std::string_view name) noexcept {
  return std::any_of(response.headers.begin(), response.headers.end(),
                     [name](const auto& field) { return equal_ignoring_case(field.first, name); });
}

void append_two_digits(std::string& out, int value) {
  out.push_back(static_cast<char>('0' + value / 10 % 10));
  out.push_back(static_cast<char>('0' + value % 10));
}

}  // namespace

std::string http_date(std::time_t time) {
  static constexpr std::array<std::string_view, 7> kDays = {"Sun", "Mon", "Tue", "Wed",
                                                            "Thu", "Fri", "Sat"};
  static constexpr std::array<std::string_view, 12> kMonths = {
      "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  std::tm parts{};
  gmtime_r(&time, &parts);
  std::string out(kDays[static_cast<std::size_t>(parts.tm_wday)]);
  out += ", ";
  append_two_digits(out, parts.tm_mday);
  out += ' ';
  out += kMonths[static_cast<std::size_t>(parts.tm_mon)];
  out += ' ';
  out += std::to_string(parts.tm_year + 1900);
  out += ' ';
  append_two_digits(out, parts.tm_hour);
  out += ':';
  append_two_digits(out, parts.tm_min);
  out += ':';
  append_two_digits(out, parts.tm_sec);
  out += " GMT";
  return out;
}

std::string encode_response_head(const Response& response, const HeadOptions& options) {
  std::string out;
  out.reserve(256);
  out.append("HTTP/1.1 ").append(std::to_string(response.status)).append(" ");
  out.append(reason_phrase(response.status)).append("\r\n");
  append_header(out, "Date", http_date(options.now));
  if (status_has_body(response.status)) {
    if (!response.content_type.empty()) append_header(out, "Content-Type", response.content_type);
    append_header(out, "Content-Length", std::to_string(response.body ? response.body->size() : 0));
  }
  if (!options.keep_alive) {
    append_header(out, "Connection", "close");
  } else if (options.http_1_0) {
    append_header(out, "Connection", "keep-alive");
  }
  if (!has(response, "X-Content-Type-Options"))
    append_header(out, "X-Content-Type-Options", "nosniff");
  if (!has(response, "Cache-Control")) append_header(out, "Cache-Control", "no-store");
  for (const auto& [name, value] : response.headers) {
    const bool own = std::any_of(
        kSessionHeaders.begin(), kSessionHeaders.end(),
        [&name = name](std::string_view other) { return equal_ignoring_case(name, other); });
    if (!own && is_token(name)) append_header(out, name, value);
  }
  out.append("\r\n");
  return out;
}

}  // namespace ltb::net
