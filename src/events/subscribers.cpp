// A publisher takes the current list and calls its subscribers without the lock. `running` and
// `active` of a subscriber make a handshake: a caller raises `running` before it looks at `active`,
// a remover lowers `active` before it looks at `running` (both seq_cst), so that one of them always
// sees the other.
#include "events/subscribers.hpp"

#include <algorithm>
#include <chrono>
#include <thread>
#include <utility>

namespace ltb::events {

struct Subscribers::Subscriber {
  std::uint64_t key = 0;
  const EventSubscriber* object = nullptr;  // that the callback holds, if it is for one
  std::function<void(const MonitoringEvent&)> callback;
  std::atomic<bool> active{true};
  std::atomic<std::uint32_t> running{0};
};

namespace {

// The calls this thread is inside of, innermost first.
struct CallFrame {
  const void* owner;
  const CallFrame* outer;
};
thread_local constinit const CallFrame* current_frame = nullptr;

class InsideCall {
 public:
  explicit InsideCall(const void* owner) noexcept : frame_{owner, current_frame} {
    current_frame = &frame_;
  }
  ~InsideCall() { current_frame = frame_.outer; }
  InsideCall(const InsideCall&) = delete;
  InsideCall& operator=(const InsideCall&) = delete;

  [[nodiscard]] static bool of(const void* owner) noexcept {
    for (const CallFrame* frame = current_frame; frame != nullptr; frame = frame->outer)
      if (frame->owner == owner) return true;
    return false;
  }

 private:
  CallFrame frame_;
};

void wait_until_zero(const std::atomic<std::uint32_t>& running) noexcept {
  for (int tries = 0; running.load(std::memory_order_seq_cst) != 0; ++tries) {
    if (tries < 64) {
      std::this_thread::yield();
    } else {
      std::this_thread::sleep_for(std::chrono::microseconds{50});
    }
  }
}

}  // namespace

Subscribers::Subscribers() = default;
Subscribers::~Subscribers() = default;

std::shared_ptr<const Subscribers::List> Subscribers::list() const noexcept {
  const support::MutexLock lock(mutex_);
  return list_;
}

void Subscribers::call_each(const MonitoringEvent& event) noexcept {
  const auto subscribers = list();
  if (!subscribers) return;
  const InsideCall inside(this);
  for (const auto& subscriber : *subscribers) {
    subscriber->running.fetch_add(1, std::memory_order_seq_cst);
    if (subscriber->active.load(std::memory_order_seq_cst)) call(*subscriber, event);
    subscriber->running.fetch_sub(1, std::memory_order_seq_cst);
  }
}

void Subscribers::call(Subscriber& subscriber, const MonitoringEvent& event) noexcept {
  try {
    subscriber.callback(event);
  } catch (...) {
    errors_.fetch_add(1, std::memory_order_relaxed);
  }
}

std::uint64_t Subscribers::add(std::shared_ptr<EventSubscriber> object) {
  auto subscriber = std::make_shared<Subscriber>();
  subscriber->object = object.get();
  subscriber->callback = [called = std::move(object)](const MonitoringEvent& event) {
    called->on_event(event);
  };
  return add(std::move(subscriber));
}

std::uint64_t Subscribers::add(std::function<void(const MonitoringEvent&)> callback) {
  auto subscriber = std::make_shared<Subscriber>();
  subscriber->callback = std::move(callback);
  return add(std::move(subscriber));
}

// On return `list` is the one it replaced, which the caller lets go after the lock.
void Subscribers::replace(std::shared_ptr<const List>& list) noexcept {
  list_.swap(list);
  size_.store(list_ ? list_->size() : 0, std::memory_order_release);
}

std::uint64_t Subscribers::add(std::shared_ptr<Subscriber> subscriber) {
  std::shared_ptr<const List> replaced;  // outlives the lock
  const support::MutexLock lock(mutex_);
  if (closed_) return 0;
  auto longer = list_ ? std::make_shared<List>(*list_) : std::make_shared<List>();
  const std::uint64_t key = subscriber->key = next_key_++;
  longer->push_back(std::move(subscriber));
  replaced = std::move(longer);
  replace(replaced);
  return key;
}

template <typename Match>
bool Subscribers::remove_where(Match&& match) noexcept {
  std::shared_ptr<Subscriber> removed;
  std::shared_ptr<const List> replaced;
  {
    const support::MutexLock lock(mutex_);
    if (!list_) return false;
    const auto found = std::find_if(list_->begin(), list_->end(), match);
    if (found == list_->end()) return false;
    removed = *found;
    try {
      auto shorter = std::make_shared<List>(*list_);
      shorter->erase(shorter->begin() + (found - list_->begin()));
      replaced = std::move(shorter);
      replace(replaced);
    } catch (...) {  // no memory for the shorter list: it stays in there, inactive
    }
  }
  return end(*removed);
}

// From inside a call it must not wait for the very calls this thread stands in; then what the
// subscriber holds is released with the last list that names it.
bool Subscribers::end(Subscriber& subscriber) const noexcept {
  const bool is_first = subscriber.active.exchange(false, std::memory_order_seq_cst);
  if (InsideCall::of(this)) return is_first;
  wait_until_zero(subscriber.running);
  if (is_first) subscriber.callback = nullptr;
  return is_first;
}

bool Subscribers::remove(std::uint64_t key) noexcept {
  return remove_where([key](const auto& subscriber) { return subscriber->key == key; });
}

bool Subscribers::remove(const EventSubscriber* object) noexcept {
  if (object == nullptr)
    return false;  // callbacks have no object: null would match the first of them
  return remove_where([object](const auto& subscriber) { return subscriber->object == object; });
}

// The list stays while its subscribers end, so that whoever removes one meanwhile waits for it too.
std::size_t Subscribers::close() noexcept {
  std::shared_ptr<const List> last;
  {
    const support::MutexLock lock(mutex_);
    closed_ = true;
    last = list_;
  }
  if (!last) return 0;
  std::size_t ended = 0;
  for (const auto& subscriber : *last) ended += end(*subscriber) ? 1 : 0;
  std::shared_ptr<const List> none;
  const support::MutexLock lock(mutex_);
  replace(none);
  return ended;
}

bool Subscribers::contains(std::uint64_t key) const noexcept {
  const auto subscribers = list();
  return subscribers &&
         std::any_of(subscribers->begin(), subscribers->end(),
                     [key](const auto& subscriber) { return subscriber->key == key; });
}

}  // namespace ltb::events
