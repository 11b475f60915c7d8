#include "net/fragment_counter.hpp"

#include <algorithm>

namespace ltb::net {

bool FragmentCounter::take(std::span<const std::byte> bytes) noexcept {
  for (std::size_t at = 0; at < bytes.size() && fragments_ <= kMost;) {
    if (part_ == Part::Payload) {
      const auto skipped = std::min<std::uint64_t>(to_skip_, bytes.size() - at);
      at += static_cast<std::size_t>(skipped);
      to_skip_ -= skipped;
      if (to_skip_ == 0) part_ = Part::First;
      continue;
    }
    const auto byte = std::to_integer<unsigned>(bytes[at++]);
    if (part_ == Part::First) {
      take_first(byte);
    } else if (part_ == Part::Length) {
      take_length(byte);
    } else {
      length_ = length_ << 8 | byte;
      if (--length_bytes_ == 0) begin_payload();
    }
  }
  return fragments_ <= kMost;
}

void FragmentCounter::take_first(unsigned byte) noexcept {
  const bool is_final = (byte & 0x80U) != 0;
  const bool is_control = (byte & 0x08U) != 0;
  if (!is_control) fragments_ = is_final ? 0 : fragments_ + 1;
  part_ = Part::Length;
}

void FragmentCounter::take_length(unsigned byte) noexcept {
  masked_ = (byte & 0x80U) != 0;
  const unsigned size = byte & 0x7fU;
  length_bytes_ = size < 126 ? 0 : size == 126 ? 2 : 8;
  length_ = length_bytes_ == 0 ? size : 0;
  part_ = Part::LongLength;
  if (length_bytes_ == 0) begin_payload();
}

void FragmentCounter::begin_payload() noexcept {
  // A length without end is an error, which Beast finds; here it must not wrap.
  to_skip_ = std::min(length_, UINT64_MAX - 4) + (masked_ ? 4 : 0);
  part_ = to_skip_ > 0 ? Part::Payload : Part::First;
}

}  // namespace ltb::net
