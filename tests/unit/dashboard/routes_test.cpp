// The routes of the page's port over a real collector, without sockets.
#include "collector/overview_json.hpp"
#include "core/monitoring_core.hpp"
#include "dashboard/api.hpp"
#include "dashboard/page_routes.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <memory>
#include <string>

namespace ltb::dashboard {
namespace {

using nlohmann::json;
using testing::HasSubstr;

class FakeHistory : public events::EventHistory {
 public:
  [[nodiscard]] events::EventPage events(const events::EventQuery& query) const override {
    asked = query;
    return {.epoch = "e1", .last_event_id = 7, .skipped = 1, .events = {"{\"id\":\"evt_7\"}"}};
  }
  mutable events::EventQuery asked;
};

class Routes : public testing::Test {
 protected:
  Routes() {
    add_api_routes(router_, source_, history_);
    add_page_routes(router_, {.websocket_url = "wss://proxy.example/ws", .version = "0.1.0"});
    core_->record_request("openai", "gpt-4");
    core_->record_latency("openai", "gpt-4", 1.5);
    core_->record_request("openai", "gpt-4");
    core_->record_error("openai", "gpt-4", ErrorType::RateLimit, "429");
    core_->record_request("=cmd", "m,1");
    core_->record_latency("=cmd", "m,1", 0.5);
  }

  net::Response get(const std::string& path, const std::string& query = "",
                    const std::string& accept = "") {
    net::Request request;
    request.method = "GET";
    request.path = path;
    request.query = query;
    if (!accept.empty()) request.headers.emplace_back("Accept", accept);
    const net::Handler* handler = router_.find(path);
    EXPECT_NE(handler, nullptr) << path;
    net::Response response = handler != nullptr ? (*handler)(request) : net::Response{};
    if (const auto sliced = response.source) {  // what the server does, a slice at a time
      slices_ = 1;
      while (!sliced->step()) ++slices_;
      response = sliced->response();
    }
    return response;
  }
  json get_json(const std::string& path, const std::string& query = "") {
    const net::Response response = get(path, query);
    EXPECT_EQ(response.status, 200u) << *response.body;
    EXPECT_EQ(response.content_type, "application/json");
    return json::parse(*response.body);
  }
  std::string refused(const std::string& path, const std::string& query) {
    const net::Response response = get(path, query);
    EXPECT_EQ(response.status, 400u);
    EXPECT_EQ(response.content_type, "text/plain; charset=utf-8");
    return response.body ? *response.body : "";
  }

