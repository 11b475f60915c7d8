#include "dashboard/page_routes.hpp"

#include "dashboard/asset_server.hpp"
#include "support/json_writer.hpp"

#include <chrono>
#include <memory>
#include <string_view>

namespace ltb::dashboard {
namespace {

constexpr int kProtocolVersion = 1;  // of docs/protocol.md

void write(support::JsonWriter& json, const Slo& level) {
  const auto seconds = [&json](std::string_view name, const auto& bound) {
    if (bound) json.field(name, std::chrono::duration<double>(*bound).count());
  };
  json.begin_object();
  json.field("name", level.name);
  if (!level.provider.empty()) json.field("provider", level.provider);
  if (!level.model.empty()) json.field("model", level.model);
  seconds("latency", level.latency);
  seconds("time_to_first_token", level.time_to_first_token);
  seconds("time_per_output_token", level.time_per_output_token);
  json.end_object();
}

std::string config_json(const PageOptions& options) {
  std::string out;
  support::JsonWriter json(out);
  json.begin_object();
  json.field("websocket_url", options.websocket_url);
  json.field("protocol", kProtocolVersion);
  json.field("version", options.version);
  if (!options.slos.empty()) {
    json.key("slos");
    json.begin_array();
    for (const Slo& level : options.slos) write(json, level);
    json.end_array();
  }
  json.end_object();
  return out;
}

}  // namespace

void add_page_routes(net::Router& router, const PageOptions& options) {
  const auto assets = std::make_shared<const AssetServer>(embedded_assets(), options.directory);
  router.fallback([assets](const net::Request& request) { return assets->answer(request); });
  // Open: a browser that fetches the page cannot send a token yet, and these hold no data. Whatever
  // else lies in the directory needs the token.
  for (const char* path : {"/", "/index.html", "/app.js", "/app.css", "/favicon.svg"})
    router.open(path);
  for (const EmbeddedAsset& asset : embedded_assets()) router.open(std::string(asset.path));
  router.get("/config.json", [body = config_json(options)](const net::Request&) {
    net::Response response = net::Response::json(200, body);
    add_security_headers(response);
    return response;
  });
  router.check_origin("/config.json");
}

}  // namespace ltb::dashboard
