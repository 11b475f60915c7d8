// Finds the error in a reply, in every shape that servers send, and the wait it asks for. For
// ltb/json.hpp; not to be used by itself.
#pragma once

#include <ltb/error_type.hpp>
#include <ltb/json_fields.hpp>
#include <ltb/llm_reply.hpp>

#include <charconv>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace ltb::detail::json {

using SystemTime = std::chrono::system_clock::time_point;

/// A whole number, also as text ("429").
template <JsonValue Json>
std::optional<std::uint64_t> count_or_digits(const Json* value) noexcept {
  if (const auto found = count(value)) return found;
  const std::string_view digits = text(value);
  std::uint64_t found = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), found);
  if (error != std::errc{} || end != digits.data() + digits.size()) return std::nullopt;
  return found;
}

/// The HTTP status given in the body: under a 200, or in a stream.
template <JsonValue Json>
std::optional<int> status_in(const Json* error) noexcept {
  for (const char* name : {"code", "status", "status_code", "statusCode", "http_status", "error"})
    if (const auto found = count_or_digits(member(error, name));
        found && *found >= 400 && *found < 600)
      return static_cast<int>(*found);
  return std::nullopt;
}

/// The text of an error: the value itself, or where an object or a list has it.
template <JsonValue Json>
std::string_view message_in(const Json* value, int depth = 0) {
  constexpr int kMostDepth = 4;
  if (value == nullptr || depth > kMostDepth) return {};
  if (value->is_string()) return text(value);
  if (value->is_array()) return message_in(first_element(value), depth + 1);
  for (const char* name : {"message", "msg", "status_msg", "Message", "error_message", "detail",
                           "details", "error", "errors", "description"})
    if (const auto found = message_in(member(value, name), depth + 1); !found.empty()) return found;
  return {};
}

/// The first reason that Google's details name.
template <JsonValue Json>
std::string_view google_reason(const Json* error) {
  const Json* details = member(error, "details");
  if (details == nullptr || !details->is_array()) return {};
  for (const Json& detail : *details)
    if (const auto reason = text(member(&detail, "reason")); !reason.empty()) return reason;
  return {};
}

/// A type such as "com.amazon.coral.service#ThrottlingException", without its namespace.
inline std::string_view short_type(std::string_view type) noexcept {
  return type.substr(type.find('#') + 1);  // npos + 1 is 0
}

/// The element of a list that is an error, or null.
template <JsonValue Json>
const Json* error_among(const Json* list, const char* name) {
  if (list == nullptr || !list->is_array()) return nullptr;
  for (const Json& one : *list) {
    const Json* error = name == nullptr ? &one : member(&one, name);
    if (says_something(error)) return error;
  }
  return nullptr;
}

/// Whether an object without an envelope, under 200, is an error and not an answer.
template <JsonValue Json>
bool is_bare_error(const Json& body) {
  if (text(member(&body, "message")).empty() || member(&body, "choices") != nullptr) return false;
  if (status_in(&body)) return true;
  for (const char* name : {"code", "type", "error_type", "__type"})
    if (classify_http_error(0, short_type(text(member(&body, name)))) != ErrorType::Other)
      return true;
  return false;
}

/// The exception in an event of Bedrock's stream: its name, and the object that it names.
template <JsonValue Json>
std::pair<std::string_view, const Json*> bedrock_exception(const Json& body) {
  for (const char* name :
       {"internalServerException", "modelStreamErrorException", "modelTimeoutException",
        "serviceUnavailableException", "throttlingException", "validationException"})
    if (const Json* found = member(&body, name)) return {name, found};
  return {};
}

/// What of a reply is its error; null when it has none.
template <JsonValue Json>
const Json* find_error(const Json& body, int http_status) {
  if (const Json* error = member(&body, "error"); says_something(error)) return error;
  if (const Json* error = error_among(member(&body, "choices"), "error")) return error;
  if (const Json* error = member(member(&body, "x_groq"), "error"); says_something(error))
    return error;
  // The Responses stream, Mistral and old vLLM have the error on the outside.
  if (text(member(&body, "type")) == "error" || text(member(&body, "object")) == "error")
    return &body;
  if (const Json* error = error_among(member(&body, "errors"), nullptr)) return error;
  if (const Json* base = member(&body, "base_resp"); says_something(member(base, "status_code")))
    return base;  // MiniMax
  if (const Json* error = bedrock_exception(body).second) return error;
  if (const Json* error = member(member(&body, "delta"), "error"); says_something(error))
    return error;  // Cohere's stream
  if (http_status < 400) return is_bare_error(body) ? &body : nullptr;
  const Json* detail = member(&body, "detail");  // FastAPI, LiteLLM
  if (detail == nullptr || !detail->is_object()) return &body;
  const Json* inner = member(detail, "error");
  return inner != nullptr && inner->is_object() ? inner : detail;
}

