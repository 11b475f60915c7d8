// OpenMetrics: who gets it, and where it differs from the text format. An independent parser reads
// it in the ctest openmetrics_parser.
#include "exporter/open_metrics.hpp"

#include "exporter/format.hpp"
#include "unit/support/manual_clock.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <regex>
#include <string>
#include <thread>
#include <vector>

namespace ltb::exporter {
namespace {

using metrics::MetricStore;
using testing::HasSubstr;
using testing::Not;

TEST(FormatNegotiation, OpenMetricsGoesToThoseWhoLikeItAtLeastAsWell) {
  // The first two are what Prometheus 2.42 and 3.x send.
  for (const char* accept :
       {"application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;"
        "q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1",
        "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,"
        "application/openmetrics-text;version=0.0.1;q=0.5,text/plain;version=1.0.0;"
        "escaping=allow-utf-8;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2",
        "application/openmetrics-text", "Application/OpenMetrics-Text; version=\"1.0.0\"",
        "text/plain, application/openmetrics-text"})
    EXPECT_EQ(negotiate_format(accept), Format::OpenMetrics) << accept;
  for (const char* accept :
       {"", "*/*", "text/*", "text/plain;version=0.0.4", "text/html, */*;q=0.8",
        "application/openmetrics-text;version=0.0.1", "application/openmetrics-text;version=2.0.0",
        "application/openmetrics-text;q=0", "application/openmetrics-text;q=0.4,text/plain;q=0.5",
        "application/openmetrics-text;q=0.4,*/*;q=0.5", "application/vnd.google.protobuf"})
    EXPECT_EQ(negotiate_format(accept), Format::Text) << accept;
}

// Times of creation are those of the machine: all alike here.
std::string rendered(const MetricStore& store, std::vector<prometheus::MetricFamily> hosts = {}) {
  static const std::regex created("(_created(?:\\{[^\\n]*\\})?) [0-9.]+\n");
  return std::regex_replace(render_openmetrics(store, std::move(hosts)), created, "$1 T\n");
}

TEST(OpenMetrics, EndsAlsoWhenThereIsNothing) {
  EXPECT_EQ(rendered(MetricStore({})), "# EOF\n");
}

TEST(OpenMetrics, NamesTheFamilyOfACounterWithoutTotal) {
  MetricStore store({});
  store.record(Metric("wait_seconds_total", MetricType::Counter, Counter{1.5})
                   .with_label("queue", "a")
                   .with_help("Time \"spent\"."));

  EXPECT_EQ(rendered(store),
            "# TYPE wait_seconds counter\n"
            "# UNIT wait_seconds seconds\n"
            "# HELP wait_seconds Time \\\"spent\\\".\n"
            "wait_seconds_total{queue=\"a\"} 1.5\n"
            "wait_seconds_created{queue=\"a\"} T\n"
            "# EOF\n");
}

TEST(OpenMetrics, WritesHistogramsAndSummariesWithCanonicalNumbers) {
  MetricStore store({});
  store.record(Metric(
      "a", MetricType::Histogram,
      HistogramValue{.buckets = {{0.00001, 1}, {1, 2}, {1048576, 3}}, .count = 4, .sum = 4.25}));
  store.record(Metric("b", MetricType::Summary,
                      SummaryValue{.quantiles = {{0.5, 2}, {1, 3}}, .count = 2, .sum = 5}));

  EXPECT_EQ(rendered(store),
            "# TYPE a histogram\n"
            "# HELP a Published by the host program.\n"
            "a_bucket{le=\"1e-05\"} 1\n"
            "a_bucket{le=\"1.0\"} 2\n"
            "a_bucket{le=\"1.048576e+06\"} 3\n"
            "a_bucket{le=\"+Inf\"} 4\n"
            "a_sum 4.25\n"
            "a_count 4\n"
            "a_created T\n"
            "# TYPE b summary\n"
            "# HELP b Published by the host program.\n"
            "b{quantile=\"0.5\"} 2\n"
            "b{quantile=\"1.0\"} 3\n"
            "b_sum 5\n"
            "b_count 2\n"
            "b_created T\n"
            "# EOF\n");
}

TEST(OpenMetrics, KeepsTheNameOfACounterThatIsNoTotalOrWouldClash) {
  MetricStore store({});
  store.record(Metric("queue", MetricType::Gauge, Gauge{1}));
  store.record(Metric("queue_total", MetricType::Counter, Counter{2}));
  store.record(Metric("served", MetricType::Counter, Counter{3}));

  const std::string text = rendered(store);

  EXPECT_THAT(text, HasSubstr("# TYPE queue_total unknown\n"));
  EXPECT_THAT(text, HasSubstr("\nqueue_total 2\n# TYPE served unknown\n"));
  EXPECT_THAT(text, HasSubstr("\nserved 3\n# EOF\n"));
}

TEST(OpenMetrics, ShowsHostsFamiliesOnceAndNoneThatClashes) {
  MetricStore store({});
  store.record(Metric("jobs_total", MetricType::Counter, Counter{1}));
  prometheus::MetricFamily ours{"jobs", "", prometheus::MetricType::Gauge, {{}}};
  prometheus::MetricFamily theirs{"depth_bytes", "", prometheus::MetricType::Gauge, {{}}};
  theirs.metric[0].label = {{"queue", "a\"b"}};
  theirs.metric[0].timestamp_ms = 1500;
  prometheus::MetricFamily more = theirs;
  more.metric[0].label = {};

  EXPECT_EQ(rendered(store, {ours, theirs, more}),
            "# TYPE jobs counter\n"
            "# HELP jobs Published by the host program.\n"
            "jobs_total 1\n"
            "jobs_created T\n"
            "# TYPE depth_bytes gauge\n"
            "# UNIT depth_bytes bytes\n"
            "# HELP depth_bytes \n"
            "depth_bytes{queue=\"a\\\"b\"} 0 1.5\n"
            "depth_bytes 0 1.5\n"
            "# EOF\n");
}

class ExemplarTest : public testing::Test {
 protected:
  void call(std::uint64_t duration_ns, std::string_view id) {
    metrics::CallRecord record;
    record.duration_ns = duration_ns;
    series_.record(record);
    series_.offer_exemplar(
        record, [&id] { return id; }, clock_.steady_now(), clock_);
  }
  tests::ManualClock clock_;
  MetricStore store_{{.exemplars = true}};
  metrics::RequestSeries& series_ = store_.request_series("p", "m");
};

TEST_F(ExemplarTest, ABucketShowsARequestThatFellIntoIt) {
  call(40'000'000, "req_1");

  EXPECT_THAT(rendered(store_),
              testing::ContainsRegex("llm_request_duration_seconds_bucket\\{provider=\"p\",model="
                                     "\"m\",le=\"0.05\"\\} 1 # \\{request_id=\"req_1\"\\} 0.04 "
                                     "[0-9.]+\n[^#\n]*le=\"0.1\"\\} 1\n"));
}

TEST_F(ExemplarTest, ABucketTakesAnotherOneAfterItsRest) {
  call(40'000'000, "req_1");
  clock_.advance(metrics::Exemplars::kRest - std::chrono::milliseconds(1));
  call(41'000'000, "req_2");
  EXPECT_THAT(rendered(store_), Not(HasSubstr("req_2")));
  clock_.advance(std::chrono::milliseconds(1));
  call(42'000'000, "req_3");

  EXPECT_THAT(rendered(store_), HasSubstr("{request_id=\"req_3\"} 0.042 "));
}

TEST_F(ExemplarTest, IdsAreEscapedAndThoseTooLongLeftOut) {
  call(40'000'000, "a\"\\\n");
  call(400'000'000, std::string(metrics::Exemplars::kMostIdBytes, 'x'));
  call(4'000'000'000, std::string(metrics::Exemplars::kMostIdBytes + 1, 'y'));
  call(40'000'000'000, "");

  const std::string text = rendered(store_);
  EXPECT_THAT(text, HasSubstr("{request_id=\"a\\\"\\\\\\n\"} 0.04 "));
  EXPECT_THAT(text, HasSubstr("xxx\"} 0.4 "));
  EXPECT_THAT(text, Not(HasSubstr("yyy")));
  EXPECT_THAT(text, Not(HasSubstr("request_id=\"\"")));
}

TEST_F(ExemplarTest, AFailedCallIsNoExampleAndWithoutTheOptionNobodyIs) {
  metrics::CallRecord failed;
  failed.status = metrics::CallStatus::Error;
  failed.duration_ns = 1;
  series_.offer_exemplar(
      failed, [] { return "req_1"; }, clock_.steady_now(), clock_);
  EXPECT_THAT(rendered(store_), Not(HasSubstr("request_id")));

  MetricStore plain({});
  metrics::CallRecord good;
  good.duration_ns = 1;
  plain.request_series("p", "m").offer_exemplar(
      good, [] { return "req_1"; }, clock_.steady_now(), clock_);
  EXPECT_THAT(rendered(plain), Not(HasSubstr("request_id")));
}

TEST(ExemplarThreads, WhatIsReadWasOfferedWhole) {
  const support::Clock clock;
  metrics::Exemplars exemplars(1);
  std::atomic<bool> done{false};
  std::vector<std::thread> threads;
  for (char name = 'a'; name < 'd'; ++name)
    threads.emplace_back([&, name] {
      auto now = clock.steady_now();
      while (!done) {
        now += metrics::Exemplars::kRest;  // always due
        exemplars.offer(0, static_cast<std::uint64_t>(name),
                        std::string(metrics::Exemplars::kMostIdBytes, name), now, clock);
      }
    });
  std::size_t seen = 0;
  while (seen < 1000) {
    const auto exemplar = exemplars.read(0);
    if (!exemplar) continue;
    ++seen;
    ASSERT_EQ(exemplar->request_id,
              std::string(metrics::Exemplars::kMostIdBytes, static_cast<char>(exemplar->value)));
  }
  done = true;
  for (auto& thread : threads) thread.join();
}

}  // namespace
}  // namespace ltb::exporter
