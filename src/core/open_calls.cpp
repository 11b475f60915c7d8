#include "core/open_calls.hpp"

#include "core/monitoring_core.hpp"

#include <algorithm>
#include <utility>

namespace ltb::core {
namespace {

// Readable while the thread's other thread_local objects are destroyed, and after.
thread_local constinit bool thread_ends = false;

struct Holder {
  OpenCalls calls;
  ~Holder() { thread_ends = true; }
};

}  // namespace

OpenCalls* OpenCalls::of_this_thread() noexcept {
  if (thread_ends) return nullptr;
  static thread_local Holder holder;
  return &holder.calls;
}

OpenCalls::~OpenCalls() {
  for (OpenCall& call : calls_) let_go(call);
}

void OpenCalls::let_go(OpenCall& call) noexcept {
  if (call.ended) return;
  if (const auto owner = call.owner.lock()) call.series->ended();
}

OpenCall& OpenCalls::start(OpenCall call) {
  if (calls_.size() == calls_.capacity())
    calls_.reserve(std::max<std::size_t>(4, 2 * calls_.size()));
  // What ended waits for its tokens and costs only until the next call of its provider.
  std::erase_if(calls_, [&call](const OpenCall& old) {
    return old.owner.expired() ||
           (old.ended && old.owner_address == call.owner_address && old.provider == call.provider);
  });
  if (calls_.size() >= kMost) {
    let_go(calls_.front());
    calls_.erase(calls_.begin());
  }
  calls_.push_back(std::move(call));
  return calls_.back();
}

template <typename Accept>
OpenCall* OpenCalls::find_last(Accept&& accept) noexcept {
  const auto found = std::find_if(calls_.rbegin(), calls_.rend(), accept);
  return found == calls_.rend() ? nullptr : &*found;
}

namespace {

bool is_of(const OpenCall& call, const MonitoringCore& core, std::string_view provider,
           std::string_view model) noexcept {
  return call.owner_address == &core && !call.owner.expired() && call.provider == provider &&
         (model.empty() || call.model == model);
}

}  // namespace

OpenCall* OpenCalls::last_open(const MonitoringCore& core, std::string_view provider,
                               std::string_view model) noexcept {
  return find_last(
      [&](const OpenCall& call) { return !call.ended && is_of(call, core, provider, model); });
}

OpenCall* OpenCalls::last(const MonitoringCore& core, std::string_view provider,
                          std::string_view model) noexcept {
  return find_last([&](const OpenCall& call) { return is_of(call, core, provider, model); });
}

OpenCall& OpenCalls::end(OpenCall& call, bool failed) noexcept {
  call.ended = true;
  call.failed = failed;
  const auto place = calls_.begin() + (&call - calls_.data());
  std::rotate(place, place + 1, calls_.end());
  return calls_.back();
}

}  // namespace ltb::core
