// The budget: limit, what remains, and the two alerts.
#include "unit/support/core_stage.hpp"
#include "unit/support/store_reader.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace ltb {
namespace {

using tests::CoreStage;
using tests::number;

struct BudgetTest : ::testing::Test {
  CoreStage stage{MonitoringConfig{}.with_budget(10.0)};
  EventReceiver receiver = stage.bus().subscribe();

  void spend(double usd) {
    core::MonitoringCore::begin_request(stage.core, "p", "m").finish(TokenUsage{1, 1}, usd);
  }
  double remaining() { return number(stage.store(), "llm_budget_remaining_usd", {}); }
  /// The budget's alerts since the last question, after a tick.
  std::vector<AlertPayload> alerts() {
    stage.tick();
    std::vector<AlertPayload> found;
    for (const MonitoringEvent& event : CoreStage::drain(receiver))
      if (const AlertPayload* alert = event.alert_payload())
        if (alert->title.find("Budget") != std::string::npos) found.push_back(*alert);
    return found;
  }
};

TEST_F(BudgetTest, ShowsTheLimitAndWhatRemainsAlsoWhenItIsOverspent) {
  EXPECT_EQ(number(stage.store(), "llm_budget_limit_usd", {}), 10.0);
  EXPECT_EQ(remaining(), 10.0);
  spend(2.5);
  EXPECT_EQ(remaining(), 7.5);
  spend(8.5);
  EXPECT_EQ(remaining(), -1.0);
}

TEST_F(BudgetTest, AlertsOnceAtEightyPercentAndOnceAtAllOfIt) {
  spend(7.999999999);
  EXPECT_EQ(alerts().size(), 0u);
  spend(0.000000001);
  const auto warning = alerts();
  ASSERT_EQ(warning.size(), 1u) << "at 80 % to the nano-dollar";
  EXPECT_EQ(warning[0].severity, AlertSeverity::Warning);
  EXPECT_EQ(warning[0].title, "Budget 80 % used");
  EXPECT_NE(warning[0].message.find("$8.0000 of $10.0000"), std::string::npos);
  spend(1.999999999);
  EXPECT_EQ(alerts().size(), 0u) << "once";

  spend(0.000000001);
  const auto error = alerts();
  ASSERT_EQ(error.size(), 1u);
  EXPECT_EQ(error[0].severity, AlertSeverity::Error);
  EXPECT_EQ(error[0].title, "Budget exhausted");
  spend(100);
  EXPECT_EQ(alerts().size(), 0u) << "once";
}

TEST_F(BudgetTest, SpentAtOneStrokeItAlertsWithTheWorseOnly) {
  spend(50);

  const auto alert = alerts();

  ASSERT_EQ(alert.size(), 1u);
  EXPECT_EQ(alert[0].severity, AlertSeverity::Error);
  EXPECT_EQ(alerts().size(), 0u);
}

TEST_F(BudgetTest, EveryProviderAndEveryKindOfCallSpendsIt) {
  spend(1);
  stage.succeed("q", "m", 1.0, std::nullopt, 2.0);
  stage.core->record_cost("r", "m", 3.0);

  EXPECT_EQ(remaining(), 4.0);
}

TEST(Budget, IsCountedInWholeNanoDollars) {
  const CoreStage stage(MonitoringConfig{}.with_budget(0.3));
  EventReceiver receiver = stage.bus().subscribe();
  const auto remaining = [&] { return number(stage.store(), "llm_budget_remaining_usd", {}); };
  stage.succeed("p", "m", 1.0, std::nullopt, 0.1);
  EXPECT_EQ(remaining(), 0.2);
  stage.succeed("p", "m", 1.0, std::nullopt, 0.2);
  EXPECT_EQ(remaining(), 0.0) << "all of it, and not a trace more";
}

TEST(Budget, WarnsAtEightyPercentOfAnyLimit) {
  for (const double limit : {0.05, 0.07, 0.1, 0.14, 0.38, 0.4, 19.9}) {
    const CoreStage stage(MonitoringConfig{}.with_budget(limit));
    EventReceiver receiver = stage.bus().subscribe();
    const double nano = std::round(limit * 1e9);
    stage.succeed("p", "m", 1.0, std::nullopt, nano / 5 * 4 / 1e9);
    stage.tick();
    std::size_t alerts = 0;
    for (const MonitoringEvent& event : CoreStage::drain(receiver))
      if (event.alert_payload() != nullptr) ++alerts;
    EXPECT_EQ(alerts, 1u) << limit;
  }
}

TEST(Budget, BelowANanoDollarIsNotSpentByNothing) {
  const CoreStage stage(MonitoringConfig{}.with_budget(1e-10));
  EventReceiver receiver = stage.bus().subscribe();
  stage.tick();
  EXPECT_TRUE(CoreStage::drain(receiver).empty());
}

TEST(Budget, WithoutOneThereIsNothingToShow) {
  const CoreStage stage;

  EXPECT_EQ(tests::series_in(stage.store(), "llm_budget_limit_usd"), std::size_t{0});
  EXPECT_EQ(tests::series_in(stage.store(), "llm_budget_remaining_usd"), std::size_t{0});
}

}  // namespace
}  // namespace ltb
