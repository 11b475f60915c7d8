// The command line of llm_benchmark.

#include "options.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace {

using namespace llm_benchmark;
using std::chrono::milliseconds;
using testing::HasSubstr;

Options parse(const std::vector<std::string>& arguments) {
  return parse_options(arguments, "/data/usual.jsonl");
}

std::string complaint(const std::vector<std::string>& arguments) {
  try {
    (void)parse(arguments);
  } catch (const UsageError& error) {
    return error.what();
  }
  return "no complaint";
}

TEST(Options, WithoutFlagsTheSimulatedProvidersStreamUntilTheyAreStopped) {
  const Options options = parse({});

  EXPECT_EQ(options.dataset, "/data/usual.jsonl");
  EXPECT_TRUE(options.is_simulated());
  EXPECT_TRUE(options.stream);
  EXPECT_EQ(options.retries, 0U) << "their failures are part of the show";
  EXPECT_EQ(options.requests, std::nullopt);
  EXPECT_EQ(options.duration, std::nullopt);
  EXPECT_EQ(options.rate, std::nullopt);
  EXPECT_EQ(options.concurrency, 8U);
  EXPECT_EQ(options.warm_up, 0U);
  EXPECT_EQ(options.timeout, milliseconds{60'000});
  EXPECT_EQ(options.first_byte_timeout, std::nullopt);
  EXPECT_EQ(options.seed, 1U);
  EXPECT_FALSE(options.stay);
  EXPECT_FALSE(options.quiet);
}

TEST(Options, EveryFlagIsReadInBothSpellings) {
  const Options options = parse({"--dataset",
                                 "a.jsonl",
                                 "--requests=12",
                                 "--duration",
                                 "1.5",
                                 "--concurrency=3",
                                 "--rate",
                                 "2.5",
                                 "--arrival",
                                 "constant",
                                 "--warm-up=4",
                                 "--provider=openai",
                                 "--base-url",
                                 "http://h:1",
                                 "--model=m=1",
                                 "--api-key-env",
                                 "KEY",
                                 "--timeout=0.25",
                                 "--retries",
                                 "5",
                                 "--stream",
                                 "--first-byte-timeout=0.1",
                                 "--ca-file=c.pem",
                                 "--max-tokens=64",
                                 "--temperature",
                                 "0",
                                 "--prices",
                                 "builtin",
                                 "--slo",
                                 "s:latency=1s",
                                 "--slo=t:ttft=1ms",
                                 "--budget=1.5",
                                 "--seed",
                                 "18446744073709551615",
                                 "--stay",
                                 "--quiet",
                                 "--json",
                                 "out.json"});

  EXPECT_EQ(options.dataset, "a.jsonl");
  EXPECT_EQ(options.requests, 12U);
  EXPECT_EQ(options.duration, milliseconds{1500});
  EXPECT_EQ(options.concurrency, 3U);
  EXPECT_EQ(options.rate, 2.5);
  EXPECT_EQ(options.arrival, Arrival::Constant);
  EXPECT_EQ(options.warm_up, 4U);
  ASSERT_EQ(options.targets.size(), 1U);
  EXPECT_EQ(options.targets[0].name, "openai");
  EXPECT_EQ(options.targets[0].url, (BaseUrl{"h", "1", "/v1"}));
  EXPECT_EQ(options.targets[0].model, "m=1");
  EXPECT_EQ(options.targets[0].key_env, "KEY");
  EXPECT_TRUE(options.targets[0].key_env_given);
  EXPECT_EQ(options.timeout, milliseconds{250});
  EXPECT_EQ(options.retries, 5U);
  EXPECT_TRUE(options.stream);
  EXPECT_EQ(options.first_byte_timeout, milliseconds{100});
  EXPECT_EQ(options.ca_file, "c.pem");
  EXPECT_EQ(options.max_tokens, 64U);
  EXPECT_EQ(options.temperature, 0.0);
  EXPECT_EQ(options.prices, "builtin");
  ASSERT_EQ(options.slos.size(), 2U);
  EXPECT_EQ(options.slos[1].name, "t");
  EXPECT_EQ(options.budget_usd, 1.5);
  EXPECT_EQ(options.seed, 18446744073709551615U);
  EXPECT_TRUE(options.stay);
  EXPECT_TRUE(options.quiet);
  EXPECT_EQ(options.json, "out.json");
}

TEST(Options, SeveralModelsOfOneServerAreSeveralTargets) {
  const Options options = parse(
      {"--provider", "anthropic", "--base-url", "http://h", "--model", "a,b", "--model", "c"});

  ASSERT_EQ(options.targets.size(), 3U);
  EXPECT_EQ(options.targets[0].model, "a");
  EXPECT_EQ(options.targets[2].model, "c");
  EXPECT_EQ(options.targets[2].api, Api::Anthropic);
  EXPECT_EQ(options.targets[2].key_env, "ANTHROPIC_API_KEY");
  EXPECT_FALSE(options.targets[2].key_env_given);
}

TEST(Options, RealTargetsRetryAndStreamOnlyWhenAskedTo) {
  const Options options =
      parse({"--target", "openai:m@http://h", "--target", "b=openai:m@http://i"});

  EXPECT_FALSE(options.is_simulated());
  ASSERT_EQ(options.targets.size(), 2U);
  EXPECT_EQ(options.targets[1].name, "b");
  EXPECT_EQ(options.retries, 2U);
  EXPECT_FALSE(options.stream);
  EXPECT_EQ(parse({"--target", "openai:m@http://h", "--retries=0"}).retries, 0U);
  EXPECT_TRUE(parse({"--target", "openai:m@http://h", "--stream"}).stream);
  EXPECT_FALSE(parse({"--no-stream"}).stream);
}

TEST(Options, ARateBringsTheConcurrencyItNeedsUnlessOneIsGiven) {
  EXPECT_EQ(parse({"--rate", "0.5"}).concurrency, 8U);
  EXPECT_EQ(parse({"--rate", "10"}).concurrency, 40U);
  EXPECT_EQ(parse({"--rate", "5000"}).concurrency, 256U);
  EXPECT_EQ(parse({"--concurrency", "2", "--rate", "10"}).concurrency, 2U);
}

TEST(Options, AnUnknownArgumentIsNamed) {
  EXPECT_EQ(complaint({"--no-such-flag"}), "unknown argument \"--no-such-flag\"");
  EXPECT_EQ(complaint({"stray"}), "unknown argument \"stray\"");
  EXPECT_EQ(complaint({"--Requests=1"}), "unknown argument \"--Requests=1\"");
}

TEST(Options, AMissingOrExtraValueIsNamed) {
  EXPECT_EQ(complaint({"--seed"}), "--seed: 1 required N missing");
  EXPECT_EQ(complaint({"--json="}), "--json= needs a value");
  EXPECT_EQ(complaint({"--json", ""}), "--json needs a value, but \"\" came after it");
  EXPECT_EQ(complaint({"--json", "--quiet"}),
            "--json needs a value, but \"--quiet\" came after it");
  EXPECT_THAT(complaint({"--stay=yes"}), HasSubstr("stay was given"));
}

TEST(Options, AWrongValueIsNamedWithWhatWasExpected) {
  EXPECT_EQ(complaint({"--requests", "many"}),
            "--requests \"many\": expected a whole number between 1 and 1000000000000");
  EXPECT_EQ(complaint({"--concurrency", "0"}),
            "--concurrency \"0\": expected a whole number between 1 and 1024");
  EXPECT_EQ(complaint({"--concurrency", "1025"}),
            "--concurrency \"1025\": expected a whole number between 1 and 1024");
  EXPECT_EQ(complaint({"--rate", "-1"}),
            "--rate \"-1\": expected requests per second above 0 and up to 100000");
  EXPECT_EQ(complaint({"--provider", "oracle"}),
            "--provider \"oracle\": expected simulated, openai or anthropic");
  EXPECT_EQ(complaint({"--retries", "11"}),
            "--retries \"11\": expected a whole number between 0 and 10");
  EXPECT_EQ(complaint({"--warm-up", "-1"}),
            "--warm-up \"-1\": expected a whole number between 0 and 1000000");
  EXPECT_EQ(complaint({"--arrival", "bursty", "--rate", "1"}),
            "--arrival \"bursty\": expected poisson or constant");
  EXPECT_EQ(complaint({"--budget", "0"}),
            "--budget \"0\": expected US dollars above 0 and up to 1000000000");
  EXPECT_THAT(complaint({"--slo", "x"}), HasSubstr("--slo \"x\": it has no name"));
  EXPECT_EQ(complaint({"--slo", "x:latency=1s", "--slo", "x:ttft=1s"}),
            "--slo \"x:ttft=1s\": expected another name than that of an earlier one");
  EXPECT_THAT(complaint({"--target", "x"}), HasSubstr("--target \"x\": it has not the form"));
  EXPECT_THAT(complaint({"--provider=openai", "--model=m", "--base-url=nowhere"}),
              HasSubstr("--base-url \"nowhere\": it starts with neither"));
  for (const char* value : {"0", "-1", "nan", "inf", "1e9", "1s", " 1"}) {
    EXPECT_THAT(complaint({"--duration", value}),
                HasSubstr("--duration \"" + std::string(value) + "\": expected seconds above 0"));
  }
  EXPECT_THAT(complaint({"--provider", "openai", "--base-url", "http://h", "--model", "a,,b"}),
              HasSubstr("--model \"a,,b\": expected"));
}

TEST(Options, FlagsThatDoNotGoTogetherAreTold) {
  EXPECT_THAT(complaint({"--provider", "openai", "--model", "m"}), HasSubstr("needs --base-url"));
  EXPECT_THAT(complaint({"--provider", "openai", "--base-url", "http://h"}),
              HasSubstr("needs --model"));
  EXPECT_THAT(complaint({"--model", "m"}), HasSubstr("--model is for --provider openai"));
  EXPECT_THAT(complaint({"--base-url", "http://h"}), HasSubstr("--base-url is for"));
  EXPECT_THAT(complaint({"--api-key-env", "K"}), HasSubstr("--api-key-env is for"));
  EXPECT_THAT(complaint({"--ca-file", "f"}), HasSubstr("--ca-file is for"));
  EXPECT_THAT(complaint({"--max-tokens", "9"}), HasSubstr("--max-tokens is for"));
  EXPECT_THAT(complaint({"--temperature", "0"}), HasSubstr("--temperature is for"));
  for (const char* value : {"-0.1", "2.1", "nan", "warm", "1x"}) {
    EXPECT_THAT(
        complaint({"--temperature", value}),
        HasSubstr("--temperature \"" + std::string(value) + "\": expected a number from 0 to 2"));
  }
  EXPECT_THAT(complaint({"--max-tokens", "0"}), HasSubstr("--max-tokens \"0\": expected"));
  EXPECT_THAT(complaint({"--target", "openai:m@http://h", "--model", "m"}),
              HasSubstr("--target says all that"));
  EXPECT_THAT(complaint({"--target", "openai:m@http://h", "--provider", "openai"}),
              HasSubstr("--target says all that"));
  EXPECT_THAT(complaint({"--target", "openai:m@http://h", "--target", "openai:m@http://i"}),
              HasSubstr("two targets are called openai/m: give one another name"));
  EXPECT_THAT(complaint({"--arrival", "poisson"}), HasSubstr("--arrival needs --rate"));
}

TEST(Options, HelpNamesEveryFlagAndAsksForNothingElse) {
  EXPECT_TRUE(parse({"--provider", "openai", "--help"}).help);
  EXPECT_TRUE(parse({"-h"}).help);
  for (const char* flag :
       {"--dataset",  "--requests",   "--duration",   "--concurrency", "--rate",
        "--provider", "--base-url",   "--model",      "--api-key-env", "--timeout",
        "--seed",     "--stay",       "--quiet",      "--json",        "--help",
        "--target",   "--stream",     "--no-stream",  "--retries",     "--first-byte-timeout",
        "--ca-file",  "--prices",     "--slo",        "--budget",      "--arrival",
        "--warm-up",  "--max-tokens", "--temperature"}) {
    EXPECT_THAT(usage("/data/usual.jsonl"), HasSubstr(flag));
  }
  EXPECT_THAT(usage("/data/usual.jsonl"), HasSubstr("/data/usual.jsonl"));
}

}  // namespace
