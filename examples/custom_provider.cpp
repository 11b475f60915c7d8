// A provider of your own: implement ltb::Provider, wrap it, and every call is watched.

#include <exception>
#include <iostream>
#include <ltb/monitoring.hpp>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace {

/// Answers with the question, word by word backwards. A real one would speak HTTP here.
class BackwardsProvider : public ltb::Provider {
 public:
  explicit BackwardsProvider(std::string name) : name_(std::move(name)) {}

  [[nodiscard]] std::string name() const override { return name_; }

  ltb::CompletionResponse complete(const ltb::CompletionRequest& request) override {
    return stream(request, [](const ltb::StreamChunk&) { return true; });
  }

  ltb::CompletionResponse stream(const ltb::CompletionRequest& request,
                                 const ltb::StreamCallback& on_chunk) override {
    // The type of a ProviderError becomes the label error_type on /metrics.
    if (request.prompt.empty()) {
      throw ltb::ProviderError(ltb::ErrorType::InvalidRequest, "the prompt is empty",
                               "empty_prompt");
    }
    ltb::CompletionResponse response;
    for (std::size_t end = request.prompt.size(); end != std::string::npos;) {
      const std::size_t space = end == 0 ? std::string::npos : request.prompt.rfind(' ', end - 1);
      const std::size_t begin = space == std::string::npos ? 0 : space + 1;
      const std::string word = request.prompt.substr(begin, end - begin) + ' ';
      end = space;
      response.text += word;
      if (!on_chunk({.text = word})) break;  // The caller has enough.
    }
    response.usage = {.input_tokens = estimate_tokens(request.prompt),
                      .output_tokens = estimate_tokens(response.text)};
    response.cost = 1e-6 * static_cast<double>(response.usage->total_tokens());
    response.finish_reason = "stop";
    return response;
  }

 private:
  std::string name_;
};

int run() {
  ltb::MonitoringSystem monitoring{ltb::MonitoringConfig::from_env()};
  monitoring.start();

  // Wrap one provider, or several at once.
  const std::vector<std::shared_ptr<ltb::Provider>> providers = ltb::monitor_providers(
      {std::make_shared<BackwardsProvider>("local"), std::make_shared<BackwardsProvider>("remote")},
      monitoring);

  for (const auto& provider : providers) {
    const auto response = provider->complete({.model = "backwards-1", .prompt = "one two three"});
    std::cout << provider->name() << ": " << response.text << '\n';
  }

  // A streamed call also gives time to first token and inter-token latency.
  providers.front()->stream({.model = "backwards-1", .prompt = "a streamed answer comes in pieces"},
                            [](const ltb::StreamChunk& chunk) {
                              std::cout << chunk.text << std::flush;
                              return true;
                            });
  std::cout << '\n';

  // A failure is recorded once and reaches the caller unchanged.
  try {
    providers.front()->complete({.model = "backwards-1", .prompt = ""});
  } catch (const ltb::ProviderError& error) {
    std::cout << "failed as " << to_string(error.type()) << ": " << error.what() << '\n';
  }

  for (const ltb::ModelStats& stats : monitoring.collector().model_stats()) {
    std::cout << stats.provider << '/' << stats.model << ": " << stats.successful_requests
              << " succeeded, " << stats.failed_requests << " failed\n";
  }
  return 0;
}

}  // namespace

int main() {
  try {
    return run();
  } catch (const std::exception& error) {
    std::cerr << "custom_provider: " << error.what() << '\n';
    return 1;
  }
}
