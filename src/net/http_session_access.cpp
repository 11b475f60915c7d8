// The part of an HTTP session that decides who may ask: Host, Origin, Fetch Metadata, token, CORS.
#include "net/http_session.hpp"
#include "support/utf8.hpp"

namespace ltb::net {

bool HttpSession::is_preflight(const Request& request) const {
  return request.method == "OPTIONS" && seat_.context->router.checks_origin(request.path) &&
         !request.header("Origin").empty() &&
         !request.header("Access-Control-Request-Method").empty();
}

Response HttpSession::forbid(std::string_view what, std::string_view value,
                             std::string_view remedy) {
  count(counters().forbidden);
  auto& context = *seat_.context;
  context.refusals.warn(context.log, context.options.name, what, value, remedy);
  return Response::text(403, std::string(what) + " \"" + support::escape_for_log(value, 200) +
                                 "\" is not allowed here; see " + std::string(remedy) + "\n");
}

std::optional<Response> HttpSession::check_origin(const Request& request, bool origin_matters) {
  const auto& context = *seat_.context;
  // Before the token: a page that rebinds DNS learns nothing about it. Where there is one, such a
  // page does not have it.
  if (context.options.auth_token.empty() &&
      !host_is_allowed(request.host, context.allowed_origins, context.allowed_hosts)) {
    return forbid("host", request.host, "with_allowed_hosts() and LTB_ALLOWED_HOSTS");
  }
  constexpr std::string_view kOrigins = "with_allowed_origins() and LTB_ALLOWED_ORIGINS";
  const auto origin = request.header("Origin");
  if (origin_matters && !origin_is_allowed(origin, request.host, context.allowed_origins))
    return forbid("origin", origin, kOrigins);
  // Without an Origin, as browsers send images and scripts: a foreign page cannot read the answer,
  // but could make this program work.
  const FetchMetadata fetch{request.header("Sec-Fetch-Site"), request.header("Sec-Fetch-Mode"),
                            request.header("Sec-Fetch-Dest")};
  const bool is_foreign = origin_matters ? is_cross_site(fetch) : is_cross_site_load(fetch);
  if (origin.empty() && is_foreign && !context.router.is_open(request.path))
    return forbid("site", fetch.site, kOrigins);
  return std::nullopt;
}

std::optional<Response> HttpSession::check_access(const Request& request, bool websocket) {
  const bool is_api = seat_.context->router.checks_origin(request.path);
  if (auto refused = check_origin(request, websocket || is_api)) return refused;
  if (has_token(request, websocket)) return std::nullopt;
  count(counters().unauthorized);
  auto response = Response::text(401, "a bearer token is required\n");
  response.with_header("WWW-Authenticate", "Bearer realm=\"ltb-monitoring\"");
  if (is_api) add_cors(request, response);  // so that the page can read the reason
  return response;
}

bool HttpSession::has_token(const Request& request, bool websocket) const {
  const auto& token = seat_.context->options.auth_token;
  if (token.empty() || seat_.context->router.is_open(request.path)) return true;
  if (bearer_matches(request.header("Authorization"), token)) return true;
  return websocket &&
         offers_protocol(request.list_header("Sec-WebSocket-Protocol"), bearer_protocol(token));
}

// Called once check_access() has let the origin pass. Also for the request's own host: a page of
// another port is foreign to a browser.
void HttpSession::add_cors(const Request& request, Response& response) const {
  response.with_header("Vary", "Origin");
  const auto origin = request.header("Origin");
  if (!origin.empty()) response.with_header("Access-Control-Allow-Origin", std::string(origin));
}

// What a browser asks before it sends a foreign page's request with a token (Fetch, 4.8). It never
// carries the token itself.
Response HttpSession::answer_preflight(const Request& request) const {
  Response response;
  response.status = 204;
  add_cors(request, response);
  response.with_header("Access-Control-Allow-Methods", "GET, HEAD");
  response.with_header("Access-Control-Allow-Headers", "Authorization");
  response.with_header("Access-Control-Max-Age", "600");
  return response;
}

}  // namespace ltb::net
