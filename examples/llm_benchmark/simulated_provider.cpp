// Providers that invent their answers.

#include "simulated_provider.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <optional>
#include <utility>

#include "random.hpp"

namespace llm_benchmark {
namespace {

constexpr double kFastestSeconds = 0.15;
constexpr double kSlowestSeconds = 3.0;
/// The first token comes after this share of the whole time, and up to that much more of it.
constexpr double kLeastFirstShare = 0.2;
constexpr double kFirstShareSpread = 0.3;
/// Enough for a lively picture; as many as there are tokens would cost a busy benchmark more than
/// the benchmark itself.
constexpr std::size_t kMostPieces = 8;
constexpr std::size_t kLeastPieceBytes = 2;
constexpr std::uint64_t kPromptOverheadTokens = 12;  // Roles and the system prompt.

/// FNV-1a: unlike std::hash the same everywhere.
std::uint64_t hash(std::string_view text) {
  std::uint64_t value = 0xCBF29CE484222325U;
  for (const char c : text) {
    value = (value ^ static_cast<unsigned char>(c)) * 0x100000001B3U;
  }
  return Random(value).next();
}

/// A text in up to kMostPieces pieces of about the same size, cut between characters.
std::vector<std::string> pieces_of(const std::string& text) {
  const std::size_t size =
      std::max(kLeastPieceBytes, (text.size() + kMostPieces - 1) / kMostPieces);
  std::vector<std::string> pieces;
  for (std::size_t begin = 0; begin < text.size();) {
    std::size_t end = std::min(begin + size, text.size());
    while (end < text.size() && (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U) ++end;
    pieces.push_back(text.substr(begin, end - begin));
    begin = end;
  }
  return pieces;
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

/// All that will happen to one call.
struct SimulatedProvider::Fate {
  double seconds = 0;          ///< Until the answer is whole, or the failure.
  double first_seconds = 0;    ///< Until the first piece, when it is streamed.
  std::vector<double> gaps{};  ///< Relative lengths of what is left, one per further piece.
  std::optional<ltb::ProviderError> failure{};
  ltb::CompletionResponse response{};
};

SimulatedProvider::SimulatedProvider(SimulatedModel model, const std::vector<Question>& questions,
                                     std::uint64_t seed, Wait wait,
                                     std::chrono::milliseconds timeout)
    : model_(std::move(model)), seed_(seed), wait_(std::move(wait)), timeout_(timeout) {
  for (const Question& question : questions) {
    if (!question.accepted.empty()) answers_.emplace(question.prompt, question.accepted.front());
  }
}

std::uint64_t SimulatedProvider::next_call_of(const std::string& prompt) {
  const std::lock_guard lock(mutex_);
  return calls_[prompt]++;
}

void SimulatedProvider::wait_or_cancel(double seconds) const {
  if (!wait_(std::chrono::duration_cast<std::chrono::nanoseconds>(
          std::chrono::duration<double>(seconds)))) {
    throw ltb::ProviderError(ltb::ErrorType::Cancelled, "the program stops");
  }
}

void SimulatedProvider::wait_for_answer(const Fate& fate,
                                        const ltb::CompletionRequest& request) const {
  const std::chrono::milliseconds timeout = request.timeout.value_or(timeout_);
  const double most = std::chrono::duration<double>(timeout).count();
  if (fate.seconds > most) {
    wait_or_cancel(most);
    throw ltb::ProviderError(ltb::ErrorType::Timeout, "simulated: no answer from " +
                                                          model_.provider + " within " +
                                                          std::to_string(timeout.count()) + " ms");
  }
  if (fate.failure) {
    wait_or_cancel(fate.seconds);
    throw ltb::ProviderError(*fate.failure);
  }
}

std::string SimulatedProvider::answer(const std::string& prompt, bool right) const {
  const auto known = answers_.find(prompt);
  if (known == answers_.end()) return "This answer is simulated.";
  if (!right) return "That is beyond me.";
  return "It is " + known->second + ".";
}

SimulatedProvider::Fate SimulatedProvider::decide(const ltb::CompletionRequest& request) {
  const std::uint64_t call = next_call_of(request.prompt);
  Random random(
      mixed_seed({seed_, hash(model_.provider + '/' + model_.model), hash(request.prompt), call}));
  const double chance = random.uniform();
  Fate fate;
  fate.seconds = std::clamp(random.log_normal(model_.median_latency_seconds, model_.latency_sigma),
                            kFastestSeconds, kSlowestSeconds);
  const bool right = random.uniform() < model_.accuracy;
  const auto output_tokens = static_cast<std::uint64_t>(
      std::max(1.0, std::round(random.log_normal(model_.median_output_tokens, 0.6))));

  double below = model_.rate_limit_probability;
  if (chance < below) {
    fate.seconds = kFastestSeconds;
    fate.failure.emplace(ltb::ErrorType::RateLimit, "simulated: too many requests",
                         "rate_limit_exceeded");
    return fate;
  }
  if (chance < (below += model_.timeout_probability)) {
    fate.seconds = kSlowestSeconds;
    fate.failure.emplace(ltb::ErrorType::Timeout, "simulated: no answer in time");
    return fate;
  }
  if (chance < below + model_.server_error_probability) {
    fate.failure.emplace(ltb::ErrorType::ServerError, "simulated: the server stumbled",
                         "server_error");
    return fate;
  }

  const ltb::TokenUsage usage{
      .input_tokens = estimate_tokens(request.prompt) + kPromptOverheadTokens,
      .output_tokens = output_tokens};
  // Whole nano-dollars, so that the sum on /metrics is exact.
  const std::uint64_t cost =
      usage.input_tokens * model_.input_nano_usd + usage.output_tokens * model_.output_nano_usd;
  fate.response = {.text = answer(request.prompt, right),
                   .model = model_.model,
                   .usage = usage,
                   .cost = static_cast<double>(cost) / 1e9,
                   .finish_reason = "stop",
                   .request_id = "sim_" + std::to_string(random.next())};
  // Drawn last, so that streaming changes nothing else.
  fate.first_seconds = fate.seconds * (kLeastFirstShare + kFirstShareSpread * random.uniform());
  const std::size_t pieces = pieces_of(fate.response.text).size();
  for (std::size_t i = 1; i < pieces; ++i) fate.gaps.push_back(random.log_normal(1.0, 0.3));
  return fate;
}

ltb::CompletionResponse SimulatedProvider::complete(const ltb::CompletionRequest& request) {
  Fate fate = decide(request);
  wait_for_answer(fate, request);
  wait_or_cancel(fate.seconds);
  return std::move(fate.response);
}

ltb::CompletionResponse SimulatedProvider::stream(const ltb::CompletionRequest& request,
                                                  const ltb::StreamCallback& on_chunk) {
  Fate fate = decide(request);
  wait_for_answer(fate, request);
  const double all_gaps = std::accumulate(fate.gaps.begin(), fate.gaps.end(), 0.0);
  const double rest = fate.seconds - fate.first_seconds;
  const std::vector<std::string> pieces = pieces_of(fate.response.text);
  std::string told;
  for (std::size_t i = 0; i < pieces.size(); ++i) {
    wait_or_cancel(i == 0 ? fate.first_seconds : rest * fate.gaps[i - 1] / all_gaps);
    told += pieces[i];
    if (on_chunk && !on_chunk({.text = pieces[i]})) break;
  }
  fate.response.text = std::move(told);
  return std::move(fate.response);
}

}  // namespace llm_benchmark
