// The chat completions of OpenAI: requests, answers, deltas.

#include "openai_messages.hpp"

#include <ltb/json.hpp>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <utility>

namespace llm_benchmark {
namespace {

using nlohmann::json;

std::string string_in(const json& object, const char* field) {
  const auto found = object.find(field);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string{};
}

/// Content is a text, or (some servers) a list of parts of which those of this type carry one.
std::string content_in(const json& message, const char* type) {
  const auto found = message.find("content");
  if (found == message.end() || !found->is_array()) {
    return std::string_view(type) == "text" ? string_in(message, "content") : std::string{};
  }
  std::string all;
  for (const json& part : *found) {
    if (part.is_object() && string_in(part, "type") == type) all += string_in(part, type);
  }
  return all;
}

/// The text of the parts that are reasoning (Mistral).
std::string thinking_in(const json& message) {
  const auto found = message.find("content");
  if (found == message.end() || !found->is_array()) return {};
  std::string all;
  for (const json& part : *found) {
    const auto inner = part.is_object() ? part.find("thinking") : part.end();
    if (!part.is_object() || inner == part.end() || !inner->is_array()) continue;
    for (const json& piece : *inner) {
      if (piece.is_object()) all += string_in(piece, "text");
    }
  }
  return all;
}

class OpenAiStream : public ReplyStream {
 protected:
  Piece read(ltb::LlmReply& reply, const json& event) override {
    const bool has_content = ltb::read_openai_chunk(reply, event);
    const auto choices = event.find("choices");
    if (choices == event.end() || !choices->is_array() || choices->empty()) return {};
    const json& choice = choices->front();
    const auto delta = choice.is_object() ? choice.find("delta") : choice.end();
    if (!choice.is_object() || delta == choice.end() || !delta->is_object()) return {};
    Piece piece{.text = content_in(*delta, "text")};
    // Servers that know both names send the same under both.
    piece.reasoning = string_in(*delta, "reasoning_content");
    for (const char* name : {"reasoning", "thinking"}) {
      if (piece.reasoning.empty()) piece.reasoning = string_in(*delta, name);
    }
    if (piece.reasoning.empty()) piece.reasoning = thinking_in(*delta);
    if (piece.text.empty()) piece.text = string_in(*delta, "refusal");
    // What is generated and is neither text nor reasoning is a call of a tool.
    piece.tool_call = has_content && piece.text.empty() && piece.reasoning.empty();
    return piece;
  }
};

}  // namespace

HttpHeaders OpenAiMessages::headers(const std::string& api_key) const {
  if (api_key.empty()) return {};
  return {{"Authorization", "Bearer " + api_key}};
}

std::string OpenAiMessages::body(const ltb::CompletionRequest& request,
                                 const BodyForm& form) const {
  json messages = json::array();
  if (request.system_prompt) {
    messages.push_back({{"role", "system"}, {"content", *request.system_prompt}});
  }
  messages.push_back({{"role", "user"}, {"content", request.prompt}});
  json body{{"model", request.model}, {"messages", std::move(messages)}};
  if (request.max_tokens) {
    body[form.completion_tokens ? "max_completion_tokens" : "max_tokens"] = *request.max_tokens;
  }
  if (request.temperature) body["temperature"] = *request.temperature;
  if (request.top_p) body["top_p"] = *request.top_p;
  if (!request.stop.empty()) body["stop"] = request.stop;
  if (form.streamed) body["stream"] = true;
  if (form.streamed && form.with_usage) body["stream_options"] = {{"include_usage", true}};
  return body.dump(-1, ' ', false, json::error_handler_t::replace);
}

ltb::LlmReply OpenAiMessages::read(const json& answer, int status) const {
  return ltb::read_openai_reply(answer, status);
}

std::string OpenAiMessages::text(const json& answer) const {
  const auto choices = answer.find("choices");
  if (choices == answer.end() || !choices->is_array() || choices->empty()) {
    throw std::invalid_argument("has no choices");
  }
  const json& choice = choices->front();
  const auto message = choice.is_object() ? choice.find("message") : choice.end();
  if (!choice.is_object() || message == choice.end() || !message->is_object()) {
    throw std::invalid_argument("has a choice without a message");
  }
  // A null content is legal: a refusal, or tool calls only.
  return content_in(*message, "text");
}

std::unique_ptr<ReplyStream> OpenAiMessages::make_stream() const {
  return std::make_unique<OpenAiStream>();
}

}  // namespace llm_benchmark
