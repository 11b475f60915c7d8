// A provider that asks an OpenAI-compatible server over plain HTTP.

#include "openai_provider.hpp"

#include <algorithm>
#include <stdexcept>
#include <utility>

#include "openai_messages.hpp"

namespace llm_benchmark {

OpenAiProvider::OpenAiProvider(BaseUrl url, const std::string& api_key,
                               std::chrono::milliseconds timeout, std::stop_token stop)
    : url_(std::move(url)),
      authorization_(api_key.empty() ? std::string{} : "Bearer " + api_key),
      timeout_(timeout),
      client_(url_.host, url_.port, url_.host_header(), std::move(stop)) {}

void OpenAiProvider::validate_config() const {
  if (std::ranges::any_of(authorization_, [](char c) { return c < ' ' || c > '~'; })) {
    throw std::invalid_argument(
        "the API key holds a character that a header may not have (a line break at its end?)");
  }
}

ltb::CompletionResponse OpenAiProvider::complete(const ltb::CompletionRequest& request) {
  constexpr int kOk = 200;
  HttpReply reply;
  try {
    reply = client_.post_json(url_.prefix + "/chat/completions", authorization_,
                              chat_request_body(request), request.timeout.value_or(timeout_));
    if (reply.status == kOk) return parse_chat_response(reply.body);
  } catch (const ltb::ProviderError& error) {
    throw ltb::ProviderError(error.type(), "POST " + url_.endpoint() + ": " + error.what(),
                             error.code());
  }
  throw error_from_response(reply.status, reply.body, url_.endpoint());
}

}  // namespace llm_benchmark
