// Reads the JSON replies of OpenAI-compatible servers, Anthropic and Google. Opt-in: shows
// nlohmann::json.
//
// Everything here is a template over the caller's own JSON type (nlohmann::json, ordered_json, any
// version and settings of it), so no JSON type crosses into the library. A field that is missing,
// oddly typed, negative or absurd counts as not told: nothing here throws but std::bad_alloc,
// whatever the JSON. Thread safety: any thread, distinct objects.
#pragma once

#include <ltb/error_type.hpp>
#include <ltb/llm_reply.hpp>
#include <ltb/monitored.hpp>
#include <ltb/usage.hpp>

#include <nlohmann/json.hpp>

#include <cmath>
#include <concepts>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>

namespace ltb {

/// nlohmann::json and its siblings.
template <typename Json>
concept JsonValue = requires(const Json& json) {
  typename Json::string_t;
  typename Json::number_unsigned_t;
  { json.is_object() } -> std::same_as<bool>;
  json.find("name");
};

namespace detail::json {

template <JsonValue Json>
const Json* member(const Json* value, const char* name) {
  if (value == nullptr || !value->is_object()) return nullptr;
  const auto found = value->find(name);
  return found == value->end() || found->is_null() ? nullptr : &*found;
}

template <JsonValue Json>
const Json* first_of(const Json* value, const char* one, const char* other) {
  const Json* found = member(value, one);
  return found != nullptr ? found : member(value, other);
}

template <JsonValue Json>
const Json* first_element(const Json* value) {
  return value == nullptr || !value->is_array() || value->empty() ? nullptr : &*value->begin();
}

template <JsonValue Json>
std::string_view text(const Json* value) noexcept {
  if (value == nullptr || !value->is_string()) return {};
  return *value->template get_ptr<const typename Json::string_t*>();
}

template <JsonValue Json>
std::optional<double> number(const Json* value) noexcept {
  if (value == nullptr || !value->is_number()) return std::nullopt;
  if (value->is_number_unsigned())
    return static_cast<double>(*value->template get_ptr<const typename Json::number_unsigned_t*>());
  if (value->is_number_integer())
    return static_cast<double>(*value->template get_ptr<const typename Json::number_integer_t*>());
  return static_cast<double>(*value->template get_ptr<const typename Json::number_float_t*>());
}

/// A count of tokens. Whole numbers written as 12.0 pass; past 2^53 nothing does, so that sums of a
/// few cannot overflow.
template <JsonValue Json>
std::optional<std::uint64_t> count(const Json* value) noexcept {
  const std::optional<double> found = number(value);
  if (!found || !(*found >= 0 && *found <= 9007199254740992.0)) return std::nullopt;
  if (*found != std::floor(*found)) return std::nullopt;
  return static_cast<std::uint64_t>(*found);
}

/// The HTTP status that servers put into `error.code`; otherwise the one of the response.
template <JsonValue Json>
int status_in(const Json* code, int http_status) noexcept {
  const std::optional<std::uint64_t> found = count(code);
  return http_status < 400 && found && *found >= 400 && *found < 600 ? static_cast<int>(*found)
                                                                     : http_status;
}

template <JsonValue Json>
std::optional<TokenUsage> openai_usage(const Json* usage) {
  const auto input = count(first_of(usage, "prompt_tokens", "input_tokens"));
  auto output = count(first_of(usage, "completion_tokens", "output_tokens"));
  const auto total = count(member(usage, "total_tokens"));
  if (!output && input && total && *total >= *input) output = *total - *input;  // embeddings
  if (!input || !output) return std::nullopt;
  TokenUsage tokens{.input_tokens = *input, .output_tokens = *output};
  const Json* details = first_of(usage, "prompt_tokens_details", "input_tokens_details");
  tokens.cached_tokens = count(member(details, "cached_tokens"));
  if (!tokens.cached_tokens)
    tokens.cached_tokens = count(member(usage, "prompt_cache_hit_tokens"));  // DeepSeek
  details = first_of(usage, "completion_tokens_details", "output_tokens_details");
  tokens.reasoning_tokens = count(member(details, "reasoning_tokens"));
  // Some compatible servers (xAI) leave reasoning out of the completion; their total tells.
  const std::uint64_t reasoning = tokens.reasoning_tokens.value_or(0);
  if (reasoning > 0 && total == *input + *output + reasoning) tokens.output_tokens += reasoning;
  return tokens;
}

template <JsonValue Json>
std::optional<CallError> openai_error(const Json& body, int http_status) {
  const Json* error = member(&body, "error");
  const Json* choice = first_element(member(&body, "choices"));
  if (error == nullptr) error = member(choice, "error");  // OpenRouter
  // The Responses stream and old vLLM put the error on the outside.
  if (error == nullptr &&
      (text(member(&body, "type")) == "error" || text(member(&body, "object")) == "error"))
    error = &body;
  if (error == nullptr) {
    if (http_status < 400) return std::nullopt;
    return make_reply_error(http_status, {}, {}, text(member(&body, "detail")));
  }
  if (error->is_string()) return make_reply_error(http_status, {}, {}, text(error));
  const Json* code = member(error, "code");
  return make_reply_error(status_in(code, http_status), text(code), text(member(error, "type")),
                          text(member(error, "message")));
}

template <JsonValue Json>
std::optional<TokenUsage> anthropic_usage(const Json* usage) {
  const auto input = count(member(usage, "input_tokens"));
  const auto output = count(member(usage, "output_tokens"));
  if (!input || !output) return std::nullopt;
  const auto read = count(member(usage, "cache_read_input_tokens"));
  const auto written = count(member(usage, "cache_creation_input_tokens"));
  return TokenUsage{.input_tokens = *input + read.value_or(0) + written.value_or(0),
                    .output_tokens = *output,
                    .cached_tokens = read,
                    .reasoning_tokens = std::nullopt,
                    .cache_written_tokens = written};
}

template <JsonValue Json>
std::optional<TokenUsage> google_usage(const Json* usage) {
  const auto prompt = count(member(usage, "promptTokenCount"));
  if (!prompt) return std::nullopt;
  // A count of 0 is left out, as protocol buffers do.
  const auto thoughts = count(member(usage, "thoughtsTokenCount"));
  return TokenUsage{
      .input_tokens = *prompt + count(member(usage, "toolUsePromptTokenCount")).value_or(0),
      .output_tokens =
          count(member(usage, "candidatesTokenCount")).value_or(0) + thoughts.value_or(0),
      .cached_tokens = count(member(usage, "cachedContentTokenCount")),
      .reasoning_tokens = thoughts};
}

/// Google asks to wait in the body, not in a header.
template <JsonValue Json>
std::optional<std::chrono::milliseconds> google_retry_delay(const Json* details) {
  if (details == nullptr || !details->is_array()) return std::nullopt;
  for (const Json& detail : *details)
    if (const auto wait = parse_wait(text(member(&detail, "retryDelay")))) return wait;
  return std::nullopt;
}

template <JsonValue Json>
bool google_has_content(const Json& chunk) {
  const Json* candidates = member(&chunk, "candidates");
  if (candidates == nullptr || !candidates->is_array()) return false;
  for (const Json& candidate : *candidates) {
    const Json* parts = member(member(&candidate, "content"), "parts");
    if (parts == nullptr || !parts->is_array()) continue;
    for (const Json& part : *parts)
      if (!text(member(&part, "text")).empty() || member(&part, "functionCall") != nullptr ||
          member(&part, "executableCode") != nullptr || member(&part, "inlineData") != nullptr)
        return true;
  }
  return false;
}

/// Non-empty text, or a non-empty list (tool calls; content in parts).
template <JsonValue Json>
bool is_something(const Json* value) noexcept {
  return value != nullptr && (value->is_array() ? !value->empty() : !text(value).empty());
}

template <JsonValue Json>
bool openai_has_content(const Json& chunk) {
  // The Responses API names its pieces "response.output_text.delta" and the like.
  if (text(member(&chunk, "type")).ends_with(".delta"))
    return is_something(member(&chunk, "delta"));
  const Json* choices = member(&chunk, "choices");
  if (choices == nullptr || !choices->is_array()) return false;
  for (const Json& choice : *choices) {
    if (is_something(member(&choice, "text"))) return true;  // legacy completions
    const Json* delta = member(&choice, "delta");
    for (const char* name : {"content", "reasoning_content", "reasoning", "tool_calls", "refusal"})
      if (is_something(member(delta, name))) return true;
    if (member(delta, "function_call") != nullptr) return true;
  }
  return false;
}

template <JsonValue Json>
bool anthropic_has_content(const Json& chunk) {
  if (text(member(member(&chunk, "content_block"), "type")) == "tool_use") return true;
  const Json* delta = member(&chunk, "delta");
  for (const char* name : {"text", "thinking", "partial_json"})
    if (is_something(member(delta, name))) return true;
  return false;
}

}  // namespace detail::json

/// Chat Completions (also legacy completions, embeddings and Responses) of OpenAI and of servers
/// that speak like it. `http_status` helps to classify; from 400 the reply has an error, whatever
/// its body. Inclusion: cached is part of prompt_tokens, reasoning part of completion_tokens.
template <JsonValue Json>
[[nodiscard]] LlmReply read_openai_reply(const Json& body, int http_status = 200) {
  namespace json = detail::json;
  LlmReply reply;
  const Json* usage = json::member(&body, "usage");
  reply.usage = json::openai_usage(usage);
  reply.cost = json::number(json::member(usage, "cost"));
  reply.model = json::text(json::member(&body, "model"));
  reply.request_id = json::text(json::member(&body, "id"));
  const Json* choice = json::first_element(json::member(&body, "choices"));
  reply.finish_reason = json::text(json::member(choice, "finish_reason"));
  if (json::text(json::member(&body, "object")) == "response") {
    const std::string_view status = json::text(json::member(&body, "status"));
    if (status == "completed") reply.finish_reason = "stop";
    if (status == "incomplete")
      reply.finish_reason =
          json::text(json::member(json::member(&body, "incomplete_details"), "reason"));
    if (reply.finish_reason == "max_output_tokens") reply.finish_reason = "length";
  }
  reply.error = json::openai_error(body, http_status);
  return reply;
}

/// Anthropic's Messages. Inclusion: input_tokens leaves out what was read from and written to the
/// cache; both are added here.
template <JsonValue Json>
[[nodiscard]] LlmReply read_anthropic_reply(const Json& body, int http_status = 200) {
  namespace json = detail::json;
  LlmReply reply;
  reply.usage = json::anthropic_usage(json::member(&body, "usage"));
  reply.model = json::text(json::member(&body, "model"));
  reply.request_id = json::text(json::first_of(&body, "request_id", "id"));
  reply.finish_reason = json::text(json::member(&body, "stop_reason"));
  const Json* error = json::member(&body, "error");
  if (error != nullptr || http_status >= 400)
    reply.error = detail::make_reply_error(http_status, json::text(json::member(error, "type")), {},
                                           json::text(json::member(error, "message")));
  return reply;
}

/// Google's generateContent. Inclusion: cached is part of promptTokenCount; candidatesTokenCount
/// leaves out thoughts, and promptTokenCount what tools put into the prompt: both are added here.
template <JsonValue Json>
[[nodiscard]] LlmReply read_google_reply(const Json& body, int http_status = 200) {
  namespace json = detail::json;
  // A streaming call that fails answers with a list of one error.
  const Json* first = json::first_element(&body);
  const Json* reply_body = first != nullptr ? first : &body;
  LlmReply reply;
  reply.usage = json::google_usage(json::member(reply_body, "usageMetadata"));
  reply.model = json::text(json::member(reply_body, "modelVersion"));
  reply.request_id = json::text(json::member(reply_body, "responseId"));
  const Json* candidate = json::first_element(json::member(reply_body, "candidates"));
  reply.finish_reason = json::text(json::member(candidate, "finishReason"));
  const Json* error = json::member(reply_body, "error");
  if (error != nullptr || http_status >= 400) {
    const Json* details = json::member(error, "details");
    reply.retry_after = json::google_retry_delay(details);
    reply.error = detail::make_reply_error(
        json::status_in(json::member(error, "code"), http_status),
        json::text(json::member(json::first_element(details), "reason")),
        json::text(json::member(error, "status")), json::text(json::member(error, "message")));
  } else if (candidate == nullptr) {
    // A prompt that was blocked: 200, and nothing was generated.
    const Json* feedback = json::member(reply_body, "promptFeedback");
    const std::string_view reason = json::text(json::member(feedback, "blockReason"));
    if (!reason.empty())
      reply.error = CallError{ErrorType::ContentFilter, "the prompt was blocked",
                              std::string(reason.substr(0, 128))};
  }
  return reply;
}

/// Takes over one chunk of a streamed reply (a `data:` line of the SSE stream, parsed), errors in
/// the stream included. True when it carries generated content: then call RequestScope::on_chunk().
/// Call apply() with the whole when the stream is over.
template <JsonValue Json>
[[nodiscard]] bool read_openai_chunk(LlmReply& whole, const Json& chunk) {
  namespace json = detail::json;
  detail::merge_reply(whole, read_openai_reply(chunk));
  if (const Json* response = json::member(&chunk, "response"))
    detail::merge_reply(whole, read_openai_reply(*response));
  return json::openai_has_content(chunk);
}

/// The same for Anthropic: message_start has the input, message_delta the output as it stands.
template <JsonValue Json>
[[nodiscard]] bool read_anthropic_chunk(LlmReply& whole, const Json& chunk) {
  namespace json = detail::json;
  const std::optional<TokenUsage> before = whole.usage;
  detail::merge_reply(whole, read_anthropic_reply(chunk));
  if (const Json* message = json::member(&chunk, "message"))
    detail::merge_reply(whole, read_anthropic_reply(*message));
  if (json::text(json::member(&chunk, "type")) == "message_delta") {
    const std::string_view reason =
        json::text(json::member(json::member(&chunk, "delta"), "stop_reason"));
    if (!reason.empty()) whole.finish_reason = reason;
    const auto output = json::count(json::member(json::member(&chunk, "usage"), "output_tokens"));
    if (output && whole.usage) whole.usage->output_tokens = *output;
    // A delta may repeat the input without its cached part.
    if (before && whole.usage && whole.usage->input_tokens < before->input_tokens) {
      whole.usage->input_tokens = before->input_tokens;
      whole.usage->cached_tokens = before->cached_tokens;
      whole.usage->cache_written_tokens = before->cache_written_tokens;
    }
  }
  return json::anthropic_has_content(chunk);
}

/// The same for Google, whose chunks have the shape of the whole.
template <JsonValue Json>
[[nodiscard]] bool read_google_chunk(LlmReply& whole, const Json& chunk) {
  detail::merge_reply(whole, read_google_reply(chunk));
  const Json* first = detail::json::first_element(&chunk);
  return detail::json::google_has_content(first != nullptr ? *first : chunk);
}

namespace detail::json {

struct OpenAi {
  static LlmReply reply(const auto& body) { return read_openai_reply(body); }
  static bool chunk(LlmReply& whole, const auto& chunk) { return read_openai_chunk(whole, chunk); }
};
struct Anthropic {
  static LlmReply reply(const auto& body) { return read_anthropic_reply(body); }
  static bool chunk(LlmReply& whole, const auto& chunk) {
    return read_anthropic_chunk(whole, chunk);
  }
};
struct Google {
  static LlmReply reply(const auto& body) { return read_google_reply(body); }
  static bool chunk(LlmReply& whole, const auto& chunk) { return read_google_chunk(whole, chunk); }
};

template <typename Format>
struct Traits : DefaultMonitoredTraits {
  using State = LlmReply;

