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

TEST(Options, WithoutFlagsTheSimulatedProvidersRunUntilTheyAreStopped) {
  const Options options = parse({});

  EXPECT_EQ(options.dataset, "/data/usual.jsonl");
  EXPECT_EQ(options.provider, ProviderKind::Simulated);
  EXPECT_EQ(options.requests, std::nullopt);
  EXPECT_EQ(options.duration, std::nullopt);
  EXPECT_EQ(options.rate, std::nullopt);
  EXPECT_EQ(options.concurrency, 8U);
  EXPECT_EQ(options.timeout, milliseconds{60'000});
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
                                 "--provider=openai",
                                 "--base-url",
                                 "http://h:1",
                                 "--model=m=1",
                                 "--api-key-env",
                                 "KEY",
                                 "--timeout=0.25",
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
  EXPECT_EQ(options.provider, ProviderKind::OpenAi);
  EXPECT_EQ(options.base_url, "http://h:1");
  EXPECT_EQ(options.models, std::vector<std::string>{"m=1"});
  EXPECT_EQ(options.api_key_env, "KEY");
  EXPECT_EQ(options.timeout, milliseconds{250});
  EXPECT_EQ(options.seed, 18446744073709551615U);
  EXPECT_TRUE(options.stay);
  EXPECT_TRUE(options.quiet);
  EXPECT_EQ(options.json, "out.json");
}

TEST(Options, SeveralModelsComeFromCommasAndFromRepeatedFlags) {
  const Options options =
      parse({"--provider", "openai", "--base-url", "http://h", "--model", "a,b", "--model", "c"});

  EXPECT_EQ(options.models, (std::vector<std::string>{"a", "b", "c"}));
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

TEST(Options, AMissingOrSuperfluousValueIsNamed) {
  EXPECT_EQ(complaint({"--seed"}), "--seed needs a value after it");
  EXPECT_EQ(complaint({"--json="}), "--json needs a value that is not empty");
  EXPECT_EQ(complaint({"--stay=yes"}), "--stay takes no value");
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
            "--provider \"oracle\": expected simulated or openai");
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
}

TEST(Options, HelpNamesEveryFlagAndAsksForNothingElse) {
  EXPECT_TRUE(parse({"--provider", "openai", "--help"}).help);
  EXPECT_TRUE(parse({"-h"}).help);
  for (const char* flag : {"--dataset", "--requests", "--duration", "--concurrency", "--rate",
                           "--provider", "--base-url", "--model", "--api-key-env", "--timeout",
                           "--seed", "--stay", "--quiet", "--json", "--help"}) {
    EXPECT_THAT(usage("/data/usual.jsonl"), HasSubstr(flag));
  }
  EXPECT_THAT(usage("/data/usual.jsonl"), HasSubstr("/data/usual.jsonl"));
}

}  // namespace
