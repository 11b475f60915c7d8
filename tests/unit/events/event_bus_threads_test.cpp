// The bus between threads: waiting, closing, order, and unsubscribing while a call runs.
#include <ltb/event_bus.hpp>

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <future>
#include <latch>
#include <memory>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

namespace ltb {
namespace {

using namespace std::chrono_literals;

constexpr auto kDeadline = 30s;

MonitoringEvent event() {
  return MonitoringEvent::request("openai", "gpt-4");
}

// The result of a thread, or a failure when it does not come.
template <typename Value>
Value in_time(std::future<Value>& result) {
  if (result.wait_for(kDeadline) != std::future_status::ready) {
    ADD_FAILURE() << "the other thread still waits";
    std::abort();  // joining it would hang the whole program
  }
  return result.get();
}

TEST(EventBusThreads, AWaitingReceiverGetsTheNextEvent) {
  EventBus bus;
  EventReceiver receiver = bus.subscribe();
  auto got = std::async(std::launch::async, [&] { return receiver.receive(); });

  bus.publish(event());

  const auto received = in_time(got);
  ASSERT_TRUE(received.has_value());
  EXPECT_EQ(received->event->id, 1u);
}

TEST(EventBusThreads, AReceiverThatWaitsWithADeadlineGetsTheNextEvent) {
  EventBus bus;
  EventReceiver receiver = bus.subscribe();
  auto got = std::async(std::launch::async, [&] { return receiver.receive_for(kDeadline); });

  bus.publish(event());

  EXPECT_TRUE(in_time(got).has_value());
}

TEST(EventBusThreads, TheLongestTimeoutWaitsForTheEvent) {
  EventBus bus;
  EventReceiver receiver = bus.subscribe();
  auto got = std::async(std::launch::async,
                        [&] { return receiver.receive_for(std::chrono::nanoseconds::max()); });
  EXPECT_EQ(got.wait_for(20ms), std::future_status::timeout) << "it gave up at once";

  bus.publish(event());

  EXPECT_TRUE(in_time(got).has_value());
}

TEST(EventBusThreads, CloseWakesAWaitingReceiver) {
  EventBus bus;
  EventReceiver receiver = bus.subscribe();
  auto got = std::async(std::launch::async, [&] { return receiver.receive(); });

  receiver.close();

  EXPECT_EQ(in_time(got), std::nullopt);
  EXPECT_TRUE(receiver.is_closed());
}

TEST(EventBusThreads, CloseOfOneReceiverLeavesTheOtherWaiting) {
  EventBus bus;
  EventReceiver closed = bus.subscribe();
  EventReceiver open = bus.subscribe();
  auto got_closed = std::async(std::launch::async, [&] { return closed.receive(); });
  auto got_open = std::async(std::launch::async, [&] { return open.receive(); });

  closed.close();
  EXPECT_EQ(in_time(got_closed), std::nullopt);
  bus.publish(event());

  EXPECT_TRUE(in_time(got_open).has_value());
}

TEST(EventBusThreads, ADestroyedBusClosesItsWaitingReceivers) {
  auto bus = std::make_unique<EventBus>();
  EventReceiver a = bus->subscribe();
  EventReceiver b = bus->subscribe();
  auto got_a = std::async(std::launch::async, [&] { return a.receive(); });
  auto got_b = std::async(std::launch::async, [&] { return b.receive_for(kDeadline); });

  bus.reset();

  EXPECT_EQ(in_time(got_a), std::nullopt);
  EXPECT_EQ(in_time(got_b), std::nullopt);
  EXPECT_TRUE(a.is_closed());
}

TEST(EventBusThreads, AReceiverSeesEveryIdInOrderWhileFourThreadsPublish) {
  constexpr int kEach = 5'000;
  EventBus bus{{.receiver_capacity = 4 * kEach}};
  EventReceiver receiver = bus.subscribe();
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&] {
      for (int i = 0; i < kEach; ++i) bus.publish(event());
    });

