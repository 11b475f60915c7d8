// Price files in both shapes, and what the messages about broken ones say.
#include <ltb/price_table.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdio>
#include <fstream>
#include <stdexcept>
#include <string>

namespace {

using ltb::ExactCost;
using ltb::PriceMatch;
using ltb::PriceTable;
using ::testing::AllOf;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::StartsWith;

std::string refusal(std::string_view json, std::string_view name = "prices.json") {
  try {
    (void)PriceTable::parse(json, name);
  } catch (const std::invalid_argument& error) {
    return error.what();
  }
  return "nothing was refused";
}

TEST(PriceFile, ReadsEveryFieldOfOurShape) {
  const auto table = PriceTable::parse(R"({"comment": "ours", "prices": [
    {"provider": "openai", "model": "gpt-4o", "match": "exact", "input": 2.5, "output": 10, "cache_read": 1.25,
     "cache_write": 3, "reasoning": 12, "comment": "list price"},
    {"model": "gpt-4o-mini", "input": 0.15, "output": 0.6, "cache_read": null},
    {"model": "llama-.*", "match": "regex", "input": 0, "output": 0}]})");

  ASSERT_EQ(table.size(), 3u);
  const auto own = table.find("openai", "gpt-4o");
  ASSERT_TRUE(own);
  EXPECT_EQ(own->provider, "openai");
  EXPECT_EQ(own->match, PriceMatch::Exact);
  EXPECT_EQ(own->input, 2.5);
  EXPECT_EQ(own->output, 10);
  EXPECT_EQ(own->cache_read, 1.25);
  EXPECT_EQ(own->cache_write, 3);
  EXPECT_EQ(own->reasoning, 12);
  const auto prefix = table.find("azure", "gpt-4o-mini-2024-07-18");
  ASSERT_TRUE(prefix);
  EXPECT_EQ(prefix->match, PriceMatch::Prefix);
  EXPECT_EQ(prefix->cache_read, std::nullopt);
  EXPECT_EQ(table.cost("local", "llama-3", {.input_tokens = 5}), (ExactCost{0, 0}));
  EXPECT_FALSE(table.find("azure", "gpt-4o"));
}

TEST(PriceFile, AnEmptyListIsAnEmptyTable) {
  EXPECT_EQ(PriceTable::parse(R"({"prices": []})").size(), 0u);
}

constexpr std::string_view kLiteLlm = R"({
  "sample_spec": {"input_cost_per_token": "USD", "litellm_provider": "one of ..."},
  "gpt-4o-mini": {"input_cost_per_token": 1.5e-07, "output_cost_per_token": 6e-07,
    "cache_read_input_token_cost": 7.5e-08, "litellm_provider": "openai", "mode": "chat", "max_tokens": 16384,
    "supported_regions": ["global"], "search_context_cost_per_query": {"search_context_size_low": 0.03}},
  "azure/gpt-4o-mini": {"input_cost_per_token": 1.65e-07, "output_cost_per_token": 6.6e-07, "litellm_provider": "azure"},
  "gemini/gemini-2.5-flash": {"input_cost_per_token": 3e-07, "output_cost_per_token": 2.5e-06,
    "output_cost_per_reasoning_token": 2.6e-06, "litellm_provider": "gemini"},
  "vertex_ai/claude-x": {"input_cost_per_token": 3e-06, "output_cost_per_token": 1.5e-05,
    "cache_creation_input_token_cost": 3.75e-06, "litellm_provider": "vertex_ai-anthropic_models"},
  "amazon.nova-2-pro": {"input_cost_per_token": 2.1875e-06, "cache_read_input_token_cost": 5.46875e-07,
    "output_cost_per_token": 1.75e-05, "litellm_provider": "bedrock_converse"},
  "text-embedding-3-small": {"input_cost_per_token": 2e-08, "litellm_provider": "openai"},
  "1024-x-1024/dall-e-2": {"input_cost_per_pixel": 1.9e-08, "litellm_provider": "openai"}
})";

