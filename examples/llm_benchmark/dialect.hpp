// What differs between the APIs that are spoken over HTTP: JSON in, JSON out, no network.
#pragma once

#include <cstddef>
#include <ltb/llm_reply.hpp>
#include <ltb/provider.hpp>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

#include "http_client.hpp"
#include "sse_parser.hpp"

namespace llm_benchmark {

/// One streamed answer, put together event by event. Not thread-safe.
class ReplyStream {
 public:
  virtual ~ReplyStream();

  /// Takes one event and hands on what was generated. Returns what the callback says (true when it
  /// was not called). Throws ltb::ProviderError for an error told in the stream, and of type Parse
  /// for what is no event of this API; and what the callback throws.
  bool take(const SseEvent& event, const ltb::StreamCallback& on_chunk);

  /// Whether the mark came that nothing follows.
  [[nodiscard]] bool is_over() const noexcept { return over_; }
  /// Whether an end here is no cut: the model said why it stopped, or the stream is over.
  [[nodiscard]] bool is_finished() const noexcept { return over_ || !reply_.finish_reason.empty(); }
  /// How much was generated, for messages: "3 pieces of content (57 bytes)".
  [[nodiscard]] std::string progress() const;
  /// The answer as far as it came. `headers` are those of the HTTP answer.
  [[nodiscard]] ltb::CompletionResponse response(const HttpReply& headers) const;
  /// Throws ltb::ProviderError of type Parse when no event of an answer ever came.
  void check_answered() const;

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
  bool over_ = false;
};

/// One API. Thread safety: any thread; it holds no state.
class Dialect {
 public:
  virtual ~Dialect();

  /// The endpoint's path below the base URL.
  [[nodiscard]] virtual std::string_view path() const noexcept = 0;
  /// The headers that carry the key, and others the API wants. An empty key sends none.
  [[nodiscard]] virtual HttpHeaders headers(const std::string& api_key) const = 0;
  /// The request. `with_usage`: ask a stream for its token usage, where that must be asked.
  [[nodiscard]] virtual std::string body(const ltb::CompletionRequest& request, bool streamed,
                                         bool with_usage) const = 0;
  /// What an answer says about the call; its error from status 400 on.
  [[nodiscard]] virtual ltb::LlmReply read(const nlohmann::json& answer, int status) const = 0;
  /// The generated text of a whole answer. Throws std::invalid_argument saying what is missing.
  [[nodiscard]] virtual std::string text(const nlohmann::json& answer) const = 0;
  [[nodiscard]] virtual std::unique_ptr<ReplyStream> make_stream() const = 0;
};

/// Reads a whole 200 answer. Usage the server did not send, or sent in a shape nobody promised,
/// stays absent. Throws ltb::ProviderError: Parse when there is no answer in it, or the error it
/// tells.
[[nodiscard]] ltb::CompletionResponse read_answer(const Dialect& dialect, const HttpReply& reply);

/// The exception for an answer with another status; `url` names the endpoint in its message.
[[nodiscard]] ltb::ProviderError error_from_reply(const Dialect& dialect, const HttpReply& reply,
                                                  const std::string& url);

/// The start of a text for a message, in printable ASCII: what a server sends may be anything.
[[nodiscard]] std::string excerpt(std::string_view text);

}  // namespace llm_benchmark