  for (std::uint64_t id = 1; id <= 4 * kEach; ++id) {
    const auto received = receiver.receive_for(kDeadline);
    ASSERT_TRUE(received.has_value());
    ASSERT_EQ(received->event->id, id);
    ASSERT_EQ(received->lagged, 0u);
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(bus.last_event_id(), 4u * kEach);
}

TEST(EventBusThreads, WhatASlowReceiverGetsAndLosesIsAllThatWasPublished) {
  constexpr int kEach = 20'000;
  EventBus bus{{.receiver_capacity = 16}};
  EventReceiver receiver = bus.subscribe();
  std::vector<std::thread> threads;
  for (int t = 0; t < 2; ++t)
    threads.emplace_back([&] {
      for (int i = 0; i < kEach; ++i) bus.publish(event());
    });
  std::uint64_t got = 0, lost = 0, last = 0;
  while (last < 2 * kEach) {
    const auto received = receiver.receive_for(kDeadline);
    ASSERT_TRUE(received.has_value());
    ASSERT_EQ(received->event->id, last + received->lagged + 1);
    last = received->event->id;
    ++got;
    lost += received->lagged;
  }
  for (auto& thread : threads) thread.join();

  EXPECT_EQ(got + lost, 2u * kEach);
  EXPECT_EQ(bus.stats().dropped, lost);
}

TEST(EventBusThreads, UnsubscribingWaitsForACallThatRunsInAnotherThread) {
  EventBus bus;
  std::latch inside(1), may_leave(1);
  std::atomic<bool> left{false};
  Subscription subscription = bus.on_event([&](const MonitoringEvent&) {
    inside.count_down();
    may_leave.wait();
    left = true;
  });
  std::thread publisher([&] { bus.publish(event()); });
  inside.wait();

  auto unsubscribed = std::async(std::launch::async, [&] {
    subscription.reset();
    return left.load();
  });
  EXPECT_EQ(unsubscribed.wait_for(20ms), std::future_status::timeout) << "it did not wait";
  may_leave.count_down();

  EXPECT_TRUE(in_time(unsubscribed)) << "reset() returned before the call did";
  publisher.join();
}

TEST(EventBusThreads, RemovingASubscriberWaitsForItsRunningCallToo) {
  struct Blocking : EventSubscriber {
    void on_event(const MonitoringEvent&) override {
      inside.count_down();
      may_leave.wait();
      left = true;
    }
    std::latch inside{1}, may_leave{1};
    std::atomic<bool> left{false};
  };
  EventBus bus;
  const auto subscriber = std::make_shared<Blocking>();
  bus.add_subscriber(subscriber);
  std::thread publisher([&] { bus.publish(event()); });
  subscriber->inside.wait();

  auto removed = std::async(std::launch::async, [&] {
    return bus.remove_subscriber(subscriber) && subscriber->left.load();
  });
  subscriber->may_leave.count_down();

  EXPECT_TRUE(in_time(removed));
  publisher.join();
}

TEST(EventBusThreads, NoCallbackRunsAfterItsHandleIsGone) {
  EventBus bus;
  std::atomic<bool> done{false};
  std::thread publisher([&] {
    while (!done) bus.publish(event());
  });
  for (int i = 0; i < 500; ++i) {
    auto alive = std::make_unique<std::atomic<int>>(0);  // a call after the end is a use after free
    Subscription subscription =
        bus.on_event([counter = alive.get()](const MonitoringEvent&) { ++*counter; });
    subscription.reset();
    alive.reset();
  }
  done = true;
  publisher.join();

  EXPECT_EQ(bus.stats().subscribers, 0u);
}

TEST(EventBusThreads, UnsubscribingDoesNotWaitForACallOfAnotherThatStandsInFront) {
  EventBus bus;
  std::latch inside(1), removed(1);
  int calls = 0;
  const Subscription first = bus.on_event([&](const MonitoringEvent&) {
    inside.count_down();
    removed.wait();  // for the very thread that unsubscribes the other
  });
  Subscription second = bus.on_event([&](const MonitoringEvent&) { ++calls; });
  std::thread publisher([&] { bus.publish(event()); });
  inside.wait();

  auto unsubscribed = std::async(std::launch::async, [&] {
    second.reset();
    return true;
  });
  EXPECT_TRUE(in_time(unsubscribed));
  removed.count_down();
  publisher.join();

  EXPECT_EQ(calls, 0) << "it was called after its end";
}

// What the callbacks hold is freed with their handles, while publishers go through lists that still
// name them: a use after that is what the sanitizers would see here.
TEST(EventBusThreads, SubscribersComeAndGoWhileOthersPublish) {
  EventBus bus;
  std::atomic<bool> done{false};
  std::atomic<std::uint64_t> calls{0};
  const Subscription always = bus.on_event([&](const MonitoringEvent&) { ++calls; });
  std::vector<std::thread> threads;
  for (int t = 0; t < 3; ++t)
    threads.emplace_back([&] {
      while (!done) bus.publish(event());
    });
  std::vector<std::thread> guests;
  for (int t = 0; t < 2; ++t)
    guests.emplace_back([&] {
      for (int i = 0; i < 300; ++i) {
        auto seen = std::make_unique<std::atomic<int>>(0);
        Subscription one = bus.on_event([at = seen.get()](const MonitoringEvent&) { ++*at; });
        Subscription other = bus.on_event([at = seen.get()](const MonitoringEvent&) { ++*at; });
        one.reset();
        other.reset();
        seen.reset();
      }
    });
  for (auto& guest : guests) guest.join();
  done = true;
  for (auto& thread : threads) thread.join();

  EXPECT_EQ(bus.stats().subscribers, 1u);
  EXPECT_EQ(calls, bus.stats().published) << "the one that stayed missed an event";
}

// Threads beyond the slots have no place to say which list they go through.
TEST(EventBusThreads, MoreThreadsThanSlotsReachEverySubscriber) {
  constexpr int kThreads = 100;
  EventBus bus;
  std::atomic<int> calls{0};
  const Subscription one = bus.on_event([&](const MonitoringEvent&) { ++calls; });
  std::latch all_here(kThreads);
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t)
    threads.emplace_back([&] {
      bus.publish(event());
      all_here.arrive_and_wait();  // so that no slot is given back before all have asked for one
      bus.publish(event());
    });
  for (auto& thread : threads) thread.join();

  EXPECT_EQ(calls, 2 * kThreads);
}

TEST(EventBusThreads, ReceiversComeAndGoWhileOthersPublish) {
  EventBus bus{{.receiver_capacity = 64}};
  std::atomic<bool> done{false};
  std::vector<std::thread> publishers;
  for (int t = 0; t < 2; ++t)
    publishers.emplace_back([&] {
      while (!done) bus.publish(event());
    });
  for (int i = 0; i < 300; ++i) {
    EventReceiver receiver = bus.subscribe();
    std::uint64_t last = 0;
    for (int n = 0; n < 5; ++n) {
      const auto received = receiver.receive_for(kDeadline);
      ASSERT_TRUE(received.has_value());
      ASSERT_NE(received->event, nullptr);
      ASSERT_GT(received->event->id, last);
      last = received->event->id;
    }
  }
  done = true;
  for (auto& publisher : publishers) publisher.join();

  EXPECT_EQ(bus.stats().receivers, 0u);
}

}  // namespace
}  // namespace ltb
