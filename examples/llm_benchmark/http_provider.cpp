// A provider that asks a server over HTTP.

#include "http_provider.hpp"

#include <algorithm>
#include <stdexcept>
#include <utility>

#include "anthropic_messages.hpp"
#include "openai_messages.hpp"
#include "stream_reader.hpp"

namespace llm_benchmark {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr int kBadRequest = 400;
constexpr int kUnprocessable = 422;
/// Shorter ones could be any word of a message.
constexpr std::size_t kShortestSecret = 6;
constexpr std::string_view kHidden = "***";
constexpr std::string_view kBasic = "Basic ";
/// At the end of an excerpt.
constexpr std::string_view kCutMark = "...";

/// Azure's own form of OpenAI's API takes its key in a header of its own.
bool is_azure(const BaseUrl& url) {
  return url.query.find("api-version=") != std::string::npos;
}

std::shared_ptr<Transport> transport_of(const HttpProviderSettings& settings,
                                        std::stop_token stop) {
  if (settings.transport) return settings.transport;
  return std::make_shared<Transport>(std::move(stop), settings.ca_file);
}

/// The next piece of an answer, or nothing at its end. Throws the failure of its connection, unless
/// the answer is complete, or is a page whose start is enough.
std::optional<Piece> next_piece(Exchange& exchange, StreamReader& reader, const BodyForm& form) {
  try {
    // A server that streams though it was not asked to need not be asked for the usage either.
    return exchange.next(reader.waits_until(!form.streamed || form.with_usage));
  } catch (const ltb::ProviderError& error) {
    const bool is_cut_page = reader.is_page() && error.type() == ltb::ErrorType::Network;
    if (is_cut_page || reader.is_complete_at_end()) return std::nullopt;
    throw ltb::ProviderError(error.type(), error.what() + reader.progress(), error.code());
  }
}

/// The values of a URL's query, which may hold a key; a version of the API is not one.
void add_query_values(std::vector<std::string>& secrets, std::string_view query) {
  while (!query.empty()) {
    query.remove_prefix(1);  // '?' or '&'
    const std::string_view pair = query.substr(0, query.find('&'));
    query.remove_prefix(pair.size());
    const auto equals = pair.find('=');
    if (equals == pair.npos || pair.substr(0, equals) == "api-version") continue;
    secrets.emplace_back(pair.substr(equals + 1));
  }
}

/// Replaces a secret wherever it stands, and the start of one where an excerpt cut it.
void hide(std::string& text, const std::string& secret) {
  for (std::size_t at = 0; (at = text.find(secret, at)) != text.npos;) {
    text.replace(at, secret.size(), kHidden);
  }
  if (!text.ends_with(kCutMark)) return;
  const std::string_view shown = std::string_view(text).substr(0, text.size() - kCutMark.size());
  for (std::size_t length = secret.size() - 1; length >= kShortestSecret; --length) {
    if (!shown.ends_with(std::string_view(secret).substr(0, length))) continue;
    text.replace(shown.size() - length, length, kHidden);
    return;
  }
}

}  // namespace

HttpProvider::HttpProvider(HttpProviderSettings settings, std::unique_ptr<const Dialect> dialect,
                           std::stop_token stop)
    : settings_(std::move(settings)),
      dialect_(std::move(dialect)),
      endpoint_(settings_.url.endpoint(dialect_->path())),
      transport_(transport_of(settings_, std::move(stop))) {}

void HttpProvider::validate_config() const {
  if (std::ranges::any_of(settings_.api_key, [](char c) { return c < ' ' || c > '~'; })) {
    throw std::invalid_argument(
        "the API key holds a character that a header may not have (a line break at its end?)");
  }
}

HttpRequest HttpProvider::make_request(const ltb::CompletionRequest& request,
                                       const BodyForm& form) const {
  ltb::CompletionRequest asked = request;
  if (!asked.max_tokens) asked.max_tokens = settings_.max_tokens;
  if (!asked.temperature) asked.temperature = settings_.temperature;
  HttpRequest message{.url = settings_.url.request_url(dialect_->path()),
                      .headers = dialect_->headers(settings_.api_key),
                      .body = dialect_->body(asked, form),
                      .streamed = form.streamed};
  for (auto& [name, value] : message.headers) {
    if (name == "Authorization" && is_azure(settings_.url)) {
      name = "api-key";
      value = settings_.api_key;
    }
  }
  if (!settings_.url.authorization.empty()) {
    // A request has one such header; that of the URL is the more explicit one.
    std::erase_if(message.headers,
                  [](const auto& field) { return field.first == "Authorization"; });
    message.headers.emplace_back("Authorization", settings_.url.authorization);
  }
  message.headers.emplace_back(
      "Accept", form.streamed ? "text/event-stream, application/json" : "application/json");
  return message;
}

BodyForm HttpProvider::form_for(const std::string& model, bool streamed) {
  const std::lock_guard lock(mutex_);
  return {.streamed = streamed,
          .with_usage = asks_for_usage_.load(std::memory_order_relaxed),
          .completion_tokens = wants_completion_tokens_.contains(model)};
}

