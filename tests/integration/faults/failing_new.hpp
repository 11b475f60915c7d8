// When operator new fails in this program; see failing_new.cpp.
#pragma once

#include <atomic>
#include <cstdint>

namespace ltb::test {

/// Allocations of this thread until one fails; negative: none does.
extern thread_local long countdown;
/// Whether that one came.
extern thread_local bool failed;
/// While set, every allocation of every thread but the exempt ones fails.
extern std::atomic<bool> starving;
extern thread_local bool exempt;
/// How many failed while starving.
extern std::atomic<std::uint64_t> refused;

}  // namespace ltb::test