/// The message, with the words of the provider behind a gateway (OpenRouter's metadata).
template <JsonValue Json>
std::string full_message(const Json* error, const Json& body) {
  std::string message(message_in(error));
  if (message.empty() && error != &body) message = message_in(member(&body, "message"));
  const Json* metadata = member(error, "metadata");
  const std::string_view raw = message_in(member(metadata, "raw"));
  const std::string_view provider = text(member(metadata, "provider_name"));
  if (raw.empty() && provider.empty()) return message;
  constexpr std::size_t kMostRaw = 4096;
  message.append(" (").append(provider).append(provider.empty() || raw.empty() ? "" : ": ");
  return message.append(raw.substr(0, kMostRaw)).append(")");
}

/// Whether the error is a moderator's: OpenRouter lists its reasons and quotes the input, GLM names
/// whose text it was.
template <JsonValue Json>
bool is_moderated(const Json* error, const Json& body) {
  const Json* metadata = member(error, "metadata");
  const Json* reasons = member(metadata, "reasons");
  return (reasons != nullptr && reasons->is_array() && says_something(reasons)) ||
         !text(member(metadata, "flagged_input")).empty() ||
         is_something(member(&body, "contentFilter"));
}

/// Response headers that a gateway puts into the body, as a look-up.
template <JsonValue Json>
std::vector<std::pair<std::string, std::string>> headers_in(const Json* object) {
  constexpr std::size_t kMostHeaders = 64;
  std::vector<std::pair<std::string, std::string>> headers;
  if (object == nullptr || !object->is_object()) return headers;
  for (const auto& item : object->items()) {
    if (headers.size() == kMostHeaders) break;
    std::string name(item.key());
    for (char& c : name)
      if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    std::string value(text(&item.value()));
    if (item.value().is_number()) value = item.value().dump();
    headers.emplace_back(std::move(name), std::move(value));
  }
  return headers;
}

/// Seconds as a wait, rounded up; nothing when negative or more than a year.
inline std::optional<std::chrono::milliseconds> seconds_wait(std::optional<double> seconds) {
  if (!seconds || !(*seconds >= 0 && *seconds <= 366.0 * 86400)) return std::nullopt;
  return std::chrono::milliseconds{static_cast<std::int64_t>(std::ceil(*seconds * 1000))};
}

/// The wait in the fields of an error: Google's RetryInfo, or its own.
template <JsonValue Json>
std::optional<std::chrono::milliseconds> wait_in(const Json* error) {
  const Json* details = member(error, "details");
  if (details != nullptr && details->is_array()) {
    for (const Json& detail : *details)
      if (const auto wait = parse_wait(text(member(&detail, "retryDelay")))) return wait;
  }
  for (const Json* where : {error, member(error, "metadata")}) {
    for (const char* name : {"retry_after", "retry_after_seconds"}) {
      const Json* value = member(where, name);
      auto wait = seconds_wait(number(value));
      if (!wait) wait = parse_wait(text(value));
      if (wait) return wait;
    }
  }
  return std::nullopt;
}

/// Adds the error of a reply, the wait and the limits it reports; does nothing when there is no
/// error.
template <JsonValue Json>
void read_error(LlmReply& reply, const Json& body, int http_status, SystemTime now) {
  const Json* error = find_error(body, http_status);
  if (error == nullptr) return;
  if (http_status < 400)
    http_status = status_in(error).value_or(status_in(&body).value_or(http_status));
  const auto code_of = [](const Json* from, const char* name) {
    return short_type(text(member(from, name)));
  };
  const auto number = count(member(error, "status_code"));
  const bool is_minimax = error == member(&body, "base_resp") && number.has_value();
  const std::string digits = is_minimax ? std::to_string(*number) : std::string();
  const std::string_view outer_type = code_of(&body, "type");
  reply.error = make_reply_error(
      http_status,
      {google_reason(error), code_of(error, "code"), code_of(member(error, "innererror"), "code"),
       code_of(error, "type"), code_of(error, "status"), code_of(error, "error_type"),
       code_of(error, "error_code"), code_of(error, "__type"), bedrock_exception(body).first,
       code_of(member(error, "metadata"), "error_type"),
       code_of(member(error, "metadata"), "provider_code"),
       is_moderated(error, body) ? std::string_view("content_filter") : std::string_view(), digits,
       is_minimax ? minimax_code(*number) : std::string_view(), code_of(&body, "code"),
       outer_type == "error" ? std::string_view() : outer_type, code_of(&body, "error_type"),
       code_of(&body, "__type")},
      full_message(error, body));
  reply.retry_after = wait_in(error);
  if (!reply.retry_after) reply.retry_after = wait_in_message(reply.error->message);
  const auto headers = headers_in(member(member(error, "metadata"), "headers"));
  if (headers.empty()) return;
  LlmReply within;
  within.error = reply.error;
  read_reply_headers(
      within,
      [&headers](std::string_view name) -> std::optional<std::string_view> {
        for (const auto& [known, value] : headers)
          if (known == name) return value;
        return std::nullopt;
      },
      now);
  reply.rate_limits = within.rate_limits;
  if (within.retry_after) reply.retry_after = within.retry_after;
}

}  // namespace ltb::detail::json
