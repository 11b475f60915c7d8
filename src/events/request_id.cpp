#include "events/request_id.hpp"

#include <chrono>
#include <cstdint>
#include <random>

namespace ltb::events {
namespace {

std::uint64_t seed_of_this_thread() noexcept {
  const int here = 0;
  auto seed =
      static_cast<std::uint64_t>(std::chrono::steady_clock::now().time_since_epoch().count()) ^
      (static_cast<std::uint64_t>(reinterpret_cast<std::uintptr_t>(&here)) << 24);
  try {
    std::random_device device;
    seed ^= (static_cast<std::uint64_t>(device()) << 32) | device();
  } catch (...) {  // no entropy source: clock and stack address still tell threads apart
  }
  return seed;
}

// splitmix64 (Steele, Lea, Flood 2014): a bijection of its counter, so one thread never repeats an
// id.
std::uint64_t next_random() noexcept {
  // Per thread, because ids shall need no lock and no cache line shared by all callers. It holds
  // nothing that one system could see of another.
  thread_local std::uint64_t state = seed_of_this_thread();
  state += 0x9E3779B97F4A7C15u;
  std::uint64_t z = state;
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
  return z ^ (z >> 31);
}

}  // namespace

std::string new_request_id() {
  constexpr char kHex[] = "0123456789abcdef";
  std::uint64_t bits = next_random();
  std::string id = "req_0000000000000000";
  for (std::size_t i = id.size(); i > 4; --i, bits >>= 4) id[i - 1] = kHex[bits & 15];
  return id;
}

}  // namespace ltb::events
