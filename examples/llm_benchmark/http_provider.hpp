// A provider that asks a server over HTTP, in whatever dialect it is given.
#pragma once

#include <atomic>
#include <ltb/monitoring.hpp>
#include <memory>
#include <stop_token>
#include <string>
#include <vector>

#include "base_url.hpp"
#include "dialect.hpp"
#include "http_client.hpp"

namespace llm_benchmark {

struct HttpProviderSettings {
  std::string name{};  ///< The label `provider`.
  BaseUrl url{};
  std::string api_key{};  ///< Empty: none is sent, as local servers like it.
  Timeouts timeouts{};    ///< For one call; a request's own timeout beats `whole`.
  std::string ca_file{};  ///< See HttpClient.
};

/// Asks once per call and throws ltb::ProviderError, whose message names the URL, with the category
/// of docs/metrics.md. Thread safety: any thread; calls at the same time use connections of their
/// own.
class HttpProvider : public ltb::Provider {
 public:
  /// Throws as HttpClient does.
  HttpProvider(HttpProviderSettings settings, std::unique_ptr<const Dialect> dialect,
               std::stop_token stop);

  [[nodiscard]] std::string name() const override { return settings_.name; }
  ltb::CompletionResponse complete(const ltb::CompletionRequest& request) override;
  /// A stream that the caller cancels returns what had come. One that is cut before its end is a
  /// Network error. A server that answers whole instead streams nothing: no chunk, and the text is
  /// in the response. A server that refuses `stream_options` is asked again without, at once and
  /// for good: its usage is then missing.
  ltb::CompletionResponse stream(const ltb::CompletionRequest& request,
                                 const ltb::StreamCallback& on_chunk) override;
  /// Throws std::invalid_argument when the key cannot be a header value. Never shows the key.
  void validate_config() const override;

 private:
  class StreamReader;

  [[nodiscard]] HttpRequest make_request(const ltb::CompletionRequest& request, bool streamed,
                                         bool with_usage) const;
  [[nodiscard]] Timeouts timeouts_of(const ltb::CompletionRequest& request) const;
  [[nodiscard]] ltb::ProviderError with_url(const ltb::ProviderError& error) const;

  const HttpProviderSettings settings_;
  const std::unique_ptr<const Dialect> dialect_;
  const std::string endpoint_;
  HttpClient client_;
  std::atomic<bool> asks_for_usage_{true};  ///< A hint for later calls; orders nothing.
};

/// OpenAI's chat completions.
[[nodiscard]] std::shared_ptr<HttpProvider> make_openai_provider(HttpProviderSettings settings,
                                                                 std::stop_token stop);
/// Anthropic's Messages.
[[nodiscard]] std::shared_ptr<HttpProvider> make_anthropic_provider(HttpProviderSettings settings,
                                                                    std::stop_token stop);

}  // namespace llm_benchmark
