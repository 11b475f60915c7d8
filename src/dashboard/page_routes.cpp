#include "dashboard/page_routes.hpp"

#include "dashboard/asset_server.hpp"
#include "events/json_writer.hpp"

#include <memory>

namespace ltb::dashboard {
namespace {

constexpr int kProtocolVersion = 1;  // of docs/protocol.md

std::string config_json(const PageOptions& options) {
  std::string out;
  events::JsonWriter json(out);
  json.begin_object();
  json.field("websocket_url", options.websocket_url);
  json.field("protocol", kProtocolVersion);
  json.field("version", options.version);
  json.end_object();
  return out;
}

}  // namespace

void add_page_routes(net::Router& router, const PageOptions& options) {
  const auto assets = std::make_shared<const AssetServer>(embedded_assets(), options.directory);
  router.fallback([assets](const net::Request& request) { return assets->answer(request); });
  router.get("/config.json", [body = config_json(options)](const net::Request&) {
    net::Response response = net::Response::json(200, body);
    add_security_headers(response);
    return response;
  });
  router.check_origin("/config.json");
}

}  // namespace ltb::dashboard
