#include <ltb/provider.hpp>

#include <stdexcept>
#include <utility>

namespace ltb {
namespace {

void take_over(RequestScope& scope, const CompletionResponse& response) noexcept {
  if (response.usage) scope.set_usage(*response.usage);
  if (response.cost) scope.set_cost(*response.cost);
  if (!response.finish_reason.empty()) scope.set_finish_reason(response.finish_reason);
  if (response.rate_limits) scope.set_rate_limits(*response.rate_limits);
  for (const FailedAttempt& attempt : response.failed_attempts)
    scope.past_attempt(attempt.error, attempt.wait);
}

void record(RequestScope& scope, const StreamChunk& chunk) noexcept {
  if (!chunk.has_content() || chunk.is_whole) return;
  const bool is_visible = !chunk.text.empty() || chunk.tool_call;
  const ChunkKind kind = is_visible ? ChunkKind::Content : ChunkKind::Reasoning;
  if (chunk.sent) scope.set_sent(*chunk.sent);
  if (chunk.arrived) {
    scope.on_chunk(*chunk.arrived, kind);
  } else {
    scope.on_chunk(kind);
  }
}

void finish(RequestScope& scope, const CompletionResponse& response) noexcept {
  if (response.completed_at) {
    scope.finish(*response.completed_at);
  } else {
    scope.finish();
  }
}

}  // namespace

Provider::~Provider() = default;

CompletionResponse Provider::stream(const CompletionRequest& request,
                                    const StreamCallback& on_chunk) {
  CompletionResponse response = complete(request);
  if (on_chunk) on_chunk(StreamChunk{.text = response.text, .is_whole = true});
  return response;
}

std::vector<std::string> Provider::supported_models() const {
  return {};
}
std::optional<std::uint64_t> Provider::max_context_length(std::string_view) const {
  return std::nullopt;
}
void Provider::validate_config() const {}
std::uint64_t Provider::estimate_tokens(std::string_view text) const {
  return (text.size() + 3) / 4;
}

MonitoredProvider::MonitoredProvider(std::shared_ptr<Provider> provider, CallSource source)
    : provider_(std::move(provider)), source_(std::move(source)) {
  if (!provider_) throw std::invalid_argument("MonitoredProvider: the provider to wrap is null");
  name_ = provider_->name();
}

MonitoredProvider::~MonitoredProvider() = default;

std::string MonitoredProvider::name() const {
  return name_;
}

CompletionResponse MonitoredProvider::complete(const CompletionRequest& request) {
  RequestScope scope = source_.begin_request(name_, request.model);
  if (request.scheduled_at) scope.set_scheduled_start(*request.scheduled_at);
  try {
    CompletionResponse response = provider_->complete(request);
    take_over(scope, response);
    finish(scope, response);
    return response;
  } catch (...) {
    scope.fail(std::current_exception());
    throw;
  }
}

CompletionResponse MonitoredProvider::stream(const CompletionRequest& request,
                                             const StreamCallback& on_chunk) {
  RequestScope scope = source_.begin_request(name_, request.model);
  if (request.scheduled_at) scope.set_scheduled_start(*request.scheduled_at);
  bool cancelled = false;
  try {
    CompletionResponse response = provider_->stream(request, [&](const StreamChunk& chunk) {
      record(scope, chunk);  // before the caller's own work with it
      if (on_chunk && !on_chunk(chunk)) cancelled = true;
      return !cancelled;
    });
    take_over(scope, response);
    if (cancelled) {
      scope.cancel();
    } else {
      finish(scope, response);
    }
    return response;
  } catch (...) {
    // A provider may throw because the caller gave up: that is not a failure of the provider.
    if (cancelled) scope.cancel();
    scope.fail(std::current_exception());
    throw;
  }
}

std::vector<std::string> MonitoredProvider::supported_models() const {
  return provider_->supported_models();
}
std::optional<std::uint64_t> MonitoredProvider::max_context_length(std::string_view model) const {
  return provider_->max_context_length(model);
}
void MonitoredProvider::validate_config() const {
  provider_->validate_config();
}
std::uint64_t MonitoredProvider::estimate_tokens(std::string_view text) const {
  return provider_->estimate_tokens(text);
}

std::vector<std::shared_ptr<Provider>> monitor_providers(
    const std::vector<std::shared_ptr<Provider>>& providers, const CallSource& source) {
  std::vector<std::shared_ptr<Provider>> monitored;
  monitored.reserve(providers.size());
  for (std::size_t i = 0; i < providers.size(); ++i) {
    if (!providers[i])
      throw std::invalid_argument("monitor_providers: provider " + std::to_string(i) + " is null");
    monitored.push_back(std::make_shared<MonitoredProvider>(providers[i], source));
  }
  return monitored;
}

}  // namespace ltb