  template <typename Client, typename Request, typename... Args>
  static auto model(const Client& client, const Request& request, const Args&... args) {
    if constexpr (JsonValue<Request>) {
      return text(member(&request, "model"));
    } else {
      return DefaultMonitoredTraits::model(client, request, args...);
    }
  }
  template <typename... Chunk>
  static bool on_chunk(State& whole, const Chunk&... chunk) {
    if constexpr (sizeof...(Chunk) == 1 && (JsonValue<Chunk> && ...)) {
      return (Format::chunk(whole, chunk), ...);
    } else {
      return DefaultMonitoredTraits::on_chunk(whole, chunk...);
    }
  }
  template <typename... Result>
  static void on_end(RequestScope& scope, State& whole, const Result&... result) {
    (take(whole, result), ...);
    apply(scope, whole);
    DefaultMonitoredTraits::on_end(scope, whole, result...);
  }

 private:
  static void take(State& whole, const auto& result) {
    if constexpr (JsonValue<std::remove_cvref_t<decltype(result)>>)
      merge_reply(whole, Format::reply(result));
  }
};

}  // namespace detail::json

/// For Monitored clients whose requests, chunks or results are JSON in the provider's own shape:
/// `template <> struct ltb::MonitoredTraits<MyClient> : ltb::OpenAiJsonTraits {};`
/// An error in the JSON ends the call as failed.
struct OpenAiJsonTraits : detail::json::Traits<detail::json::OpenAi> {};
struct AnthropicJsonTraits : detail::json::Traits<detail::json::Anthropic> {};
struct GoogleJsonTraits : detail::json::Traits<detail::json::Google> {};

}  // namespace ltb
