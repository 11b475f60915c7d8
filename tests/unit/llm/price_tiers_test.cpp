// Prices that depend on the call: long prompts, cache writes of an hour, sides without a price.
#include <ltb/price_table.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>

namespace {

using ltb::ExactCost;
using ltb::ModelPrice;
using ltb::PriceTable;
using ltb::TokenUsage;
using ::testing::HasSubstr;

std::string refusal(const ModelPrice& price) {
  try {
    PriceTable table;
    table.add(price);
  } catch (const std::invalid_argument& error) {
    return error.what();
  }
  return "nothing was refused";
}

/// Micro-dollars.
ExactCost usd(std::uint64_t micro) {
  return {micro * 1000, 0};
}

TEST(PriceTiers, TheWholeCallCostsWhatTheHighestTierBelowItsPromptDoes) {
  PriceTable table;
  table.add({.model = "m",
             .input = 1,
             .output = 4,
             .cache_read = 0.5,
             .tiers = {{.above_input_tokens = 100, .input = 2, .output = 6},
                       {.above_input_tokens = 200, .input = 3, .cache_read = 1}}});
  const auto cost = [&](std::uint64_t input, std::uint64_t cached) {
    return table.cost("p", "m",
                      {.input_tokens = input, .output_tokens = 10, .cached_tokens = cached});
  };
  EXPECT_EQ(cost(100, 20), usd(80 * 1 + 10 + 10 * 4)) << "not above 100";
  EXPECT_EQ(cost(101, 20), usd(81 * 2 + 10 + 10 * 6)) << "cached as in the entry";
  EXPECT_EQ(cost(200, 20), usd(180 * 2 + 10 + 10 * 6));
  EXPECT_EQ(cost(201, 20), usd(181 * 3 + 20 + 10 * 6)) << "output as in the tier below";
}

TEST(PriceTiers, WhatHasNoPriceOfItsOwnFollowsTheTier) {
  PriceTable table;
  table.add({.model = "m",
             .input = 1,
             .output = 4,
             .tiers = {{.above_input_tokens = 100, .input = 2, .output = 6}}});
  EXPECT_EQ(table.cost("p", "m",
                       {.input_tokens = 150,
                        .output_tokens = 10,
                        .cached_tokens = 50,
                        .reasoning_tokens = 5,
                        .cache_written_tokens = 20}),
            usd(150 * 2 + 10 * 6));
}

TEST(PriceTiers, ThatDoNotAscendAreRefused) {
  const auto with = [](std::vector<ltb::PriceTier> tiers) {
    return refusal({.model = "m", .input = 1, .output = 1, .tiers = std::move(tiers)});
  };
  EXPECT_EQ(with({{.above_input_tokens = 0}}),
            "price of \"m\": tiers[0].above_input_tokens=0: expected more than 0");
  EXPECT_THAT(with({{.above_input_tokens = 9}, {.above_input_tokens = 9}}),
              HasSubstr("tiers[1].above_input_tokens=9: expected more than 9"));
  EXPECT_THAT(with({{.above_input_tokens = 9, .input = -1}}),
              HasSubstr("tiers[0].input=-1: expected USD per 1,000,000 tokens"));
  EXPECT_THAT(with({{.above_input_tokens = 9, .cache_write_1h = 2e6}}),
              HasSubstr("tiers[0].cache_write_1h=2000000: expected"));
  EXPECT_THAT(with(std::vector<ltb::PriceTier>(17)), HasSubstr("17 tiers: expected at most 16"));
}

TEST(CacheWrites, OfAnHourAndOfFiveMinutesCostApart) {
  PriceTable table;
  table.add({.model = "m", .input = 4, .output = 20, .cache_write = 5, .cache_write_1h = 8});
  table.add({.model = "plain", .input = 4, .output = 20, .cache_write = 5});
  const TokenUsage usage{.input_tokens = 100,
                         .output_tokens = 1,
                         .cache_written_tokens = 70,
                         .cache_written_1h_tokens = 40};
  EXPECT_EQ(table.cost("p", "m", usage), usd(30 * 4 + 30 * 5 + 40 * 8 + 20));
  EXPECT_EQ(table.cost("p", "plain", usage), usd(30 * 4 + 70 * 5 + 20));
}

TEST(UnknownSides, HaveNoCostWhereTheCallHasSuchTokens) {
  PriceTable table;
  table.add({.model = "in", .input = 2, .output_known = false});
  table.add({.model = "out", .output = 3, .input_known = false});
  EXPECT_EQ(table.cost("p", "in", {.input_tokens = 5}), usd(10));
  EXPECT_EQ(table.cost("p", "in", {.input_tokens = 5, .output_tokens = 1}), std::nullopt);
  EXPECT_EQ(table.cost("p", "out", {.output_tokens = 5}), usd(15));
  EXPECT_EQ(table.cost("p", "out", {.input_tokens = 1, .output_tokens = 5}), std::nullopt);
}

TEST(PriceFile, ReadsTiersAndCacheWritesOfAnHour) {
  const auto table = PriceTable::parse(R"({"prices": [{"model": "m", "input": 1, "output": 4,
    "cache_write": 1.25, "cache_write_1h": 2, "tiers": [
    {"above_input_tokens": 1000, "input": 2, "output": 6, "cache_read": null, "comment": "long"},
    {"above_input_tokens": 2000, "cache_write_1h": 9}]}]})");
  const auto found = table.find("any", "m");
  ASSERT_TRUE(found);
  EXPECT_EQ(found->cache_write_1h, 2);
  ASSERT_EQ(found->tiers.size(), 2u);
  EXPECT_EQ(found->tiers[0].above_input_tokens, 1000u);
  EXPECT_EQ(found->tiers[0].output, 6);
  EXPECT_EQ(found->tiers[1].cache_write_1h, 9);
  EXPECT_EQ(table.cost("any", "m", {.input_tokens = 1001}), usd(2002));
}