TEST(PriceFile, ReadsTheShapeOfLiteLlm) {
  const auto table = PriceTable::parse(kLiteLlm);

  const auto mini = table.find("openai", "gpt-4o-mini");
  ASSERT_TRUE(mini);
  EXPECT_EQ(mini->provider, "openai");
  EXPECT_EQ(mini->match, PriceMatch::Exact);
  EXPECT_EQ(mini->input, 0.15);
  EXPECT_EQ(mini->output, 0.6);
  EXPECT_EQ(mini->cache_read, 0.075);
  EXPECT_EQ(table.find("gemini", "gemini-2.5-flash")->reasoning, 2.6);
  EXPECT_EQ(table.find("vertex_ai", "claude-x")->cache_write, 3.75);
  EXPECT_EQ(table.find("openai", "text-embedding-3-small")->output, 0);
  EXPECT_FALSE(table.find("openai", "sample_spec"));
  EXPECT_FALSE(table.find("openai", "1024-x-1024/dall-e-2"));
  EXPECT_FALSE(table.find("openai", "gpt-4o-mini-2024-07-18"));  // its keys are whole names
  EXPECT_EQ(table.cost("x", "amazon.nova-2-pro", {.input_tokens = 1, .cached_tokens = 1}),
            (ExactCost{546, 875}));
}

TEST(PriceFile, ALiteLlmKeyWithAProviderAppliesToTheBareModelOfThatProviderOnly) {
  const auto table = PriceTable::parse(kLiteLlm);

  EXPECT_EQ(table.find("azure", "gpt-4o-mini")->input, 0.165);
  EXPECT_EQ(table.find("azure", "azure/gpt-4o-mini")->input, 0.165);
  EXPECT_EQ(table.find("my-proxy", "azure/gpt-4o-mini")->input, 0.165);
  EXPECT_EQ(table.find("my-proxy", "gpt-4o-mini")->input, 0.15);
  EXPECT_FALSE(table.find("my-proxy", "gemini-2.5-flash"));
}

TEST(PriceFile, BrokenJsonIsToldWithLineAndColumn) {
  EXPECT_THAT(refusal("{\"prices\": [\n  {\"model\": \"a\",,}\n]}"),
              StartsWith("prices.json: broken JSON at line 2, column 17: "));
  EXPECT_THAT(refusal(""), StartsWith("prices.json: broken JSON at line 1, column 1: "));
  EXPECT_THAT(refusal("{\"prices\": [1e999]}"),
              AllOf(StartsWith("prices.json: broken JSON"), HasSubstr("1e999")));
  EXPECT_THAT(refusal("{\"prices\": [\"\xff\"]}"),
              StartsWith("prices.json: broken JSON at line 1, column 14"));
  EXPECT_THAT(refusal("{\"prices\": []} x"),
              StartsWith("prices.json: broken JSON at line 1, column 16"));
}

TEST(PriceFile, EveryCutOfAGoodFileIsRefused) {
  const std::string good = R"({"prices":[{"model":"m\"","match":"exact","input":1.5,"output":2}]})";
  ASSERT_EQ(PriceTable::parse(good).size(), 1u);
  for (std::size_t i = 0; i < good.size(); ++i) {
    EXPECT_THAT(refusal(good.substr(0, i)),
                StartsWith("prices.json: broken JSON at line 1, column "))
        << i;
  }
}

