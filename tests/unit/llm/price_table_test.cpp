// Prices: which entry applies, what a call costs to the pico-dollar, and what add() refuses.
#include <ltb/price_table.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <cstdint>
#include <limits>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace {

using ltb::ExactCost;
using ltb::ModelPrice;
using ltb::PriceMatch;
using ltb::PriceTable;
using ltb::TokenUsage;
using ::testing::AllOf;
using ::testing::HasSubstr;

__extension__ using Wide = unsigned __int128;

ModelPrice price(std::string model, PriceMatch match, double input, std::string provider = {}) {
  return {
      .provider = std::move(provider), .model = std::move(model), .match = match, .input = input};
}

/// The input price of the entry that applies; -1 when none does.
double applied(const PriceTable& table, std::string_view model,
               std::string_view provider = "openai") {
  const auto found = table.find(provider, model);
  return found ? found->input : -1;
}

template <typename Call>
std::string refusal(const Call& call) {
  try {
    call();
  } catch (const std::invalid_argument& error) {
    return error.what();
  }
  return "nothing was refused";
}

TEST(PriceTable, EmptyKnowsNoPrice) {
  const PriceTable table;
  EXPECT_EQ(table.size(), 0u);
  EXPECT_FALSE(table.find("openai", "gpt-4o"));
  EXPECT_FALSE(table.cost("openai", "gpt-4o", {.input_tokens = 1}));
  EXPECT_FALSE(table.find("", ""));
}

TEST(PriceTable, APrefixEndsAtASeparatorOrWithTheName) {
  PriceTable table;
  table.add(price("gpt-4", PriceMatch::Prefix, 30));

  for (const char* name : {"gpt-4", "gpt-4-0613", "gpt-4:free", "gpt-4@eu", "gpt-4/x"}) {
    EXPECT_EQ(applied(table, name), 30) << name;
  }
  for (const char* name :
       {"gpt-4o", "gpt-4o-mini", "gpt-45", "gpt-", "GPT-4", "xgpt-4", "", "gpt_4"}) {
    EXPECT_EQ(applied(table, name), -1) << name;
  }
}

TEST(PriceTable, TheLongestPrefixWinsInWhateverOrderTheyCome) {
  const std::array<ModelPrice, 3> prices = {price("gpt-4", PriceMatch::Prefix, 30),
                                            price("gpt-4o", PriceMatch::Prefix, 2.5),
                                            price("gpt-4o-mini", PriceMatch::Prefix, 0.15)};
  for (const auto& order : {std::array{0, 1, 2}, std::array{2, 1, 0}, std::array{1, 2, 0}}) {
    PriceTable table;
    for (const int i : order) table.add(prices[static_cast<std::size_t>(i)]);

    EXPECT_EQ(applied(table, "gpt-4o-mini"), 0.15);
    EXPECT_EQ(applied(table, "gpt-4o-mini-2024-07-18"), 0.15);
    EXPECT_EQ(applied(table, "gpt-4o-2024-08-06"), 2.5);
    EXPECT_EQ(applied(table, "gpt-4o-minimal"), 2.5);
    EXPECT_EQ(applied(table, "gpt-4-turbo"), 30);
    EXPECT_EQ(applied(table, "gpt-4o1"), -1);
  }
}

TEST(PriceTable, ExactMatchesTheSameTextOnly) {
  PriceTable table;
  table.add(price("o3", PriceMatch::Exact, 2));
  EXPECT_EQ(applied(table, "o3"), 2);
  EXPECT_EQ(applied(table, "o3-mini"), -1);
  EXPECT_EQ(applied(table, "O3"), -1);
}

TEST(PriceTable, ARegularExpressionMatchesTheWholeName) {
  PriceTable table;
  table.add(price("llama-[0-9]+b", PriceMatch::Regex, 1));
  EXPECT_EQ(applied(table, "llama-70b"), 1);
  EXPECT_EQ(applied(table, "llama-70b-chat"), -1);
  EXPECT_EQ(applied(table, "my-llama-70b"), -1);
}

TEST(PriceTable, ExactBeatsPrefixBeatsRegexThenTheLongestTextWins) {
  PriceTable table;
  table.add(price("ab.*", PriceMatch::Regex, 3));
  table.add(price("[a][b].?", PriceMatch::Regex, 4));
  EXPECT_EQ(applied(table, "ab"), 4);
  EXPECT_EQ(applied(table, "abcd"), 3);
  table.add(price("a", PriceMatch::Prefix, 1.5));
  table.add(price("ab", PriceMatch::Prefix, 2));
  EXPECT_EQ(applied(table, "ab"), 2);
  EXPECT_EQ(applied(table, "ab-1"), 2);
  EXPECT_EQ(applied(table, "a-1"), 1.5);
  EXPECT_EQ(applied(table, "abcd"), 3);
  table.add(price("ab", PriceMatch::Exact, 1));
  EXPECT_EQ(applied(table, "ab"), 1) << "whatever the length of the other texts";
  EXPECT_EQ(applied(table, "ab-1"), 2);
}

