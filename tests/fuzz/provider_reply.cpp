// Replies of providers, whole and in chunks: any JSON is read without a throw, and its numbers can
// be recorded.
#include "fuzz/support.hpp"

#include <ltb/json.hpp>
#include <ltb/monitoring_system.hpp>

#include <nlohmann/json.hpp>

namespace {

using namespace ltb;
using namespace ltb::fuzz;
using Json = nlohmann::json;

constexpr std::uint64_t kMostTokens = std::uint64_t{1} << 56;  // sums of a few 2^53

void check_reply(const LlmReply& reply, int status) {
  if (status >= 400) require(reply.error.has_value(), "a reply from 400 on has an error");
  if (reply.error) {
    require(static_cast<std::size_t>(reply.error->type) < kErrorTypeCount, "an error has a type");
    require(reply.error->message.size() <= 64 * 1024, "an error's text is cut");
  }
  if (reply.usage) {
    require(reply.usage->input_tokens < kMostTokens && reply.usage->output_tokens < kMostTokens,
            "token counts are sane");
  }
  if (reply.retry_after) {
    require(reply.retry_after->count() >= 0 && *reply.retry_after <= std::chrono::hours{24 * 366},
            "a wait is neither negative nor endless");
  }
}

// Recording is noexcept; what a reply says must never become a number that breaks the counters.
void record(const LlmReply& reply) {
  static MonitoringSystem system(MonitoringConfig{}
                                     .with_prometheus(false)
                                     .with_websocket(false)
                                     .with_dashboard(false)
                                     .with_max_series_per_family(8));
  RequestScope scope = system.begin_request("p", reply.model);
  apply(scope, reply);
  if (!reply.error) scope.finish();
}

void check_chunks(const Json& json) {
  LlmReply openai;
  LlmReply anthropic;
  LlmReply google;
  const auto feed = [&](const Json& chunk) {
    (void)read_openai_chunk(openai, chunk);
    (void)read_anthropic_chunk(anthropic, chunk);
    (void)read_google_chunk(google, chunk);
  };
  if (json.is_array()) {
    for (const Json& chunk : json) feed(chunk);
  } else {
    feed(json);
  }
  check_reply(openai, 200);
  check_reply(anthropic, 200);
  check_reply(google, 200);
  record(anthropic);
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  constexpr int kStatuses[] = {200, 400, 401, 403, 404, 408, 413, 429, 500, 503, 529, 0, -1, 999};
  Input input(data, size);
  const int status = kStatuses[input.byte() % std::size(kStatuses)];
  const Json json = Json::parse(input.rest(), nullptr, false);
  if (json.is_discarded()) return 0;
  for (const LlmReply& reply : {read_openai_reply(json, status), read_anthropic_reply(json, status),
                                read_google_reply(json, status)}) {
    check_reply(reply, status);
    record(reply);
  }
  check_chunks(json);
  return 0;
}
