// Server-sent events: bytes in, whole events out, however the bytes were cut into pieces.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <string>
#include <string_view>

namespace llm_benchmark {

/// One event of the stream. Its text is valid UTF-8: what was not is U+FFFD.
struct SseEvent {
  std::string type{};  ///< The `event` field; empty when there was none.
  std::string data{};  ///< The `data` lines, joined by line feeds; never empty.
  /// When the bytes that ended its last `data` line came.
  std::chrono::steady_clock::time_point arrived{};
};

/// Takes the bytes of a `text/event-stream` and calls back for each event the moment its last byte
/// is there. Lines may end in LF, CRLF or CR; comments and the fields `id` and `retry` are ignored,
/// as is an event whose data is empty. Source: WHATWG HTML, "Interpreting an event stream".
/// Thread safety: distinct objects: safe; shared objects: unsafe.
class SseParser {
 public:
  /// Returns whether to go on.
  using OnEvent = std::function<bool(const SseEvent&)>;
  /// Whether a `data` line begins an event of its own though no empty line came before it. By the
  /// standard none does; some servers separate their events by one line end only.
  using Splits = std::function<bool(std::string_view data_so_far, std::string_view line)>;

  /// A line or an event longer than `limit` bytes is refused, so that a server without an end
  /// cannot fill the memory.
  explicit SseParser(OnEvent on_event, std::size_t limit = std::size_t{4} * 1024 * 1024,
                     Splits splits = {});

  /// False when the callback said so: what follows in `bytes` is then not looked at, and nothing
  /// may be fed any more. Throws ltb::ProviderError of type Parse at the limit, and what the
  /// callback throws.
  bool feed(std::string_view bytes, std::chrono::steady_clock::time_point arrived = {});
  /// The stream is over: an event whose lines are whole but that lacks its empty line is handed
  /// over, half a line is not.
  bool finish();

 private:
  bool end_line();
  bool dispatch();
  bool take_field(std::string_view line);
  void check(std::size_t more) const;

  const OnEvent on_event_;
  const std::size_t limit_;
  const Splits splits_;
  std::string line_{};  ///< Without its end, as far as it came.
  SseEvent event_{};
  std::chrono::steady_clock::time_point now_{};
  bool has_data_ = false;
  bool skip_line_feed_ = false;  ///< The last byte was a CR, which ended a line.
  bool is_first_line_ = true;
};

}  // namespace llm_benchmark