TEST(PriceTable, AmongRegularExpressionsOfOneLengthTheLastAddedWins) {
  PriceTable table;
  table.add(price("a.c", PriceMatch::Regex, 1));
  table.add(price("ab.", PriceMatch::Regex, 2));
  EXPECT_EQ(applied(table, "abc"), 2);
  table.add(price("a.c", PriceMatch::Regex, 3));
  EXPECT_EQ(applied(table, "abc"), 3);
  EXPECT_EQ(table.size(), 2u);
}

TEST(PriceTable, AnEntryForTheProviderBeatsALongerOneForAny) {
  PriceTable table;
  table.add(price("gpt-4o-2024-08-06", PriceMatch::Exact, 2.5));
  table.add(price("gpt-4o", PriceMatch::Prefix, 9, "azure"));

  EXPECT_EQ(applied(table, "gpt-4o-2024-08-06", "azure"), 9);
  EXPECT_EQ(applied(table, "gpt-4o-2024-08-06", "openai"), 2.5);
  EXPECT_EQ(applied(table, "gpt-4o-2024-08-06", ""), 2.5);
  EXPECT_EQ(applied(table, "gpt-4o", "openai"), -1);
  EXPECT_EQ(table.find("azure", "gpt-4o")->provider, "azure");
}

TEST(PriceTable, AddingTheSameEntryAgainReplacesIt) {
  PriceTable table;
  table.add(price("m", PriceMatch::Exact, 1));
  table.add(price("m", PriceMatch::Exact, 2));
  EXPECT_EQ(table.size(), 1u);
  EXPECT_EQ(applied(table, "m"), 2);
  table.add(price("m", PriceMatch::Exact, 3, "openai"));
  table.add(price("m", PriceMatch::Prefix, 4));
  EXPECT_EQ(table.size(), 3u);
}

TEST(PriceTable, CopiesAreIndependentOfLaterAdditions) {
  PriceTable table;
  table.add(price("a", PriceMatch::Exact, 1));
  const PriceTable copy = table;
  table.add(price("b", PriceMatch::Exact, 2));
  table.add(price("a", PriceMatch::Exact, 3));

  EXPECT_EQ(copy.size(), 1u);
  EXPECT_EQ(applied(copy, "a"), 1);
  EXPECT_EQ(applied(table, "a"), 3);
  const PriceTable moved = std::move(table);
  EXPECT_EQ(moved.size(), 2u);
}

TEST(PriceTable, ARefusedAdditionLeavesTheTableAsItWas) {
  PriceTable table;
  table.add(price("a", PriceMatch::Exact, 1));
  EXPECT_THROW(table.add(price("(", PriceMatch::Regex, 2, "new")), std::invalid_argument);
  EXPECT_THROW(table.add(price("a", PriceMatch::Exact, -1)), std::invalid_argument);
  EXPECT_EQ(table.size(), 1u);
  EXPECT_EQ(applied(table, "a"), 1);
}

TEST(PriceTable, RefusalsNameTheModelTheFieldTheValueAndWhatWasExpected) {
  PriceTable table;
  const auto message = [&](const ModelPrice& bad) { return refusal([&] { table.add(bad); }); };

  EXPECT_EQ(message(price("m", PriceMatch::Exact, -0.5)),
            "price of \"m\": input=-0.5: expected USD per 1,000,000 tokens between 0 and 1000000");
  EXPECT_THAT(message(price("m", PriceMatch::Exact, std::numeric_limits<double>::quiet_NaN())),
              HasSubstr("input=nan: expected"));
  EXPECT_THAT(message(price("m", PriceMatch::Exact, std::numeric_limits<double>::infinity())),
              HasSubstr("input=inf: expected"));
  EXPECT_THAT(message({.model = "m", .output = 1'000'000.1}),
              HasSubstr("output=1000000.1: expected"));
  EXPECT_THAT(message({.model = "m", .cache_read = -1}), HasSubstr("cache_read=-1: expected"));
  EXPECT_THAT(message({.model = "m", .cache_write = -1}), HasSubstr("cache_write=-1: expected"));
  EXPECT_THAT(message({.model = "m", .reasoning = -1}), HasSubstr("reasoning=-1: expected"));
  EXPECT_THAT(message({.model = ""}), HasSubstr("model=\"\": expected 1 to 256 bytes"));
  EXPECT_THAT(message({.model = std::string(257, 'm')}),
              HasSubstr("model of 257 bytes: expected 1 to 256"));
  EXPECT_THAT(message(price("m", PriceMatch::Exact, 1, std::string(257, 'p'))),
              HasSubstr("provider of 257 bytes: expected 0 to 256"));
  EXPECT_THAT(message(price("gpt-(4", PriceMatch::Regex, 1)),
              AllOf(HasSubstr("price of \"gpt-(4\""), HasSubstr("not a regular expression")));
  EXPECT_THAT(message(price("m", static_cast<PriceMatch>(9), 1)), HasSubstr("match=9"));
  EXPECT_EQ(table.size(), 0u);
}

