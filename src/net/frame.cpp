// RFC 6455 section 5.2 frame headers, written by a server.
#include "net/frame.hpp"

#include "support/utf8.hpp"

namespace ltb::net {
namespace {

constexpr std::size_t kMaxCloseReason =
    123;  // a control frame holds 125 bytes, two of them the code

std::string with_header(Opcode opcode, std::string_view payload) {
  const auto header = encode_frame_header(opcode, payload.size());
  std::string frame;
  frame.reserve(header.size + payload.size());
  frame.append(reinterpret_cast<const char*>(header.storage.data()), header.size);
  frame.append(payload);
  return frame;
}

}  // namespace

FrameHeader encode_frame_header(Opcode opcode, std::uint64_t payload_length) noexcept {
  FrameHeader header;
  auto& out = header.storage;
  out[0] = std::byte{0x80} | static_cast<std::byte>(opcode);
  int length_bytes = 0;
  if (payload_length < 126) {
    out[1] = static_cast<std::byte>(payload_length);
  } else if (payload_length <= 0xffff) {
    out[1] = std::byte{126};
    length_bytes = 2;
  } else {
    out[1] = std::byte{127};
    length_bytes = 8;
  }
  for (int i = 0; i < length_bytes; ++i) {
    const int shift = 8 * (length_bytes - 1 - i);
    out[static_cast<std::size_t>(i) + 2] = static_cast<std::byte>((payload_length >> shift) & 0xff);
  }
  header.size = static_cast<std::uint8_t>(2 + length_bytes);
  return header;
}

std::string encode_text_frame(std::string_view payload) {
  return with_header(Opcode::Text, payload);
}

std::string encode_close_frame(std::uint16_t code, std::string_view reason) {
  std::string payload;
  payload.push_back(static_cast<char>(code >> 8));
  payload.push_back(static_cast<char>(code & 0xff));
  payload.append(support::utf8_prefix(reason, kMaxCloseReason));
  return with_header(Opcode::Close, payload);
}

}  // namespace ltb::net
