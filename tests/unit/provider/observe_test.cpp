// observe() and what exceptions are classified as.
#include <ltb/monitoring_system.hpp>
#include <ltb/request_scope.hpp>

#include "core/monitoring_core.hpp"
#include "llm/classify.hpp"

#include <gtest/gtest.h>

#include <exception>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <system_error>
#include <type_traits>
#include <utility>

namespace ltb {
namespace {

struct ObserveTest : ::testing::Test {
  MonitoringSystem monitoring;
  EventReceiver receiver = monitoring.event_bus().subscribe();

  ProviderStats stats() { return *monitoring.get_provider_stats("openai"); }
  RequestPayload last_event() {
    RequestPayload last;
    while (const auto received = receiver.try_receive()) last = *received->event->request_payload();
    return last;
  }
};

TEST_F(ObserveTest, ReturnsTheValueAndCountsASuccess) {
  const std::string answer =
      observe(monitoring, "openai", "gpt-4", [](RequestScope& scope) -> std::string {
        scope.set_usage({.input_tokens = 12, .output_tokens = 3});
        return "hello";
      });

  EXPECT_EQ(answer, "hello");
  EXPECT_EQ(stats().successful_requests, 1u);
  EXPECT_EQ(stats().total_input_tokens, 12u);
  EXPECT_EQ(stats().active_requests, 0u);
}

TEST_F(ObserveTest, CountsTheCallAsActiveMeanwhile) {
  std::uint64_t meanwhile = 0;
  observe(monitoring, "openai", "gpt-4",
          [&](RequestScope&) { meanwhile = stats().active_requests; });

  EXPECT_EQ(meanwhile, 1u);
  EXPECT_EQ(stats().active_requests, 0u);
}

TEST_F(ObserveTest, ReturnsReferencesAsReferences) {
  int value = 1;
  const std::string text = "x";
  int& same = observe(monitoring, "openai", "gpt-4", [&](RequestScope&) -> int& { return value; });
  const std::string& same_text = observe(monitoring, "openai", "gpt-4",
                                         [&](RequestScope&) -> const std::string& { return text; });
  auto owner = std::make_unique<int>(5);
  std::unique_ptr<int>&& moved =
      observe(monitoring, "openai", "gpt-4",
              [&](RequestScope&) -> std::unique_ptr<int>&& { return std::move(owner); });

  EXPECT_EQ(&same, &value);
  EXPECT_EQ(&same_text, &text);
  EXPECT_EQ(&moved, &owner);
  EXPECT_EQ(stats().successful_requests, 3u);
}

TEST_F(ObserveTest, ReturnsMoveOnlyValues) {
  const std::unique_ptr<int> answer = observe(
      monitoring, "openai", "gpt-4", [](RequestScope&) { return std::make_unique<int>(7); });

  EXPECT_EQ(*answer, 7);
}

TEST_F(ObserveTest, TakesACallableThatCanBeCalledOnceOnly) {
  auto owned = std::make_unique<int>(7);
  const int answer = observe(monitoring, "openai", "gpt-4",
                             [held = std::move(owned)](RequestScope&) mutable { return *held; });

  EXPECT_EQ(answer, 7);
}

TEST_F(ObserveTest, RethrowsTheVeryExceptionAndRecordsItOnce) {
  const auto thrown = std::make_exception_ptr(ProviderError(ErrorType::Quota, "no money", "q1"));
  std::exception_ptr caught;
  try {
    observe(monitoring, "openai", "gpt-4", [&](RequestScope&) { std::rethrow_exception(thrown); });
  } catch (...) {
    caught = std::current_exception();
  }

  EXPECT_EQ(caught, thrown) << "the same object";
  EXPECT_EQ(stats().failed_requests, 1u);
  EXPECT_EQ(stats().total_requests, 1u);
  EXPECT_EQ(stats().active_requests, 0u);
  const RequestPayload event = last_event();
  EXPECT_EQ(event.error_type, ErrorType::Quota);
  EXPECT_EQ(event.error, "no money");
  EXPECT_EQ(event.error_code, "q1");
}

TEST_F(ObserveTest, LeavesAnEndOfTheCallsOwnAlone) {
  const int answer = observe(monitoring, "openai", "gpt-4", [](RequestScope& scope) {
    scope.fail(ErrorType::ContentFilter);
    return 1;
  });

  EXPECT_EQ(answer, 1);
  EXPECT_EQ(stats().failed_requests, 1u);
  EXPECT_EQ(stats().successful_requests, 0u);
}

TEST_F(ObserveTest, AThrowAfterAnEndIsNotASecondCall) {
  EXPECT_THROW(observe(monitoring, "openai", "gpt-4",
                       [](RequestScope& scope) {
                         scope.finish();
                         throw std::runtime_error("later");
                       }),
               std::runtime_error);
  EXPECT_EQ(stats().total_requests, 1u);
  EXPECT_EQ(stats().successful_requests, 1u);
}

template <typename Exception>
llm::ClassifiedError classified(Exception exception) {
  return llm::classify(std::make_exception_ptr(std::move(exception)));
}

TEST(Classify, KnowsTheExceptionsOfTheContract) {
  EXPECT_EQ(classified(ProviderError(ErrorType::ContextLength, "long", "c")).type,
            ErrorType::ContextLength);
  EXPECT_EQ(classified(ProviderError(ErrorType::ContextLength, "long", "c")).code, "c");
  EXPECT_EQ(classified(std::system_error(std::make_error_code(std::errc::connection_refused))).type,
            ErrorType::Network);
  EXPECT_EQ(classified(std::system_error(std::make_error_code(std::errc::timed_out))).type,
            ErrorType::Timeout);
  EXPECT_EQ(classified(std::system_error(std::make_error_code(std::errc::operation_canceled))).type,
            ErrorType::Cancelled);
  EXPECT_EQ(classified(std::system_error(std::make_error_code(std::errc::timed_out))).code,
            "generic:" + std::to_string(static_cast<int>(std::errc::timed_out)));
  EXPECT_EQ(classified(std::runtime_error("why")).type, ErrorType::Other);
  EXPECT_EQ(classified(std::runtime_error("why")).message, "why");
  EXPECT_EQ(classified(42).type, ErrorType::Other);
  EXPECT_EQ(classified(42).message, "an exception that is not a std::exception");
  EXPECT_EQ(llm::classify(nullptr).type, ErrorType::Other);
}

TEST_F(ObserveTest, AnExceptionThatMeansCancelledCountsAsCancelled) {
  EXPECT_THROW(
      observe(monitoring, "openai", "gpt-4",
              [](RequestScope&) {
                throw std::system_error(std::make_error_code(std::errc::operation_canceled));
              }),
      std::system_error);
  EXPECT_EQ(stats().cancelled_requests, 1u);
  EXPECT_EQ(stats().failed_requests, 0u);
}

}  // namespace
}  // namespace ltb