TEST(PriceTable, FindTellsThePriceAsItIsCharged) {
  PriceTable table;
  table.add({.model = "m",
             .input = 0.15,
             .output = 0.0000014,
             .cache_read = 0.0000016,
             .reasoning = 1e6});

  const auto found = table.find("any", "m");

  ASSERT_TRUE(found);
  EXPECT_EQ(found->input, 0.15);
  EXPECT_EQ(found->output, 0.000001);  // the nearest pico-dollar per token
  EXPECT_EQ(found->cache_read, 0.000002);
  EXPECT_EQ(found->cache_write, std::nullopt);
  EXPECT_EQ(found->reasoning, 1e6);
}

TEST(PriceTable, CostsCachedAndReasoningTokensAtTheirOwnPrice) {
  PriceTable table;
  table.add({.model = "m", .input = 2, .output = 8, .cache_read = 0.5, .reasoning = 6});
  const TokenUsage usage{
      .input_tokens = 1000, .output_tokens = 300, .cached_tokens = 600, .reasoning_tokens = 200};

  // 400 x 2 + 600 x 0.5 + 100 x 8 + 200 x 6 micro-dollars
  EXPECT_EQ(table.cost("p", "m", usage), (ExactCost{3'100'000, 0}));
  EXPECT_DOUBLE_EQ(table.cost("p", "m", usage)->usd(), 0.0031);
}

