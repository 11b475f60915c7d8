// A provider that asks an OpenAI-compatible server over plain HTTP.
#pragma once

#include <chrono>
#include <ltb/monitoring.hpp>
#include <stop_token>
#include <string>

#include "base_url.hpp"
#include "http_client.hpp"

namespace llm_benchmark {

/// Thread safety: any thread; calls at the same time use connections of their own.
class OpenAiProvider : public ltb::Provider {
 public:
  /// An empty key sends no Authorization header, as local servers like it. `timeout` holds for
  /// requests without one.
  OpenAiProvider(BaseUrl url, const std::string& api_key, std::chrono::milliseconds timeout,
                 std::stop_token stop);

  [[nodiscard]] std::string name() const override { return "openai"; }
  /// Throws ltb::ProviderError with the category of docs/metrics.md; its message names the URL.
  ltb::CompletionResponse complete(const ltb::CompletionRequest& request) override;
  /// Throws std::invalid_argument when the key cannot be a header value. Never shows the key.
  void validate_config() const override;

 private:
  const BaseUrl url_;
  const std::string authorization_;
  const std::chrono::milliseconds timeout_;
  HttpClient client_;
};

}  // namespace llm_benchmark
