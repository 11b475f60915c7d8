// Counts the fragments that a WebSocket client cuts a message into.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace ltb::net {

/// Follows the frames of a client in the bytes it sends, however those arrive. Beast reports whole
/// messages and control frames only: it reads fragments, also empty ones without end, in silence.
/// One object, one thread.
class FragmentCounter {
 public:
  /// A message may have as many fragments, and a last one.
  static constexpr std::size_t kMost = 256;

  /// Takes what was received next. False once a message has had too many fragments.
  [[nodiscard]] bool take(std::span<const std::byte> bytes) noexcept;

 private:
  enum class Part { First, Length, LongLength, Payload };

  void take_first(unsigned byte) noexcept;
  void take_length(unsigned byte) noexcept;
  void begin_payload() noexcept;

  Part part_ = Part::First;
  unsigned length_bytes_ = 0;  ///< Of a long length, still to come.
  bool masked_ = false;
  std::uint64_t length_ = 0;
  std::uint64_t to_skip_ = 0;  ///< Of the mask and the payload.
  std::size_t fragments_ = 0;  ///< Of the message under way.
};

}  // namespace ltb::net
