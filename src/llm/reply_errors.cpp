// What an error in a reply amounts to: codes first, then the status, then well-known messages.
#include "llm/error_codes.hpp"

#include <ltb/llm_reply.hpp>

#include <algorithm>
#include <string>

namespace ltb::detail {
namespace {

/// At most `most` bytes, cut between characters: what a server sends must not fill our events.
std::string bounded(std::string_view text, std::size_t most) {
  if (text.size() <= most) return std::string(text);
  while (most > 0 && (static_cast<unsigned char>(text[most]) & 0xC0u) == 0x80u) --most;
  return std::string(text.substr(0, most));
}

/// Lower case, without backticks, the typographic apostrophe as a plain one.
std::string normalised(std::string_view message) {
  constexpr std::size_t kMostBytes = 8192;
  constexpr std::string_view kApostrophe = "\xE2\x80\x99";
  std::string text;
  message = message.substr(0, kMostBytes);
  for (std::size_t i = 0; i < message.size(); ++i) {
    const char c = message[i];
    if (message.substr(i).starts_with(kApostrophe)) {
      text += '\'';
      i += kApostrophe.size() - 1;
    } else if (c != '`') {
      text += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    }
  }
  return text;
}

// The words with which servers say that a prompt does not fit the model.
constexpr std::string_view kTooLong[] = {
    "prompt is too long",                  // Anthropic, Fireworks, Bedrock
    "prompt too long",                     // Ollama
    "exceed context limit",                // Anthropic
    "context_length_exceeded",             // a code quoted by a gateway
    "maximum context length",              // OpenAI, vLLM, SGLang, Mistral, DeepSeek
    "maximum prompt length",               // xAI
    "exceeded this model context window",  // Cloudflare
    "prompt exceeds max length",           // GLM
    "maximum model length",                // vLLM
    "too long to fit into the model",      // vLLM
    "reduce the length of the messages",   // OpenAI, Groq, Cerebras
    "exceeds the context window",          // OpenAI Responses
    "context window exceed",               // MiniMax
    "contextwindowexceedederror",          // LiteLLM
    "exceed_context_size_error",           // llama.cpp
    "exceeds the available context size",  // llama.cpp
    "context size has been exceeded",      // llama.cpp
    "too large to process. increase the physical batch size",  // llama.cpp
    "exceeds the context length",                              // Ollama
    "exceeded max context length",                             // Ollama
    "longer than the model's context length",                  // SGLang
    "exceeds the model's context length",                      // SGLang
    "exceeds the maximum allowed length",                      // SGLang
    "exceeds the maximum allowed input length",                // SGLang
    "inputs tokens + max_new_tokens must be <=",               // TGI, Together
    "inputs must have less than",                              // TGI
    "greater than the context length",                         // LM Studio
    "trying to keep the first",                                // LM Studio
    "reached context length",                                  // LM Studio
    "context length of only",                                  // LM Studio
    "exceeds the maximum number of tokens",                    // Google
    "input token count exceeds the maximum",                   // Google
    "but model only supports up to",                           // Vertex AI
    "too large for model with",                                // Mistral
    "exceeded model token limit",                              // Moonshot
    "total length of all messages is too long",                // Together
    "tokens in request more than max tokens allowed",          // Cerebras
    "range of input length should be",                         // Qwen
    "input is too long",                                       // Bedrock
    "input tokens exceeded",                                   // Bedrock
    "input tokens exceeds maximum length",                     // Bedrock
    "too many total text bytes",                               // Bedrock
    "too many tokens: size limit exceeded",                    // Cohere
    "too many tokens: minimal context",                        // Cohere
    "tokens in the prompt cannot exceed",                      // Cohere
};

// The words with which servers say that they refuse a prompt or an answer for what is in it. Some
// send them with 403, and xAI even with a code for a missing permission.
constexpr std::string_view kRefused[] = {
    "content violates usage guidelines",                    // xAI
    "content exists risk",                                  // DeepSeek
    "considered high risk",                                 // Moonshot
    "inappropriate content",                                // Qwen
    "output blocked by content filtering",                  // Anthropic
    "your input was flagged",                               // OpenRouter
    "flagged as potentially violating",                     // OpenAI
    "rejected as a result of our safety system",            // OpenAI
    "rejected by the safety system",                        // OpenAI
    "limited access to this content for safety",            // OpenAI
    "violates our usage policies",                          // OpenAI
    "content management policy",                            // Azure
    "responsible ai practices",                             // Google
    "blocked due to security configurations",               // Cloudflare
    "violated guardrail policy",                            // LiteLLM
    "violated content safety policy",                       // LiteLLM
    "violated openai moderation policy",                    // LiteLLM
    "the guardrail checks defined in the config failed",    // Portkey
    "content you provided or machine outputted is blocked"  // StepFun
};

struct Words {
  std::string_view text;
  ErrorType type;
};

// Words that other messages may hold too: they decide where neither code nor status says more.
constexpr Words kHints[] = {
    {"too many tokens: max tokens must", ErrorType::InvalidRequest},  // of the output
    {"too many tokens", ErrorType::ContextLength},
    {"incorrect api key", ErrorType::Auth},
    {"invalid api key", ErrorType::Auth},
    {"api key not valid", ErrorType::Auth},
    {"insufficient balance", ErrorType::Quota},
    {"rate limit exceeded", ErrorType::RateLimit},
    {"too many requests", ErrorType::RateLimit},
    {"is overloaded", ErrorType::Overloaded},
    {"currently overloaded", ErrorType::Overloaded},
    {"unexpected endpoint or method", ErrorType::NotFound},  // LM Studio, under 200
};

bool is_vague(ErrorType type) noexcept {
  return type == ErrorType::Other || type == ErrorType::InvalidRequest ||
         type == ErrorType::ServerError;
}

/// The category by codes and status, and whether a code decided it.
struct Verdict {
  ErrorType type = ErrorType::Other;
  bool by_code = false;
};

Verdict by_codes(int http_status, std::initializer_list<std::string_view> codes) noexcept {
  for (const std::string_view code : codes) {
    const auto type = llm::specific_error(code);
    if (type && *type != ErrorType::InvalidRequest) return {*type, true};
  }
  for (const std::string_view code : codes) {
    const ErrorType type = classify_http_error(http_status, code);
    if (type != ErrorType::Other) return {type, false};
  }
  return {error_type_from_http_status(http_status), false};
}

ErrorType by_message(Verdict verdict, std::string_view message) {
  if (verdict.by_code && verdict.type != ErrorType::Permission) return verdict.type;
  const std::string text = normalised(message);
  const auto is_in_text = [&](std::string_view words) { return text.find(words) != text.npos; };
  if (std::any_of(std::begin(kTooLong), std::end(kTooLong), is_in_text))
    return verdict.by_code ? verdict.type : ErrorType::ContextLength;
  const bool may_be_refusal = verdict.type == ErrorType::Permission ||
                              verdict.type == ErrorType::InvalidRequest ||
                              verdict.type == ErrorType::Other;
  if (may_be_refusal && std::any_of(std::begin(kRefused), std::end(kRefused), is_in_text))
    return ErrorType::ContentFilter;
  if (verdict.by_code) return verdict.type;
  if (is_in_text("credit balance is too low")) return ErrorType::Quota;  // Anthropic
  if (!is_vague(verdict.type) || verdict.type == ErrorType::ServerError) return verdict.type;
  for (const Words& hint : kHints)
    if (is_in_text(hint.text)) return hint.type;
  return verdict.type;
}

}  // namespace

CallError make_reply_error(int http_status, std::initializer_list<std::string_view> codes,
                           std::string_view message) {
  constexpr std::size_t kMostMessageBytes = 2048;
  constexpr std::size_t kMostCodeBytes = 128;
  std::string_view shown;
  for (const std::string_view code : codes)
    if (shown.empty()) shown = code;
  CallError error{by_message(by_codes(http_status, codes), message),
                  bounded(message, kMostMessageBytes), bounded(shown, kMostCodeBytes)};
  if (message.empty() && http_status >= 400) error.message = "HTTP " + std::to_string(http_status);
  return error;
}

std::string_view minimax_code(std::uint64_t status_code) noexcept {
  switch (status_code) {
    case 1001:
      return "timeout";
    case 1002:
    case 1039:  // tokens per minute
    case 1041:  // connections
    case 2045:
      return "rate_limit_exceeded";
    case 1004:
    case 2049:
      return "invalid_api_key";
    case 1008:
    case 2056:
      return "insufficient_quota";
    case 1026:
    case 1027:
      return "content_filter";
    case 1042:
    case 2013:
      return "invalid_request_error";
    default:
      return "server_error";
  }
}

}  // namespace ltb::detail
