// Which error category an exception belongs to.
#pragma once

#include <ltb/error_type.hpp>

#include <exception>
#include <optional>
#include <string>
#include <vector>

namespace ltb::llm {

/// What an exception says about its call.
struct ClassifiedError {
  ErrorType type = ErrorType::Other;
  std::string message{};
  std::string code{};
  std::vector<FailedAttempt> failed_attempts{};
  std::optional<RateLimits> rate_limits{};
};
[[nodiscard]] ClassifiedError classify(const std::exception_ptr& error);

}  // namespace ltb::llm
