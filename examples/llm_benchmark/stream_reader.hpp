// Reads the body of one answer as its pieces arrive: a stream of events, or JSON at once, whatever
// its label says.
#pragma once

#include <chrono>
#include <exception>
#include <ltb/provider.hpp>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "dialect.hpp"
#include "http_message.hpp"
#include "sse_parser.hpp"
#include "transport.hpp"

namespace llm_benchmark {

/// Not thread-safe. Dialect and callback must outlive it.
class StreamReader {
 public:
  /// `sent`: when the request was sent.
  StreamReader(const Dialect& dialect, const ltb::StreamCallback& on_chunk,
               std::chrono::steady_clock::time_point sent);

  /// Takes the next piece. False: the caller's callback said or threw that it is enough. Throws
  /// ltb::ProviderError for an error in the stream and for what cannot be read; nothing once the
  /// answer is complete.
  bool take(const HttpReply& head, const Piece& piece);

  /// No more bytes come: takes the event that still waits for its empty line. Returns whether the
  /// answer is complete, so that how its connection ended does not matter.
  [[nodiscard]] bool is_complete_at_end();

  /// Until when a complete answer waits for what may still come: its usage, where it was asked for,
  /// and its formal end, without which the connection cannot be used again. Nothing while the
  /// answer is not complete.
  [[nodiscard]] std::optional<std::chrono::steady_clock::time_point> waits_until(
      bool asked_for_usage) const;

  /// The answer. `reply` is the HTTP answer. Throws ltb::ProviderError when there is none, or not
  /// all of it, and what the callback threw.
  [[nodiscard]] ltb::CompletionResponse end(HttpReply reply);

  /// ", after 3 pieces of content (57 bytes)" once a stream began; otherwise nothing.
  [[nodiscard]] std::string progress() const;
  /// Whether the caller's own callback threw: its exception passes as it is.
  [[nodiscard]] bool has_caller_thrown() const noexcept { return thrown_ != nullptr; }
  /// Whether the body is text that is neither events nor JSON: a page, say.
  [[nodiscard]] bool is_page() const noexcept { return kind_ == Kind::Page; }

 private:
  enum class Kind { Unknown, Events, Json, Page };

  bool on_event(const SseEvent& event);
  bool hand_on(const ltb::StreamChunk& chunk);
  void keep(std::string_view bytes);

  const Dialect& dialect_;
  const ltb::StreamCallback& on_chunk_;
  const std::chrono::steady_clock::time_point sent_;
  const std::unique_ptr<ReplyStream> stream_;
  SseParser parser_;
  Kind kind_ = Kind::Unknown;
  std::string body_{};  ///< All of it, or of a stream its start.
  std::chrono::steady_clock::time_point last_arrival_{};
  bool cancelled_ = false;
  std::exception_ptr thrown_{};

  static Kind kind_of(std::string_view label, std::string_view start);
};

}  // namespace llm_benchmark
