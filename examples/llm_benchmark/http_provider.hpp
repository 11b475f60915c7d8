// A provider that asks a server over HTTP, in whatever dialect it is given.
#pragma once

#include <atomic>
#include <cstdint>
#include <ltb/monitoring.hpp>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <stop_token>
#include <string>
#include <vector>

#include "base_url.hpp"
#include "dialect.hpp"
#include "transport.hpp"

namespace llm_benchmark {

struct HttpProviderSettings {
  std::string name{};  ///< The label `provider`.
  BaseUrl url{};
  std::string api_key{};  ///< Empty: none is sent, as local servers like it.
  Timeouts timeouts{};    ///< For one call; a request's own timeout beats `whole`.
  std::string ca_file{};  ///< See Transport; not used with a transport that is given.
  /// For requests that do not say it themselves; absent: the server's own.
  std::optional<std::uint32_t> max_tokens{};
  std::optional<double> temperature{};
  /// Carries the requests; absent: a transport of its own.
  std::shared_ptr<Transport> transport{};
};

/// Asks once per call and throws ltb::ProviderError, whose message names the URL, with the category
/// of docs/metrics.md. Thread safety: any thread.
///
/// No message holds a key, a user or a password, nor the query of a URL.
class HttpProvider : public ltb::Provider {
 public:
  /// Throws as Transport does.
  HttpProvider(HttpProviderSettings settings, std::unique_ptr<const Dialect> dialect,
               std::stop_token stop);

  [[nodiscard]] std::string name() const override { return settings_.name; }
  ltb::CompletionResponse complete(const ltb::CompletionRequest& request) override;
  /// A stream that the caller cancels returns what had come. One that is cut before its end is a
  /// Network error; one that is complete (the model said why it stopped) is a success, whatever its
  /// connection does then. A server that answers whole instead streams nothing: no chunk, and the
  /// text is in the response. A server that refuses `stream_options`, or `max_tokens` for a model
  /// that wants `max_completion_tokens`, is asked again without, at once and for good.
  ltb::CompletionResponse stream(const ltb::CompletionRequest& request,
                                 const ltb::StreamCallback& on_chunk) override;
  /// Throws std::invalid_argument when the key cannot be a header value. Never shows the key.
  void validate_config() const override;

 private:
  ltb::CompletionResponse ask(const ltb::CompletionRequest& request, bool streamed,
                              const ltb::StreamCallback& on_chunk);
  std::optional<ltb::CompletionResponse> attempt(const ltb::CompletionRequest& request,
                                                 const BodyForm& form, const Timeouts& timeouts,
                                                 const ltb::StreamCallback& on_chunk,
                                                 HttpReply& refused);
  [[nodiscard]] HttpRequest make_request(const ltb::CompletionRequest& request,
                                         const BodyForm& form) const;
  [[nodiscard]] BodyForm form_for(const std::string& model, bool streamed);
  bool learn(const ltb::CompletionRequest& request, const BodyForm& form, const HttpReply& reply);
  [[nodiscard]] ltb::ProviderError with_url(const ltb::ProviderError& error) const;
  [[nodiscard]] std::string without_own_secrets(std::string text) const;

  const HttpProviderSettings settings_;
  const std::unique_ptr<const Dialect> dialect_;
  const std::string endpoint_;
  const std::shared_ptr<Transport> transport_;
  std::atomic<bool> asks_for_usage_{true};  ///< A hint for later calls; orders nothing.
  std::mutex mutex_;
  std::set<std::string> wants_completion_tokens_;  ///< Models; guarded by mutex_.
};

/// OpenAI's chat completions.
[[nodiscard]] std::shared_ptr<HttpProvider> make_openai_provider(HttpProviderSettings settings,
                                                                 std::stop_token stop);
/// Anthropic's Messages.
[[nodiscard]] std::shared_ptr<HttpProvider> make_anthropic_provider(HttpProviderSettings settings,
                                                                    std::stop_token stop);

}  // namespace llm_benchmark
