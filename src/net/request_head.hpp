// Bytes to Request: finds the end of a head, refuses what is malformed or smells of smuggling. No
// sockets.
#pragma once

#include "net/http.hpp"

#include <cstddef>
#include <string>
#include <string_view>
#include <variant>

namespace ltb::net {

/// Why a request is refused: status, and a text/plain body with everything echoed escaped. The
/// connection closes.
struct Refusal {
  unsigned status = 400;
  std::string message;
};

struct HeadLimits {
  std::size_t max_header_bytes;  ///< Request line, headers and the empty line, with their CRLFs.
  std::size_t max_target_bytes;
};

struct NeedMore {};
struct HeadFound {
  std::size_t size;  ///< Up to and including the empty line.
};

/// Looks for the end of a head in what was received so far; `checked` bytes of it were looked at
/// before.
[[nodiscard]] std::variant<NeedMore, HeadFound, Refusal> find_head(std::string_view received,
                                                                   std::size_t checked,
                                                                   const HeadLimits& limits);

/// Parses one whole head. Refuses bodies (413), TE, obs-fold, duplicates of the headers that decide
/// on framing, routing or access, a missing or invalid Host, other versions than 1.0 and 1.1, and
/// targets that cannot be decoded. Methods other than GET and HEAD pass (their target is not looked
/// at): the session answers 405.
[[nodiscard]] std::variant<Request, Refusal> parse_head(std::string_view head,
                                                        const HeadLimits& limits);

}  // namespace ltb::net
