// Reads the body of one answer as its pieces arrive.

#include "stream_reader.hpp"

#include <algorithm>
#include <array>
#include <ltb/error_type.hpp>
#include <nlohmann/json.hpp>
#include <utility>

namespace llm_benchmark {
namespace {

/// How long more may come after the reason why the model stopped, where more is to be expected: the
/// usage that was asked for, or content. It costs a worker's time, not the call's latency, which
/// ends with what came.
constexpr std::chrono::milliseconds kMoreTime{2000};
/// How long the end of a message may take once all of it is there.
constexpr std::chrono::milliseconds kEndTime{50};
constexpr std::size_t kStartBytes = 512;

std::string_view after_blanks(std::string_view text) {
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  text.remove_prefix(std::min(text.find_first_not_of(" \t\r\n"), text.size()));
  return text;
}

/// Events that only one line end separates would be one event by the standard, and not JSON.
bool begins_an_event(std::string_view data_so_far, std::string_view line) {
  const bool may_begin = line.starts_with('{') || line == "[DONE]";
  return may_begin && data_so_far.starts_with('{') && data_so_far.ends_with('}') &&
         nlohmann::json::accept(data_so_far);
}

/// No Content and Reset Content: what ends with the head.
bool is_without_body(int status) {
  return status == 204 || status == 205;
}

bool holds_comments_only(std::string_view text) {
  while (!text.empty()) {
    const std::size_t end = std::min(text.find_first_of("\r\n"), text.size());
    if (end > 0 && text.front() != ':') return false;
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return true;
}

}  // namespace

StreamReader::StreamReader(const Dialect& dialect, const ltb::StreamCallback& on_chunk,
                           std::chrono::steady_clock::time_point sent)
    : dialect_(dialect),
      on_chunk_(on_chunk),
      sent_(sent),
      stream_(dialect.make_stream()),
      parser_([this](const SseEvent& event) { return on_event(event); },
              std::size_t{4} * 1024 * 1024, begins_an_event) {}

StreamReader::Kind StreamReader::kind_of(std::string_view label, std::string_view start) {
  const std::string_view text = after_blanks(start);
  if (text.empty()) return Kind::Unknown;
  if (text.front() == '{' || text.front() == '[') return Kind::Json;
  if (text.front() == '<') return Kind::Page;
  if (label.starts_with("text/event-stream")) return Kind::Events;
  constexpr std::array<std::string_view, 5> kFields{"", "data", "event", "id", "retry"};
  const std::size_t end = text.find_first_of(":\r\n");
  const bool is_field =
      std::ranges::find(kFields, text.substr(0, end)) != kFields.end() && end != text.npos;
  if (is_field) return Kind::Events;
  return end == text.npos && text.size() <= std::string_view("event").size() ? Kind::Unknown
                                                                             : Kind::Page;
}

bool StreamReader::on_event(const SseEvent& event) {
  cancelled_ =
      !stream_->take(event, [this](const ltb::StreamChunk& chunk) { return hand_on(chunk); });
  return !cancelled_ && !stream_->is_over();
}

bool StreamReader::hand_on(const ltb::StreamChunk& chunk) {
  try {
    ltb::StreamChunk timed = chunk;
    timed.sent = sent_;
    return !on_chunk_ || on_chunk_(timed);
  } catch (...) {
    thrown_ = std::current_exception();
    return false;
  }
}

void StreamReader::keep(std::string_view bytes) {
  if (kind_ == Kind::Events) {
    bytes = bytes.substr(0, kStartBytes - std::min(body_.size(), kStartBytes));
  } else if (body_.size() + bytes.size() > kMaxAnswerBytes) {
    throw ltb::ProviderError(ltb::ErrorType::Parse, "the answer is larger than 16 MiB");
  }
  body_ += bytes;
}

bool StreamReader::take(const HttpReply& head, const Piece& piece) {
  last_arrival_ = piece.arrived;
  const bool was_unknown = kind_ == Kind::Unknown;
  keep(piece.bytes);
  std::string_view bytes = piece.bytes;
  if (was_unknown) {
    kind_ = kind_of(head.header("content-type").value_or(""), body_);
    bytes = body_;
  }
  if (kind_ != Kind::Events || stream_->is_over()) return true;
  const bool was_complete = stream_->is_finished();
  try {
    parser_.feed(bytes, piece.arrived);
  } catch (const ltb::ProviderError& error) {
    if (!was_complete) throw with_headers(error, head);
  }
  return !cancelled_;
}

bool StreamReader::is_complete_at_end() {
  if (kind_ != Kind::Events || cancelled_) return false;
  const bool was_complete = stream_->is_finished();
  if (stream_->is_over()) return true;
  try {
    parser_.finish();
  } catch (const ltb::ProviderError&) {
    if (!was_complete) throw;
  }
  return !cancelled_ && stream_->is_finished();
}

std::optional<std::chrono::steady_clock::time_point> StreamReader::waits_until(
    bool asked_for_usage) const {
  if (kind_ != Kind::Events || !stream_->is_finished()) return std::nullopt;
  if (stream_->is_over()) return last_arrival_ + kEndTime;
  if (stream_->has_gone_on()) return std::nullopt;  // Only [DONE] or the connection ends it.
  const bool more_may_come = (asked_for_usage && !stream_->has_usage()) || stream_->may_go_on();
  return stream_->completed_at() + (more_may_come ? kMoreTime : kEndTime);
}

std::string StreamReader::progress() const {
  return kind_ == Kind::Events ? ", after " + stream_->progress() : std::string{};
}

ltb::CompletionResponse StreamReader::end(HttpReply reply) {
  if (thrown_) std::rethrow_exception(thrown_);
  if (cancelled_) return stream_->response(reply);
  if (kind_ != Kind::Events && !body_.empty()) {
    reply.body = std::move(body_);
    ltb::CompletionResponse response = read_answer(dialect_, reply);
    response.completed_at = last_arrival_;
    return response;
  }
  const bool is_complete = is_complete_at_end();
  if (thrown_) std::rethrow_exception(thrown_);
  if (!stream_->has_begun() && !holds_comments_only(body_)) {
    throw no_answer("is a stream without an answer in it", body_);
  }
  // Without either, only the end of the connection ends a body, and that may be a cut.
  const bool says_its_length = reply.header("content-length") || reply.header("transfer-encoding");
  if (body_.empty() && (says_its_length || is_without_body(reply.status))) {
    const std::string status = std::to_string(reply.status);
    throw no_answer(reply.status == 200 ? "is empty" : "is empty (HTTP " + status + ')', body_);
  }
  if (!cancelled_ && !is_complete) {
    throw ltb::ProviderError(ltb::ErrorType::Network,
                             "the stream was cut after " + stream_->progress());
  }
  return stream_->response(reply);
}

}  // namespace llm_benchmark
