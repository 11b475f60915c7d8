#include "collector/one_moment.hpp"

#include <utility>

namespace ltb::collector {
namespace {

thread_local bool is_open = false;
thread_local const void* sampled = nullptr;

}  // namespace

OneMoment::OneMoment() noexcept {
  is_open = true;
  sampled = nullptr;
}

OneMoment::~OneMoment() {
  is_open = false;
}

bool OneMoment::is_first(const void* book) noexcept {
  return !is_open || std::exchange(sampled, book) != book;
}

}  // namespace ltb::collector