TEST(PriceTable, CostsTokensWrittenToTheCacheAtTheirOwnPrice) {
  PriceTable table;
  table.add({.model = "m", .input = 3, .output = 15, .cache_read = 0.3, .cache_write = 3.75});
  table.add({.model = "plain", .input = 3, .output = 15});
  const TokenUsage usage{.input_tokens = 2098,
                         .output_tokens = 503,
                         .cached_tokens = 1800,
                         .cache_written_tokens = 248};

  // 50 x 3 + 1800 x 0.3 + 248 x 3.75 + 503 x 15 micro-dollars
  EXPECT_EQ(table.cost("p", "m", usage), (ExactCost{9'165'000, 0}));
  EXPECT_EQ(table.cost("p", "plain", usage), (ExactCost{13'839'000, 0}));
  // What does not fit into the input beside what was read does not count.
  EXPECT_EQ(
      table.cost("p", "m", {.input_tokens = 10, .cached_tokens = 8, .cache_written_tokens = 9}),
      (ExactCost{9'900, 0}));
}

TEST(PriceTable, WithoutOwnPricesCachedAndReasoningTokensCostWhatOthersDo) {
  PriceTable table;
  table.add({.model = "m", .input = 2, .output = 8});
  const TokenUsage usage{
      .input_tokens = 10, .output_tokens = 5, .cached_tokens = 4, .reasoning_tokens = 3};
  EXPECT_EQ(table.cost("p", "m", usage), (ExactCost{60'000, 0}));
}

TEST(PriceTable, MoreCachedOrReasoningTokensThanTheWholeCountAsTheWhole) {
  PriceTable table;
  table.add({.model = "m", .input = 2, .output = 8, .cache_read = 1, .reasoning = 4});
  const TokenUsage usage{
      .input_tokens = 10, .output_tokens = 5, .cached_tokens = 11, .reasoning_tokens = 6};
  EXPECT_EQ(table.cost("p", "m", usage), (ExactCost{30'000, 0}));
}

TEST(PriceTable, KeepsThePicoDollarsThatMakeNoWholeNanoDollar) {
  PriceTable table;
  table.add({.model = "m", .input = 0.000001, .output = 0.0375});
  EXPECT_EQ(table.cost("p", "m", {.input_tokens = 999}), (ExactCost{0, 999}));
  EXPECT_EQ(table.cost("p", "m", {.input_tokens = 1000}), (ExactCost{1, 0}));
  EXPECT_EQ(table.cost("p", "m", {.output_tokens = 1}), (ExactCost{37, 500}));
  EXPECT_EQ(table.cost("p", "m", {}), (ExactCost{0, 0}));
}

TEST(PriceTable, ACostBeyondWhatCanBeToldIsTheLargestThatCan) {
  constexpr auto kMost = std::numeric_limits<std::uint64_t>::max();
  PriceTable table;
  table.add({.model = "dear", .input = 1e6, .output = 1e6});
  table.add({.model = "cheap", .input = 0.001, .output = 0});
  EXPECT_EQ(table.cost("p", "dear", {.input_tokens = kMost, .output_tokens = kMost}),
            (ExactCost{kMost, 999}));
  EXPECT_EQ(table.cost("p", "cheap", {.input_tokens = kMost}), (ExactCost{kMost, 0}));
}

// A price of every kind with remainders below the nano-dollar, mixed usage: kept as the library
// keeps it (nano-dollars and a remainder), the sum must be the one of the prices, computed apart in
// 128 bits.
TEST(PriceTable, SumsOfTenMillionRequestsAreExact) {
  struct Model {
    const char* name;
    std::array<std::uint64_t, 4> pico;  // input, cache_read, output, reasoning
  };
  constexpr std::array<Model, 3> kModels = {
      {{"gpt-4o-mini-2024-07-18", {150'000, 75'000, 600'000, 600'000}},
       {"odd", {123'457, 61'729, 1'999'999, 777'777}},
       {"tiny", {1, 3, 7, 13}}}};
  PriceTable table;
  table.add({.model = "gpt-4o-mini", .input = 0.15, .output = 0.6, .cache_read = 0.075});
  table.add({.model = "odd",
             .input = 0.123457,
             .output = 1.999999,
             .cache_read = 0.061729,
             .reasoning = 0.777777});
  table.add(
      {.model = "tiny", .input = 1e-6, .output = 7e-6, .cache_read = 3e-6, .reasoning = 13e-6});

  Wide expected = 0;
  std::uint64_t nano = 0;
  std::uint64_t pico = 0;
  std::uint64_t random = 88'172'645'463'325'252u;
  for (int i = 0; i < 10'000'000; ++i) {
    random ^= random << 13;
    random ^= random >> 7;
    random ^= random << 17;
    const Model& model = kModels[random % kModels.size()];
    TokenUsage usage{.input_tokens = (random >> 8) % 5000, .output_tokens = (random >> 24) % 3000};
    if ((random & 1) != 0) usage.cached_tokens = usage.input_tokens / 3;
    if ((random & 2) != 0) usage.reasoning_tokens = usage.output_tokens / 2;
    const std::uint64_t cached = usage.cached_tokens.value_or(0);
    const std::uint64_t reasoning = usage.reasoning_tokens.value_or(0);
    expected += (usage.input_tokens - cached) * model.pico[0] + cached * model.pico[1] +
                (usage.output_tokens - reasoning) * model.pico[2] + reasoning * model.pico[3];

    const auto cost = table.cost("openai", model.name, usage);
    ASSERT_TRUE(cost);
    nano += cost->nano_usd;
    pico += cost->pico_part;
  }
  nano += pico / 1000;
  EXPECT_TRUE(Wide{nano} * 1000 + pico % 1000 == expected);
  EXPECT_EQ(nano, static_cast<std::uint64_t>(expected / 1000));
}

TEST(PriceTable, RepetitionsBeyondAnyNameAreRefused) {
  const auto refusal = [](const char* model) -> std::string {
    PriceTable table;
    try {
      table.add({.model = model, .match = PriceMatch::Regex, .input = 1, .output = 1});
    } catch (const std::invalid_argument& error) {
      return error.what();
    }
    return "taken";
  };
  EXPECT_EQ(
      refusal("a{1,7222222222222222222222}"),
      "price of \"a{1,7222222222222222222222}\": match=\"regex\": not a regular expression for "
      "names: a repetition of more than 4 digits");
  EXPECT_NE(refusal("a{72222222222222222222}"), "taken");
  EXPECT_NE(refusal("\\72222222222222222222"), "taken");
  EXPECT_EQ(refusal("gpt-[0-9]{1,256}-2024080612345"), "taken");
}

TEST(PriceTable, HostileNamesAreLookedUpInBoundedTime) {
  PriceTable table;
  table.add(price("(a|aa|a+)*b", PriceMatch::Regex, 1));  // exponential for a backtracking matcher
  table.add(price("----------", PriceMatch::Prefix, 2));
  table.add(price(std::string(256, '-'), PriceMatch::Prefix, 3, "openai"));

  EXPECT_EQ(applied(table, std::string(255, 'a') + "b"), 1);
  EXPECT_EQ(applied(table, std::string(256, 'a')), -1);
  EXPECT_EQ(applied(table, std::string(257, 'a')), -1);
  EXPECT_EQ(applied(table, std::string(10'000'000, '-')), 3);
  EXPECT_EQ(applied(table, std::string(10'000'000, '-'), "other"), 2);
  EXPECT_EQ(applied(table, std::string(10'000'000, 'b')), -1);
  EXPECT_EQ(applied(table, std::string("----------\0", 11)), -1);
}

TEST(PriceTable, LooksUpFromManyThreads) {
  PriceTable table = PriceTable::built_in();
  table.add(price("llama-[0-9]+b", PriceMatch::Regex, 1));
  std::vector<std::thread> threads;
  std::array<int, 4> right{};
  for (auto& count : right) {
    threads.emplace_back([&count, copy = table] {
      for (int i = 0; i < 500; ++i) {
        count += copy.cost("openai", "gpt-4o", {.input_tokens = 2}) == ExactCost{5000, 0} ? 1 : 0;
        count += applied(copy, "llama-8b") == 1 ? 1 : 0;
      }
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(right, (std::array{1000, 1000, 1000, 1000}));
}

TEST(BuiltInPrices, AreDatedAndPriceTheWellKnownModels) {
  const PriceTable table = PriceTable::built_in();

  EXPECT_EQ(PriceTable::built_in_date(), "2026-10-26");
  EXPECT_GT(table.size(), 50u);
  EXPECT_EQ(applied(table, "gpt-4o-mini"), 0.15);
  EXPECT_EQ(applied(table, "gpt-4o-mini-2024-07-18"), 0.15);
  EXPECT_EQ(applied(table, "gpt-4o"), 2.5);
  EXPECT_EQ(applied(table, "gpt-4"), 30);
  EXPECT_EQ(table.find("anthropic", "claude-haiku-4-5")->output, 5);
  EXPECT_EQ(table.find("anthropic", "claude-haiku-4-5")->cache_read, 0.1);
  EXPECT_EQ(table.find("google", "gemini-2.5-flash")->output, 2.5);
}

TEST(BuiltInPrices, PriceAnHourInTheCacheAndLongPrompts) {
  const PriceTable table = PriceTable::built_in();
  EXPECT_EQ(table.find("anthropic", "claude-opus-4-5")->cache_write_1h, 10);
  EXPECT_EQ(table.find("anthropic", "claude-3-haiku-20240307")->cache_write_1h, 0.5);
  EXPECT_EQ(table.find("openai", "gpt-4o")->cache_write_1h, std::nullopt);
  // 250,000 x 2.5 + 1,000 x 15 micro-dollars; at the threshold itself the short price
  EXPECT_EQ(
      table.cost("google", "gemini-2.5-pro", {.input_tokens = 250'000, .output_tokens = 1'000}),
      (ExactCost{640'000'000, 0}));
  EXPECT_EQ(table.cost("google", "gemini-2.5-pro", {.input_tokens = 200'000}),
            (ExactCost{250'000'000, 0}));
  // 300,000 x 4 (100,000 of them x 0.2) + 10 x 15
  EXPECT_EQ(table.cost("openai", "gpt-6.1-sol",
                       {.input_tokens = 300'000, .output_tokens = 10, .cached_tokens = 100'000}),
            (ExactCost{820'150'000, 0}));
  // 200,000 x 0.5, of which 50,000 written for an hour x 1
  EXPECT_EQ(table.cost("anthropic", "claude-haiku-5-5",
                       {.input_tokens = 200'000,
                        .cache_written_tokens = 50'000,
                        .cache_written_1h_tokens = 50'000}),
            (ExactCost{125'000'000, 0}));
}

TEST(BuiltInPrices, DoNotPriceARelativeOfAKnownModel) {
  const PriceTable table = PriceTable::built_in();
  for (const char* name :
       {"gpt-4o-audio-preview", "gpt-5-pro", "gpt-4.5", "gpt-7", "claude-opus-4-9", "my-gpt-4o"}) {
    EXPECT_FALSE(table.find("openai", name)) << name;
  }
}

}  // namespace
