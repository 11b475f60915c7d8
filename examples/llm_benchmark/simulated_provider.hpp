// Providers that invent their answers: a lively benchmark without network, key or cost.
#pragma once

#include <chrono>
#include <cstdint>
#include <ltb/monitoring.hpp>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "dataset.hpp"
#include "wait.hpp"

namespace llm_benchmark {

/// How one invented model behaves. Probabilities are 0..1 and add up to at most 1.
struct SimulatedModel {
  std::string provider{};
  std::string model{};
  double median_latency_seconds = 0.6;
  double latency_sigma = 0.5;  ///< Of the logarithm: 0.5 makes P95 about 2.3 times the median.
  double median_output_tokens = 60;
  std::uint64_t input_nano_usd = 0;  ///< Price of one input token, in billionths of a dollar.
  std::uint64_t output_nano_usd = 0;
  double accuracy = 0.95;  ///< How often a question with a known answer is answered right.
  double rate_limit_probability = 0;
  double timeout_probability = 0;
  double server_error_probability = 0;
};

/// The three models a run without flags asks. Names and prices are in the style of real ones; the
/// rest is invented.
[[nodiscard]] std::vector<SimulatedModel> default_simulated_models();

/// One invented provider with one model.
///
/// What happens to a request depends on the seed, the model, the prompt and how often this prompt
/// was asked before, and on nothing else: a run has the same answers, tokens, cost and failures
/// whatever the number of threads. Thread safety: any thread.
class SimulatedProvider : public ltb::Provider {
 public:
  /// `timeout` holds for requests without one.
  SimulatedProvider(SimulatedModel model, const std::vector<Question>& questions,
                    std::uint64_t seed, Wait wait,
                    std::chrono::milliseconds timeout = std::chrono::minutes{1});

  [[nodiscard]] std::string name() const override { return model_.provider; }
  /// Throws ltb::ProviderError, as a real provider would: RateLimit, Timeout, ServerError, or
  /// Cancelled when the wait was cut short.
  ltb::CompletionResponse complete(const ltb::CompletionRequest& request) override;
  /// The same answer, tokens, cost and whole time as complete() would have given, the text in a
  /// few pieces: the first after a part of the time, the others spread over the rest.
  ltb::CompletionResponse stream(const ltb::CompletionRequest& request,
                                 const ltb::StreamCallback& on_chunk) override;
  [[nodiscard]] std::vector<std::string> supported_models() const override {
    return {model_.model};
  }

 private:
  struct Fate;

  [[nodiscard]] Fate decide(const ltb::CompletionRequest& request);
  [[nodiscard]] std::uint64_t next_call_of(const std::string& prompt);
  void wait_or_cancel(double seconds) const;
  void wait_for_answer(const Fate& fate, const ltb::CompletionRequest& request) const;
  [[nodiscard]] std::string answer(const std::string& prompt, bool right) const;

  const SimulatedModel model_;
  const std::uint64_t seed_;
  const Wait wait_;
  const std::chrono::milliseconds timeout_;
  std::unordered_map<std::string, std::string>
      answers_;  ///< Right answers by prompt; never changes.
  std::mutex mutex_;
  std::unordered_map<std::string, std::uint64_t> calls_;  // by prompt; guarded by mutex_
};

}  // namespace llm_benchmark