TEST(PriceFile, AWrongFieldIsToldWithEntryFieldValueAndWhatWasExpected) {
  const auto entry = [](const std::string& fields) {
    return refusal("{\"prices\": [{\"model\": \"m\"" + fields + "}]}");
  };

  EXPECT_EQ(
      entry(R"(, "input": "1", "output": 2)"),
      "prices.json: prices[0] (\"m\"): input=\"1\": expected a number, USD per 1,000,000 tokens");
  EXPECT_EQ(entry(R"(, "input": 1)"),
            "prices.json: prices[0] (\"m\"): output is missing: expected a number, USD per "
            "1,000,000 tokens");
  EXPECT_EQ(entry(R"(, "input": -1, "output": 2)"),
            "prices.json: prices[0] (\"m\"): price of \"m\": input=-1: expected USD per 1,000,000 "
            "tokens between 0 and "
            "1000000");
  EXPECT_EQ(entry(R"(, "input": 1, "output": 2, "match": "glob")"),
            "prices.json: prices[0] (\"m\"): match=\"glob\": expected \"exact\", \"prefix\" or "
            "\"regex\"");
  EXPECT_EQ(entry(R"(, "input": 1, "output": 2, "provider": [1])"),
            "prices.json: prices[0] (\"m\"): provider=an array: expected a string");
  EXPECT_THAT(entry(R"(, "input": 1, "output": 2, "cached": 3)"),
              AllOf(StartsWith("prices.json: prices[0] (\"m\"): cached=3: no such field: expected "
                               "provider, model, "),
                    HasSubstr("cache_read")));
  EXPECT_THAT(refusal(R"({"prices": [{"model": "a", "input": 1, "output": 1}, 7]})"),
              EndsWith("prices[1]: 7: expected an object"));
  EXPECT_THAT(refusal(R"({"prices": [{"input": 1}]})"), HasSubstr("prices[0]: model is missing"));
  EXPECT_THAT(refusal(R"({"prices": [{"model": "(", "match": "regex", "input": 1, "output": 1}]})"),
              AllOf(HasSubstr("prices[0]"), HasSubstr("not a regular expression")));
  EXPECT_EQ(refusal(R"({"prices": {}})"),
            "prices.json: prices=an object: expected an array of objects");
}

TEST(PriceFile, AWrongLiteLlmFieldIsToldWithTheKey) {
  EXPECT_EQ(refusal(R"({"gpt-4o": {"input_cost_per_token": "2.5e-06"}})"),
            "prices.json: \"gpt-4o\": input_cost_per_token=\"2.5e-06\": expected a number between "
            "0 and 1, USD per token");
  EXPECT_THAT(refusal(R"({"m": {"input_cost_per_token": 1e-6, "output_cost_per_token": -1}})"),
              HasSubstr("\"m\": output_cost_per_token=-1: expected"));
  EXPECT_THAT(refusal(R"({"m": {"input_cost_per_token": 2}})"),
              HasSubstr("input_cost_per_token=2: expected"));
  EXPECT_THAT(refusal(R"({"m": {"input_cost_per_token": 0, "litellm_provider": 7}})"),
              HasSubstr("\"m\": litellm_provider=7: expected a string"));
  EXPECT_THAT(refusal(R"({"": {"input_cost_per_token": 0}})"),
              HasSubstr("expected 1 to 256 bytes"));
}

TEST(PriceFile, WhatIsNeitherShapeIsRefused) {
  EXPECT_THAT(refusal("{}"),
              StartsWith("prices.json: no price found: expected {\"prices\": [...]}"));
  EXPECT_THAT(refusal(R"({"models": [1, 2]})"), StartsWith("prices.json: no price found"));
  EXPECT_THAT(refusal("[]"), StartsWith("prices.json: an array: expected an object"));
  EXPECT_THAT(refusal("null"), StartsWith("prices.json: null: expected an object"));
}

TEST(PriceFile, HostileDepthAndSizeAreRefusedAndNamesEscaped) {
  EXPECT_THAT(refusal("\n" + std::string(1'000'000, '[')),
              EndsWith("line 2, column 33: nested deeper than 32 levels"));
  EXPECT_THAT(refusal(std::string(16 * 1024 * 1024 + 1, ' ')),
              HasSubstr("16777217 bytes: expected at most 16777216"));
  EXPECT_THAT(refusal("{\"prices\": [{\"model\": \"a\\u001b\\n\", \"input\": true}]}", "a\nb"),
              StartsWith("a\\nb: prices[0] (\"a\\x1b\\n\"): input=true: expected"));
  std::string many = "{\"prices\": [0";
  for (int i = 0; i < 100'000; ++i) many += ",0";
  EXPECT_THAT(refusal(many + "]}"),
              HasSubstr("prices has 100001 entries: expected at most 100000"));
  EXPECT_THAT(
      refusal(
          R"({"prices": [{"model": "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[", "input": 1, "output": 1}]})"),
      HasSubstr("nothing was refused"));  // brackets in a string are no depth
}

TEST(PriceFile, IsLoadedFromDiskAndNamedInMessages) {
  const std::string path = ::testing::TempDir() + "ltb_price_file_test.json";
  std::ofstream(path) << R"({"prices": [{"model": "m", "input": 1, "output": 2}]})";
  EXPECT_EQ(PriceTable::load(path).size(), 1u);
  std::ofstream(path) << "{";
  EXPECT_THAT([&] { (void)PriceTable::load(path); },
              ::testing::ThrowsMessage<std::invalid_argument>(
                  StartsWith(path + ": broken JSON at line 1, column 2")));
  std::remove(path.c_str());
  EXPECT_THAT([&] { (void)PriceTable::load(path); },
              ::testing::ThrowsMessage<std::invalid_argument>(
                  "price file \"" + path + "\": cannot open: No such file or directory"));
  EXPECT_THAT(
      [&] { (void)PriceTable::load(::testing::TempDir()); },
      ::testing::ThrowsMessage<std::invalid_argument>(EndsWith("cannot read: Is a directory")));
}

}  // namespace