/// Whether the server refused a part of the request that it can be asked without.
bool HttpProvider::learn(const ltb::CompletionRequest& request, const BodyForm& form,
                         const HttpReply& reply) {
  if (reply.status != kBadRequest && reply.status != kUnprocessable) return false;
  const auto names = [&reply](const char* field) {
    return reply.body.find(field) != reply.body.npos;
  };
  if (form.streamed && form.with_usage && names("stream_options")) {
    asks_for_usage_.store(false, std::memory_order_relaxed);
    return true;
  }
  const bool has_bound = request.max_tokens || settings_.max_tokens;
  if (has_bound && !form.completion_tokens && names("max_completion_tokens")) {
    const std::lock_guard lock(mutex_);
    wants_completion_tokens_.insert(request.model);
    return true;
  }
  return false;
}

std::string HttpProvider::without_own_secrets(std::string text) const {
  const BaseUrl& url = settings_.url;
  std::vector<std::string> secrets{
      settings_.api_key,
      url.authorization.substr(std::min(kBasic.size(), url.authorization.size())), url.password};
  add_query_values(secrets, url.query);
  for (const std::string& secret : secrets) {
    if (secret.size() >= kShortestSecret) hide(text, secret);
  }
  return text;
}

ltb::ProviderError HttpProvider::with_url(const ltb::ProviderError& error) const {
  ltb::ProviderError named(
      error.type(), without_own_secrets("POST " + endpoint_ + ": " + error.what()),
      without_own_secrets(error.code()), error.retry_after(), error.failed_attempts());
  named.with_rate_limits(error.rate_limits());
  return named;
}

ltb::CompletionResponse HttpProvider::complete(const ltb::CompletionRequest& request) {
  return ask(request, false, {});
}

ltb::CompletionResponse HttpProvider::stream(const ltb::CompletionRequest& request,
                                             const ltb::StreamCallback& on_chunk) {
  return ask(request, true, on_chunk);
}

ltb::CompletionResponse HttpProvider::ask(const ltb::CompletionRequest& request, bool streamed,
                                          const ltb::StreamCallback& on_chunk) {
  const auto begin = steady_clock::now();
  Timeouts timeouts = settings_.timeouts;
  timeouts.whole = request.timeout.value_or(timeouts.whole);
  std::vector<ltb::FailedAttempt> failed;
  for (;;) {
    const BodyForm form = form_for(request.model, streamed);
    HttpReply refused;
    if (auto response = attempt(request, form, timeouts, on_chunk, refused)) {
      response->failed_attempts = std::move(failed);
      return std::move(*response);
    }
    if (!learn(request, form, refused)) {
      refused.body = without_own_secrets(std::move(refused.body));
      const ltb::ProviderError error = error_from_reply(*dialect_, refused, endpoint_);
      // Once more: JSON may have held a secret in escaped characters.
      throw ltb::ProviderError(error.type(), without_own_secrets(error.what()),
                               without_own_secrets(error.code()), error.retry_after(),
                               std::move(failed))
          .with_rate_limits(error.rate_limits());
    }
    failed.push_back({ltb::ErrorType::InvalidRequest, {}});
    const auto spent = std::chrono::duration_cast<milliseconds>(steady_clock::now() - begin);
    timeouts.whole = std::max(timeouts.whole - spent, milliseconds{1});
  }
}

/// One request. Nothing when its status is not 2xx: then `refused` is the answer.
std::optional<ltb::CompletionResponse> HttpProvider::attempt(const ltb::CompletionRequest& request,
                                                             const BodyForm& form,
                                                             const Timeouts& timeouts,
                                                             const ltb::StreamCallback& on_chunk,
                                                             HttpReply& refused) {
  StreamReader reader(*dialect_, on_chunk, steady_clock::now());
  try {
    const auto exchange = transport_->start(make_request(request, form), timeouts);
    while (const auto piece = next_piece(*exchange, reader, form)) {
      if (!reader.take(exchange->reply(), *piece)) break;
    }
    if (is_success(exchange->reply().status)) return reader.end(exchange->reply());
    refused = exchange->reply();
    return std::nullopt;
  } catch (const ltb::ProviderError& error) {
    if (reader.has_caller_thrown()) throw;
    throw with_url(error);
  }
}

std::shared_ptr<HttpProvider> make_openai_provider(HttpProviderSettings settings,
                                                   std::stop_token stop) {
  return std::make_shared<HttpProvider>(std::move(settings), std::make_unique<OpenAiMessages>(),
                                        std::move(stop));
}

std::shared_ptr<HttpProvider> make_anthropic_provider(HttpProviderSettings settings,
                                                      std::stop_token stop) {
  return std::make_shared<HttpProvider>(std::move(settings), std::make_unique<AnthropicMessages>(),
                                        std::move(stop));
}

}  // namespace llm_benchmark
