// What is the same for every API: errors, headers, and the pieces of a streamed answer.

#include "dialect.hpp"

#include <nlohmann/json.hpp>
#include <stdexcept>
#include <utility>

namespace llm_benchmark {
namespace {

using nlohmann::json;

constexpr std::size_t kShownBytes = 200;
constexpr std::size_t kMaxTextBytes = std::size_t{16} * 1024 * 1024;

void add_headers(ltb::LlmReply& reply, const HttpReply& http) {
  ltb::read_reply_headers(reply, [&http](std::string_view name) { return http.header(name); });
}

ltb::CompletionResponse to_response(const ltb::LlmReply& reply, std::string text) {
  return {.text = std::move(text),
          .model = reply.model,
          .usage = reply.usage,
          .cost = reply.cost,
          .finish_reason = reply.finish_reason,
          .request_id = reply.request_id,
          .rate_limits = reply.rate_limits};
}

ltb::ProviderError no_answer(const std::string& what, std::string_view body) {
  return {ltb::ErrorType::Parse, "the answer " + what + ": \"" + excerpt(body) + '"'};
}

}  // namespace

ReplyStream::~ReplyStream() = default;
Dialect::~Dialect() = default;

bool ReplyStream::take(const SseEvent& event, const ltb::StreamCallback& on_chunk) {
  if (event.data == "[DONE]") {
    over_ = true;
    return true;
  }
  const json chunk = json::parse(event.data, nullptr, false);
  if (!chunk.is_object()) throw no_answer("holds an event that is no JSON object", event.data);
  ++events_;
  const Piece piece = read(reply_, chunk);
  if (reply_.error) {
    throw ltb::ProviderError(
        reply_.error->type,
        "an error in the stream, after " + progress() + ": " + excerpt(reply_.error->message),
        reply_.error->code, reply_.retry_after);
  }
  const ltb::StreamChunk content{
      .text = piece.text, .reasoning = piece.reasoning, .tool_call = piece.tool_call};
  if (!content.has_content()) return true;
  ++pieces_;
  bytes_ += piece.text.size() + piece.reasoning.size();
  if (bytes_ > kMaxTextBytes) {
    throw ltb::ProviderError(ltb::ErrorType::Parse,
                             "the stream goes on after " + progress() + ": it was given up");
  }
  text_ += piece.text;
  return !on_chunk || on_chunk(content);
}

std::string ReplyStream::progress() const {
  return std::to_string(pieces_) + " pieces of content (" + std::to_string(bytes_) + " bytes)";
}

ltb::CompletionResponse ReplyStream::response(const HttpReply& headers) const {
  ltb::LlmReply reply = reply_;
  add_headers(reply, headers);
  return to_response(reply, text_);
}

void ReplyStream::check_answered() const {
  if (events_ == 0) {
    throw ltb::ProviderError(ltb::ErrorType::Parse, "the stream ended without an answer in it");
  }
}

ltb::CompletionResponse read_answer(const Dialect& dialect, const HttpReply& reply) {
  const json answer = json::parse(reply.body, nullptr, false);
  if (!answer.is_object()) throw no_answer("is not a JSON object", reply.body);
  ltb::LlmReply read = dialect.read(answer, reply.status);
  add_headers(read, reply);
  if (read.error) {
    throw ltb::ProviderError(read.error->type,
                             "the answer is an error: " + excerpt(read.error->message),
                             read.error->code, read.retry_after);
  }
  try {
    return to_response(read, dialect.text(answer));
  } catch (const std::invalid_argument& error) {
    throw no_answer(error.what(), reply.body);
  }
}

ltb::ProviderError error_from_reply(const Dialect& dialect, const HttpReply& reply,
                                    const std::string& url) {
  const json answer = json::parse(reply.body, nullptr, false);
  ltb::LlmReply read = dialect.read(answer, reply.status);
  add_headers(read, reply);
  const std::string status = "HTTP " + std::to_string(reply.status);
  const ltb::CallError error = read.error.value_or(
      ltb::CallError{ltb::error_type_from_http_status(reply.status), status, {}});
  std::string message = "POST " + url + ": " + status;
  // Without words of the server's own, the start of what it sent.
  const std::string& words = error.message == status ? reply.body : error.message;
  if (!words.empty()) message += ": " + excerpt(words);
  ltb::ProviderError failed(error.type, message, error.code, read.retry_after);
  failed.with_rate_limits(read.rate_limits);
  return failed;
}

std::string excerpt(std::string_view text) {
  std::string shown;
  for (const char c : text.substr(0, kShownBytes)) shown += c >= ' ' && c <= '~' ? c : '?';
  return text.size() > kShownBytes ? shown + "..." : shown;
}

}  // namespace llm_benchmark
