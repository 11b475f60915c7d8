// A client of your own, whatever its types: ltb::Monitored watches it without a base class.

#include <cstdint>
#include <exception>
#include <functional>
#include <iostream>
#include <ltb/monitoring.hpp>
#include <optional>
#include <string>
#include <string_view>

namespace {

// A client whose members have usual names needs nothing more: name(), the request's model, the
// answer's usage. It throws when it fails.
struct ChatRequest {
  std::string model;
  std::string prompt;
};
struct ChatAnswer {
  struct Usage {
    int prompt_tokens = 0;
    int completion_tokens = 0;
  };
  std::string text;
  std::optional<Usage> usage;
  std::string finish_reason;
};
class ChatClient {
 public:
  [[nodiscard]] static std::string_view name() { return "chat"; }

  [[nodiscard]] ChatAnswer complete(const ChatRequest& request) const {
    if (request.prompt.empty()) {
      throw ltb::ProviderError(ltb::ErrorType::InvalidRequest, "the prompt is empty");
    }
    return {"echo: " + request.prompt, ChatAnswer::Usage{7, 3}, "stop"};
  }

  ChatAnswer stream(const ChatRequest& request,
                    const std::function<bool(std::string_view)>& on_text) const {
    for (const char* text : {"one ", "two ", "three "}) {
      if (!on_text(text)) return {};  // The caller has enough.
    }
    return complete(request);
  }
};

// A client that shares no name with any other, and returns its errors as values.
struct Outcome {
  int http_status = 200;
  std::uint64_t tokens_read = 0;
  std::uint64_t tokens_written = 0;
};
class OddClient {
 public:
  [[nodiscard]] Outcome ask(std::string_view engine, std::string_view question) const {
    if (question.size() > 20) return {.http_status = 429};
    return {200, question.size(), engine.size()};
  }
};

}  // namespace

// Says how to read it. Whatever is left out keeps its default.
template <>
struct ltb::MonitoredTraits<OddClient> : ltb::DefaultMonitoredTraits {
  static std::string_view provider(const OddClient&) { return "odd"; }
  static std::string_view model(const OddClient&, std::string_view engine, std::string_view) {
    return engine;
  }
  static std::optional<ltb::TokenUsage> usage(const Outcome& outcome) {
    return ltb::TokenUsage{outcome.tokens_read, outcome.tokens_written};
  }
  static std::optional<ltb::CallError> error(const Outcome& outcome) {
    if (outcome.http_status < 400) return std::nullopt;
    return ltb::CallError{ltb::classify_http_error(outcome.http_status, {}), "refused"};
  }
};

namespace {

int run() {
  ltb::MonitoringSystem monitoring{ltb::MonitoringConfig::from_env()};
  monitoring.start();

  ltb::Monitored chat{ChatClient{}, monitoring};
  std::cout << chat.complete(ChatRequest{"chat-1", "hello"}).text << '\n';

  chat.stream(ChatRequest{"chat-1", "count"}, [](std::string_view text) {
    std::cout << text << std::flush;
    return text != "two ";  // False cancels.
  });
  std::cout << '\n';

  try {
    (void)chat.complete(ChatRequest{"chat-1", ""});
  } catch (const ltb::ProviderError& error) {
    std::cout << "failed as " << to_string(error.type()) << '\n';
  }

  // call() watches any other method.
  ltb::Monitored odd{OddClient{}, monitoring};
  for (const std::string_view question : {"short", "a question that is too long"}) {
    std::cout << "status " << odd.call(&OddClient::ask, "odd-1", question).http_status << '\n';
  }

  for (const ltb::ModelStats& stats : monitoring.collector().model_stats()) {
    std::cout << stats.provider << '/' << stats.model << ": " << stats.successful_requests
              << " succeeded, " << stats.failed_requests << " failed, " << stats.cancelled_requests
              << " cancelled, " << stats.total_output_tokens.value_or(0) << " tokens out\n";
  }
  return 0;
}

}  // namespace

int main() {
  try {
    return run();
  } catch (const std::exception& error) {
    std::cerr << "own_client: " << error.what() << '\n';
    return 1;
  }
}
