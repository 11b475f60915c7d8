#include "support/asymmetric_fence.hpp"

#if defined(__linux__) && !defined(__SANITIZE_THREAD__)
#if !defined(__has_feature)
#define LTB_HAS_MEMBARRIER 1
#elif !__has_feature(thread_sanitizer)
#define LTB_HAS_MEMBARRIER 1
#endif
#endif

#ifdef LTB_HAS_MEMBARRIER
#include <linux/membarrier.h>
#include <sys/syscall.h>
#include <unistd.h>
#endif

namespace ltb::support {

#ifdef LTB_HAS_MEMBARRIER

namespace {
bool membarrier(int command) noexcept {
  return ::syscall(SYS_membarrier, command, 0, 0) == 0;
}
}  // namespace

bool has_heavy_fence() noexcept {
  // Registration is the program's, not the thread's, and lasts until its end; asking twice is fine.
  static const bool registered = membarrier(MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED);
  return registered;
}

void heavy_fence() noexcept {
  if (membarrier(MEMBARRIER_CMD_PRIVATE_EXPEDITED)) return;
  // A child of fork() may have to register anew.
  membarrier(MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED);
  membarrier(MEMBARRIER_CMD_PRIVATE_EXPEDITED);
}

#else

bool has_heavy_fence() noexcept {
  return false;
}
void heavy_fence() noexcept {}

#endif

}  // namespace ltb::support
