// What a chunk of a stream carries: content, reasoning or neither. For ltb/json.hpp; not to be used
// by itself.
#pragma once

#include <ltb/json_fields.hpp>

#include <algorithm>
#include <cstdint>
#include <initializer_list>
#include <string_view>

namespace ltb::detail::json {

/// The greater one is what a chunk with several parts carries. A summary of reasoning is reasoning:
/// it comes while the model reasons, before what it answers.
enum class Carries : std::uint8_t { Nothing, Reasoning, Content };

template <JsonValue Json>
Carries carried_if(const Json* value, Carries kind) noexcept {
  return is_something(value) ? kind : Carries::Nothing;
}

template <JsonValue Json>
Carries carried_in(const Json* value, std::initializer_list<const char*> names, Carries kind) {
  for (const char* name : names)
    if (is_something(member(value, name))) return kind;
  return Carries::Nothing;
}

/// The member `content` of a delta: text, or a list of parts (Mistral).
template <JsonValue Json>
Carries content_carries(const Json* delta) {
  const Json* content = member(delta, "content");
  if (!is_something(content)) return Carries::Nothing;
  const Json* google = member(member(delta, "extra_content"), "google");
  if (const Json* thought = member(google, "thought"); says_something(thought))
    return Carries::Reasoning;
  if (!content->is_array()) return Carries::Content;
  for (const Json& part : *content)
    if (text(member(&part, "type")) != "thinking") return Carries::Content;
  return Carries::Reasoning;
}

template <JsonValue Json>
Carries choice_carries(const Json& choice) {
  const Json* delta = member(&choice, "delta");
  if (member(delta, "function_call") != nullptr) return Carries::Content;
  return std::max(
      {carried_if(member(&choice, "text"), Carries::Content),  // legacy completions
       content_carries(delta), carried_in(delta, {"tool_calls", "refusal"}, Carries::Content),
       carried_in(delta, {"reasoning_content", "reasoning", "thinking"}, Carries::Reasoning)});
}

template <JsonValue Json>
Carries cohere_carries(const Json* message) {
  const Json* content = member(message, "content");
  if (says_something(member(message, "tool_calls"))) return Carries::Content;
  return std::max({carried_in(message, {"tool_plan"}, Carries::Content),
                   carried_in(content, {"text"}, Carries::Content),
                   carried_in(content, {"thinking"}, Carries::Reasoning)});
}

/// Amazon Bedrock's ConverseStream, as its SDKs show an event.
template <JsonValue Json>
Carries bedrock_carries(const Json& chunk) {
  const Json* start = member(member(&chunk, "contentBlockStart"), "start");
  if (member(start, "toolUse") != nullptr) return Carries::Content;
  const Json* block = member(&chunk, "contentBlockDelta");
  const Json* delta = member(block != nullptr ? block : &chunk, "delta");
  return std::max({carried_in(delta, {"text"}, Carries::Content),
                   carried_in(member(delta, "toolUse"), {"input"}, Carries::Content),
                   carried_in(member(delta, "reasoningContent"), {"text"}, Carries::Reasoning)});
}

/// Chat Completions, Responses, and what servers send that are read with them.
template <JsonValue Json>
Carries openai_carries(const Json& chunk) {
  // The Responses API names its pieces "response.output_text.delta" and the like.
  if (const std::string_view type = text(member(&chunk, "type")); type.ends_with(".delta"))
    return carried_if(member(&chunk, "delta"), type.starts_with("response.reasoning")
                                                   ? Carries::Reasoning
                                                   : Carries::Content);
  Carries most =
      std::max(cohere_carries(member(member(&chunk, "delta"), "message")), bedrock_carries(chunk));
  const Json* choices = member(&chunk, "choices");
  if (choices == nullptr || !choices->is_array()) return most;
  for (const Json& choice : *choices) most = std::max(most, choice_carries(choice));
  return most;
}

template <JsonValue Json>
Carries anthropic_carries(const Json& chunk) {
  if (text(member(member(&chunk, "content_block"), "type")) == "tool_use") return Carries::Content;
  const Json* delta = member(&chunk, "delta");
  return std::max(carried_in(delta, {"text", "partial_json"}, Carries::Content),
                  carried_in(delta, {"thinking"}, Carries::Reasoning));
}

template <JsonValue Json>
Carries google_carries(const Json& chunk) {
  const Json* first = first_element(&chunk);
  const Json* candidates = member(first != nullptr ? first : &chunk, "candidates");
  if (candidates == nullptr || !candidates->is_array()) return Carries::Nothing;
  Carries most = Carries::Nothing;
  for (const Json& candidate : *candidates) {
    const Json* parts = member(member(&candidate, "content"), "parts");
    if (parts == nullptr || !parts->is_array()) continue;
    for (const Json& part : *parts) {
      const bool is_thought = says_something(member(&part, "thought"));
      most = std::max(most, carried_if(member(&part, "text"),
                                       is_thought ? Carries::Reasoning : Carries::Content));
      if (any_of(&part, "functionCall", "executableCode", "inlineData") != nullptr)
        return Carries::Content;
    }
  }
  return most;
}

}  // namespace ltb::detail::json
