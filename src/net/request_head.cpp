// Bytes to Request. Beast's parser knows the grammar; what it tolerates and a careful server does
// not is checked here.
#include "net/request_head.hpp"

#include "net/access.hpp"
#include "net/target.hpp"
#include "support/utf8.hpp"

#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/parser.hpp>

#include <algorithm>
#include <array>
#include <optional>

namespace ltb::net {
namespace {

namespace http = boost::beast::http;

/// A second one of these means that two readers of the same bytes may disagree on what the request
/// is.
constexpr std::array<std::string_view, 7> kOnlyOnce = {"Host",
                                                       "Content-Length",
                                                       "Origin",
                                                       "Authorization",
                                                       "Sec-WebSocket-Key",
                                                       "Sec-WebSocket-Version",
                                                       "Transfer-Encoding"};

std::string_view first_line(std::string_view text) noexcept {
  return text.substr(0, text.find("\r\n"));
}

/// The target's size, also when the line is not whole yet.
std::size_t target_size(std::string_view line) noexcept {
  const auto space = line.find(' ');
  if (space == std::string_view::npos) return 0;
  const auto rest = line.substr(space + 1);
  return std::min(rest.find(' '), rest.size());
}

Refusal target_too_long(const HeadLimits& limits) {
  return {414,
          "request target is longer than " + std::to_string(limits.max_target_bytes) + " bytes"};
}

Refusal head_too_long(const HeadLimits& limits) {
  return {431, "request head is longer than " + std::to_string(limits.max_header_bytes) + " bytes"};
}

bool has_folded_line(std::string_view head) noexcept {
  for (auto at = head.find("\r\n"); at != std::string_view::npos; at = head.find("\r\n", at + 2)) {
    if (at + 2 < head.size() && (head[at + 2] == ' ' || head[at + 2] == '\t')) return true;
  }
  return false;
}

std::optional<Refusal> check_fields(const Request& request) {
  for (const auto name : kOnlyOnce) {
    const auto count =
        std::count_if(request.headers.begin(), request.headers.end(),
                      [name](const auto& field) { return equal_ignoring_case(field.first, name); });
    if (count > 1)
      return Refusal{
          400, "header " + std::string(name) + " appears " + std::to_string(count) + " times"};
  }
  const auto length = request.header("Content-Length");
  if (request.has_header("Transfer-Encoding")) {
    if (request.has_header("Content-Length"))
      return Refusal{400, "both Transfer-Encoding and Content-Length"};
    return Refusal{413, "a request body is not accepted"};
  }
  // Digits only: Beast also takes the list form "0, 0", on which other readers may disagree.
  if (length.find_first_not_of("0123456789") != std::string_view::npos ||
      (length.empty() && request.has_header("Content-Length"))) {
    return Refusal{400, "invalid Content-Length \"" + support::escape_for_log(length) + "\""};
  }
  if (length.find_first_not_of('0') != std::string_view::npos)
    return Refusal{413, "a request body is not accepted"};
  if (!request.has_header("Host")) {
    if (request.http_1_0) return std::nullopt;
    return Refusal{400, "HTTP/1.1 request without a Host header"};
  }
  if (!parse_authority(request.header("Host"))) {
    return Refusal{
        400, "invalid Host header \"" + support::escape_for_log(request.header("Host")) + "\""};
  }
  return std::nullopt;
}

std::optional<Refusal> apply_target(Request& request) {
  request.host = std::string(request.header("Host"));
  auto split = split_target(request.target);
  if (!split)
    return Refusal{400,
                   "invalid request target \"" + support::escape_for_log(request.target) + "\""};
  if (!split->authority.empty()) {  // RFC 9112, 3.2.2: it wins over Host
    if (!parse_authority(split->authority)) {
      return Refusal{400,
                     "invalid request target \"" + support::escape_for_log(request.target) + "\""};
    }
    request.host = std::move(split->authority);
  }
  request.path = std::move(split->path);
  request.query = std::move(split->query);
  return std::nullopt;
}

/// RFC 9110, 2.5: a higher minor version of HTTP/1 is read as the highest one known. Beast's parser
/// knows two versions only.
std::string as_known_version(std::string_view head) {
  std::string text(head);
  const auto end = text.find("\r\n");
  constexpr std::string_view kVersion = " HTTP/1.";
  if (end == std::string::npos || end <= kVersion.size()) return text;
  char& minor = text[end - 1];
  const auto before = std::string_view(text).substr(end - 1 - kVersion.size(), kVersion.size());
  if (before == kVersion && minor > '1' && minor <= '9') minor = '1';
  return text;
}

/// RFC 9112, 9.3. Beast's own answer looks at one Connection field only.
bool wants_to_stay(const Request& request) noexcept {
  if (request.header_has_token("Connection", "close")) return false;
  return !request.http_1_0 || request.header_has_token("Connection", "keep-alive");
}

Refusal parse_failure(const boost::system::error_code& error, std::string_view head) {
  if (error == http::error::bad_version) {
    const auto line = first_line(head);
    const auto version = line.substr(line.rfind(' ') + 1);
    // Only a well-formed version is a version; the rest is a malformed line.
    if (version.size() == 8 && version.starts_with("HTTP/") && version[6] == '.' &&
        std::count(line.begin(), line.end(), ' ') == 2) {
      return {505, "HTTP version \"" + support::escape_for_log(version) +
                       "\" is not supported; use HTTP/1.1"};
    }
  }
  if (error == http::error::bad_transfer_encoding || error == http::error::bad_content_length ||
      error == http::error::multiple_content_length) {
    return {400, "request framing is ambiguous: " + error.message()};
  }
  return {400, "malformed request (" + error.message() + "): \"" +
                   support::escape_for_log(first_line(head)) + "\""};
}

}  // namespace

std::variant<NeedMore, HeadFound, Refusal> find_head(std::string_view received, std::size_t checked,
                                                     const HeadLimits& limits) {
  if (received.empty() || received == "\r")
    return NeedMore{};  // the session skips an empty line once it is whole
  // A TLS hello or other binary noise never ends in an empty line: say so at once instead of
  // waiting for the timeout.
  if (static_cast<unsigned char>(received.front()) <= 0x20 ||
      static_cast<unsigned char>(received.front()) >= 0x7f) {
    return Refusal{400, "not an HTTP request (this port speaks plain HTTP)"};
  }
  for (auto at = received.find('\n', checked); at != std::string_view::npos;
       at = received.find('\n', at + 1)) {
    if (at == 0 || received[at - 1] != '\r') return Refusal{400, "a line ends in LF without CR"};
  }
  const auto end = received.find("\r\n\r\n", checked < 3 ? 0 : checked - 3);
  const bool whole = end != std::string_view::npos;
  const auto size = whole ? end + 4 : received.size();
  if (target_size(first_line(received)) > limits.max_target_bytes) return target_too_long(limits);
  if (size > limits.max_header_bytes) return head_too_long(limits);
  if (!whole) return NeedMore{};
  return HeadFound{size};
}

std::variant<Request, Refusal> parse_head(std::string_view head, const HeadLimits& limits) {
  if (target_size(first_line(head)) > limits.max_target_bytes) return target_too_long(limits);
  if (head.size() > limits.max_header_bytes) return head_too_long(limits);
  if (has_folded_line(head)) return Refusal{400, "a header line is folded"};

  http::request_parser<http::empty_body> parser;
  // The limits above are ours; the parser must not have stricter ones of its own.
  parser.header_limit(static_cast<std::uint32_t>(head.size() + 1));
  parser.body_limit(boost::none);
  boost::system::error_code error;
  const std::string known = as_known_version(head);
  parser.put(boost::asio::const_buffer(known.data(), known.size()), error);
  if (error && error != http::error::need_more) return parse_failure(error, head);
  if (!parser.is_header_done()) return Refusal{400, "malformed request head"};

  const auto& message = parser.get();
  Request request;
  request.method = std::string(message.method_string());
  request.target = std::string(message.target());
  request.http_1_0 = message.version() == 10;
  for (const auto& field : message)
    request.headers.emplace_back(field.name_string(), field.value());
  request.keep_alive = wants_to_stay(request);
  if (auto refusal = check_fields(request)) return *std::move(refusal);
  // Any other method is refused whatever its target; OPTIONS has one to look at but for `*`.
  if (request.method == "GET" || request.method == "HEAD" ||
      (request.method == "OPTIONS" && request.target != "*")) {
    if (auto refusal = apply_target(request)) return *std::move(refusal);
  }
  return request;
}

}  // namespace ltb::net
