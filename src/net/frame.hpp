// RFC 6455 frame headers as a server writes them: final, unmasked, no extension bits.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace ltb::net {

enum class Opcode : std::uint8_t {
  Continuation = 0,
  Text = 1,
  Binary = 2,
  Close = 8,
  Ping = 9,
  Pong = 10
};

/// 2, 4 or 10 bytes.
struct FrameHeader {
  std::array<std::byte, 10> storage{};
  std::uint8_t size = 0;
  [[nodiscard]] std::span<const std::byte> bytes() const noexcept { return {storage.data(), size}; }
};

[[nodiscard]] FrameHeader encode_frame_header(Opcode opcode, std::uint64_t payload_length) noexcept;

/// Header and payload of one text frame.
[[nodiscard]] std::string encode_text_frame(std::string_view payload);

/// A whole close frame; `reason` is cut to 123 bytes at a UTF-8 boundary.
[[nodiscard]] std::string encode_close_frame(std::uint16_t code, std::string_view reason);

}  // namespace ltb::net
