// Server-sent events: the same events however the bytes were cut, and the same as a plain reading
// of the standard gives.
#include "sse_parser.hpp"
#include "fuzz/support.hpp"
#include "text_repair.hpp"

#include <ltb/error_type.hpp>

#include <vector>

namespace {

using namespace ltb::fuzz;
using llm_benchmark::SseEvent;
using llm_benchmark::SseParser;

using Events = std::vector<std::pair<std::string, std::string>>;

// All at once, then every line by itself; WHATWG HTML 9.2.6 without its reconnection. Decoded at
// the end, event by event: no line end is a part of a longer character.
Events plainly_read(std::string_view text) {
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  Events events;
  std::string type;
  std::string data;
  const auto dispatch = [&] {
    // An event whose data is empty is passed over.
    if (data.size() > 1) {
      events.emplace_back(llm_benchmark::to_valid_utf8(type),
                          llm_benchmark::to_valid_utf8(data.substr(0, data.size() - 1)));
    }
    type.clear();
    data.clear();
  };
  while (true) {
    const std::size_t end = text.find_first_of("\r\n");
    if (end == text.npos) break;  // half a line
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(text.substr(end).starts_with("\r\n") ? end + 2 : end + 1);
    if (line.empty()) {
      dispatch();
      continue;
    }
    const std::size_t colon = line.find(':');
    const std::string_view name = line.substr(0, colon);
    std::string_view value = colon == line.npos ? std::string_view{} : line.substr(colon + 1);
    if (value.starts_with(' ')) value.remove_prefix(1);
    if (name == "data") data.append(value).push_back('\n');
    if (name == "event") type = value;
  }
  dispatch();
  return events;
}

Events parsed(std::string_view text, std::size_t piece) {
  Events events;
  SseParser parser([&](const SseEvent& event) {
    events.emplace_back(event.type, event.data);
    return true;
  });
  for (std::size_t at = 0; at < text.size(); at += piece) parser.feed(text.substr(at, piece));
  parser.finish();
  return events;
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Input input(data, size);
  const std::size_t piece = 1 + input.byte() % 16;
  const std::size_t limit = 1 + input.byte();
  const std::string_view text = input.rest();
  const Events expected = plainly_read(text);
  require(parsed(text, text.size() + 1) == expected,
          "a stream in one piece is read by the standard");
  require(parsed(text, piece) == expected, "how a stream is cut changes no event");
  // No event that is handed over is longer than the limit.
  try {
    SseParser parser(
        [&](const SseEvent& event) {
          // A byte that is not UTF-8 becomes three.
          require(event.data.size() <= 3 * limit, "an event is not longer than the limit");
          return event.data != "stop";
        },
        limit);
    if (parser.feed(text)) parser.finish();
  } catch (const ltb::ProviderError& error) {
    require(error.type() == ltb::ErrorType::Parse, "a stream that is too long is a parse error");
  }
  return 0;
}
