// Which results of a function say that its work is not over. For ltb::observe() and ltb::Monitored.
#pragma once

#include <chrono>
#include <utility>

namespace ltb::detail::watch {

/// Futures and awaitables: the function that returned one is not the call.
template <typename T>
concept FinishesLater = requires(T& t) {
  t.wait_for(std::chrono::seconds{});
}
|| requires(T& t) {
  t.await_ready();
}
|| requires(T& t) {
  std::move(t).operator co_await();
}
|| requires(T& t) {
  operator co_await(std::move(t));
};

}  // namespace ltb::detail::watch
