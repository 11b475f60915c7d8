// The program as it is started: what is refused, with which exit code, and what a real run shows.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>

#include "scripted_server.hpp"

namespace {

using namespace llm_benchmark;
using nlohmann::json;
using testing::HasSubstr;

struct Ended {
  int code = -1;
  std::string output{};  ///< Both streams.
};

/// Runs the program on free ports with these arguments, quoted as a shell wants it.
Ended run(const std::string& arguments) {
  const std::string command =
      "LTB_PROMETHEUS_PORT=0 LTB_WEBSOCKET_PORT=0 LTB_DASHBOARD_PORT=0 " LTB_LLM_BENCHMARK " " +
      arguments + " 2>&1";
  Ended ended;
  FILE* const pipe = popen(command.c_str(), "r");  // NOLINT: a test's own fixed words.
  if (pipe == nullptr) return ended;
  std::array<char, 4096> buffer{};
  while (const std::size_t got = fread(buffer.data(), 1, buffer.size(), pipe)) {
    ended.output.append(buffer.data(), got);
  }
  ended.code = WEXITSTATUS(pclose(pipe));
  return ended;
}

void expect_refused(const std::string& arguments, const std::vector<std::string>& names) {
  const Ended ended = run("--requests 1 " + arguments);
  EXPECT_EQ(ended.code, 2) << arguments << '\n' << ended.output;
  for (const std::string& name : names) EXPECT_THAT(ended.output, HasSubstr(name)) << arguments;
  EXPECT_THAT(ended.output, testing::Not(HasSubstr("Dashboard "))) << arguments;
}

/// A file that is gone at the end.
class TemporaryFile {
 public:
  explicit TemporaryFile(const std::string& text = {}) {
    std::string name = (std::filesystem::temp_directory_path() / "ltb_run_XXXXXX").string();
    close(mkstemp(name.data()));
    path_ = name;
    std::ofstream(path_) << text;
  }
  ~TemporaryFile() { std::remove(path_.c_str()); }
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;
  [[nodiscard]] const std::string& path() const { return path_; }
  [[nodiscard]] json read() const { return json::parse(std::ifstream(path_)); }