  std::shared_ptr<support::Clock> clock_ = std::make_shared<support::Clock>();
  std::shared_ptr<core::MonitoringCore> core_ =
      std::make_shared<core::MonitoringCore>(MonitoringConfig{}, clock_);
  MetricCollector collector_{core_->collector()};
  std::shared_ptr<collector::OverviewSource> source_ = std::make_shared<collector::OverviewSource>(
      collector_, *clock_, "e1", "0.1.0", [] { return std::uint64_t{7}; });
  std::shared_ptr<FakeHistory> history_ = std::make_shared<FakeHistory>();
  net::Router router_;
  int slices_ = 0;
};

TEST_F(Routes, OverviewHasTheNumbersOfTheCollector) {
  const json overview = get_json("/api/v1/overview");

  EXPECT_EQ(overview.at("epoch"), "e1");
  EXPECT_EQ(overview.at("version"), "0.1.0");
  EXPECT_EQ(overview.at("last_event_id"), "evt_7");
  EXPECT_GE(overview.at("uptime_seconds").get<double>(), 0);
  EXPECT_EQ(overview.at("totals").at("total_requests"), 3);
  EXPECT_EQ(overview.at("totals").at("successful_requests"), 2);
  EXPECT_EQ(overview.at("totals").at("failed_requests"), 1);
  EXPECT_EQ(overview.at("totals").at("avg_latency"), 1.0);
  EXPECT_EQ(overview.at("totals").at("errors"), json::parse(R"({"rate_limit":1})"));
  EXPECT_EQ(overview.at("providers").size(), 2u);
  EXPECT_EQ(overview.at("models").at(1).at("model"), "gpt-4");
  EXPECT_EQ(overview.at("benchmarks"), json::array());
}

TEST_F(Routes, ProvidersComeAsJsonOrCsv) {
  EXPECT_EQ(get_json("/api/v1/providers").at("models").size(), 2u);
  for (const net::Response& response :
       {get("/api/v1/providers", "format=csv"), get("/api/v1/providers", "", "text/csv")}) {
    EXPECT_EQ(response.status, 200u);
    EXPECT_EQ(response.content_type, "text/csv; charset=utf-8; header=present");
    EXPECT_THAT(*response.body, HasSubstr("\r\n\"'=cmd\",\"m,1\",healthy,1,1,0,0,"));
    EXPECT_THAT(response.headers,
                testing::Contains(std::pair<std::string, std::string>(
                    "Content-Disposition", "attachment; filename=\"providers.csv\"")));
    EXPECT_THAT(response.headers,
                testing::Contains(std::pair<std::string, std::string>("Vary", "Accept")));
  }
}

TEST_F(Routes, ErrorsAreListed) {
  EXPECT_EQ(
      get_json("/api/v1/errors"),
      json::parse(
          R"({"errors":[{"provider":"openai","model":"gpt-4","error_type":"rate_limit","count":1}]})"));
  EXPECT_EQ(*get("/api/v1/errors", "format=csv").body,
            "provider,model,error_type,count\r\nopenai,gpt-4,rate_limit,1\r\n");
}

TEST_F(Routes, BenchmarksAreListed) {
  EXPECT_EQ(get_json("/api/v1/benchmarks"), json::parse(R"({"benchmarks":[]})"));
  auto run = core::MonitoringCore::begin_benchmark(core_, "bench_1", "MMLU", 10);
  run.advance(5);

  const json rows = get_json("/api/v1/benchmarks").at("benchmarks");
  ASSERT_EQ(rows.size(), 1u);
  EXPECT_EQ(rows.at(0).at("benchmark_id"), "bench_1");
  EXPECT_EQ(rows.at(0).at("total_examples"), 10);
  EXPECT_THAT(*get("/api/v1/benchmarks", "format=csv").body,
              HasSubstr("\r\nbench_1,MMLU,running,10,"));
  run.complete();
}

TEST_F(Routes, EventsComeFromTheHistory) {
  EXPECT_EQ(get_json("/api/v1/events", "since=evt_5&limit=3&type=SystemAlert"),
            json::parse(
                R"({"epoch":"e1","last_event_id":"evt_7","skipped":1,"events":[{"id":"evt_7"}]})"));
  EXPECT_EQ(history_->asked.since, 5u);
  EXPECT_EQ(history_->asked.limit, 3u);
  EXPECT_EQ(history_->asked.types, events::mask_of(EventType::SystemAlert));
  EXPECT_EQ(refused("/api/v1/events", "format=csv"),
            "format=csv: expected json\n");
}

TEST_F(Routes, SeriesComeForAllByProviderAndByModel) {
  const json all =
      get_json("/api/v1/series", "metric=requests_per_second,latency_p95&window=60&step=1");
  ASSERT_EQ(all.at("series").size(), 2u);
  EXPECT_EQ(all.at("step"), 1);
  const double answered = all.at("to").get<double>() - all.at("from").get<double>();
  EXPECT_LE(answered, 60.0) << "until now, which is in the last step";
  EXPECT_GE(answered, 59.0);
  EXPECT_FALSE(all.at("series").at(0).contains("provider"));
  EXPECT_EQ(all.at("series").at(0).at("metric"), "requests_per_second");
  EXPECT_EQ(all.at("series").at(0).at("points").size(), 60u);

  const json by_provider = get_json("/api/v1/series", "metric=cost&by=provider");
  ASSERT_EQ(by_provider.at("series").size(), 2u);
  EXPECT_EQ(by_provider.at("series").at(0).at("provider"), "=cmd");
  EXPECT_FALSE(by_provider.at("series").at(0).contains("model"));

  const json by_model = get_json("/api/v1/series", "metric=cost&by=model&provider=openai");
  ASSERT_EQ(by_model.at("series").size(), 1u);
  EXPECT_EQ(by_model.at("series").at(0).at("model"), "gpt-4");
  EXPECT_THAT(*get("/api/v1/series", "metric=cost&format=csv").body,
              testing::StartsWith("metric,provider,model,timestamp,value\r\ncost,,,2"));
}

TEST_F(Routes, EqualQuestionsOfOneSecondShareOneAnswer) {
  net::Request request;
  request.method = "GET";
  request.path = "/api/v1/series";
  request.query = "metric=cost&by=model";
  const net::Handler& handler = *router_.find(request.path);
  net::Request csv = request;
  csv.headers.emplace_back("Accept", "text/csv");
  net::Request other = request;
  other.query = "metric=cost&by=provider";
  std::shared_ptr<net::SlicedAnswer> first = handler(request).source;
  std::shared_ptr<net::SlicedAnswer> second = handler(request).source;
  if (first != second) {  // a second ended in between; the next does not end as soon
    first = handler(request).source;
    second = handler(request).source;
  }
  EXPECT_EQ(first, second);
  EXPECT_NE(handler(csv).source, first);
  EXPECT_NE(handler(other).source, first);
}

TEST_F(Routes, SixHundredProvidersAreAnsweredAndManyMoreNameTheLimit) {
  for (int i = 0; i < 600; ++i) {
    const std::string name = "provider-" + std::to_string(i);
    core_->record_request(name, "m");
    core_->record_latency(name, "m", 0.1);
  }
  const json answer =
      get_json("/api/v1/series", "metric=cost,requests_per_second&by=provider&window=300");
  EXPECT_EQ(answer.at("series").size(), 2u * 602u);
  std::size_t points = 0;
  for (const json& series : answer.at("series")) points += series.at("points").size();
  EXPECT_LE(points, 200'000u) << "the step is as large as it takes";
  EXPECT_GT(slices_, 1);

  std::string metrics;
  for (const char* name :
       {"requests_per_second", "success_per_second", "errors_per_second", "cancelled_per_second",
        "error_rate", "latency_avg", "latency_p50", "latency_p95"})
    metrics += std::string(name) + ',';
  EXPECT_EQ(refused("/api/v1/series", "metric=" + metrics + "&by=provider"),
            "by: the answer would have 4816 series: expected at most 4000; choose a provider, a "
            "model or fewer metrics\n");
  EXPECT_THAT(refused("/api/v1/series", "metric=cost&by=provider&window=600&step=1"),
              HasSubstr("more than 200000 points"));
}

TEST_F(Routes, AnAnswerIsBoundedInBytesToo) {
  for (int i = 0; i < 10; ++i) {
    const std::string name(240, static_cast<char>('a' + i));
    core_->record_request(name, name);
    core_->record_latency(name, name, 0.1);
  }
  const std::string query =
      "metric=requests_per_second,success_per_second,errors_per_second,cancelled_per_second,"
      "latency_avg,latency_p50,latency_p95&by=model&window=600&step=1&format=csv";
  // 10 models of 480 bytes, 7 metrics, 600 points: 20 MB.
  const std::string refusal = refused("/api/v1/series", query);
  EXPECT_THAT(refusal, HasSubstr("more than 8388608 bytes"));
  EXPECT_THAT(refusal, HasSubstr("choose a larger step, a shorter window, a provider"));
}

TEST_F(Routes, BadQueriesNameWhatIsWrong) {
  EXPECT_EQ(
      refused("/api/v1/series", ""),
      "metric=: expected 1 to 32 metric names with commas between, for example latency_p95\n");
  EXPECT_THAT(refused("/api/v1/series", "metric=nope"), HasSubstr("nope"));
  EXPECT_EQ(refused("/api/v1/events", "limit=abc"),
            "limit=abc: expected a whole number between 1 and 1000\n");
  EXPECT_EQ(refused("/api/v1/providers", "format=xml"), "format=xml: expected json or csv\n");
  EXPECT_EQ(refused("/api/v1/overview", "a=%"), "query: broken percent escape\n");
}

TEST_F(Routes, AnUnknownApiRouteIsA404ThatListsTheRoutes) {
  const net::Response response = get("/api/v1/nope");

  EXPECT_EQ(response.status, 404u);
  EXPECT_THAT(*response.body, HasSubstr("no such route: /api/v1/nope: expected /api/v1/overview"));
}

TEST_F(Routes, ConfigTellsWhereTheStreamIs) {
  EXPECT_EQ(*get("/config.json").body,
            R"({"websocket_url":"wss://proxy.example/ws","protocol":1,"version":"0.1.0"})");
}

TEST(PageRoutes, ConfigTellsTheBoundsOfTheSlos) {
  using namespace std::chrono_literals;
  net::Router router;
  PageOptions options;
  options.version = "1";
  options.slos = {
      {.name = "fast", .latency = 1500ms, .time_to_first_token = 250ms},
      {.name = "gpt", .provider = "openai", .model = "gpt-4", .time_per_output_token = 20ms}};
  add_page_routes(router, options);
  net::Request request;
  request.method = "GET";
  request.path = "/config.json";

  EXPECT_EQ(*(*router.find(request.path))(request).body,
            R"({"websocket_url":"","protocol":1,"version":"1","slos":[)"
            R"({"name":"fast","latency":1.5,"time_to_first_token":0.25},)"
            R"({"name":"gpt","provider":"openai","model":"gpt-4","time_per_output_token":0.02}]})");
}

TEST_F(Routes, OriginsAreCheckedWhereNumbersAre) {
  EXPECT_TRUE(router_.checks_origin("/api/v1/overview"));
  EXPECT_TRUE(router_.checks_origin("/config.json"));
  EXPECT_FALSE(router_.checks_origin("/"));
  EXPECT_FALSE(router_.is_open("/api/v1/overview"));
}

TEST_F(Routes, OnlyThePagesOwnFilesNeedNoToken) {
  for (const char* path : {"/", "/index.html", "/app.js", "/app.css", "/favicon.svg"})
    EXPECT_TRUE(router_.is_open(path)) << path;
  for (const char* path : {"/config.json", "/notes.txt", "/app.js.map", "/.env", "/ws"})
    EXPECT_FALSE(router_.is_open(path)) << path;
}

}  // namespace
}  // namespace ltb::dashboard
