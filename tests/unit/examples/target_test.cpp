// Who is asked and what is demanded, as people spell it.

#include "target.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <stdexcept>

#include "slo_option.hpp"

namespace {

using namespace llm_benchmark;
using std::chrono::milliseconds;
using testing::HasSubstr;

template <typename Parse>
std::string complaint(const Parse& parse, const std::string& text) {
  try {
    (void)parse(text);
  } catch (const std::invalid_argument& error) {
    return error.what();
  }
  return "no complaint";
}

TEST(Target, IsAProviderAModelAndAServer) {
  const TargetSpec target = parse_target("openai:gpt-4o@http://127.0.0.1:8000/v1");

  EXPECT_EQ(target.name, "openai");
  EXPECT_EQ(target.api, Api::OpenAi);
  EXPECT_EQ(target.model, "gpt-4o");
  EXPECT_EQ(target.url, (BaseUrl{"127.0.0.1", "8000", "/v1"}));
  EXPECT_EQ(target.key_env, "OPENAI_API_KEY");
  EXPECT_FALSE(target.key_env_given);
}

TEST(Target, MayHaveANameOfItsOwnAndItsOwnKey) {
  const TargetSpec target = parse_target("my-vllm=anthropic:claude@https://h,key-env=MY_KEY_2");

  EXPECT_EQ(target.name, "my-vllm");
  EXPECT_EQ(target.api, Api::Anthropic);
  EXPECT_EQ(target.url, (BaseUrl{"h", "443", "/v1", true}));
  EXPECT_EQ(target.key_env, "MY_KEY_2");
  EXPECT_TRUE(target.key_env_given);
  EXPECT_EQ(parse_target("anthropic:c@http://h").key_env, "ANTHROPIC_API_KEY");
}

TEST(Target, AModelMayHoldColonsSlashesCommasEqualSignsAndAts) {
  EXPECT_EQ(parse_target("openai:org/model:7b-q4@http://h").model, "org/model:7b-q4");
  EXPECT_EQ(parse_target("openai:m@2024,x=1@http://h").model, "m@2024,x=1");
}

TEST(Target, AUrlMayHoldAUserAPasswordAndAQuery) {
  const TargetSpec target =
      parse_target("a=openai:m@x@https://me:p@ss@h/v1?a=1,b=2,key-env=MY_KEY");

  EXPECT_EQ(target.model, "m@x");
  EXPECT_EQ(target.url.endpoint(""), "https://h/v1");
  EXPECT_EQ(target.url.request_url(""), "https://h/v1?a=1,b=2");
  EXPECT_EQ(target.url.authorization, "Basic bWU6cEBzcw==");
  EXPECT_EQ(target.key_env, "MY_KEY");
}

TEST(Target, NoComplaintHoldsASecret) {
  for (const char* text :
       {"openai:m@http://me:hush@h:x", "openai:m@me:hush@h", "oracle:m@http://me:hush@h/v1?k=hush",
        "openai:@http://me:hush@h", "openai:m@http://me:hush@h,key=K",
        "openai:m@http://h/v1?k=hush,key-env="}) {
    const std::string message = complaint(parse_target, text);
    EXPECT_THAT(message, testing::Not(HasSubstr("hush"))) << text;
    EXPECT_THAT(message, HasSubstr("--target \"")) << text;
  }
}

TEST(Target, WhatIsNoneIsRefusedByName) {
  const auto refused = [](const std::string& text) { return complaint(parse_target, text); };
  for (const char* text : {"", "openai", "openai:m", "http://h", "m@http://h"}) {
    EXPECT_THAT(refused(text), HasSubstr("has not the form PROVIDER:MODEL@URL")) << text;
  }
  EXPECT_EQ(
      refused("oracle:m@http://h"),
      "--target \"oracle:m@http://h\": the provider \"oracle\" is neither openai nor anthropic "
      "(expected [NAME=]PROVIDER:MODEL@URL[,key-env=VARIABLE], such as "
      "vllm=openai:my-model@http://127.0.0.1:8000/v1)");
  EXPECT_THAT(refused("openai:@http://h"), HasSubstr("names no model"));
  EXPECT_THAT(refused("=openai:m@http://h"), HasSubstr("the name is not"));
  EXPECT_THAT(refused("a b=openai:m@http://h"), HasSubstr("the name is not"));
  EXPECT_THAT(refused("openai:m@h:8000"), HasSubstr("--target \"h:8000\": it starts with neither"));
  EXPECT_THAT(refused("openai:m@http://h,key=K"), HasSubstr("\",key=K\", which is not"));
  EXPECT_THAT(refused("openai:m@http://h,key-env="), HasSubstr("which is not ,key-env=VARIABLE"));
}

TEST(SloOption, HasANameAndOneBoundOrMore) {
  const ltb::Slo all = parse_slo("fast:latency=2s,ttft=500ms,tpot=50ms");
  EXPECT_EQ(all.name, "fast");
  EXPECT_EQ(all.latency, milliseconds{2000});
  EXPECT_EQ(all.time_to_first_token, milliseconds{500});
  EXPECT_EQ(all.time_per_output_token, milliseconds{50});
  EXPECT_EQ(all.model, "");

  const ltb::Slo one = parse_slo("x:ttft=1.5m,model=org/m:7b,provider=vllm");
  EXPECT_EQ(one.time_to_first_token, std::chrono::seconds{90});
  EXPECT_EQ(one.latency, std::nullopt);
  EXPECT_EQ(one.model, "org/m:7b");
  EXPECT_EQ(one.provider, "vllm");
  EXPECT_EQ(parse_slo("x:tpot=250us").time_per_output_token, std::chrono::microseconds{250});
}

TEST(SloOption, WhatIsNoneIsRefusedByName) {
  const auto refused = [](const std::string& text) { return complaint(parse_slo, text); };
  EXPECT_THAT(refused("fast"), HasSubstr("--slo \"fast\": it has no name before a colon"));
  EXPECT_THAT(refused(":latency=1s"), HasSubstr("no name"));
  EXPECT_THAT(refused("x:"), HasSubstr("is not KEY=VALUE"));
  EXPECT_THAT(refused("x:model=m"), HasSubstr("sets no bound"));
  EXPECT_THAT(refused("x:latency=1s,latency=2s"), HasSubstr("comes twice"));
  EXPECT_THAT(refused("x:latency=1s,model="), HasSubstr("\"model\" is empty"));
  EXPECT_THAT(refused("x:speed=1s"), HasSubstr("\"speed\" is not one of latency"));
  for (const char* value : {"", "2", "s", "0s", "-1s", "nans", "2h", "1e9s", "1 s"}) {
    EXPECT_THAT(refused("x:latency=" + std::string(value)), HasSubstr("is no time above 0"))
        << value;
  }
}

}  // namespace
