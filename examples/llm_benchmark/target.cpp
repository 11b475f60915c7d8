// A `--target`, taken apart.

#include "target.hpp"

#include <algorithm>
#include <cctype>
#include <optional>
#include <stdexcept>

namespace llm_benchmark {
namespace {

constexpr std::string_view kKeyEnv = ",key-env=";

std::optional<Api> api_of(std::string_view text) {
  for (const Api api : {Api::OpenAi, Api::Anthropic}) {
    if (text == to_string(api)) return api;
  }
  return std::nullopt;
}

bool is_name(std::string_view text) {
  return !text.empty() && text.size() <= 64 && std::ranges::all_of(text, [](unsigned char c) {
    return std::isalnum(c) != 0 || c == '-' || c == '_' || c == '.';
  });
}

bool is_variable(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](unsigned char c) {
    return std::isalnum(c) != 0 || c == '_';
  });
}

/// The @ before the URL: the one before its scheme, since a user and a password may hold others.
/// Where there is no scheme, the last one.
std::size_t begin_of_url(std::string_view text) {
  const std::size_t at = std::min(text.find("@http://"), text.find("@https://"));
  return at != text.npos ? at : text.rfind('@');
}

/// The target without its secrets.
std::string shown(std::string_view text) {
  const std::size_t at = std::min(begin_of_url(text), text.size());
  const std::size_t first = std::min(text.find('@'), at);
  const bool has_scheme = text.substr(at).starts_with("@http");
  // Without a scheme nobody knows where a password begins: what stands between the first and the
  // last @ is not shown.
  const std::string before(text.substr(0, has_scheme ? at : first));
  return before + (at < text.size() ? '@' + without_secrets(text.substr(at + 1)) : std::string{});
}

}  // namespace

std::string_view to_string(Api api) noexcept {
  return api == Api::Anthropic ? "anthropic" : "openai";
}

std::string_view usual_key_variable(Api api) noexcept {
  return api == Api::Anthropic ? "ANTHROPIC_API_KEY" : "OPENAI_API_KEY";
}

TargetSpec parse_target(std::string_view text) {
  const auto fail = [text](const std::string& what) {
    throw std::invalid_argument("--target \"" + shown(text) + "\": " + what +
                                " (expected [NAME=]PROVIDER:MODEL@URL[,key-env=VARIABLE], such as "
                                "vllm=openai:my-model@http://127.0.0.1:8000/v1)");
  };
  const std::size_t colon = text.find(':');
  const std::size_t at = begin_of_url(text);
  if (colon == text.npos || at == text.npos || at < colon) {
    fail("it has not the form PROVIDER:MODEL@URL");
  }
  TargetSpec target;
  std::string_view provider = text.substr(0, colon);
  if (const std::size_t equals = provider.find('='); equals != provider.npos) {
    target.name = provider.substr(0, equals);
    provider.remove_prefix(equals + 1);
    if (!is_name(target.name)) fail("the name is not 1 to 64 letters, digits, - _ or .");
  }
  const auto api = api_of(provider);
  if (!api) {
    fail("the provider \"" + std::string(provider) + "\" is neither openai nor anthropic");
  }
  target.api = *api;
  if (target.name.empty()) target.name = provider;
  target.model = text.substr(colon + 1, at - colon - 1);
  if (target.model.empty()) fail("it names no model");

  std::string_view url = text.substr(at + 1);
  target.key_env = usual_key_variable(target.api);
  std::size_t option = url.rfind(kKeyEnv);
  if (option == url.npos) option = url.substr(0, url.find('?')).find(',');  // A query may hold one.
  if (option != url.npos) {
    const std::string_view rest = url.substr(option);
    if (!rest.starts_with(kKeyEnv) || !is_variable(rest.substr(kKeyEnv.size()))) {
      fail("after the URL comes \"" + without_secrets(rest) + "\", which is not ,key-env=VARIABLE");
    }
    target.key_env = rest.substr(kKeyEnv.size());
    target.key_env_given = true;
    url = url.substr(0, option);
  }
  target.url = parse_base_url(url, "--target");
  return target;
}

}  // namespace llm_benchmark
