// Server-sent events, read line by line.

#include "sse_parser.hpp"

#include <algorithm>
#include <ltb/error_type.hpp>
#include <utility>

#include "text_repair.hpp"

namespace llm_benchmark {
namespace {

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

}  // namespace

SseParser::SseParser(OnEvent on_event, std::size_t limit, Splits splits)
    : on_event_(std::move(on_event)), limit_(limit), splits_(std::move(splits)) {}

bool SseParser::feed(std::string_view bytes, std::chrono::steady_clock::time_point arrived) {
  if (bytes.empty()) return true;
  now_ = arrived;
  if (std::exchange(skip_line_feed_, false) && bytes.front() == '\n') bytes.remove_prefix(1);
  while (!bytes.empty()) {
    const std::size_t end = bytes.find_first_of("\r\n");
    const std::string_view part = bytes.substr(0, end);
    check(part.size());
    line_ += part;
    if (end == bytes.npos) return true;
    const bool is_return = bytes[end] == '\r';
    bytes.remove_prefix(end + 1);
    if (is_return) {
      // The line is over now; whether a line feed belongs to its end may show only later.
      skip_line_feed_ = bytes.empty();
      if (bytes.starts_with('\n')) bytes.remove_prefix(1);
    }
    if (!end_line()) return false;
  }
  return true;
}

bool SseParser::finish() {
  line_.clear();
  return dispatch();
}

void SseParser::check(std::size_t more) const {
  if (line_.size() + event_.data.size() + more <= limit_) return;
  throw ltb::ProviderError(ltb::ErrorType::Parse, "the stream holds an event of more than " +
                                                      std::to_string(limit_) +
                                                      " bytes: it was given up");
}

bool SseParser::end_line() {
  std::string_view line = line_;
  if (std::exchange(is_first_line_, false) && line.starts_with(kByteOrderMark)) {
    line.remove_prefix(kByteOrderMark.size());
  }
  if (line.empty()) {
    line_.clear();
    return dispatch();
  }
  const bool goes_on = take_field(line);
  line_.clear();
  return goes_on;
}

bool SseParser::take_field(std::string_view line) {
  const std::size_t colon = std::min(line.find(':'), line.size());
  const std::string_view name = line.substr(0, colon);
  std::string_view value = line.substr(std::min(colon + 1, line.size()));
  if (value.starts_with(' ')) value.remove_prefix(1);
  bool goes_on = true;
  if (name == "data") {
    if (has_data_ && splits_ && splits_(event_.data, value)) goes_on = dispatch();
    if (std::exchange(has_data_, true)) event_.data += '\n';
    event_.data += value;
    event_.arrived = now_;
  } else if (name == "event") {
    event_.type = value;
  }
  return goes_on;
}

bool SseParser::dispatch() {
  SseEvent event = std::exchange(event_, {});
  has_data_ = false;
  if (event.data.empty()) return true;
  // Line ends and colons are never a part of a longer character, so that decoding here gives what
  // decoding before would.
  event.type = to_valid_utf8(event.type);
  event.data = to_valid_utf8(event.data);
  return on_event_(event);
}

}  // namespace llm_benchmark
