// What an OpenAI-compatible server is asked and answers: JSON in, JSON out, no network.
#pragma once

#include <ltb/monitoring.hpp>
#include <string>
#include <string_view>

namespace llm_benchmark {

/// The body of POST /chat/completions.
[[nodiscard]] std::string chat_request_body(const ltb::CompletionRequest& request);

/// Reads the body of a 200 answer. Usage the server did not send, or sent in a shape nobody
/// promised, stays absent. Throws ltb::ProviderError of type Parse when there is no answer in it,
/// naming what is missing.
[[nodiscard]] ltb::CompletionResponse parse_chat_response(std::string_view body);

/// The exception for an answer with another status. The server's own error code beats the status:
/// a 429 with "insufficient_quota" is an empty account, not a rate limit.
[[nodiscard]] ltb::ProviderError error_from_response(int status, std::string_view body,
                                                     std::string_view url);

}  // namespace llm_benchmark
