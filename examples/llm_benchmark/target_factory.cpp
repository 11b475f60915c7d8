// From what the user asked for to providers that can be asked.

#include "target_factory.hpp"

#include <cstdlib>
#include <map>
#include <stdexcept>
#include <string>
#include <tuple>
#include <utility>

#include "http_provider.hpp"
#include "random.hpp"
#include "retry.hpp"
#include "simulated_provider.hpp"
#include "stop_signal.hpp"

namespace llm_benchmark {
namespace {

std::string api_key(const TargetSpec& target) {
  const char* key = std::getenv(target.key_env.c_str());
  if (key != nullptr) return key;
  if (target.key_env_given) {
    throw std::invalid_argument("target " + target.name + '/' + target.model +
                                ": its key should be in the variable " + target.key_env +
                                ", which is not set");
  }
  return {};  // Local servers want no key.
}

std::shared_ptr<ltb::Provider> http_provider(const Options& options, const TargetSpec& target,
                                             const std::shared_ptr<Transport>& transport) {
  HttpProviderSettings settings{.name = target.name,
                                .url = target.url,
                                .api_key = api_key(target),
                                .timeouts = {options.timeout, options.first_byte_timeout},
                                .max_tokens = options.max_tokens,
                                .temperature = options.temperature,
                                .transport = transport};
  auto provider = target.api == Api::Anthropic ? make_anthropic_provider(std::move(settings), {})
                                               : make_openai_provider(std::move(settings), {});
  provider->validate_config();
  return provider;
}

}  // namespace

std::vector<Target> make_targets(const Options& options, const std::vector<Question>& questions,
                                 const std::stop_token& stop) {
  const Wait wait = [stop](std::chrono::nanoseconds time) {
    return wait_until(stop, std::chrono::steady_clock::now() + time);
  };
  std::uint64_t made = 0;
  const auto with_retries = [&](std::shared_ptr<ltb::Provider> provider) {
    return std::make_shared<RetryingProvider>(
        std::move(provider), RetryPolicy{.retries = options.retries},
        stream_seed(options.seed, Stream::Retries, made++), wait);
  };
  std::vector<Target> targets;
  if (options.is_simulated()) {
    for (const SimulatedModel& model : default_simulated_models()) {
      targets.push_back({with_retries(std::make_shared<SimulatedProvider>(
                             model, questions, stream_seed(options.seed, Stream::Answers), wait,
                             options.timeout)),
                         model.model});
    }
    return targets;
  }
  const auto transport = std::make_shared<Transport>(stop, options.ca_file);
  std::map<std::tuple<std::string, Api, std::string, std::string, std::string>,
           std::shared_ptr<ltb::Provider>>
      providers;
  for (const TargetSpec& target : options.targets) {
    auto& provider = providers[{target.name, target.api, target.url.request_url(""),
                                target.url.authorization, target.key_env}];
    if (!provider) provider = with_retries(http_provider(options, target, transport));
    targets.push_back({provider, target.model});
  }
  return targets;
}

std::vector<Target> make_warm_up_targets(Options options, const std::vector<Question>& questions,
                                         const std::vector<Target>& targets,
                                         const std::stop_token& stop) {
  if (!options.is_simulated()) return targets;
  options.seed = stream_seed(options.seed, Stream::WarmUp);
  return make_targets(options, questions, stop);
}

}  // namespace llm_benchmark
