// Asks again when a call failed in a way that may pass.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <ltb/monitoring.hpp>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "random.hpp"
#include "wait.hpp"

namespace llm_benchmark {

struct RetryPolicy {
  unsigned retries = 2;  ///< Attempts after the first one; 0: none.
  /// The wait before the nth retry is about `first_wait` * 2^(n-1), at most `longest_wait`, with
  /// jitter: between half of that and all of it.
  std::chrono::milliseconds first_wait{500};
  std::chrono::milliseconds longest_wait{8'000};
  /// A server that asks (Retry-After) to wait up to this long is waited for, and up to a tenth
  /// longer, so that all who were told the same do not come back at once; beyond it the call fails
  /// at once.
  std::chrono::milliseconds longest_asked_wait{60'000};
};

/// Whether another attempt may help: rate_limit, overloaded, server_error, network, timeout.
[[nodiscard]] bool is_worth_retrying(ltb::ErrorType type) noexcept;

/// The wait before retry number `retry` (from 1), or nothing when the server asked for more than
/// the policy waits. `jitter` is 0..1.
[[nodiscard]] std::optional<std::chrono::nanoseconds> wait_before_retry(
    const RetryPolicy& policy, unsigned retry, std::optional<std::chrono::milliseconds> asked_for,
    double jitter);

/// A provider that asks the one it wraps again when a call failed in a way that may pass; but never
/// once content was handed over, which the caller would get twice. What was tried is told by
/// `failed_attempts` of the response or of the ProviderError.
///
/// A request's own timeout holds for the call with all its attempts and waits; each attempt has the
/// wrapped provider's usual one. Thread safety: any thread, when the wrapped provider allows it.
class RetryingProvider : public ltb::Provider {
 public:
  RetryingProvider(std::shared_ptr<ltb::Provider> provider, RetryPolicy policy, std::uint64_t seed,
                   Wait wait);

  [[nodiscard]] std::string name() const override { return provider_->name(); }
  ltb::CompletionResponse complete(const ltb::CompletionRequest& request) override;
  ltb::CompletionResponse stream(const ltb::CompletionRequest& request,
                                 const ltb::StreamCallback& on_chunk) override;
  [[nodiscard]] std::vector<std::string> supported_models() const override {
    return provider_->supported_models();
  }
  [[nodiscard]] std::optional<std::uint64_t> max_context_length(
      std::string_view model) const override {
    return provider_->max_context_length(model);
  }
  void validate_config() const override { provider_->validate_config(); }
  [[nodiscard]] std::uint64_t estimate_tokens(std::string_view text) const override {
    return provider_->estimate_tokens(text);
  }

 private:
  using Attempt = std::function<ltb::CompletionResponse(const ltb::CompletionRequest&)>;

  ltb::CompletionResponse run(const ltb::CompletionRequest& request, const Attempt& attempt,
                              const bool& content_came);
  [[nodiscard]] double jitter();

  const std::shared_ptr<ltb::Provider> provider_;
  const RetryPolicy policy_;
  const Wait wait_;
  std::mutex mutex_;
  Random random_;  // guarded by mutex_
};

}  // namespace llm_benchmark
