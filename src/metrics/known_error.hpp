// Error types index tables: one that a host made of a number of its own must not reach past them.
#pragma once

#include <ltb/error_type.hpp>

#include <cstddef>

namespace ltb::metrics {

/// The type itself; Other for a value that is not one of the enumerators.
[[nodiscard]] inline ErrorType known(ErrorType type) noexcept {
  return static_cast<std::size_t>(type) < kErrorTypeCount ? type : ErrorType::Other;
}

}  // namespace ltb::metrics