TEST(PriceFile, BrokenTiersAreReportedWithTheirPlace) {
  const auto message = [](const std::string& tiers) -> std::string {
    try {
      (void)PriceTable::parse(
          R"({"prices": [{"model": "m", "input": 1, "output": 1, "tiers": )" + tiers + "}]}",
          "prices.json");
    } catch (const std::invalid_argument& error) {
      return error.what();
    }
    return "nothing was refused";
  };
  const std::string where = "prices.json: prices[0] (\"m\"): ";
  EXPECT_EQ(message("7"), where + "tiers=7: expected an array of objects");
  EXPECT_EQ(message("[7]"), where + "tiers[0]: 7: expected an object");
  EXPECT_EQ(message(R"([{"input": 1}])"),
            where +
                "tiers[0]: above_input_tokens is missing: expected a whole number of tokens, 1 "
                "or more");
  EXPECT_THAT(message(R"([{"above_input_tokens": -1}])"), HasSubstr("above_input_tokens=-1: "));
  EXPECT_THAT(message(R"([{"above_input_tokens": 5, "inptu": 1}])"),
              HasSubstr("tiers[0]: inptu=1: no such field: expected above_input_tokens, input"));
  EXPECT_THAT(message(R"([{"above_input_tokens": 5, "input": "1"}])"),
              HasSubstr("tiers[0]: input=\"1\": expected a number"));
}

std::optional<ExactCost> cost_in(const PriceTable& table, const char* model, std::uint64_t input,
                                 std::uint64_t output) {
  return table.cost("any", model, {.input_tokens = input, .output_tokens = output});
}

