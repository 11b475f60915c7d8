// Request heads: found at the same place however the bytes were cut, refused readably, and what is
// taken means the same when it is written down again.
#include "fuzz/support.hpp"
#include "net/access.hpp"
#include "net/request_head.hpp"

#include <algorithm>

namespace {

using namespace ltb::fuzz;
using namespace ltb::net;

void check_refusal(const Refusal& refusal) {
  constexpr unsigned kStatuses[] = {400, 413, 414, 431, 501, 505};
  require(
      std::find(std::begin(kStatuses), std::end(kStatuses), refusal.status) != std::end(kStatuses),
      "a refusal has one of the documented statuses");
  require(!refusal.message.empty() && is_printable(refusal.message), "a refusal is readable");
}

// Bytes that came in two pieces are judged as if they had come at once.
void check_pieces(std::string_view received, std::size_t cut, const HeadLimits& limits) {
  const auto first = find_head(received.substr(0, cut), 0, limits);
  const auto whole = find_head(received, 0, limits);
  if (std::holds_alternative<NeedMore>(first)) {
    const auto second = find_head(received, cut, limits);
    require(second.index() == whole.index(), "how bytes were cut changes no verdict");
    if (const auto* found = std::get_if<HeadFound>(&second))
      require(found->size == std::get<HeadFound>(whole).size, "a head ends in one place");
  } else if (const auto* found = std::get_if<HeadFound>(&first)) {
    require(found->size <= cut, "a head ends within what was received");
  } else {
    check_refusal(std::get<Refusal>(first));
  }
}

void check_request(const Request& request) {
  for (const auto& [name, value] : request.headers) {
    require(!name.empty(), "a header has a name");
    require(value.find_first_of(std::string_view("\0\r\n", 3)) == std::string::npos,
            "no header value holds a line end or NUL");
    require(value.empty() || (value.front() != ' ' && value.back() != ' '), "values are trimmed");
    require(!equal_ignoring_case(name, "Transfer-Encoding"), "no transfer coding is taken");
    if (equal_ignoring_case(name, "Content-Length"))
      require(value.find_first_not_of('0') == std::string::npos, "no body is taken");
  }
  if (!request.http_1_0) require(request.has_header("Host"), "HTTP/1.1 has a Host");
  if (request.method != "GET" && request.method != "HEAD") return;
  require(request.path.starts_with('/'), "a path starts with a slash");
  require(request.path.find('\0') == std::string::npos, "a path holds no NUL");
  if (!request.host.empty())
    require(parse_authority(request.host).has_value(), "a host is an authority");
}

// Another reader of the same request sees the same one: nothing hides between lines.
void check_written_again(const Request& request, const HeadLimits& limits) {
  std::string text = request.method + ' ' + request.target;
  text += request.http_1_0 ? " HTTP/1.0\r\n" : " HTTP/1.1\r\n";
  for (const auto& [name, value] : request.headers) text += name + ": " + value + "\r\n";
  text += "\r\n";
  if (text.size() > limits.max_header_bytes) return;  // the spaces after the colons
  const auto head = find_head(text, 0, limits);
  require(std::holds_alternative<HeadFound>(head) && std::get<HeadFound>(head).size == text.size(),
          "a request that is written down is one head");
  const auto again = parse_head(text, limits);
  require(std::holds_alternative<Request>(again), "a request that is written down is one");
  const auto& other = std::get<Request>(again);
  require(other.path == request.path && other.query == request.query &&
              other.host == request.host && other.headers == request.headers &&
              other.keep_alive == request.keep_alive,
          "a request that is written down is the same");
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Input input(data, size);
  const HeadLimits limits =
      input.flag() ? HeadLimits{512, 64} : HeadLimits{std::size_t{8} * 1024, std::size_t{4} * 1024};
  const std::size_t cut = input.byte();
  const std::string_view received = input.rest();
  check_pieces(received, std::min(cut, received.size()), limits);
  const auto head = find_head(received, 0, limits);
  const auto* found = std::get_if<HeadFound>(&head);
  if (found == nullptr) return 0;
  require(found->size <= limits.max_header_bytes, "a head is not longer than the limit");
  const auto parsed = parse_head(received.substr(0, found->size), limits);
  if (const auto* refusal = std::get_if<Refusal>(&parsed)) {
    check_refusal(*refusal);
    return 0;
  }
  const auto& request = std::get<Request>(parsed);
  require(request.target.size() <= limits.max_target_bytes, "a target is not over its limit");
  check_request(request);
  check_written_again(request, limits);
  return 0;
}
