// The public face of the bus over EventBusCore.
#include <ltb/event_bus.hpp>

#include "events/event_bus_core.hpp"

#include <stdexcept>
#include <utility>

namespace ltb {

EventSubscriber::~EventSubscriber() = default;

Subscription::Subscription() noexcept = default;
Subscription::Subscription(std::weak_ptr<events::EventBusCore> core, std::uint64_t key) noexcept
    : core_(std::move(core)), key_(key) {}
Subscription::Subscription(Subscription&& other) noexcept
    : core_(std::move(other.core_)), key_(std::exchange(other.key_, 0)) {}
Subscription& Subscription::operator=(Subscription&& other) noexcept {
  if (this != &other) {
    reset();
    core_ = std::move(other.core_);
    key_ = std::exchange(other.key_, 0);
  }
  return *this;
}
Subscription::~Subscription() {
  reset();
}

void Subscription::reset() noexcept {
  if (key_ == 0) return;
  if (const auto core = core_.lock()) core->remove_subscriber(std::exchange(key_, 0));
  core_.reset();
}

bool Subscription::is_active() const noexcept {
  const auto core = core_.lock();
  // A receiver may keep the core of a bus that is gone.
  return core && !core->is_closed() && core->has_subscriber(key_);
}

class EventReceiver::State {
 public:
  explicit State(std::shared_ptr<events::EventBusCore> bus) : core(std::move(bus)) {
    core->add_receiver(cursor);
  }
  ~State() { core->remove_receiver(cursor); }
  State(const State&) = delete;  // the bus knows where the cursor is
  State& operator=(const State&) = delete;

  // One event per lock: reading ahead would hide from a slow reader how much it lags.
  std::optional<ReceivedEvent> take() {
    batch.clear();
    const std::uint64_t lagged = core->read_batch(cursor, batch, 1);
    if (batch.empty()) return std::nullopt;
    return ReceivedEvent{std::move(batch.front()), lagged};
  }

  std::shared_ptr<events::EventBusCore> core;
  events::EventCursor cursor;
  std::atomic<bool> closed{false};
  std::vector<std::shared_ptr<const MonitoringEvent>> batch;  // kept for its memory
};

EventReceiver::EventReceiver(std::unique_ptr<State> state) noexcept : state_(std::move(state)) {}
EventReceiver::EventReceiver(EventReceiver&& other) noexcept = default;
EventReceiver& EventReceiver::operator=(EventReceiver&& other) noexcept = default;
EventReceiver::~EventReceiver() = default;

std::optional<ReceivedEvent> EventReceiver::try_receive() {
  if (!state_ || state_->closed.load(std::memory_order_acquire)) return std::nullopt;
  return state_->take();
}

std::optional<ReceivedEvent> EventReceiver::receive() {
  if (!state_) return std::nullopt;
  while (true) {
    if (auto received = try_receive()) return received;
    if (state_->core->wait(state_->cursor, state_->closed, std::nullopt) ==
        events::EventBusCore::Wait::Closed)
      return std::nullopt;
  }
}

std::optional<ReceivedEvent> EventReceiver::receive(const std::stop_token& stop) {
  if (!state_) return std::nullopt;
  const auto& core = state_->core;
  std::atomic<bool> stopped{false};
  const std::stop_callback wake(stop, [&] {
    stopped.store(true, std::memory_order_release);
    core->wake_receivers();
  });
  while (!stopped.load(std::memory_order_acquire)) {
    if (auto received = try_receive()) return received;
    if (core->wait(state_->cursor, state_->closed, std::nullopt, &stopped) ==
        events::EventBusCore::Wait::Closed)
      break;
  }
  return std::nullopt;
}

std::optional<ReceivedEvent> EventReceiver::receive_for(std::chrono::nanoseconds timeout) {
  if (!state_) return std::nullopt;
  using Clock = std::chrono::steady_clock;
  const auto start = Clock::now();
  if (timeout > Clock::time_point::max() - start)
    return receive();  // a deadline past the end of time
  const auto deadline = start + timeout;
  while (true) {
    if (auto received = try_receive()) return received;
    if (state_->core->wait(state_->cursor, state_->closed, deadline) !=
        events::EventBusCore::Wait::Ready)
      return std::nullopt;
  }
}

bool EventReceiver::is_closed() const noexcept {
  if (!state_ || state_->closed.load(std::memory_order_acquire)) return true;
  return state_->core->is_exhausted(state_->cursor);
}

void EventReceiver::close() noexcept {
  if (!state_) return;
  state_->closed.store(true, std::memory_order_release);
  state_->core->wake_receivers();
}

EventBus::EventBus(EventBusOptions options)
    : core_(std::make_shared<events::EventBusCore>(options)) {}

EventBus::~EventBus() {
  core_->set_sink(nullptr);
  core_->close();
}

void EventBus::publish(MonitoringEvent event) noexcept {
  core_->publish(std::move(event));
}

void EventBus::add_subscriber(std::shared_ptr<EventSubscriber> subscriber) {
  if (!subscriber) throw std::invalid_argument("EventBus::add_subscriber: the subscriber is null");
  core_->add_subscriber(std::move(subscriber));
}

bool EventBus::remove_subscriber(const std::shared_ptr<EventSubscriber>& subscriber) noexcept {
  return core_->remove_subscriber(subscriber.get());
}

Subscription EventBus::on_event(std::function<void(const MonitoringEvent&)> callback) {
  if (!callback) throw std::invalid_argument("EventBus::on_event: the callback is empty");
  return Subscription(core_, core_->add_callback(std::move(callback)));
}

EventReceiver EventBus::subscribe() {
  return EventReceiver(std::make_unique<EventReceiver::State>(core_));
}

EventBusStats EventBus::stats() const noexcept {
  return core_->stats();
}

std::uint64_t EventBus::last_event_id() const noexcept {
  return core_->last_event_id();
}

}  // namespace ltb
