// Which error codes of providers decide the category of an error by themselves.
#pragma once

#include <ltb/error_type.hpp>

#include <optional>
#include <string_view>

namespace ltb::llm {

/// The category of a code that says what went wrong, whatever the HTTP status; nothing for unknown
/// codes and for those that say no more than whose fault it was. Compared without case.
[[nodiscard]] std::optional<ErrorType> specific_error(std::string_view code) noexcept;

}  // namespace ltb::llm
