// Retries with backoff, jitter and the server's own wish.

#include "retry.hpp"

#include <algorithm>
#include <utility>

namespace llm_benchmark {
namespace {

using std::chrono::milliseconds;
using std::chrono::nanoseconds;
using std::chrono::steady_clock;

constexpr unsigned kMaxDoublings = 20;  // Far past any longest wait; keeps the shift defined.

nanoseconds times(milliseconds wait, double factor) {
  return std::chrono::duration_cast<nanoseconds>(wait * factor);
}

/// The attempts of one layer after those of another, as the error or response tells them.
std::vector<ltb::FailedAttempt> joined(std::vector<ltb::FailedAttempt> before,
                                       const std::vector<ltb::FailedAttempt>& after) {
  before.insert(before.end(), after.begin(), after.end());
  return before;
}

}  // namespace

bool is_worth_retrying(ltb::ErrorType type) noexcept {
  switch (type) {
    case ltb::ErrorType::RateLimit:
    case ltb::ErrorType::Overloaded:
    case ltb::ErrorType::ServerError:
    case ltb::ErrorType::Network:
    case ltb::ErrorType::Timeout:
      return true;
    default:
      return false;
  }
}

std::optional<nanoseconds> wait_before_retry(const RetryPolicy& policy, unsigned retry,
                                             std::optional<milliseconds> asked_for, double jitter) {
  if (asked_for) {
    if (*asked_for > policy.longest_asked_wait) return std::nullopt;
    return times(*asked_for, 1.0 + 0.1 * jitter);
  }
  const milliseconds grown = policy.first_wait * (1U << std::min(retry - 1, kMaxDoublings));
  return times(std::min(grown, policy.longest_wait), 0.5 + 0.5 * jitter);
}

RetryingProvider::RetryingProvider(std::shared_ptr<ltb::Provider> provider, RetryPolicy policy,
                                   std::uint64_t seed, Wait wait)
    : provider_(std::move(provider)), policy_(policy), wait_(std::move(wait)), random_(seed) {}

double RetryingProvider::jitter() {
  const std::lock_guard lock(mutex_);
  return random_.uniform();
}

ltb::CompletionResponse RetryingProvider::complete(const ltb::CompletionRequest& request) {
  const bool content_came = false;
  return run(
      request,
      [this](const ltb::CompletionRequest& attempt) { return provider_->complete(attempt); },
      content_came);
}

ltb::CompletionResponse RetryingProvider::stream(const ltb::CompletionRequest& request,
                                                 const ltb::StreamCallback& on_chunk) {
  bool content_came = false;
  steady_clock::time_point sent;
  const ltb::StreamCallback watched = [&](const ltb::StreamChunk& chunk) {
    content_came = content_came || chunk.has_content();
    ltb::StreamChunk timed = chunk;
    if (!timed.sent) timed.sent = sent;
    return !on_chunk || on_chunk(timed);
  };
  return run(
      request,
      [&](const ltb::CompletionRequest& attempt) {
        sent = steady_clock::now();
        return provider_->stream(attempt, watched);
      },
      content_came);
}

ltb::CompletionResponse RetryingProvider::run(const ltb::CompletionRequest& request,
                                              const Attempt& attempt, const bool& content_came) {
  const auto begin = steady_clock::now();
  ltb::CompletionRequest asked = request;
  std::vector<ltb::FailedAttempt> failed;
  for (unsigned retry = 1;; ++retry) {
    try {
      ltb::CompletionResponse response = attempt(asked);
      response.failed_attempts = joined(std::move(failed), response.failed_attempts);
      return response;
    } catch (const ltb::ProviderError& error) {
      const auto wait = wait_before_retry(policy_, retry, error.retry_after(), jitter());
      const auto spent = steady_clock::now() - begin;
      const bool goes_on = retry <= policy_.retries && !content_came && wait &&
                           is_worth_retrying(error.type()) &&
                           (!request.timeout || spent + *wait < *request.timeout);
      failed = joined(std::move(failed), error.failed_attempts());
      if (!goes_on) {
        if (failed.empty()) throw;  // Unchanged.
        throw ltb::ProviderError(error.type(), error.what(), error.code(), error.retry_after(),
                                 std::move(failed))
            .with_rate_limits(error.rate_limits());
      }
      failed.push_back({error.type(), *wait});
      if (!wait_(*wait)) {
        throw ltb::ProviderError(ltb::ErrorType::Cancelled, "the program stops", {}, std::nullopt,
                                 std::move(failed));
      }
      if (request.timeout) {
        asked.timeout = std::max(
            std::chrono::ceil<milliseconds>(*request.timeout - (steady_clock::now() - begin)),
            milliseconds{1});
      }
    }
  }
}

}  // namespace llm_benchmark
