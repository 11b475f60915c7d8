// Anthropic's Messages API.
#pragma once

#include "dialect.hpp"

namespace llm_benchmark {

/// `POST /messages`, whole or as a stream of typed events that ends in `message_stop`.
class AnthropicMessages : public Dialect {
 public:
  [[nodiscard]] std::string_view path() const noexcept override { return "/messages"; }
  [[nodiscard]] HttpHeaders headers(const std::string& api_key) const override;
  [[nodiscard]] std::string body(const ltb::CompletionRequest& request,
                                 const BodyForm& form) const override;
  [[nodiscard]] ltb::LlmReply read(const nlohmann::json& answer, int status) const override;
  [[nodiscard]] std::string text(const nlohmann::json& answer) const override;
  [[nodiscard]] std::unique_ptr<ReplyStream> make_stream() const override;
};

}  // namespace llm_benchmark