 private:
  std::string path_;
};

TEST(Program, WhatCannotBeUsedIsRefusedByNameBeforeAnythingOpens) {
  const TemporaryFile broken("{\"not\": [\"prices\"");
  expect_refused("--prices /no/such/prices.json", {"--prices", "/no/such/prices.json"});
  expect_refused("--prices " + broken.path(), {"--prices", broken.path()});
  expect_refused("--slo fast", {"--slo \"fast\""});
  expect_refused("--slo " + std::string(65, 'x') + ":latency=1s", {std::string(65, 'x')});
  expect_refused("--target openai:m@nowhere", {"--target", "nowhere"});
  expect_refused("--target openai:m@http://h,key-env=LTB_NO_SUCH_KEY",
                 {"openai/m", "LTB_NO_SUCH_KEY", "not set"});
  expect_refused("--target openai:m@https://h --ca-file /no/such/ca.pem",
                 {"--ca-file \"/no/such/ca.pem\""});
  expect_refused("--budget -1", {"--budget \"-1\""});
  expect_refused("--retries many", {"--retries \"many\""});
  expect_refused("--warm-up -1", {"--warm-up \"-1\""});
  expect_refused("--arrival poisson", {"--arrival needs --rate"});
}

TEST(Program, TwoTargetsSideBySideAreTwoRowsWithTheirStreamsPricesAndObjectives) {
  const auto answer = [](const std::string& text) {
    return Reply{stream_head() +
                 chunk("data: {\"choices\":[{\"delta\":{\"content\":\"" + text + "\"}}]}\n\n") +
                 chunk("data: {\"choices\":[{\"delta\":{\"content\":\"!\"}}]}\n\n") +
                 chunk("data: {\"choices\":[{\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n"
                       "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":10,"
                       "\"completion_tokens\":4}}\n\ndata: [DONE]\n\n") +
                 chunk("")};
  };
  ScriptedServer one([&](std::size_t) { return answer("1"); });
  // Every second request is told to come back at once.
  ScriptedServer two([&](std::size_t n) {
    return n % 2 == 0 ? Reply{http("503 Busy", "{}", "Retry-After: 0\r\n")} : answer("2");
  });
  const TemporaryFile dataset("{\"id\":\"q\",\"prompt\":\"P\",\"expected\":\"1\"}\n");
  const TemporaryFile prices(R"({"prices":[{"model":"org/m:7b","input":1,"output":2}]})");
  const TemporaryFile summary;

  const Ended ended =
      run("--stream --requests 12 --concurrency 1 --warm-up 1 --quiet --dataset " + dataset.path() +
          " --prices " + prices.path() + " --slo any:ttft=1m --slo never:latency=1us --json " +
          summary.path() + " --target one=openai:org/m:7b@" + one.url() +
          "/v1 --target two=openai:org/m:7b@" + two.url() + "/v1");

  ASSERT_EQ(ended.code, 0) << ended.output;
  EXPECT_EQ(one.requests().size(), 7U) << "one of them to warm up";
  EXPECT_EQ(two.requests().size(), 14U);
  const json object = summary.read();
  ASSERT_EQ(object["models"].size(), 2U);
  for (const json& row : object["models"]) {
    EXPECT_EQ(row["model"], "org/m:7b");
    EXPECT_EQ(row["total_requests"], 6);
    EXPECT_EQ(row["failed_requests"], 0);
    EXPECT_EQ(row["retries"], row["provider"] == "two" ? 6 : 0);
    EXPECT_EQ(row["time_to_first_token"]["count"], 6);
    EXPECT_EQ(row["time_per_output_token"]["count"], 6);
    EXPECT_EQ(row["total_input_tokens"], 60);
    EXPECT_EQ(row["total_output_tokens"], 24);
    EXPECT_EQ(row["total_cost"], 0.000108);
    EXPECT_EQ(row["answers_right"], row["provider"] == "one" ? 6 : 0);
    EXPECT_EQ(row["slos"][0]["good"], 6);
    EXPECT_EQ(row["slos"][1]["bad"], 6);
  }
  EXPECT_THAT(ended.output, HasSubstr("Warm-up    1 requests to each target"));
  EXPECT_THAT(ended.output, HasSubstr("TTFT P50 s"));
  EXPECT_THAT(ended.output, HasSubstr("12 requests in "));
}

TEST(Program, AWarmUpChangesNothingOfARunAndAnotherSeedIsAnotherRun) {
  const auto totals_of = [](const std::string& arguments) {
    const TemporaryFile summary;
    const Ended ended =
        run("--requests 60 --concurrency 60 --quiet --json " + summary.path() + ' ' + arguments);
    EXPECT_EQ(ended.code, 0) << ended.output;
    json totals = summary.read()["totals"];
    // What depends on the clock is another every time.
    for (const char* name : {"latency", "time_to_first_token", "time_per_output_token",
                             "output_tokens_per_second", "slos"}) {
      totals.erase(name);
    }
    return totals;
  };

  const json plain = totals_of("--seed 7");
  EXPECT_EQ(totals_of("--seed 7 --warm-up 2"), plain);
  EXPECT_NE(totals_of("--seed 8"), plain);
}

TEST(Program, ADataSetInAnUnknownShapeIsOneShortMessageThatNamesTheKnownOnes) {
  std::string text;
  for (int i = 0; i < 1000; ++i) text += "{\"utterance\": \"Say it.\"}\n";
  const TemporaryFile dataset(text);

  const Ended ended = run("--requests 1 --dataset " + dataset.path());

  EXPECT_EQ(ended.code, 2);
  EXPECT_THAT(ended.output, HasSubstr(dataset.path() + ":1: field \"prompt\" is missing"));
  EXPECT_THAT(ended.output, HasSubstr("1000 of 1000"));
  EXPECT_THAT(ended.output, HasSubstr("{\"question\", \"answer\"}"));
  EXPECT_LE(std::count(ended.output.begin(), ended.output.end(), '\n'), 20);
}

TEST(Program, ACallWithoutUsageAndPriceIsUnknownEverywhereAndCounted) {
  ScriptedServer server([](std::size_t) {
    return Reply{http("200 OK",
                      R"({"choices":[{"message":{"content":"1"},"finish_reason":"stop"}]})",
                      "Content-Type: application/json\r\n")};
  });
  const TemporaryFile dataset("{\"prompt\":\"P\"}\n");
  const TemporaryFile summary;

  const Ended ended = run("--requests 5 --quiet --dataset " + dataset.path() + " --json " +
                          summary.path() + " --target openai:m@" + server.url() + "/v1");

  ASSERT_EQ(ended.code, 0) << ended.output;
  const json totals = summary.read()["totals"];
  EXPECT_EQ(totals["successful_requests"], 5);
  EXPECT_EQ(totals["usage_missing_requests"], 5);
  EXPECT_EQ(totals["unpriced_requests"], 5);
  EXPECT_FALSE(totals.contains("total_cost"));
  EXPECT_FALSE(totals.contains("total_output_tokens"));
  EXPECT_FALSE(totals.contains("output_tokens_per_second"));
  EXPECT_THAT(ended.output, HasSubstr("openai/m: 5 calls reported no usage, 5 calls not priced"));
  EXPECT_THAT(ended.output, HasSubstr("unknown"));
}

}  // namespace
