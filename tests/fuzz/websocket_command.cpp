// What a WebSocket client may send: every text is a command or is refused in words that help, and
// whatever is answered is JSON.
#include "fuzz/support.hpp"
#include "websocket/protocol.hpp"

#include <nlohmann/json.hpp>

namespace {

using namespace ltb::fuzz;
using namespace ltb::websocket;
using Json = nlohmann::json;

void check_types(ltb::events::EventMask types, const std::string& command) {
  require((types & ~ltb::events::kAllEvents) == 0, "only event types that exist are subscribed to");
  // What the server confirms means the same when it is sent back.
  Json confirmed = Json::parse(subscribed_message(types));
  confirmed["type"] = command;
  const ClientMessage again = parse_client_message(confirmed.dump());
  if (command == "Subscribe") {
    require(std::get<Subscribe>(again).types == types, "a confirmed subscription is read back");
  } else {
    require(std::get<Unsubscribe>(again).types == types, "a confirmed type list is read back");
  }
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = as_text(data, size);
  const ClientMessage message = parse_client_message(text);
  if (const auto* subscribe = std::get_if<Subscribe>(&message)) {
    require(subscribe->types != 0, "a subscription names at least one type");
    check_types(subscribe->types, "Subscribe");
  } else if (const auto* unsubscribe = std::get_if<Unsubscribe>(&message)) {
    check_types(unsubscribe->types, "Unsubscribe");
  } else if (const auto* ping = std::get_if<Ping>(&message)) {
    const Json sent = Json::parse(text);
    const Json pong = Json::parse(pong_message(ping->data));
    require(pong.at("type") == "Pong", "a ping is answered by a pong");
    const bool had_data = sent.contains("data") && !sent.at("data").is_null();
    require(pong.at("data") == (had_data ? sent.at("data") : Json::object()),
            "a pong carries the data of its ping");
  } else {
    const auto& refused = std::get<Refused>(message);
    require(!refused.message.empty() && is_printable(refused.message), "a refusal is readable");
    require(Json::parse(error_message(refused.message)).at("data").at("message") == refused.message,
            "an error message is JSON");
  }
  return 0;
}
