// The virtual interface of an LLM provider, and the wrapper that watches one.
#pragma once

#include <ltb/error_type.hpp>
#include <ltb/export.hpp>
#include <ltb/request_scope.hpp>
#include <ltb/usage.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ltb {

/// What is asked of a model.
struct CompletionRequest {
  std::string model{};
  std::string prompt{};
  std::optional<std::string> system_prompt{};
  std::optional<std::uint32_t> max_tokens{};
  std::optional<double> temperature{};
  std::optional<double> top_p{};
  std::vector<std::string> stop{};
  std::optional<std::chrono::milliseconds>
      timeout{};  ///< For the whole call; the provider's default when absent.
  /// When the call was meant to be sent (open-loop load): its latency counts from then. See
  /// RequestScope::set_scheduled_start().
  std::optional<std::chrono::steady_clock::time_point> scheduled_at{};
};

/// What came back. Usage and cost stay absent when the provider gave none: absent is counted as
/// missing, never as 0.
struct CompletionResponse {
  std::string text{};
  std::string model{};  ///< The model that answered; may be empty.
  std::optional<TokenUsage> usage{};
  std::optional<double> cost{};  ///< USD, when the provider reports or knows it.
  std::string finish_reason{};
  std::string request_id{};  ///< The provider's own id of the call.
  std::optional<RateLimits> rate_limits{};
  /// Attempts before the one that answered, when the provider object retries by itself: error and
  /// the wait that followed.
  std::vector<FailedAttempt> failed_attempts{};
  /// When the answer was complete, where that is known better than by the return of the call (which
  /// may wait for the formal end of a stream): latency ends there. See RequestScope::finish().
  std::optional<std::chrono::steady_clock::time_point> completed_at{};
};

/// One piece of a streamed answer.
struct StreamChunk {
  std::string_view text{};       ///< Lives until the callback returns.
  std::string_view reasoning{};  ///< Text of a reasoning delta; lives until the callback returns.
  bool tool_call = false;        ///< A tool-call delta came with this chunk.
  /// When the chunk's bytes were read from the network; absent: when the callback is called.
  std::optional<std::chrono::steady_clock::time_point> arrived{};
  /// When the attempt that this chunk answers was sent, from a provider that retries by itself:
  /// time to first token counts from then. Absent: at the start of the call.
  std::optional<std::chrono::steady_clock::time_point> sent{};
  /// The whole answer of a provider that cannot stream: it gives no time to first token.
  bool is_whole = false;

  /// Whether the chunk carries generated content: such chunks set time to first token and
  /// inter-token latency.
  [[nodiscard]] bool has_content() const noexcept {
    return !text.empty() || !reasoning.empty() || tool_call;
  }
};

/// Called for each chunk, on the thread that called stream(). Returning false cancels the stream.
using StreamCallback = std::function<bool(const StreamChunk&)>;

/// An LLM provider. Implementations document which calls are thread-safe; the library
/// calls them only on the thread that called the wrapper.
class LTB_MONITORING_EXPORT Provider {
 public:
  virtual ~Provider();

  /// The provider's name, as it appears in the label `provider`: lower case, for example
  /// "openai".
  [[nodiscard]] virtual std::string name() const = 0;
  /// Sends one request and waits for the answer. Throws ProviderError (or anything else) when it
  /// fails.
  virtual CompletionResponse complete(const CompletionRequest& request) = 0;
  /// Streams one answer and returns it whole. The default calls complete() and hands its text over
  /// as one chunk, which is not timed.
  virtual CompletionResponse stream(const CompletionRequest& request,
                                    const StreamCallback& on_chunk);

  /// Models this provider serves; empty when unknown.
  [[nodiscard]] virtual std::vector<std::string> supported_models() const;
  /// Context window of a model in tokens; nothing when it is not known.
  [[nodiscard]] virtual std::optional<std::uint64_t> max_context_length(
      std::string_view model) const;
  /// Throws std::invalid_argument when the provider is not set up (a key is missing, say). The
  /// default accepts.
  virtual void validate_config() const;
  /// A rough count of the tokens of a text. The default: four bytes a token, rounded up.
  [[nodiscard]] virtual std::uint64_t estimate_tokens(std::string_view text) const;
};

/// A provider that records every call of the one it wraps, and is otherwise the same: same answers,
/// same exceptions.
///
/// The timestamp of a chunk is taken before the callback runs.
/// Thread safety: as the wrapped provider's.
/// Lifetime: keeps the wrapped provider and the recording core alive, not the MonitoringSystem;
/// calls after the MonitoringSystem is destroyed are recorded and no longer exposed.
class LTB_MONITORING_EXPORT MonitoredProvider : public Provider {
 public:
  /// `source` is a MonitoringSystem, or a BenchmarkRun to which the calls then belong. Throws
  /// std::invalid_argument on a null provider.
  MonitoredProvider(std::shared_ptr<Provider> provider, CallSource source);
  ~MonitoredProvider() override;

  [[nodiscard]] std::string name() const override;
  CompletionResponse complete(const CompletionRequest& request) override;
  CompletionResponse stream(const CompletionRequest& request,
                            const StreamCallback& on_chunk) override;
  [[nodiscard]] std::vector<std::string> supported_models() const override;
  [[nodiscard]] std::optional<std::uint64_t> max_context_length(
      std::string_view model) const override;
  void validate_config() const override;
  [[nodiscard]] std::uint64_t estimate_tokens(std::string_view text) const override;

  /// The wrapped provider.
  [[nodiscard]] const std::shared_ptr<Provider>& inner() const noexcept { return provider_; }

 private:
  std::shared_ptr<Provider> provider_;
  CallSource source_;
  std::string name_;
};

/// Wraps each provider, in the same order. Throws std::invalid_argument when one is null, naming
/// its position.
[[nodiscard]] LTB_MONITORING_EXPORT std::vector<std::shared_ptr<Provider>> monitor_providers(
    const std::vector<std::shared_ptr<Provider>>& providers, const CallSource& source);

}  // namespace ltb
