// Response headers of providers: rate limits and waits in every spelling, never negative or
// endless.
#include "fuzz/support.hpp"

#include <ltb/llm_reply.hpp>

#include <map>

namespace {

using namespace ltb;
using namespace ltb::fuzz;
using namespace std::chrono_literals;

const std::chrono::system_clock::time_point kNow{1'736'937'000s};

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Input input(data, size);
  std::map<std::string_view, std::string_view> headers;
  while (!input.empty()) {
    const auto line = input.line();
    const auto colon = line.find(": ");
    if (colon != line.npos) headers.emplace(line.substr(0, colon), line.substr(colon + 2));
  }
  const HeaderLookup lookup = [&](std::string_view name) -> std::optional<std::string_view> {
    const auto found = headers.find(name);
    if (found == headers.end()) return std::nullopt;
    return found->second;
  };
  LlmReply reply;
  read_reply_headers(reply, lookup, kNow);
  if (reply.retry_after) {
    require(*reply.retry_after >= 0ms && *reply.retry_after <= 24h * 366,
            "a wait is neither negative nor endless");
  }
  const auto limits = read_rate_limits(lookup, kNow);
  require(limits == reply.rate_limits, "both readers say the same");
  if (limits && limits->reset_at) {
    using std::chrono::floor;
    using std::chrono::hours;
    const hours wait = floor<hours>(*limits->reset_at) - floor<hours>(kNow);
    require(wait > -24h * 366 * 330 && wait < 24h * 366 * 240, "a window ends within centuries");
  }
  for (const auto& [name, value] : headers) {
    if (const auto wait = detail::parse_wait(value))
      require(*wait >= 0ms && *wait <= 24h * 366, "a wait is neither negative nor endless");
  }
  return 0;
}
