// Anthropic's Messages: requests, answers, events.

#include "anthropic_messages.hpp"

#include <ltb/json.hpp>
#include <nlohmann/json.hpp>
#include <stdexcept>

namespace llm_benchmark {
namespace {

using nlohmann::json;

constexpr const char* kApiVersion = "2023-06-01";
/// The API wants a bound; this one leaves room for any answer of a data set.
constexpr std::uint32_t kUsualMaxTokens = 1024;

std::string string_in(const json& object, const char* field) {
  const auto found = object.find(field);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string{};
}

const json* object_in(const json& object, const char* field) {
  const auto found = object.find(field);
  return found != object.end() && found->is_object() ? &*found : nullptr;
}

class AnthropicStream : public ReplyStream {
 protected:
  Piece read(ltb::LlmReply& reply, const json& event) override {
    const bool has_content = ltb::read_anthropic_chunk(reply, event);
    if (string_in(event, "type") == "message_stop") end();
    if (!has_content) return {};
    const json* delta = object_in(event, "delta");
    if (delta == nullptr) return {.tool_call = true};  // A block that begins the use of a tool.
    Piece piece{.text = string_in(*delta, "text"), .reasoning = string_in(*delta, "thinking")};
    piece.tool_call = piece.text.empty() && piece.reasoning.empty();
    return piece;
  }
};

}  // namespace

HttpHeaders AnthropicMessages::headers(const std::string& api_key) const {
  HttpHeaders headers{{"anthropic-version", kApiVersion}};
  if (!api_key.empty()) headers.emplace_back("x-api-key", api_key);
  return headers;
}

std::string AnthropicMessages::body(const ltb::CompletionRequest& request,
                                    const BodyForm& form) const {
  const json messages = json::array({{{"role", "user"}, {"content", request.prompt}}});
  json body{{"model", request.model},
            {"max_tokens", request.max_tokens.value_or(kUsualMaxTokens)},
            {"messages", messages}};
  if (request.system_prompt) body["system"] = *request.system_prompt;
  if (request.temperature) body["temperature"] = *request.temperature;
  if (request.top_p) body["top_p"] = *request.top_p;
  if (!request.stop.empty()) body["stop_sequences"] = request.stop;
  if (form.streamed) body["stream"] = true;
  return body.dump(-1, ' ', false, json::error_handler_t::replace);
}

ltb::LlmReply AnthropicMessages::read(const json& answer, int status) const {
  return ltb::read_anthropic_reply(answer, status);
}

std::string AnthropicMessages::text(const json& answer) const {
  const auto content = answer.find("content");
  if (content == answer.end() || !content->is_array()) {
    throw std::invalid_argument("has no list of content");
  }
  std::string all;
  for (const json& block : *content) {
    if (block.is_object() && string_in(block, "type") == "text") all += string_in(block, "text");
  }
  return all;
}

std::unique_ptr<ReplyStream> AnthropicMessages::make_stream() const {
  return std::make_unique<AnthropicStream>();
}

}  // namespace llm_benchmark
