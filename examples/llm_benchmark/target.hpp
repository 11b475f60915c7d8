// Who is asked, as a user spells it: one provider, one model, one server.
#pragma once

#include <string>
#include <string_view>

#include "base_url.hpp"

namespace llm_benchmark {

/// The API a server speaks.
enum class Api { OpenAi, Anthropic };

/// "openai" or "anthropic".
[[nodiscard]] std::string_view to_string(Api api) noexcept;
/// The environment variable that usually holds the key for this API.
[[nodiscard]] std::string_view usual_key_variable(Api api) noexcept;

/// One `--target`.
struct TargetSpec {
  std::string name{};  ///< The label `provider`.
  Api api = Api::OpenAi;
  std::string model{};
  BaseUrl url{};
  std::string key_env{};       ///< The variable that holds the key.
  bool key_env_given = false;  ///< Named by the user: then it must be set.
};

/// Reads `[NAME=]PROVIDER:MODEL@URL[,key-env=VARIABLE]`. The provider ends at the first colon, the
/// URL begins after the `@` before `http://` or `https://`, so that a model may hold `:`, `/`, `,`
/// and `@`. Throws std::invalid_argument naming the value (without its secrets) and what is wrong
/// with it.
[[nodiscard]] TargetSpec parse_target(std::string_view text);

}  // namespace llm_benchmark
