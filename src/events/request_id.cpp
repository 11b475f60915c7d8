#include "events/request_id.hpp"

#include <pthread.h>
#include <unistd.h>

#include <atomic>
#include <bit>
#include <chrono>
#include <cstdint>
#include <cstring>
#include <random>

namespace ltb::events {
namespace {

// Grows in each child of a fork(), which has a copy of its parent's state. Process-wide, because a
// fork is.
std::atomic<std::uint32_t> forks{0};

void count_forks() noexcept {
  static const int registered =
      pthread_atfork(nullptr, nullptr, [] { forks.fetch_add(1, std::memory_order_relaxed); });
  (void)registered;  // without memory for it, a child's ids begin as its parent's go on
}

std::uint64_t seed_of_this_thread() noexcept {
  count_forks();
  const int here = 0;
  auto seed =
      static_cast<std::uint64_t>(std::chrono::steady_clock::now().time_since_epoch().count()) ^
      (static_cast<std::uint64_t>(reinterpret_cast<std::uintptr_t>(&here)) << 24) ^
      (static_cast<std::uint64_t>(::getpid()) << 40);
  try {
    std::random_device device;
    seed ^= (static_cast<std::uint64_t>(device()) << 32) | device();
  } catch (...) {  // no entropy source: clock and stack address still differ between threads
  }
  return seed;
}

// splitmix64 (Steele, Lea, Flood 2014): a bijection of its counter, so one thread never repeats an
// id.
std::uint64_t next_random() noexcept {
  // Per thread, because ids need neither a lock nor a cache line that all callers write. It holds
  // nothing that one system could see of another.
  thread_local std::uint64_t state = seed_of_this_thread();
  thread_local std::uint32_t seeded_at = forks.load(std::memory_order_relaxed);
  if (const std::uint32_t now = forks.load(std::memory_order_relaxed); seeded_at != now)
      [[unlikely]] {
    seeded_at = now;
    state = seed_of_this_thread();
  }
  state += 0x9E3779B97F4A7C15u;
  std::uint64_t z = state;
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
  return z ^ (z >> 31);
}

// The eight hex digits of a number, first digit first, all at once: one nibble moves into each
// byte, then those above 9 move on to the letters.
void write_hex(char* at, std::uint32_t bits) noexcept {
  constexpr std::uint64_t kOnes = 0x0101010101010101u;
  std::uint64_t v = bits;
  v = (v << 16 | v) & 0x0000FFFF0000FFFFu;
  v = (v << 8 | v) & 0x00FF00FF00FF00FFu;
  v = (v << 4 | v) & 0x0F0F0F0F0F0F0F0Fu;
  const std::uint64_t letters = ((v + 6 * kOnes) >> 4) & kOnes;
  v += '0' * kOnes + letters * ('a' - '0' - 10);
  if constexpr (std::endian::native == std::endian::little) v = __builtin_bswap64(v);
  std::memcpy(at, &v, sizeof v);
}

}  // namespace

RequestIdText request_id_text(std::uint64_t bits) noexcept {
  RequestIdText id{'r', 'e', 'q', '_'};
  write_hex(id.data() + 4, static_cast<std::uint32_t>(bits >> 32));
  write_hex(id.data() + 12, static_cast<std::uint32_t>(bits));
  return id;
}

std::uint64_t new_request_id_bits() noexcept {
  return next_random();
}

std::string new_request_id() {
  const RequestIdText id = request_id_text(new_request_id_bits());
  return std::string(id.data(), id.size());
}

}  // namespace ltb::events
