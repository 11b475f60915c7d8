// What a route sees of HTTP: the request it answers and the response it returns. Plain values, no
// sockets.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace ltb::net {

/// A request whose head was read whole and found well formed. Owns its text, so tests can build one
/// by hand.
struct Request {
  std::string method;  ///< As sent; a handler sees GET or HEAD only.
  std::string target;  ///< As sent, still encoded: escape it (support/utf8.hpp) before echoing.
  std::string
      path;  ///< Percent-decoded exactly once, starts with '/', holds no NUL; may hold "..".
  std::string query;  ///< After '?', still encoded; see parse_query() in net/target.hpp.
  std::string
      host;  ///< Host header, or the authority of an absolute-form target; empty only on HTTP/1.0.
  std::string remote;  ///< Peer as "127.0.0.1:54321" or "[::1]:54321".
  bool http_1_0 = false;
  bool keep_alive = true;                                    ///< What the client asked for.
  std::vector<std::pair<std::string, std::string>> headers;  ///< In order, values trimmed.

  /// The first value of a header, compared without case; empty when absent. The view lives as long
  /// as the request.
  [[nodiscard]] std::string_view header(std::string_view name) const noexcept;
  [[nodiscard]] bool has_header(std::string_view name) const noexcept;
  /// The values of all headers of this name, joined by ", ": one list, in however many lines it was
  /// sent (RFC 9110, 5.3).
  [[nodiscard]] std::string list_header(std::string_view name) const;
  /// True when the comma-separated values of all headers `name` contain `token`, compared without
  /// case.
  [[nodiscard]] bool header_has_token(std::string_view name, std::string_view token) const noexcept;
};

class SlicedAnswer;

/// What a route answers. The session adds Date, Content-Length, Connection, X-Content-Type-Options:
/// nosniff, and Cache-Control: no-store unless `headers` sets one. For HEAD it sends the same
/// headers without the body; 304 and 204 never carry one.
struct Response {
  unsigned status = 200;
  std::string content_type = "text/plain; charset=utf-8";
  /// Shared so that a cached page or asset is never copied. Null is an empty body.
  std::shared_ptr<const std::string> body;
  /// Extra headers. Control characters in values become spaces; Content-Length, Connection and Date
  /// are the session's.
  std::vector<std::pair<std::string, std::string>> headers;
  /// Close the connection after this response.
  bool close = false;
  /// Text worth compressing: the session sends it as gzip to a client that takes it, with the
  /// headers that belong to that.
  bool compressible = false;
  /// The body is kept as long as the server runs, so that it costs no memory to send it.
  bool is_kept = false;
  /// In place of the rest: an answer that is yet to be made. Null for one that is whole.
  std::shared_ptr<SlicedAnswer> source{};

  [[nodiscard]] static Response text(unsigned status, std::string body);
  [[nodiscard]] static Response json(unsigned status, std::string body);
  Response& with_header(std::string name, std::string value) &;
  Response&& with_header(std::string name, std::string value) &&;
};

/// An answer that takes long, made in slices so that others are served in between. Several equal
/// requests may share one. Thread safety: one thread at a time; response() from any once it is
/// whole.
class SlicedAnswer {
 public:
  virtual ~SlicedAnswer() = default;
  /// Makes the next slice, a few milliseconds of work. True when it is whole; then it does nothing
  /// more.
  virtual bool step() = 0;
  /// The answer, whole. Once step() said true.
  [[nodiscard]] virtual const Response& response() const = 0;
};

/// "Not Found" for 404; "Unknown" for a number without a name.
[[nodiscard]] std::string_view reason_phrase(unsigned status) noexcept;

/// ASCII without case, for header names and hosts.
[[nodiscard]] bool equal_ignoring_case(std::string_view a, std::string_view b) noexcept;

}  // namespace ltb::net
