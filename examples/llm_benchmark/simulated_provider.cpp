// Providers that invent their answers.

#include "simulated_provider.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <utility>

namespace llm_benchmark {
namespace {

constexpr double kFastestSeconds = 0.15;
constexpr double kSlowestSeconds = 3.0;
constexpr std::uint64_t kPromptOverheadTokens = 12;  // Roles and the system prompt.

/// SplitMix64. Unlike the distributions of <random> it gives the same run with every standard
/// library.
class Random {
 public:
  explicit Random(std::uint64_t seed) : state_(seed) {}

  std::uint64_t next() {
    state_ += 0x9E3779B97F4A7C15U;
    std::uint64_t z = state_;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9U;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBU;
    return z ^ (z >> 31);
  }
  /// 0 <= u < 1.
  double uniform() { return static_cast<double>(next() >> 11) * 0x1.0p-53; }
  /// Log-normal with this median; Box-Muller.
  double log_normal(double median, double sigma) {
    const double radius = std::sqrt(-2.0 * std::log(1.0 - uniform()));
    return median * std::exp(sigma * radius * std::cos(2.0 * std::numbers::pi * uniform()));
  }

 private:
  std::uint64_t state_;
};

/// FNV-1a: unlike std::hash the same everywhere.
std::uint64_t hash(std::uint64_t start, std::string_view text) {
  std::uint64_t value = start ^ 0xCBF29CE484222325U;
  for (const char c : text) {
    value = (value ^ static_cast<unsigned char>(c)) * 0x100000001B3U;
  }
  return Random(value).next();
}

}  // namespace

std::vector<SimulatedModel> default_simulated_models() {
  return {{.provider = "openai",
           .model = "gpt-4o",
           .median_latency_seconds = 0.60,
           .latency_sigma = 0.45,
           .median_output_tokens = 60,
           .input_nano_usd = 2'500,
           .output_nano_usd = 10'000,
           .accuracy = 0.95,
           .rate_limit_probability = 0.012,
           .timeout_probability = 0.003,
           .server_error_probability = 0.005},
          {.provider = "anthropic",
           .model = "claude-sonnet",
           .median_latency_seconds = 0.85,
           .latency_sigma = 0.40,
           .median_output_tokens = 90,
           .input_nano_usd = 3'000,
           .output_nano_usd = 15'000,
           .accuracy = 0.97,
           .rate_limit_probability = 0.008,
           .timeout_probability = 0.002,
           .server_error_probability = 0.004},
          {.provider = "google",
           .model = "gemini-flash",
           .median_latency_seconds = 0.35,
           .latency_sigma = 0.55,
           .median_output_tokens = 45,
           .input_nano_usd = 300,
           .output_nano_usd = 2'500,
           .accuracy = 0.89,
           .rate_limit_probability = 0.015,
           .timeout_probability = 0.005,
           .server_error_probability = 0.010}};
}

SimulatedProvider::SimulatedProvider(SimulatedModel model, const std::vector<Question>& questions,
                                     std::uint64_t seed, Wait wait)
    : model_(std::move(model)), seed_(seed), wait_(std::move(wait)) {
  for (const Question& question : questions) {
    if (!question.accepted.empty()) answers_.emplace(question.prompt, question.accepted.front());
  }
}

std::uint64_t SimulatedProvider::next_call_of(const std::string& prompt) {
  const std::lock_guard lock(mutex_);
  return calls_[prompt]++;
}

void SimulatedProvider::wait_or_cancel(double seconds,
                                       const ltb::CompletionRequest& request) const {
  const std::chrono::duration<double> wanted(seconds);
  const bool too_long = request.timeout && wanted > *request.timeout;
  const auto time = too_long ? std::chrono::duration<double>(*request.timeout) : wanted;
  if (!wait_(std::chrono::duration_cast<std::chrono::nanoseconds>(time))) {
    throw ltb::ProviderError(ltb::ErrorType::Cancelled, "the program stops");
  }
  if (too_long) {
    throw ltb::ProviderError(ltb::ErrorType::Timeout,
                             "simulated: no answer from " + model_.provider + " within " +
                                 std::to_string(request.timeout->count()) + " ms");
  }
}

std::string SimulatedProvider::answer(const std::string& prompt, bool right) const {
  const auto known = answers_.find(prompt);
  if (known == answers_.end()) return "This answer is simulated.";
  if (!right) return "That is beyond me.";
  return "It is " + known->second + ".";
}

ltb::CompletionResponse SimulatedProvider::complete(const ltb::CompletionRequest& request) {
  const std::uint64_t call = next_call_of(request.prompt);
  Random random(hash(hash(seed_ + call, model_.provider + '/' + model_.model), request.prompt));
  const double fate = random.uniform();
  const double latency =
      std::clamp(random.log_normal(model_.median_latency_seconds, model_.latency_sigma),
                 kFastestSeconds, kSlowestSeconds);
  const bool right = random.uniform() < model_.accuracy;
  const auto output_tokens = static_cast<std::uint64_t>(
      std::max(1.0, std::round(random.log_normal(model_.median_output_tokens, 0.6))));

  double below = model_.rate_limit_probability;
  if (fate < below) {
    wait_or_cancel(kFastestSeconds, request);
    throw ltb::ProviderError(ltb::ErrorType::RateLimit, "simulated: too many requests",
                             "rate_limit_exceeded");
  }
  if (fate < (below += model_.timeout_probability)) {
    wait_or_cancel(kSlowestSeconds, request);
    throw ltb::ProviderError(ltb::ErrorType::Timeout, "simulated: no answer in time");
  }
  wait_or_cancel(latency, request);
  if (fate < below + model_.server_error_probability) {
    throw ltb::ProviderError(ltb::ErrorType::ServerError, "simulated: the server stumbled",
                             "server_error");
  }

  const ltb::TokenUsage usage{
      .input_tokens = estimate_tokens(request.prompt) + kPromptOverheadTokens,
      .output_tokens = output_tokens};
  // Whole nano-dollars, so that the sum on /metrics is exact.
  const std::uint64_t cost =
      usage.input_tokens * model_.input_nano_usd + usage.output_tokens * model_.output_nano_usd;
  return {.text = answer(request.prompt, right),
          .model = model_.model,
          .usage = usage,
          .cost = static_cast<double>(cost) / 1e9,
          .finish_reason = "stop",
          .request_id = "sim_" + std::to_string(random.next())};
}

}  // namespace llm_benchmark
