// What decides about calls in the configuration: prices, budget and service levels.
#include <ltb/config.hpp>
#include <ltb/monitoring_system.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <limits>
#include <stdexcept>
#include <string>

namespace ltb {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;

struct CallConfig : ::testing::Test {
  CallConfig() { clear(); }
  ~CallConfig() override { clear(); }
  static void clear() {
    unsetenv("LTB_PRICE_TABLE");
    unsetenv("LTB_BUDGET_USD");
  }
  static MonitoringConfig with(const char* name, const std::string& value) {
    setenv(name, value.c_str(), 1);
    return MonitoringConfig::from_env();
  }
  static std::string complaint(const char* name, const std::string& value) {
    try {
      (void)with(name, value);
    } catch (const std::invalid_argument& error) {
      return error.what();
    }
    return "accepted";
  }
  static std::string complaint(const Slo& level) {
    try {
      MonitoringConfig{}.with_slo(level).validate();
    } catch (const std::invalid_argument& error) {
      return error.what();
    }
    return "accepted";
  }
};

struct PriceFile {
  std::filesystem::path path =
      std::filesystem::temp_directory_path() / ("ltb-prices-" + std::to_string(getpid()) + ".json");
  explicit PriceFile(const std::string& text) { std::ofstream(path) << text; }
  ~PriceFile() { std::filesystem::remove(path); }
};

TEST_F(CallConfig, APriceTableComesFromAFileOrIsTheBuiltInOne) {
  EXPECT_FALSE(MonitoringConfig::from_env().price_table.has_value());
  EXPECT_EQ(with("LTB_PRICE_TABLE", "builtin").price_table->size(), PriceTable::built_in().size());
  const PriceFile file(R"({"prices": [{"model": "house-model", "input": 1, "output": 2}]})");

  const auto table = with("LTB_PRICE_TABLE", file.path.string()).price_table;

  ASSERT_TRUE(table.has_value());
  EXPECT_EQ(table->size(), 1u) << "in place of the built-in one";
  EXPECT_EQ(table->cost("p", "house-model", {.input_tokens = 3, .output_tokens = 4}),
            (ExactCost{11'000, 0}));
}

TEST_F(CallConfig, APriceTableThatCannotBeReadIsRefusedByName) {
  EXPECT_THAT(complaint("LTB_PRICE_TABLE", "/no/such/prices.json"),
              ::testing::AllOf(HasSubstr("LTB_PRICE_TABLE=\"/no/such/prices.json\""),
                               HasSubstr("expected \"builtin\" or a readable price file")));
  const PriceFile file("{\"prices\": [");
  EXPECT_THAT(complaint("LTB_PRICE_TABLE", file.path.string()), HasSubstr("broken JSON at line 1"));
}

TEST_F(CallConfig, ABudgetIsANumberOfDollars) {
  EXPECT_EQ(MonitoringConfig::from_env().budget_usd, std::nullopt);
  EXPECT_EQ(with("LTB_BUDGET_USD", "12.5").budget_usd, 12.5);
  for (const char* bad : {"0", "-1", "nan", "inf", "12 USD", "1e10", "$5"})
    EXPECT_THAT(complaint("LTB_BUDGET_USD", bad), HasSubstr(std::string("LTB_BUDGET_USD=\"") + bad +
                                                            "\": expected a number of dollars"));
  for (const double bad : {0.0, -1.0, std::numeric_limits<double>::quiet_NaN()})
    EXPECT_THROW(MonitoringConfig{}.with_budget(bad).validate(), std::invalid_argument) << bad;
}

TEST_F(CallConfig, ASloNeedsANameOfItsOwnAndAPositiveBound) {
  EXPECT_EQ(complaint({.name = "fast", .latency = 1s}), "accepted");
  EXPECT_EQ(complaint({.name = std::string(64, 'n'), .time_to_first_token = 1ns}), "accepted");
  EXPECT_THAT(complaint({.name = "", .latency = 1s}), HasSubstr("slos[0]"));
  EXPECT_THAT(complaint({.name = std::string(65, 'n'), .latency = 1s}), HasSubstr("slos[0]"));
  EXPECT_THAT(complaint({.name = "none"}), HasSubstr("slos[0]"));
  EXPECT_THAT(complaint({.name = "zero", .time_per_output_token = 0s}), HasSubstr("slos[0]"));
  EXPECT_THROW(MonitoringConfig{}
                   .with_slo({.name = "twice", .latency = 1s})
                   .with_slo({.name = "twice", .latency = 2s})
                   .validate(),
               std::invalid_argument);
}

TEST_F(CallConfig, SixteenSlosAreTakenAndOneMoreIsRefused) {
  MonitoringConfig config;
  for (int i = 0; i < 16; ++i)
    config = config.with_slo({.name = "level-" + std::to_string(i), .latency = 1s});
  EXPECT_NO_THROW(config.validate());

  EXPECT_THROW(config.with_slo({.name = "more", .latency = 1s}).validate(), std::invalid_argument);
}

}  // namespace
}  // namespace ltb
