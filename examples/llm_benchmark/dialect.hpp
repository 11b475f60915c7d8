// What differs between the APIs that are spoken over HTTP: JSON in, JSON out, no network.
#pragma once

#include <chrono>
#include <cstddef>
#include <ltb/llm_reply.hpp>
#include <ltb/provider.hpp>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

#include "http_message.hpp"
#include "sse_parser.hpp"

namespace llm_benchmark {

/// One streamed answer, put together event by event. Not thread-safe.
class ReplyStream {
 public:
  virtual ~ReplyStream();

  /// Takes one event and hands on what was generated. Returns what the callback says (true when it
  /// was not called). Throws ltb::ProviderError for an error in the stream, and of type Parse for
  /// what is not an event of this API; and what the callback throws.
  bool take(const SseEvent& event, const ltb::StreamCallback& on_chunk);

  /// Whether the mark came that nothing follows.
  [[nodiscard]] bool is_over() const noexcept { return over_; }
  /// Whether the answer is complete, so that an end here is not a cut: the model said why it
  /// stopped, or the mark came.
  [[nodiscard]] bool is_finished() const noexcept { return over_ || !reply_.finish_reason.empty(); }
  [[nodiscard]] bool has_usage() const noexcept { return reply_.usage.has_value(); }
  /// When the last event came that held content, the reason why the model stopped, or its usage.
  [[nodiscard]] std::chrono::steady_clock::time_point completed_at() const noexcept {
    return completed_at_;
  }
  /// Whether the event that said why the model stopped held content too, or content followed it: a
  /// few servers give a reason with every piece, so that more may come.
  [[nodiscard]] bool may_go_on() const noexcept { return content_with_reason_; }
  /// Whether content came after the reason, which therefore is not one.
  [[nodiscard]] bool has_gone_on() const noexcept { return content_after_reason_; }
  /// Whether any event of an answer came.
  [[nodiscard]] bool has_begun() const noexcept { return events_ > 0; }
  /// How much was generated, for messages: "3 pieces of content (57 bytes)".
  [[nodiscard]] std::string progress() const;
  /// The answer as far as it came. `headers` are those of the HTTP answer.
  [[nodiscard]] ltb::CompletionResponse response(const HttpReply& headers) const;

 protected:
  /// What was generated in one event.
  struct Piece {
    std::string text{};
    std::string reasoning{};
    bool tool_call = false;
  };
  /// Takes over what `event` says about the reply, and returns what was generated.
  virtual Piece read(ltb::LlmReply& reply, const nlohmann::json& event) = 0;
  /// For `read`: nothing follows.
  void end() noexcept { over_ = true; }

 private:
  ltb::LlmReply reply_{};
  std::string text_{};
  std::size_t pieces_ = 0;
  std::size_t bytes_ = 0;
  std::size_t events_ = 0;
  std::chrono::steady_clock::time_point completed_at_{};
  bool content_with_reason_ = false;
  bool content_after_reason_ = false;
  bool over_ = false;
};

/// What servers differ in within one API.
struct BodyForm {
  bool streamed = false;
  bool with_usage = true;          ///< Ask a stream for its usage, where that must be asked.
  bool completion_tokens = false;  ///< OpenAI: `max_completion_tokens`, not `max_tokens`.
};

/// One API. Thread safety: any thread; it holds no state.
class Dialect {
 public:
  virtual ~Dialect();

  /// The endpoint's path below the base URL.
  [[nodiscard]] virtual std::string_view path() const noexcept = 0;
  /// The headers that carry the key, and others the API wants. An empty key sends none.
  [[nodiscard]] virtual HttpHeaders headers(const std::string& api_key) const = 0;
  /// The request.
  [[nodiscard]] virtual std::string body(const ltb::CompletionRequest& request,
                                         const BodyForm& form) const = 0;
  /// What an answer says about the call; its error from status 400 on.
  [[nodiscard]] virtual ltb::LlmReply read(const nlohmann::json& answer, int status) const = 0;
  /// The generated text of a whole answer. Throws std::invalid_argument saying what is missing.
  [[nodiscard]] virtual std::string text(const nlohmann::json& answer) const = 0;
  [[nodiscard]] virtual std::unique_ptr<ReplyStream> make_stream() const = 0;
};

/// Reads a whole 200 answer. Usage the server did not send, or sent in a shape nobody promised,
/// stays absent. Throws ltb::ProviderError: Parse when there is not an answer in it, or the error
/// it holds. An error of the type Cancelled is ServerError: the server gave up, the caller did not.
[[nodiscard]] ltb::CompletionResponse read_answer(const Dialect& dialect, const HttpReply& reply);

/// An error that stood in a stream, with the wait and the limits that the stream's headers tell.
[[nodiscard]] ltb::ProviderError with_headers(const ltb::ProviderError& error,
                                              const HttpReply& reply);

/// The exception for an answer with another status; `url` names the endpoint in its message.
[[nodiscard]] ltb::ProviderError error_from_reply(const Dialect& dialect, const HttpReply& reply,
                                                  const std::string& url);

/// The start of a text for a message, in printable ASCII: what a server sends may be anything.
[[nodiscard]] std::string excerpt(std::string_view text);

/// The exception for an answer that cannot be read: "the answer `what`" and its start.
[[nodiscard]] ltb::ProviderError no_answer(const std::string& what, std::string_view body);

}  // namespace llm_benchmark
