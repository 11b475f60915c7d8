#include "websocket/routes.hpp"

#include "support/json_writer.hpp"
#include "websocket/client_session.hpp"

#include <string>
#include <utility>
#include <variant>

namespace ltb::websocket {

void add_stream_route(net::Router& router, const std::shared_ptr<Hub>& hub) {
  using Answer = std::variant<net::Response, std::shared_ptr<net::WebSocketHandler>>;
  router.websocket("/ws", [hub](const net::Request& request) -> Answer {
    auto parsed = parse_handshake(request.query);
    if (auto* refused = std::get_if<Refused>(&parsed)) {
      return net::Response::text(400, refused->message + '\n');
    }
    return std::make_shared<ClientSession>(hub, std::get<Handshake>(std::move(parsed)));
  });
}

void add_health_route(net::Router& router, const std::shared_ptr<Hub>& hub) {
  router.get("/health", [hub](const net::Request&) {
    std::string body;
    support::JsonWriter json(body);
    json.begin_object();
    json.field("status", "healthy");
    json.field("active_connections", hub->stats().clients);
    json.end_object();
    return net::Response::json(200, std::move(body));
  });
  router.open("/health").spare("/health");
}

}  // namespace ltb::websocket
