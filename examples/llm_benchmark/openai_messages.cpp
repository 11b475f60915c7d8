// What an OpenAI-compatible server is asked and answers.

#include "openai_messages.hpp"

#include <array>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

namespace llm_benchmark {
namespace {

using nlohmann::json;

constexpr std::size_t kShownBytes = 200;

struct CodeMeaning {
  std::string_view code;
  ltb::ErrorType type;
};

/// Codes and types that OpenAI and the servers that imitate it send.
constexpr std::array kCodes{
    CodeMeaning{"insufficient_quota", ltb::ErrorType::Quota},
    CodeMeaning{"billing_hard_limit_reached", ltb::ErrorType::Quota},
    CodeMeaning{"context_length_exceeded", ltb::ErrorType::ContextLength},
    CodeMeaning{"string_above_max_length", ltb::ErrorType::ContextLength},
    CodeMeaning{"content_filter", ltb::ErrorType::ContentFilter},
    CodeMeaning{"content_policy_violation", ltb::ErrorType::ContentFilter},
    CodeMeaning{"rate_limit_exceeded", ltb::ErrorType::RateLimit},
    CodeMeaning{"invalid_api_key", ltb::ErrorType::Auth},
    CodeMeaning{"model_not_found", ltb::ErrorType::NotFound},
};

std::optional<ltb::ErrorType> type_of_code(std::string_view code) {
  for (const CodeMeaning& known : kCodes) {
    if (known.code == code) return known.type;
  }
  return std::nullopt;
}

std::string text_of(const json& object, const char* field) {
  const auto found = object.find(field);
  if (found == object.end()) return {};
  if (found->is_string()) return found->get<std::string>();
  return found->is_number() ? found->dump() : std::string{};
}

/// The start of a text for a message, in printable ASCII: what a server sends may be anything.
std::string excerpt(std::string_view text) {
  std::string shown;
  for (const char c : text.substr(0, kShownBytes)) shown += c >= ' ' && c <= '~' ? c : '?';
  return text.size() > kShownBytes ? shown + "..." : shown;
}

std::optional<std::uint64_t> count_of(const json& object, const char* field) {
  const auto found = object.find(field);
  if (found == object.end() || !found->is_number_unsigned()) return std::nullopt;
  return found->get<std::uint64_t>();
}

std::optional<std::uint64_t> detail_of(const json& usage, const char* details, const char* field) {
  const auto found = usage.find(details);
  if (found == usage.end() || !found->is_object()) return std::nullopt;
  return count_of(*found, field);
}

std::optional<ltb::TokenUsage> usage_of(const json& answer) {
  const auto usage = answer.find("usage");
  if (usage == answer.end() || !usage->is_object()) return std::nullopt;
  const auto input = count_of(*usage, "prompt_tokens");
  const auto output = count_of(*usage, "completion_tokens");
  if (!input || !output) return std::nullopt;
  return ltb::TokenUsage{
      .input_tokens = *input,
      .output_tokens = *output,
      .cached_tokens = detail_of(*usage, "prompt_tokens_details", "cached_tokens"),
      .reasoning_tokens = detail_of(*usage, "completion_tokens_details", "reasoning_tokens")};
}

}  // namespace

std::string chat_request_body(const ltb::CompletionRequest& request) {
  json messages = json::array();
  if (request.system_prompt) {
    messages.push_back({{"role", "system"}, {"content", *request.system_prompt}});
  }
  messages.push_back({{"role", "user"}, {"content", request.prompt}});
  json body{{"model", request.model}, {"messages", std::move(messages)}};
  if (request.max_tokens) body["max_tokens"] = *request.max_tokens;
  if (request.temperature) body["temperature"] = *request.temperature;
  if (request.top_p) body["top_p"] = *request.top_p;
  if (!request.stop.empty()) body["stop"] = request.stop;
  return body.dump(-1, ' ', false, json::error_handler_t::replace);
}

ltb::CompletionResponse parse_chat_response(std::string_view body) {
  const auto fail = [body](const std::string& what) {
    return ltb::ProviderError(ltb::ErrorType::Parse,
                              "the answer " + what + ": \"" + excerpt(body) + '"');
  };
  const json answer = json::parse(body, nullptr, false);
  if (!answer.is_object()) throw fail("is not a JSON object");
  const auto choices = answer.find("choices");
  if (choices == answer.end() || !choices->is_array() || choices->empty()) {
    throw fail("has no choices");
  }
  const json& choice = choices->front();
  const auto message = choice.is_object() ? choice.find("message") : choice.end();
  if (!choice.is_object() || message == choice.end() || !message->is_object()) {
    throw fail("has a choice without a message");
  }
  // A null content is legal: a refusal, or tool calls only.
  return {.text = text_of(*message, "content"),
          .model = text_of(answer, "model"),
          .usage = usage_of(answer),
          .cost = std::nullopt,
          .finish_reason = text_of(choice, "finish_reason"),
          .request_id = text_of(answer, "id")};
}

ltb::ProviderError error_from_response(int status, std::string_view body, std::string_view url) {
  std::string message = "POST " + std::string(url) + ": HTTP " + std::to_string(status);
  const json answer = json::parse(body, nullptr, false);
  const auto error = answer.is_object() ? answer.find("error") : answer.end();
  if (!answer.is_object() || error == answer.end() || !error->is_object()) {
    if (!body.empty()) message += ": " + excerpt(body);
    return {ltb::error_type_from_http_status(status), message};
  }
  if (const std::string text = text_of(*error, "message"); !text.empty()) message += ": " + text;
  const std::string code = text_of(*error, "code");
  const std::string type = text_of(*error, "type");
  const auto by_code = type_of_code(code);
  const auto known = by_code ? by_code : type_of_code(type);
  return {known.value_or(ltb::error_type_from_http_status(status)), message,
          code.empty() ? type : code};
}

}  // namespace llm_benchmark
