// Replaces operator new of its whole program, so that allocations can fail. A file of its own:
// inlined into their callers, g++ 12 calls the pairs of new and delete mismatched.
#include "integration/faults/failing_new.hpp"

#include <cstdlib>
#include <new>

namespace ltb::test {

thread_local long countdown = -1;
thread_local bool failed = false;
std::atomic<bool> starving{false};
thread_local bool exempt = false;
std::atomic<std::uint64_t> refused{0};

}  // namespace ltb::test

namespace {

using namespace ltb::test;

bool may_allocate() noexcept {
  if (starving.load(std::memory_order_relaxed) && !exempt) {
    refused.fetch_add(1, std::memory_order_relaxed);
    return false;
  }
  if (countdown < 0) return true;
  if (countdown-- > 0) return true;
  failed = true;
  return false;
}

void* allocate(std::size_t size) noexcept {
  return may_allocate() ? std::malloc(size == 0 ? 1 : size) : nullptr;
}
void* allocate(std::size_t size, std::align_val_t alignment) noexcept {
  const auto align = static_cast<std::size_t>(alignment);
  return may_allocate() ? std::aligned_alloc(align, (size + align - 1) / align * align) : nullptr;
}
void* or_throw(void* memory) {
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}

}  // namespace

// The replaceable functions of the whole program, the library and Boost included.
void* operator new(std::size_t size) {
  return or_throw(allocate(size));
}
void* operator new[](std::size_t size) {
  return or_throw(allocate(size));
}
void* operator new(std::size_t size, std::align_val_t alignment) {
  return or_throw(allocate(size, alignment));
}
void* operator new[](std::size_t size, std::align_val_t alignment) {
  return or_throw(allocate(size, alignment));
}
void* operator new(std::size_t size, const std::nothrow_t&) noexcept {
  return allocate(size);
}
void* operator new[](std::size_t size, const std::nothrow_t&) noexcept {
  return allocate(size);
}
void* operator new(std::size_t size, std::align_val_t alignment, const std::nothrow_t&) noexcept {
  return allocate(size, alignment);
}
void* operator new[](std::size_t size, std::align_val_t alignment, const std::nothrow_t&) noexcept {
  return allocate(size, alignment);
}
void operator delete(void* memory) noexcept {
  std::free(memory);
}
void operator delete[](void* memory) noexcept {
  std::free(memory);
}
void operator delete(void* memory, std::size_t) noexcept {
  std::free(memory);
}
void operator delete[](void* memory, std::size_t) noexcept {
  std::free(memory);
}
void operator delete(void* memory, std::align_val_t) noexcept {
  std::free(memory);
}
void operator delete[](void* memory, std::align_val_t) noexcept {
  std::free(memory);
}
void operator delete(void* memory, std::size_t, std::align_val_t) noexcept {
  std::free(memory);
}
void operator delete[](void* memory, std::size_t, std::align_val_t) noexcept {
  std::free(memory);
}