TEST(LiteLlmPrices, LongPromptsCostTheirOwnPrice) {
  const auto table = PriceTable::parse(R"({
    "two": {"mode": "chat", "input_cost_per_token": 1e-6, "output_cost_per_token": 4e-6,
      "input_cost_per_token_above_128k_tokens": 2e-6, "output_cost_per_token_above_128k_tokens": 5e-6,
      "input_cost_per_token_above_272k_tokens": 3e-6, "input_cost_per_token_above_272k_tokens_priority": 9e-6,
      "cache_creation_input_token_cost_above_1hr": 7e-6},
    "ranges": {"mode": "chat", "tiered_pricing": [
      {"range": [0, 32000], "input_cost_per_token": 1e-6, "output_cost_per_token": 2e-6},
      {"range": [32000, 128000], "input_cost_per_token": 3e-6, "output_cost_per_token": 4e-6}]}})");

  EXPECT_EQ(cost_in(table, "two", 128'000, 10), usd(128'000 + 40));
  EXPECT_EQ(cost_in(table, "two", 128'001, 10), usd(2 * 128'001 + 50));
  EXPECT_EQ(cost_in(table, "two", 272'001, 10), usd(3 * 272'001 + 50));
  EXPECT_EQ(table.find("any", "two")->cache_write_1h, 7);
  EXPECT_EQ(cost_in(table, "ranges", 32'000, 1), usd(32'000 + 2));
  EXPECT_EQ(cost_in(table, "ranges", 32'001, 1), usd(3 * 32'001 + 4));
}

TEST(LiteLlmPrices, AZeroBesideAnotherUnitIsNotAPrice) {
  const auto table = PriceTable::parse(R"({
    "free": {"mode": "chat", "input_cost_per_token": 0, "output_cost_per_token": 0},
    "rerank": {"mode": "rerank", "input_cost_per_token": 0.0, "output_cost_per_token": 0.0,
      "input_cost_per_query": 0.002},
    "by-image": {"mode": "chat", "input_cost_per_token": 0.0, "output_cost_per_token": 0.0,
      "output_cost_per_image": 0.04},
    "by-pixel": {"mode": "image_generation", "input_cost_per_pixel": 1e-8, "output_cost_per_token": 0.0},
    "by-second": {"mode": "audio_transcription", "input_cost_per_second": 1e-4, "output_cost_per_token": 0.0},
    "search": {"mode": "chat", "input_cost_per_token": 0, "output_cost_per_token": 0,
      "search_context_cost_per_query": {"search_context_size_low": 0.03}},
    "no-unit": {"mode": "rerank", "input_cost_per_token": 0.0, "output_cost_per_token": 0.0},
    "image-tokens": {"mode": "image_generation", "input_cost_per_token": 5e-6,
      "output_cost_per_image_token": 4e-5},
    "one-zero": {"mode": "chat", "input_cost_per_token": 1e-6, "output_cost_per_token": 0.0},
    "embedding": {"mode": "embedding", "input_cost_per_token": 1e-6, "output_cost_per_token": 0.0},
    "unpriced-zero": {"mode": "chat", "input_cost_per_token": 0, "output_cost_per_token": 0,
      "output_cost_per_image": 0.0}})");

  EXPECT_EQ(cost_in(table, "free", 5, 5), usd(0));
  EXPECT_EQ(cost_in(table, "unpriced-zero", 5, 5), usd(0));
  for (const char* model : {"rerank", "by-image", "by-pixel", "by-second", "search", "no-unit"}) {
    EXPECT_EQ(cost_in(table, model, 5, 0), std::nullopt) << model;
    EXPECT_EQ(cost_in(table, model, 5, 5), std::nullopt) << model;
  }
  for (const char* model : {"image-tokens", "one-zero"}) {
    EXPECT_NE(cost_in(table, model, 5, 0), std::nullopt) << model;
    EXPECT_EQ(cost_in(table, model, 5, 1), std::nullopt) << model;
  }
  EXPECT_EQ(cost_in(table, "embedding", 5, 0), usd(5));
}

}  // namespace
