// How a call and a removal find each other without a lock. A thread that goes through a list says
// so in a place of its own: which list, and how far it is. Who removes a subscriber takes it out of
// the current list, then waits for each place that still goes through a list with it to be past it.
// Both sides store first and look at the other's word afterwards, so one of them always sees the
// other. Calls are many and removals few: the removal pays for the order of both (heavy_fence).
#include "events/subscribers.hpp"

#include "support/asymmetric_fence.hpp"

#include <algorithm>
#include <chrono>
#include <iterator>
#include <thread>
#include <utility>

namespace ltb::detail {

struct Subscribers::Subscriber {
  std::uint64_t key = 0;
  std::shared_ptr<EventSubscriber> object;  // that the callback calls, if it is for one
  std::function<void(const MonitoringEvent&)> callback;
  std::atomic<bool> active{true};
  std::atomic<std::uint32_t> running{0};  // calls by threads that have no place
};

// Written by the one thread that has this slot.
struct alignas(64) Subscribers::Place {
  std::atomic<const List*> list{nullptr};            // null: goes through none
  std::atomic<const List::value_type*> at{nullptr};  // in it, what it calls now, or next; or old
};

namespace {

// Counted calls this thread is inside of, innermost first.
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

}  // namespace

Subscribers::Subscribers() : removal_fences_(support::has_heavy_fence()) {}
Subscribers::~Subscribers() = default;

void Subscribers::call_current(const List* list, const MonitoringEvent& event) noexcept {
  const std::uint32_t slot = metrics::detail::this_thread_slot;
  if (slot >= metrics::kExclusiveSlots) [[unlikely]]
    return call_without_slot(list, event);
  Place& place = places_[slot];
  // A publication from inside a call: the place says where that one is.
  if (place.list.load(std::memory_order_relaxed) != nullptr) return call_counted(event);
  removal_fences_ ? go_through<true>(place, list, event) : go_through<false>(place, list, event);
}

// The first publication of a thread, or one of more threads than there are places.
void Subscribers::call_without_slot(const List* list, const MonitoringEvent& event) noexcept {
  if (metrics::thread_slot() >= metrics::kExclusiveSlots) return call_counted(event);
  call_current(list, event);
}

// Inlined: the jump to it would be a tenth of a call of one subscriber.
template <bool kRemovalFences>
[[gnu::always_inline]] inline void Subscribers::go_through(Place& place, const List* list,
                                                           const MonitoringEvent& event) noexcept {
  for (;;) {
    // Either whoever replaces the list sees it in this place and keeps it, or this thread sees that
    // it was replaced.
    support::store_before_loads(place.list, list, kRemovalFences);
    const List* now = current_.load(std::memory_order_seq_cst);
    if (now == list) [[likely]]
      break;
    list = now;
    if (list == nullptr) return place.list.store(nullptr, std::memory_order_release);
  }
  // Who sees a subscriber here knows that the calls before it are over; who does not has made it
  // inactive early enough for this thread to see that.
  const auto call_at = [&](const List::value_type* at) {
    support::store_before_loads(place.at, at, kRemovalFences);
    if (Subscriber& subscriber = **at; subscriber.active.load(std::memory_order_seq_cst)) [[likely]]
      call(subscriber, event);
  };
  // Four in a row save the jumps of the loop, a tenth of the time where the calls are short.
  const auto* const end = list->data() + list->size();
  const auto* at = list->data();
  for (; end - at >= 4; at += 4) {
    call_at(at);
    call_at(at + 1);
    call_at(at + 2);
    call_at(at + 3);
  }
  for (; at != end; ++at) call_at(at);
  place.list.store(nullptr, std::memory_order_release);
}

// Removing a subscriber from inside a call must not wait for the very calls it stands in.
bool Subscribers::is_inside_call() const noexcept {
  const std::uint32_t slot = metrics::thread_slot();
  return (slot < metrics::kExclusiveSlots &&
          places_[slot].list.load(std::memory_order_relaxed) != nullptr) ||
         InsideCall::of(this);
}

// `running` and `active` make a handshake: a caller raises running before it looks at active, a
// remover lowers active before it looks at running (both seq_cst), so one of them always sees the
// other.
void Subscribers::call_counted(const MonitoringEvent& event) noexcept {
  std::shared_ptr<const List> list;
  {
    const support::MutexLock lock(mutex_);
    list = list_;
  }
  if (!list) return;
  const InsideCall inside(this);
  for (const auto& subscriber : *list) {
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
  subscriber->callback = [called = object.get()](const MonitoringEvent& event) {
    called->on_event(event);
  };
  subscriber->object = std::move(object);
  return add(std::move(subscriber));
}

std::uint64_t Subscribers::add(std::function<void(const MonitoringEvent&)> callback) {
  auto subscriber = std::make_shared<Subscriber>();
  subscriber->callback = std::move(callback);
  return add(std::move(subscriber));
}

std::uint64_t Subscribers::add(std::shared_ptr<Subscriber> subscriber) {
  std::uint64_t key = 0;
  {
    const support::MutexLock lock(mutex_);
    if (!places_) places_ = std::make_unique<Place[]>(metrics::kExclusiveSlots);
    auto list = list_ ? std::make_shared<List>(*list_) : std::make_shared<List>();
    key = subscriber->key = next_key_++;
    list->push_back(std::move(subscriber));
    replace(std::move(list));
  }
  free_retired();
  return key;
}

void Subscribers::replace(std::shared_ptr<const List> list) {
  if (list_) {
    retired_.push_back(list_);
    has_retired_.store(true, std::memory_order_relaxed);
  }
  current_.store(list->empty() ? nullptr : list.get(), std::memory_order_seq_cst);
  // Before anybody looks at the places for the old list.
  if (removal_fences_) support::heavy_fence();
  list_ = std::move(list);
}

template <typename Match>
bool Subscribers::remove_where(Match&& match) noexcept {
  std::shared_ptr<Subscriber> removed;
  bool is_taken_out = false;
  {
    const support::MutexLock lock(mutex_);
    if (!list_) return false;
    const auto found = std::find_if(list_->begin(), list_->end(), match);
    if (found == list_->end()) return false;
    removed = *found;
    try {
      auto list = std::make_shared<List>();
      for (const auto& subscriber : *list_)
        if (subscriber != removed) list->push_back(subscriber);
      replace(std::move(list));
      is_taken_out = true;
    } catch (...) {  // no memory for the shorter list: it stays in there, inactive
    }
  }
  removed->active.store(false, std::memory_order_seq_cst);
  // Before anybody looks at the places for how far the callers are.
  if (removal_fences_) support::heavy_fence();
  if (!is_inside_call()) {
    wait_for_calls(*removed);
    if (is_taken_out) {  // what it holds goes now, not with the last list that names it
      removed->callback = nullptr;
      removed->object = nullptr;
    }
  }
  free_retired();
  return true;
}

bool Subscribers::remove(std::uint64_t key) noexcept {
  return remove_where([key](const auto& subscriber) { return subscriber->key == key; });
}

bool Subscribers::remove(const EventSubscriber* object) noexcept {
  if (object == nullptr)
    return false;  // callbacks have no object: null would match the first of them
  return remove_where(
      [object](const auto& subscriber) { return subscriber->object.get() == object; });
}

// Where a subscriber stands in a list that a place goes through; null when it is not in there.
// The list may have been freed since the place was read, so its address is looked for among those
// that are held.
const Subscribers::List::value_type* Subscribers::find_in(
    const List* list, const Subscriber& subscriber) const noexcept {
  const support::MutexLock lock(mutex_);
  const auto is_it = [list](const auto& held) { return held.get() == list; };
  if (!is_it(list_) && std::none_of(retired_.begin(), retired_.end(), is_it)) return nullptr;
  for (const auto& held : *list)
    if (held.get() == &subscriber) return &held;
  return nullptr;
}

void Subscribers::wait_for_calls(const Subscriber& subscriber) const noexcept {
  auto pause = [tries = 0]() mutable {
    if (++tries < 64) return std::this_thread::yield();
    std::this_thread::sleep_for(std::chrono::microseconds{50});
  };
  while (subscriber.running.load(std::memory_order_seq_cst) != 0) pause();
  for (std::uint32_t slot = 0; slot < metrics::kExclusiveSlots; ++slot) {
    const Place& place = places_[slot];
    while (const List* list = place.list.load(std::memory_order_seq_cst)) {
      const auto* where = find_in(list, subscriber);
      // A thread that is not there yet will find it inactive. It is not waited for: a call in front
      // may take long, or wait for this very thread.
      if (where == nullptr || place.at.load(std::memory_order_seq_cst) != where) break;
      pause();
    }
  }
}

void Subscribers::free_retired() noexcept {
  std::vector<std::shared_ptr<const List>> unused;  // destroyed outside the lock: foreign code
  const support::MutexLock lock(mutex_);
  const auto is_in_use = [this](const auto& list) {
    for (std::uint32_t slot = 0; slot < metrics::kExclusiveSlots; ++slot)
      if (places_[slot].list.load(std::memory_order_seq_cst) == list.get()) return true;
    return false;
  };
  const auto first_unused = std::partition(retired_.begin(), retired_.end(), is_in_use);
  try {
    unused.assign(std::make_move_iterator(first_unused), std::make_move_iterator(retired_.end()));
    retired_.erase(first_unused, retired_.end());
  } catch (...) {  // no memory: the next one frees them
  }
  has_retired_.store(!retired_.empty(), std::memory_order_relaxed);
}

bool Subscribers::contains(std::uint64_t key) const noexcept {
  const support::MutexLock lock(mutex_);
  return list_ && std::any_of(list_->begin(), list_->end(),
                              [key](const auto& subscriber) { return subscriber->key == key; });
}

std::size_t Subscribers::size() const noexcept {
  const support::MutexLock lock(mutex_);
  return list_ ? list_->size() : 0;
}

}  // namespace ltb::detail
