// Whether a request is a WebSocket handshake (RFC 6455, 4.2.1).
#include "net/websocket_peer.hpp"
#include "support/utf8.hpp"

#include <algorithm>

namespace ltb::net {
namespace {

bool is_websocket_key(std::string_view key) noexcept {
  // 16 bytes in base64 (RFC 6455, 4.2.1).
  return key.size() == 24 && key.ends_with("==") &&
         std::all_of(key.begin(), key.begin() + 22, [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                  c == '+' || c == '/';
         });
}

}  // namespace

std::optional<Response> check_websocket_handshake(const Request& request) {
  const bool upgrades = request.method == "GET" && !request.http_1_0 &&
                        request.header_has_token("Upgrade", "websocket") &&
                        request.header_has_token("Connection", "upgrade");
  if (!upgrades) {
    auto response = Response::text(426, "this is a WebSocket endpoint\n");
    response.with_header("Upgrade", "websocket");
    return response;
  }
  if (request.header("Sec-WebSocket-Version") != "13") {
    auto response =
        Response::text(426, "WebSocket version \"" +
                                support::escape_for_log(request.header("Sec-WebSocket-Version")) +
                                "\" is not supported; use 13\n");
    response.with_header("Sec-WebSocket-Version", "13");
    return response;
  }
  if (!is_websocket_key(request.header("Sec-WebSocket-Key"))) {
    return Response::text(400, "invalid Sec-WebSocket-Key \"" +
                                   support::escape_for_log(request.header("Sec-WebSocket-Key")) +
                                   "\"\n");
  }
  return std::nullopt;
}

}  // namespace ltb::net
