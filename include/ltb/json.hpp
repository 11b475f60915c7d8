// Reads the JSON replies of OpenAI-compatible servers, Anthropic and Google. Opt-in: shows
// nlohmann::json.
//
// Everything here is a template over the caller's own JSON type (nlohmann::json, ordered_json, any
// version and settings of it), so no JSON type crosses into the library. A field that is missing,
// oddly typed, negative or absurd counts as not reported: nothing here throws but std::bad_alloc,
// whatever the JSON. Thread safety: any thread, distinct objects. Which fields are read of which
// server: docs/providers.md.
#pragma once

#include <ltb/error_type.hpp>
#include <ltb/json_content.hpp>
#include <ltb/json_errors.hpp>
#include <ltb/json_fields.hpp>
#include <ltb/json_usage.hpp>
#include <ltb/llm_reply.hpp>
#include <ltb/monitored.hpp>
#include <ltb/usage.hpp>

#include <nlohmann/json.hpp>

#include <chrono>
#include <concepts>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>

namespace ltb {

namespace detail::json {

/// Why the model stopped, in a reply or chunk without choices: Cohere's, Bedrock's.
template <JsonValue Json>
std::string_view other_finish_reason(const Json& body) {
  for (const Json* where : {&body, member(&body, "delta"), member(&body, "messageStop")})
    for (const char* name : {"finish_reason", "stopReason"})
      if (const auto found = reason(member(where, name)); !found.empty()) return found;
  return {};
}

/// What the status of a whole answer of the Responses API says.
template <JsonValue Json>
void read_response_status(LlmReply& reply, const Json& body) {
  const std::string_view status = text(member(&body, "status"));
  if (status == "completed") reply.finish_reason = "stop";
  if (status == "incomplete")
    reply.finish_reason = reason(member(member(&body, "incomplete_details"), "reason"));
  if (reply.finish_reason == "max_output_tokens") reply.finish_reason = "length";
  if (status == "failed" && !reply.error)
    reply.error = CallError{ErrorType::Other, "the response has the status \"failed\"", {}};
}

}  // namespace detail::json

/// Chat Completions (also legacy completions, embeddings and Responses) of OpenAI and of servers
/// that speak like it. `http_status` helps to classify; from 400 the reply has an error, whatever
/// its body. Inclusion: cached is part of prompt_tokens, reasoning part of completion_tokens.
/// `now` is what resets in the body count from.
template <JsonValue Json>
[[nodiscard]] LlmReply read_openai_reply(
    const Json& body, int http_status = 200,
    std::chrono::system_clock::time_point now = std::chrono::system_clock::now()) {
  namespace json = detail::json;
  LlmReply reply;
  // Google's endpoint answers a stream that fails with a list of one error.
  const Json* first = json::first_element(&body);
  const Json& answer = first != nullptr ? *first : body;
  const Json* usage = json::usage_object(answer);
  reply.usage = json::any_usage(usage);
  if (!reply.usage) reply.usage = json::local_usage(&answer);
  reply.cost = json::cost_in(usage);
  reply.model = json::text(json::member(&answer, "model"));
  reply.request_id = json::text(json::member(&answer, "id"));
  const Json* choice = json::first_element(json::member(&answer, "choices"));
  reply.finish_reason = choice != nullptr ? json::reason(json::member(choice, "finish_reason"))
                                          : json::other_finish_reason(answer);
  if (reply.usage) json::add_hidden_reasoning(*reply.usage, usage, reply.model);
  json::read_error(reply, answer, http_status, now);
  if (json::text(json::member(&answer, "object")) == "response")
    json::read_response_status(reply, answer);
  if ((reply.finish_reason == "error" || reply.finish_reason == "ERROR") && !reply.error)
    reply.error = CallError{ErrorType::Other, "the answer ended with finish_reason \"error\"", {}};
  return reply;
}

/// Anthropic's Messages. Inclusion: input_tokens leaves out what was read from and written to the
/// cache; both are added here.
template <JsonValue Json>
[[nodiscard]] LlmReply read_anthropic_reply(
    const Json& body, int http_status = 200,
    std::chrono::system_clock::time_point now = std::chrono::system_clock::now()) {
  namespace json = detail::json;
  LlmReply reply;
  reply.usage = json::anthropic_usage(json::member(&body, "usage"));
  reply.cost = json::cost_in(json::member(&body, "usage"));
  reply.model = json::text(json::member(&body, "model"));
  reply.request_id = json::text(json::first_of(&body, "request_id", "id"));
  reply.finish_reason = json::reason(json::member(&body, "stop_reason"));
  json::read_error(reply, body, http_status, now);
  return reply;
}

/// Google's generateContent. Inclusion: cached is part of promptTokenCount; candidatesTokenCount
/// leaves out thoughts, and promptTokenCount what tools put into the prompt: both are added here.
template <JsonValue Json>
[[nodiscard]] LlmReply read_google_reply(
    const Json& body, int http_status = 200,
    std::chrono::system_clock::time_point now = std::chrono::system_clock::now()) {
  namespace json = detail::json;
  // A streaming call that fails answers with a list of one error.
  const Json* first = json::first_element(&body);
  const Json& answer = first != nullptr ? *first : body;
  LlmReply reply;
  reply.usage = json::google_usage(json::member(&answer, "usageMetadata"));
  reply.model = json::text(json::member(&answer, "modelVersion"));
  reply.request_id = json::text(json::member(&answer, "responseId"));
  const Json* candidate = json::first_element(json::member(&answer, "candidates"));
  reply.finish_reason = json::reason(json::member(candidate, "finishReason"));
  json::read_error(reply, answer, http_status, now);
  if (!reply.error && candidate == nullptr) {
    // A prompt that was blocked: 200, and nothing was generated.
    const Json* feedback = json::member(&answer, "promptFeedback");
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
  return json::openai_carries(chunk) != json::Carries::Nothing;
}

/// The same for Anthropic: message_start has the input, message_delta the output so far.
template <JsonValue Json>
[[nodiscard]] bool read_anthropic_chunk(LlmReply& whole, const Json& chunk) {
  namespace json = detail::json;
  const std::optional<TokenUsage> before = whole.usage;
  detail::merge_reply(whole, read_anthropic_reply(chunk));
  if (const Json* message = json::member(&chunk, "message"))
    detail::merge_reply(whole, read_anthropic_reply(*message));
  if (json::text(json::member(&chunk, "type")) == "message_delta") {
    const std::string_view reason =
        json::reason(json::member(json::member(&chunk, "delta"), "stop_reason"));
    if (!reason.empty()) whole.finish_reason = reason;
    const auto output = json::count(json::member(json::member(&chunk, "usage"), "output_tokens"));
    if (output && whole.usage) whole.usage->output_tokens = *output;
    // A delta repeats what was written to the cache, but not which part of it is kept for an hour.
    if (before && whole.usage && !whole.usage->cache_written_1h_tokens)
      whole.usage->cache_written_1h_tokens = before->cache_written_1h_tokens;
    // A delta may repeat the input without its cached part.
    if (before && whole.usage && whole.usage->input_tokens < before->input_tokens) {
      whole.usage->input_tokens = before->input_tokens;
      whole.usage->cached_tokens = before->cached_tokens;
      whole.usage->cache_written_tokens = before->cache_written_tokens;
      whole.usage->cache_written_1h_tokens = before->cache_written_1h_tokens;
    }
  }
  return json::anthropic_carries(chunk) != json::Carries::Nothing;
}

/// The same for Google, whose chunks have the shape of the whole.
template <JsonValue Json>
[[nodiscard]] bool read_google_chunk(LlmReply& whole, const Json& chunk) {
  detail::merge_reply(whole, read_google_reply(chunk));
  return detail::json::google_carries(chunk) != detail::json::Carries::Nothing;
}

namespace detail::json {

struct OpenAi {
  static LlmReply reply(const auto& body) { return read_openai_reply(body); }
  static bool chunk(LlmReply& whole, const auto& chunk) { return read_openai_chunk(whole, chunk); }
  static bool is_reasoning(const auto& chunk) {
    return openai_carries(chunk) == Carries::Reasoning;
  }
};
struct Anthropic {
  static LlmReply reply(const auto& body) { return read_anthropic_reply(body); }
  static bool chunk(LlmReply& whole, const auto& chunk) {
    return read_anthropic_chunk(whole, chunk);
  }
  static bool is_reasoning(const auto& chunk) {
    return anthropic_carries(chunk) == Carries::Reasoning;
  }
};
struct Google {
  static LlmReply reply(const auto& body) { return read_google_reply(body); }
  static bool chunk(LlmReply& whole, const auto& chunk) { return read_google_chunk(whole, chunk); }
  static bool is_reasoning(const auto& chunk) {
    return google_carries(chunk) == Carries::Reasoning;
  }
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
  template <typename... Chunk>
  static bool is_reasoning(const Chunk&... chunk) {
    if constexpr (sizeof...(Chunk) == 1 && (JsonValue<Chunk> && ...)) {
      return (Format::is_reasoning(chunk), ...);
    } else {
      return DefaultMonitoredTraits::is_reasoning(chunk...);
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
