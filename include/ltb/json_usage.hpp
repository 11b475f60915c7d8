// Finds the token usage and the cost in a reply, wherever its server puts them. For ltb/json.hpp;
// not to be used by itself.
#pragma once

#include <ltb/json_fields.hpp>
#include <ltb/usage.hpp>

#include <cmath>
#include <cstdint>
#include <optional>
#include <string_view>

namespace ltb::detail::json {

/// 0 tokens in and 0 out is what servers send that did not count: every prompt has a token.
inline std::optional<TokenUsage> counted(const TokenUsage& tokens) noexcept {
  if (tokens.input_tokens == 0 && tokens.output_tokens == 0) return std::nullopt;
  return tokens;
}

inline std::optional<std::uint64_t> sum_of(std::optional<std::uint64_t> a,
                                           std::optional<std::uint64_t> b) noexcept {
  if (!a && !b) return std::nullopt;
  return a.value_or(0) + b.value_or(0);
}

/// Adds what was read from and written to a cache to an input that leaves both out (Anthropic,
/// Bedrock).
inline TokenUsage with_cache(TokenUsage tokens) noexcept {
  tokens.input_tokens += tokens.cached_tokens.value_or(0) + tokens.cache_written_tokens.value_or(0);
  return tokens;
}

template <JsonValue Json>
std::optional<TokenUsage> anthropic_usage(const Json* usage) {
  const auto input = count(member(usage, "input_tokens"));
  const auto output = count(member(usage, "output_tokens"));
  if (!input || !output) return std::nullopt;
  TokenUsage tokens{.input_tokens = *input, .output_tokens = *output};
  tokens.cached_tokens = count(member(usage, "cache_read_input_tokens"));
  const Json* by_age = member(usage, "cache_creation");
  const auto five_minutes = count(member(by_age, "ephemeral_5m_input_tokens"));
  tokens.cache_written_1h_tokens = count(member(by_age, "ephemeral_1h_input_tokens"));
  tokens.cache_written_tokens = count(member(usage, "cache_creation_input_tokens"));
  if (!tokens.cache_written_tokens)
    tokens.cache_written_tokens = sum_of(five_minutes, tokens.cache_written_1h_tokens);
  return counted(with_cache(tokens));
}

/// Amazon Bedrock's Converse: like Anthropic's, in other words.
template <JsonValue Json>
std::optional<TokenUsage> bedrock_usage(const Json* usage) {
  const auto input = count_in(usage, "inputTokens", "inputTokenCount");
  const auto output = count_in(usage, "outputTokens", "outputTokenCount");
  if (!input || !output) return std::nullopt;
  TokenUsage tokens{.input_tokens = *input, .output_tokens = *output};
  tokens.cached_tokens = count_in(usage, "cacheReadInputTokens", "cacheReadInputTokenCount");
  tokens.cache_written_tokens =
      count_in(usage, "cacheWriteInputTokens", "cacheWriteInputTokenCount");
  const Json* details = member(usage, "cacheDetails");
  if (details != nullptr && details->is_array()) {
    for (const Json& detail : *details)
      if (text(member(&detail, "ttl")) == "1h")
        tokens.cache_written_1h_tokens = count(member(&detail, "inputTokens"));
  }
  return counted(with_cache(tokens));
}

template <JsonValue Json>
std::optional<TokenUsage> google_usage(const Json* usage) {
  const auto prompt = count(member(usage, "promptTokenCount"));
  if (!prompt) return std::nullopt;
  // A count of 0 is left out, as protocol buffers do.
  const auto thoughts = count(member(usage, "thoughtsTokenCount"));
  return counted(
      {.input_tokens = *prompt + count(member(usage, "toolUsePromptTokenCount")).value_or(0),
       .output_tokens =
           count(member(usage, "candidatesTokenCount")).value_or(0) + thoughts.value_or(0),
       .cached_tokens = count(member(usage, "cachedContentTokenCount")),
       .reasoning_tokens = thoughts});
}

/// The parts of the input and output that OpenAI's shape reports, under all their names.
template <JsonValue Json>
void read_parts(TokenUsage& tokens, const Json* usage) {
  const Json* details = any_of(usage, "prompt_tokens_details", "input_tokens_details");
  tokens.cached_tokens = count(member(details, "cached_tokens"));
  if (!tokens.cached_tokens)  // DeepSeek; Moonshot; LiteLLM
    tokens.cached_tokens =
        count_in(usage, "prompt_cache_hit_tokens", "cached_tokens", "cache_read_input_tokens");
  tokens.cache_written_tokens = count_in(details, "cache_write_tokens", "cache_creation_tokens");
  if (!tokens.cache_written_tokens)
    tokens.cache_written_tokens = count(member(usage, "cache_creation_input_tokens"));
  for (const Json* by_age :
       {member(details, "cache_creation_token_details"), member(usage, "cache_creation")})
    if (const auto hour = count(member(by_age, "ephemeral_1h_input_tokens")))
      tokens.cache_written_1h_tokens = hour;
  details = any_of(usage, "completion_tokens_details", "output_tokens_details");
  tokens.reasoning_tokens = count(member(details, "reasoning_tokens"));
  if (!tokens.reasoning_tokens)  // Perplexity, SGLang
    tokens.reasoning_tokens = count(member(usage, "reasoning_tokens"));
}

/// A usage object in OpenAI's shape, Chat or Responses.
template <JsonValue Json>
std::optional<TokenUsage> openai_usage(const Json* usage) {
  const bool is_chat = member(usage, "prompt_tokens") != nullptr;
  // Anthropic's own names for the cache beside "input_tokens" come with Anthropic's rule.
  if (!is_chat && member(usage, "input_tokens_details") == nullptr &&
      any_of(usage, "cache_read_input_tokens", "cache_creation_input_tokens") != nullptr)
    return anthropic_usage(usage);
  const auto input = count(first_of(usage, "prompt_tokens", "input_tokens"));
  auto output = count(first_of(usage, "completion_tokens", "output_tokens"));
  const auto total = count(member(usage, "total_tokens"));
  if (!output && input && total && *total >= *input) output = *total - *input;  // embeddings
  if (!input || !output) return std::nullopt;
  TokenUsage tokens{.input_tokens = *input, .output_tokens = *output};
  read_parts(tokens, usage);
  // Some servers leave reasoning out of the completion: xAI, whose total shows it, and Perplexity,
  // whose reasoning is then more than the completion.
  const std::uint64_t reasoning = tokens.reasoning_tokens.value_or(0);
  if (reasoning > *output || (reasoning > 0 && total == *input + *output + reasoning))
    tokens.output_tokens += reasoning;
  return counted(tokens);
}

/// Google's endpoint in OpenAI's shape counts hidden reasoning, which is billed as output, in the
/// total alone. Elsewhere a total that its parts do not explain shows nothing: the parts count.
template <JsonValue Json>
void add_hidden_reasoning(TokenUsage& tokens, const Json* usage, std::string_view model) {
  const auto input = count(member(usage, "prompt_tokens"));
  const auto output = count(member(usage, "completion_tokens"));
  const auto total = count(member(usage, "total_tokens"));
  if (model.find("gemini") == model.npos || tokens.reasoning_tokens || !input || !output || !total)
    return;
  if (*total <= *input + *output) return;
  tokens.reasoning_tokens = *total - *input - *output;
  tokens.output_tokens += *tokens.reasoning_tokens;
}

/// Cohere's: what is billed, else what was counted.
template <JsonValue Json>
std::optional<TokenUsage> cohere_usage(const Json* usage) {
  for (const char* name : {"billed_units", "tokens"}) {
    const Json* counts = member(usage, name);
    const auto input = count(member(counts, "input_tokens"));
    const auto output = count(member(counts, "output_tokens"));
    if (input && output) return counted({.input_tokens = *input, .output_tokens = *output});
  }
  return std::nullopt;
}

/// The counts of llama.cpp's and Ollama's own APIs.
template <JsonValue Json>
std::optional<TokenUsage> local_usage(const Json* body) {
  auto input = count_in(body, "prompt_eval_count", "tokens_evaluated");
  auto output = count_in(body, "eval_count", "tokens_predicted");
  std::optional<std::uint64_t> cached;
  if (!input || !output) {
    // Without cache_n the server is too old to say how much of the prompt prompt_n leaves out.
    const Json* timings = member(body, "timings");
    cached = count(member(timings, "cache_n"));
    const auto evaluated = count(member(timings, "prompt_n"));
    output = count(member(timings, "predicted_n"));
    if (!cached || !evaluated || !output) return std::nullopt;
    input = *evaluated + *cached;
  }
  return counted({.input_tokens = *input, .output_tokens = *output, .cached_tokens = cached});
}

/// One object that servers call `usage`, in whichever shape.
template <JsonValue Json>
std::optional<TokenUsage> any_usage(const Json* usage) {
  auto tokens = openai_usage(usage);
  if (!tokens) tokens = cohere_usage(usage);
  if (!tokens) tokens = bedrock_usage(usage);
  return tokens;
}

/// Where a reply in OpenAI's shape, whole or a chunk, has its usage: the object itself, or null.
template <JsonValue Json>
const Json* usage_object(const Json& body) {
  const auto is_usage = [](const Json* value) { return value != nullptr && value->is_object(); };
  const Json* candidates[] = {member(&body, "usage"),
                              member(member(&body, "x_groq"), "usage"),
                              member(member(&body, "metadata"), "usage"),  // Bedrock's stream
                              member(member(&body, "delta"), "usage"),     // Cohere's stream
                              member(&body, "meta"),                       // Cohere
                              member(&body, "amazon-bedrock-invocationMetrics")};
  for (const Json* candidate : candidates)
    if (is_usage(candidate) && any_usage(candidate)) return candidate;
  const Json* choices = member(&body, "choices");  // Moonshot
  if (choices != nullptr && choices->is_array()) {
    for (const Json& choice : *choices)
      if (is_usage(member(&choice, "usage")) && any_usage(member(&choice, "usage")))
        return member(&choice, "usage");
  }
  return is_usage(candidates[0]) ? candidates[0] : nullptr;
}

/// USD, where a usage object reports it; nothing when it is negative.
template <JsonValue Json>
std::optional<double> cost_in(const Json* usage) {
  const Json* cost = member(usage, "cost");
  std::optional<double> usd = number(cost);
  if (!usd) usd = number(member(cost, "total_cost"));       // Perplexity
  if (!usd) usd = number(member(usage, "estimated_cost"));  // DeepInfra
  if (const auto ticks = number(member(usage, "cost_in_usd_ticks")); !usd && ticks)
    usd = *ticks / 1e10;  // xAI
  // OpenRouter with a key of one's own: its fee, and what the provider charges besides.
  const Json* own_key = member(usage, "is_byok");
  if (usd && own_key != nullptr && own_key->is_boolean() && says_something(own_key)) {
    const auto upstream = number(member(member(usage, "cost_details"), "upstream_inference_cost"));
    if (!upstream) return std::nullopt;  // the fee alone is not the cost
    *usd += *upstream;
  }
  return usd && std::isfinite(*usd) && *usd >= 0 ? usd : std::nullopt;
}

}  // namespace ltb::detail::json
