// A request, an answer and a piece of a stream, as a program may have them, with usual names.
#pragma once

#include <optional>
#include <string>

namespace ltb::test {

struct Request {
  std::string model = "gpt-4";
  std::string prompt = "Hello";
};
struct Usage {
  int prompt_tokens = 150;
  int completion_tokens = 75;
};
struct Answer {
  std::string text = "Hi";
  std::optional<Usage> usage = Usage{};
  double cost = 0.0135;
  std::string finish_reason = "stop";
};
struct Piece {
  std::string text{};
};

}  // namespace ltb::test
