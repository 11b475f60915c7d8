// Queries of the API: what is accepted and how the rest is refused.
#include "dashboard/api_query.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace ltb::dashboard {
namespace {

using std::chrono::seconds;
using std::chrono::system_clock;

constexpr system_clock::time_point kNow{seconds{1736937300}};

template <typename Read>
std::string refusal_of(const std::string& query, Read read) {
  try {
    read(Query(query));
  } catch (const BadRequest& error) {
    return error.what();
  }
  return "accepted";
}

std::string series_refusal(const std::string& query) {
  return refusal_of(query, [](const Query& parsed) { (void)series_query_of(parsed, kNow); });
}

std::string events_refusal(const std::string& query) {
  return refusal_of(query, [](const Query& parsed) { (void)event_query_of(parsed); });
}

TEST(SeriesQuery, DefaultsToTheLastFiveMinutesOfEverything) {
  const SeriesQuery query = series_query_of(Query("metric=latency_p95"), kNow);

  EXPECT_EQ(query.metrics, (std::vector<std::string>{"latency_p95"}));
  EXPECT_EQ(query.provider, "");
  EXPECT_EQ(query.model, "");
  EXPECT_EQ(query.by, SeriesQuery::By::Nothing);
  EXPECT_EQ(query.to, 1736937300.0);
  EXPECT_EQ(query.from, 1736937000.0);
  EXPECT_EQ(query.step, 0);
}

TEST(SeriesQuery, ReadsEveryParameter) {
  const SeriesQuery query = series_query_of(Query("metric=a,b,%20a&provider=open%20ai&model=x&by="
                                                  "model&from=100.5&to=200.5&step=5&window=7"),
                                            kNow);

  EXPECT_EQ(query.metrics, (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(query.provider, "open ai");
  EXPECT_EQ(query.model, "x");
  EXPECT_EQ(query.by, SeriesQuery::By::Model);
  EXPECT_EQ(query.from, 100.5);
  EXPECT_EQ(query.to, 200.5);
  EXPECT_EQ(query.step, 5);
}

TEST(SeriesQuery, WindowReachesBackFromTo) {
  const SeriesQuery query = series_query_of(Query("metric=a&to=1000&window=60"), kNow);

  EXPECT_EQ(query.from, 940.0);
  EXPECT_EQ(query.to, 1000.0);
}

TEST(SeriesQuery, TheFutureIsAnsweredForNowAndSaysSo) {
  const SeriesQuery query = series_query_of(Query("metric=a&to=1736938000&from=1736937200"), kNow);

  EXPECT_EQ(query.to, 1736937300.0);
  EXPECT_EQ(query.from, 1736937200.0);
}

TEST(SeriesQuery, RefusalsNameParameterValueAndRange) {
  EXPECT_EQ(series_refusal(""),
            "metric=: expected 1 to 32 metric names with commas between, for example latency_p95");
  EXPECT_EQ(
      series_refusal("metric=,,"),
      "metric=,,: expected 1 to 32 metric names with commas between, for example latency_p95");
  EXPECT_EQ(series_refusal("metric=a&window=0"),
            "window=0: expected a whole number between 1 and 604800");
  EXPECT_EQ(series_refusal("metric=a&window=604801"),
            "window=604801: expected a whole number between 1 and 604800");
  EXPECT_EQ(series_refusal("metric=a&window=1h"),
            "window=1h: expected a whole number between 1 and 604800");
  EXPECT_EQ(series_refusal("metric=a&step=0"),
            "step=0: expected a whole number between 1 and 604800");
  EXPECT_EQ(series_refusal("metric=a&by=x%0A"), "by=x\\n: expected provider or model");
  EXPECT_EQ(series_refusal("metric=a&to=nan"),
            "to=nan: expected a number between 1 and 4102444800");
  EXPECT_EQ(series_refusal("metric=a&to=1e99"),
            "to=1e99: expected a number between 1 and 4102444800");
  EXPECT_EQ(series_refusal("metric=a&from=200&to=100"),
            "from=200: expected a time 1 to 604800 seconds before \"to\"");
  EXPECT_EQ(series_refusal("metric=a&metric=b"), "metric=b: expected each parameter once");
  EXPECT_EQ(series_refusal("metric=%zz"), "query: broken percent escape");
}

TEST(SeriesQuery, AStepThatWouldMakeMoreThan600PointsIsWidened) {
  const auto step_of = [](const char* text) { return series_query_of(Query(text), kNow).step; };

  EXPECT_EQ(step_of("metric=a&window=600&step=1"), 1);
  EXPECT_EQ(step_of("metric=a&window=601&step=1"), 2);
  EXPECT_EQ(step_of("metric=a&window=604800&step=1"), 1008);
  EXPECT_EQ(step_of("metric=a&window=604800&step=3600"), 3600);
}

TEST(EventsQuery, HasLimitSinceAndTypes) {
  const events::EventQuery defaults = event_query_of(Query(""));
  EXPECT_EQ(defaults.limit, 100u);
  EXPECT_EQ(defaults.since, std::nullopt);
  EXPECT_EQ(defaults.types, events::kAllEvents);

  const events::EventQuery query =
      event_query_of(Query("since=evt_7&limit=1000&type=RequestFailed,SystemAlert"));
  EXPECT_EQ(query.since, 7u);
  EXPECT_EQ(query.limit, 1000u);
  EXPECT_EQ(query.types,
            events::mask_of(EventType::RequestFailed) | events::mask_of(EventType::SystemAlert));
  EXPECT_EQ(events_refusal("limit=1"), "accepted");
  EXPECT_EQ(events_refusal("limit=0"), "limit=0: expected a whole number between 1 and 1000");
  EXPECT_EQ(events_refusal("limit=1001"), "limit=1001: expected a whole number between 1 and 1000");
  EXPECT_EQ(events_refusal("since=7"), "since=7: expected an event id such as evt_123");
  EXPECT_EQ(events_refusal("type=Nope").substr(0, 40), "type=Nope: expected any of RequestStarte");
}

Format negotiated(const std::string& accept, const std::string& query = "") {
  net::Request request;
  if (!accept.empty()) request.headers.emplace_back("Accept", accept);
  return format_of(Query(query), request);
}

TEST(Formats, TheQueryBeatsTheAcceptHeader) {
  EXPECT_EQ(negotiated("text/csv", "format=json"), Format::Json);
  EXPECT_EQ(negotiated("", "format=csv"), Format::Csv);
  EXPECT_EQ(refusal_of("format=xml", [](const Query& query) { (void)format_of(query, {}); }),
            "format=xml: expected json or csv");
}

TEST(Formats, TheAcceptHeaderChoosesByQuality) {
  EXPECT_EQ(negotiated(""), Format::Json);
  EXPECT_EQ(negotiated("*/*"), Format::Json);
  EXPECT_EQ(negotiated("text/csv"), Format::Csv);
  EXPECT_EQ(negotiated("Text/CSV, */*"), Format::Csv);
  EXPECT_EQ(negotiated("text/csv;q=0.5, */*"), Format::Json);
  EXPECT_EQ(negotiated("text/csv;q=0"), Format::Json);
  EXPECT_EQ(negotiated("application/json, text/csv"), Format::Json);
  EXPECT_EQ(negotiated("application/json;q=0.5, text/csv;header=present;q=0.9"), Format::Csv);
  EXPECT_EQ(negotiated("text/html,application/xhtml+xml,*/*;q=0.8"), Format::Json);
}

}  // namespace
}  // namespace ltb::dashboard
