// Frame headers at their boundaries.
#include "net/frame.hpp"

#include <gtest/gtest.h>

namespace ltb::net {
namespace {

std::vector<int> header_of(Opcode opcode, std::uint64_t length) {
  std::vector<int> bytes;
  const auto header = encode_frame_header(opcode, length);
  for (const auto byte : header.bytes()) bytes.push_back(std::to_integer<int>(byte));
  return bytes;
}

TEST(FrameHeader, UsesTheShortestLengthForm) {
  EXPECT_EQ(header_of(Opcode::Text, 0), (std::vector<int>{0x81, 0}));
  EXPECT_EQ(header_of(Opcode::Text, 125), (std::vector<int>{0x81, 125}));
  EXPECT_EQ(header_of(Opcode::Text, 126), (std::vector<int>{0x81, 126, 0, 126}));
  EXPECT_EQ(header_of(Opcode::Binary, 65535), (std::vector<int>{0x82, 126, 255, 255}));
  EXPECT_EQ(header_of(Opcode::Text, 65536), (std::vector<int>{0x81, 127, 0, 0, 0, 0, 0, 1, 0, 0}));
  EXPECT_EQ(header_of(Opcode::Text, 0x0102030405060708),
            (std::vector<int>{0x81, 127, 1, 2, 3, 4, 5, 6, 7, 8}));
}

TEST(TextFrame, IsHeaderAndPayload) {
  EXPECT_EQ(encode_text_frame("hi"), "\x81\x02hi");
}

TEST(CloseFrame, CarriesCodeAndReasonCutAtACharacter) {
  EXPECT_EQ(encode_close_frame(1001, "bye"), std::string("\x88\x05\x03\xe9") + "bye");
  const auto frame = encode_close_frame(1013, std::string(122, 'x') + "\xC3\xA9");
  EXPECT_EQ(frame.size(), 2U + 2U + 122U);
  EXPECT_EQ(frame.substr(0, 2), "\x88\x7c");
}

}  // namespace
}  // namespace ltb::net
