// Several questions about history that have one answer together.
#pragma once

namespace ltb::collector {

/// While one lives, what its thread asks a HistoryBook is answered as of the first question: each
/// would sample every series anew, which makes an answer about N series cost N times N. One at a
/// time on a thread.
class OneMoment {
 public:
  OneMoment() noexcept;
  ~OneMoment();
  OneMoment(const OneMoment&) = delete;
  OneMoment& operator=(const OneMoment&) = delete;

  /// Whether this thread's question has to sample `book` first.
  [[nodiscard]] static bool is_first(const void* book) noexcept;
};

}  // namespace ltb::collector
