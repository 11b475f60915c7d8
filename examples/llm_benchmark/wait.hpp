// Waiting that a stop cuts short, as something that can be handed in.
#pragma once

#include <chrono>
#include <functional>

namespace llm_benchmark {

/// Waits as long as told; false when the wait was cut short because the program stops.
using Wait = std::function<bool(std::chrono::nanoseconds)>;

}  // namespace llm_benchmark
