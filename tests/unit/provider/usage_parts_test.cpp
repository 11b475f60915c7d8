// What a call may report: parts within their wholes, limits to the nanosecond.
#include <ltb/request_scope.hpp>

#include "metrics/metric_store.hpp"
#include "metrics/request_series.hpp"
#include "unit/support/core_stage.hpp"
#include "unit/support/store_reader.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <limits>
#include <optional>

namespace ltb {
namespace {

using namespace std::chrono_literals;
using tests::CoreStage;
using tests::number;

const Metric::Labels kModel{{"provider", "p"}, {"model", "m"}};

TEST(UsageParts, ThatExceedTheirWholeAreRefusedAndCounted) {
  const TokenUsage wrong[] = {{10, 5, 11},
                              {10, 5, 6, std::nullopt, 5},
                              {10, 5, std::nullopt, 6},
                              {10, 5, std::nullopt, std::nullopt, 4, 5},
                              {10, 5, std::nullopt, std::nullopt, std::nullopt, 1}};
  CoreStage stage;
  std::uint64_t refused = 0;
  for (const TokenUsage& usage : wrong) {
    core::MonitoringCore::begin_request(stage.core, "p", "m").finish(usage);
    EXPECT_EQ(stage.store().rejected(), ++refused);
  }
  EXPECT_EQ(number(stage.store(), "llm_tokens_input_total", kModel), 0.0);
  EXPECT_EQ(number(stage.store(), "llm_usage_missing_total", kModel), 5.0);

  core::MonitoringCore::begin_request(stage.core, "p", "m").finish({10, 5, 6, 5, 4, 4});
  EXPECT_EQ(stage.store().rejected(), refused);
  EXPECT_EQ(number(stage.store(), "llm_tokens_input_total", kModel), 10.0);
}

TEST(RateLimitGauges, KeepResetsToTheNanosecondAndTheLargestCounts) {
  const std::chrono::system_clock::time_point at{1'770'091'506s + 1ms};
  CoreStage stage;
  RequestScope scope = core::MonitoringCore::begin_request(stage.core, "p", "m");
  scope.set_rate_limits(
      {.requests_limit = std::numeric_limits<std::uint64_t>::max(), .reset_at = at});
  scope.finish();

  const auto limits = stage.store().request_series("p", "m").last_rate_limits();

  ASSERT_TRUE(limits.has_value());
  EXPECT_EQ(limits->reset_at, at);
  EXPECT_EQ(limits->requests_limit, std::numeric_limits<std::uint64_t>::max());
}

}  // namespace
}  // namespace ltb
