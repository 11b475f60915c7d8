#include "websocket/protocol.hpp"

#include "events/event_id.hpp"
#include "net/target.hpp"
#include "support/json_parse.hpp"
#include "support/json_writer.hpp"
#include "support/utf8.hpp"

#include <charconv>
#include <set>
#include <stdexcept>

namespace ltb::websocket {
namespace {

using events::EventMask;
using support::JsonWriter;
using Json = nlohmann::json;

constexpr std::string_view kExpected =
    "expected {\"type\": \"Subscribe\", \"Unsubscribe\" or \"Ping\", \"data\": {...}}";

std::string in_quotes(std::string_view text) {
  return '"' + support::escape_for_log(text, 80) + '"';
}

std::string unknown_type(std::string_view name) {
  return in_quotes(name) + " is not an event type: expected any of " +
         events::all_event_type_names();
}

// The types of Subscribe and Unsubscribe.
std::variant<EventMask, Refused> event_types_of(const Json& message, const std::string& type) {
  const auto data = message.find("data");
  if (data == message.end() || !data->is_object()) {
    return Refused{type + ": \"data\" is missing or no object: expected {\"event_types\": [...]}"};
  }
  const auto types = data->find("event_types");
  if (types == data->end() || !types->is_array()) {
    return Refused{
        type + ": \"event_types\" is missing or not an array: expected an array of event types"};
  }
  EventMask mask = 0;
  for (const Json& item : *types) {
    if (!item.is_string()) {
      return Refused{type +
                     ": \"event_types\" contains something that is not a string: expected any of " +
                     events::all_event_type_names()};
    }
    const auto& name = item.get_ref<const std::string&>();
    const auto parsed = parse_event_type(name);
    if (!parsed) return Refused{type + ": " + unknown_type(name)};
    mask |= events::mask_of(*parsed);
  }
  return mask;
}

ClientMessage dispatch(const Json& message) {
  if (!message.is_object())
    return Refused{"the message is not an object: " + std::string(kExpected)};
  const auto type_at = message.find("type");
  if (type_at == message.end() || !type_at->is_string()) {
    return Refused{"\"type\" is missing or no text: " + std::string(kExpected)};
  }
  const auto& type = type_at->get_ref<const std::string&>();
  if (type == "Ping") {
    const auto data = message.find("data");
    return data == message.end() || data->is_null() ? Ping{} : Ping{data->dump()};
  }
  if (type == "Subscribe" || type == "Unsubscribe") {
    const auto types = event_types_of(message, type);
    if (const auto* refused = std::get_if<Refused>(&types)) return *refused;
    const EventMask mask = std::get<EventMask>(types);
    if (type == "Unsubscribe") return Unsubscribe{mask};
    return Subscribe{mask == 0 ? events::kAllEvents : mask};  // an empty list means all
  }
  return Refused{"unknown message type " + in_quotes(type) + ": " + std::string(kExpected)};
}

std::string refused_parameter(const std::string& name, const std::string& value,
                              const std::string& expected) {
  return name + '=' + support::escape_for_log(value, 80) + ": expected " + expected;
}

std::optional<std::chrono::milliseconds> parse_interval(const std::string& text, int low,
                                                        int high) noexcept {
  int value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || value < low || value > high) {
    return std::nullopt;
  }
  return std::chrono::milliseconds{value};
}

// Empty when the parameter is well.
std::string apply_parameter(const std::string& name, const std::string& value, Handshake& out) {
  if (name == "events") {
    const auto types = events::parse_event_types(value);
    if (const auto* unknown = std::get_if<std::string>(&types)) {
      return "events: " + unknown_type(*unknown);
    }
    out.types = std::get<EventMask>(types);
  } else if (name == "since") {
    out.since = events::parse_event_id(value);
    if (!out.since) return refused_parameter(name, value, "an event id such as evt_123");
  } else if (name == "epoch") {
    out.epoch = value;
  } else if (name == "batch_ms") {
    out.batch = parse_interval(value, 10, 10'000);
    if (!out.batch) {
      return refused_parameter(name, value, "whole milliseconds between 10 and 10000");
    }
  } else if (name == "stats_ms") {
    out.stats = parse_interval(value, 100, 60'000);
    if (!out.stats) {
      return refused_parameter(name, value, "whole milliseconds between 100 and 60000");
    }
  }
  return {};
}

// {"type":T,"data":{...}} with `fill` writing the fields of data.
template <typename Fill>
std::string message(std::string_view type, Fill fill) {
  std::string out;
  JsonWriter json(out);
  json.begin_object();
  json.field("type", type);
  json.key("data");
  json.begin_object();
  fill(json);
  json.end_object();
  json.end_object();
  return out;
}

std::string raw_message(std::string_view type, std::string_view data_json) {
  std::string out;
  out.reserve(type.size() + data_json.size() + 24);
  JsonWriter json(out);
  json.begin_object();
  json.field("type", type);
  json.key("data");
  json.raw(data_json);
  json.end_object();
  return out;
}

}  // namespace

ClientMessage parse_client_message(std::string_view text) {
  try {
    return dispatch(support::parse_json(text));
  } catch (const std::invalid_argument& error) {
    return Refused{std::string(error.what()) + ": " + std::string(kExpected)};
  }
}

std::variant<Handshake, Refused> parse_handshake(std::string_view query) {
  const auto parameters = net::try_parse_query(query);
  if (!parameters) return Refused{"query: broken percent escape"};
  Handshake out;
  std::set<std::string_view> seen;
  for (const auto& [name, value] : *parameters) {
    if (!seen.insert(name).second) {
      return Refused{refused_parameter(support::escape_for_log(name, 80), value,
                                       "each parameter once, this one came before")};
    }
    if (std::string error = apply_parameter(name, value, out); !error.empty()) {
      return Refused{std::move(error)};
    }
  }
  return out;
}

std::string connected_message(std::uint64_t client_number, std::uint64_t last_event_id,
                              std::string_view epoch, std::optional<bool> resumed) {
  return message("Connected", [&](JsonWriter& json) {
    json.field("client_id", "client_" + std::to_string(client_number));
    json.field("protocol", kProtocolVersion);
    json.field("last_event_id", events::event_id_text(last_event_id));
    json.field("epoch", epoch);
    json.field("resumed", resumed);
  });
}

std::string lagged_message(std::uint64_t skipped) {
  return message("Lagged", [&](JsonWriter& json) { json.field("skipped", skipped); });
}

std::string subscribed_message(EventMask types) {
  return message("Subscribed", [&](JsonWriter& json) {
    json.key("event_types");
    json.begin_array();
    for (std::size_t i = 0; i < kEventTypeCount; ++i) {
      const auto type = static_cast<EventType>(i);
      if ((types & events::mask_of(type)) != 0) json.value(to_string(type));
    }
    json.end_array();
  });
}

std::string pong_message(std::string_view data_json) {
  return raw_message("Pong", data_json);
}

std::string error_message(std::string_view what) {
  return message("Error", [&](JsonWriter& json) { json.field("message", what); });
}

std::string stats_message(std::string_view overview_json) {
  return raw_message("Stats", overview_json);
}

}  // namespace ltb::websocket
