// A name server that does not answer. This program's own getaddrinfo() takes the place of the
// system's: names that end in ".hangs" wait until the test ends them.

#include <dlfcn.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netdb.h>

#include <chrono>
#include <condition_variable>
#include <ltb/error_type.hpp>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <thread>

#include "transport.hpp"

namespace {

std::mutex mutex;
std::condition_variable changed;
int hanging = 0;        // guarded by mutex
bool released = false;  // guarded by mutex

void hang() {
  std::unique_lock lock(mutex);
  ++hanging;
  changed.notify_all();
  changed.wait_for(lock, std::chrono::seconds{60}, [] { return released; });
  --hanging;
  changed.notify_all();
}

bool wait_for_hanging(int count) {
  std::unique_lock lock(mutex);
  return changed.wait_for(lock, std::chrono::seconds{20}, [count] { return hanging >= count; });
}

}  // namespace

extern "C" int getaddrinfo(const char* name, const char* service, const addrinfo* hints,
                           addrinfo** result) {
  if (name != nullptr && std::string_view(name).ends_with(".hangs")) {
    hang();
    return EAI_AGAIN;
  }
  using Function = int (*)(const char*, const char*, const addrinfo*, addrinfo**);
  static const auto original = reinterpret_cast<Function>(dlsym(RTLD_NEXT, "getaddrinfo"));
  return original(name, service, hints, result);
}

namespace {

using namespace llm_benchmark;
using std::chrono::milliseconds;

class NameLookup : public testing::Test {
 protected:
  void SetUp() override {
    const std::lock_guard lock(mutex);
    released = false;
  }
  void TearDown() override {
    std::unique_lock lock(mutex);
    released = true;
    changed.notify_all();
    changed.wait_for(lock, std::chrono::seconds{20}, [] { return hanging == 0; });
  }
  static std::pair<ltb::ErrorType, std::string> failure_of(Exchange& exchange) {
    try {
      (void)exchange.next();
    } catch (const ltb::ProviderError& error) {
      return {error.type(), error.what()};
    }
    return {ltb::ErrorType::Other, "nothing was thrown"};
  }
};

TEST_F(NameLookup, ThatHangsEndsWithTheTimeOfTheCall) {
  Transport transport({});

  const auto exchange = transport.start({.url = "http://server.hangs:1/", .body = "{}"},
                                        {.whole = milliseconds{200}});
  const auto [type, message] = failure_of(*exchange);

  EXPECT_EQ(type, ltb::ErrorType::Timeout);
  EXPECT_EQ(message, "cannot find the host \"server.hangs\" within 200 ms");
}

TEST_F(NameLookup, ThatHangsEndsWithAStopAndHoldsUpNobodyElse) {
  std::stop_source stop;
  Transport transport(stop.get_token());
  const auto exchange = transport.start({.url = "http://server.hangs:1/", .body = "{}"},
                                        {.whole = std::chrono::hours{1}});
  ASSERT_TRUE(wait_for_hanging(1));

  // Nothing listens on port 1: refused at once.
  const auto other = transport.start({.url = "http://127.0.0.1:1/", .body = "{}"}, {});
  EXPECT_EQ(failure_of(*other).first, ltb::ErrorType::Network);
  stop.request_stop();

  EXPECT_EQ(failure_of(*exchange).first, ltb::ErrorType::Cancelled);
}

TEST_F(NameLookup, ThatHangsDoesNotHoldUpTheEndOfTheProgram) {
  const auto begin = std::chrono::steady_clock::now();
  {
    Transport transport({});
    const auto exchange = transport.start({.url = "http://server.hangs:1/", .body = "{}"}, {});
    ASSERT_TRUE(wait_for_hanging(1));
  }

  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds{15});
}

}  // namespace
