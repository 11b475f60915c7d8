// What is the same for every API: errors, headers, and the pieces of a streamed answer.

#include "dialect.hpp"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <utility>

#include "text_repair.hpp"

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

/// Only the caller can cancel a call. A server that says so (status 499) failed.
ltb::ErrorType by_server(ltb::ErrorType type) {
  return type == ltb::ErrorType::Cancelled ? ltb::ErrorType::ServerError : type;
}

/// An event of the type `error`, in the shape of an error in the data: some servers send the error
/// object itself, or its text alone.
json as_error(json event, const std::string& text) {
  if (event.is_object() && event.contains("error")) return event;
  if (event.is_string()) return {{"error", {{"message", event}}}};
  if (event.is_object()) return {{"error", std::move(event)}};
  return {{"error", {{"message", text}}}};
}

/// Whether an event has a member of an answer, in any API. FastAPI's {"detail": "Internal error"}
/// has none.
bool is_of_an_answer(const json& event) {
  return std::ranges::any_of(
      std::array{"choices", "usage", "type", "candidates", "x_groq", "object", "model"},
      [&event](const char* name) { return event.contains(name); });
}

}  // namespace

ReplyStream::~ReplyStream() = default;
Dialect::~Dialect() = default;

bool ReplyStream::take(const SseEvent& event, const ltb::StreamCallback& on_chunk) {
  if (event.data.find_first_not_of(" \t\n") == event.data.npos) return true;
  if (event.data == "[DONE]") {
    if (!is_finished()) completed_at_ = event.arrived;
    over_ = true;
    return true;
  }
  json chunk = read_json(event.data);
  if (event.type == "error") chunk = as_error(std::move(chunk), event.data);
  if (!chunk.is_object()) throw no_answer("holds an event that is not a JSON object", event.data);
  const bool was_finished = is_finished();
  if (is_of_an_answer(chunk)) {
    ++events_;
  } else if (chunk.contains("detail") && !was_finished) {
    chunk = as_error(chunk["detail"], event.data);
  }
  const auto known_usage = reply_.usage;
  const Piece piece = read(reply_, chunk);
  if (reply_.error) {
    throw ltb::ProviderError(
        by_server(reply_.error->type),
        "an error in the stream, after " + progress() + ": " + excerpt(reply_.error->message),
        reply_.error->code, reply_.retry_after);
  }
  const ltb::StreamChunk content{.text = piece.text,
                                 .reasoning = piece.reasoning,
                                 .tool_call = piece.tool_call,
                                 .arrived = event.arrived};
  if (content.has_content() || is_finished() != was_finished || reply_.usage != known_usage) {
    completed_at_ = event.arrived;
  }
  if (!content.has_content()) return true;
  content_with_reason_ = is_finished();
  content_after_reason_ = content_after_reason_ || was_finished;
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
  ltb::CompletionResponse response = to_response(reply, text_);
  if (is_finished()) response.completed_at = completed_at_;
  return response;
}

ltb::ProviderError with_headers(const ltb::ProviderError& error, const HttpReply& reply) {
  ltb::LlmReply read;
  read.error = ltb::CallError{error.type(), error.what(), error.code()};
  read.retry_after = error.retry_after();
  add_headers(read, reply);
  ltb::ProviderError told(error.type(), error.what(), error.code(), read.retry_after,
                          error.failed_attempts());
  told.with_rate_limits(error.rate_limits() ? error.rate_limits() : read.rate_limits);
  return told;
}

ltb::CompletionResponse read_answer(const Dialect& dialect, const HttpReply& reply) {
  const json answer = read_json(reply.body);
  if (!answer.is_object()) throw no_answer("is not a JSON object", reply.body);
  ltb::LlmReply read = dialect.read(answer, reply.status);
  add_headers(read, reply);
  if (read.error) {
    throw ltb::ProviderError(by_server(read.error->type),
                             "the answer is an error: " + excerpt(read.error->message),
                             read.error->code, read.retry_after)
        .with_rate_limits(read.rate_limits);
  }
  try {
    return to_response(read, dialect.text(answer));
  } catch (const std::invalid_argument& error) {
    throw no_answer(error.what(), reply.body);
  }
}

ltb::ProviderError error_from_reply(const Dialect& dialect, const HttpReply& reply,
                                    const std::string& url) {
  const json answer = read_json(reply.body);
  ltb::LlmReply read = dialect.read(answer, reply.status);
  add_headers(read, reply);
  const std::string status = "HTTP " + std::to_string(reply.status);
  const ltb::CallError error = read.error.value_or(
      ltb::CallError{ltb::error_type_from_http_status(reply.status), status, {}});
  std::string message = "POST " + url + ": " + status;
  // Without words of the server's own, the start of what it sent.
  const std::string& words = error.message == status ? reply.body : error.message;
  if (!reply.redirect.empty()) {
    message += ": redirected to " + excerpt(reply.redirect) +
               " (only 307 and 308 to the same server are followed: give the right address)";
  } else if (!words.empty()) {
    message += ": " + excerpt(words);
  }
  ltb::ProviderError failed(by_server(error.type), message, error.code, read.retry_after);
  failed.with_rate_limits(read.rate_limits);
  return failed;
}

ltb::ProviderError no_answer(const std::string& what, std::string_view body) {
  return {ltb::ErrorType::Parse, "the answer " + what + ": \"" + excerpt(body) + '"'};
}

std::string excerpt(std::string_view text) {
  std::string shown;
  for (const char c : text.substr(0, kShownBytes)) shown += c >= ' ' && c <= '~' ? c : '?';
  return text.size() > kShownBytes ? shown + "..." : shown;
}

}  // namespace llm_benchmark
