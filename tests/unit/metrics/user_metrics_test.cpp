// Metrics of the user's own: how they add up, and which ones are refused, in which words.
#include "metrics/metric_store.hpp"
#include "unit/support/store_reader.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <string>

namespace ltb::metrics {
namespace {

using tests::histogram;
using tests::number;
using tests::read_series;
using tests::series_in;

struct UserMetricsTest : ::testing::Test {
  // Takes the metric, or tells why not.
  std::string record(const Metric& metric) {
    std::string why;
    return store.record(metric, &why) ? "taken" : why;
  }
  MetricStore store{StoreOptions{.max_series_per_family = 3}};
};

Metric counter(const std::string& name, double by) {
  return Metric(name, MetricType::Counter, Counter{by});
}
Metric gauge(const std::string& name, double value) {
  return Metric(name, MetricType::Gauge, Gauge{value});
}
Metric histogram_of(const std::string& name, HistogramValue value) {
  return Metric(name, MetricType::Histogram, std::move(value));
}
Metric summary_of(const std::string& name, SummaryValue value) {
  return Metric(name, MetricType::Summary, std::move(value));
}

TEST_F(UserMetricsTest, CountersAddUp) {
  EXPECT_EQ(record(counter("jobs_total", 1).with_label("queue", "a")), "taken");
  EXPECT_EQ(record(counter("jobs_total", 2.5).with_label("queue", "a")), "taken");
  EXPECT_EQ(record(counter("jobs_total", 7).with_label("queue", "b")), "taken");

  EXPECT_EQ(number(store, "jobs_total", {{"queue", "a"}}), 3.5);
  EXPECT_EQ(number(store, "jobs_total", {{"queue", "b"}}), 7.0);
}

TEST_F(UserMetricsTest, GaugesAreReplacedAndMayBeNegative) {
  record(gauge("depth", 5));
  record(gauge("depth", -2));

  EXPECT_EQ(number(store, "depth", {}), -2.0);
}

TEST_F(UserMetricsTest, HistogramsAddUpBucketByBucket) {
  const HistogramValue value{.buckets = {{0.5, 45}, {1.0, 123}}, .count = 234, .sum = 456.5};
  record(histogram_of("wait_seconds", value));
  record(histogram_of("wait_seconds", value));

  const HistogramValue sum = histogram(store, "wait_seconds", {});
  EXPECT_EQ(sum.buckets, (std::vector<HistogramBucket>{{0.5, 90}, {1.0, 246}}));
  EXPECT_EQ(sum.count, 468u);
  EXPECT_EQ(sum.sum, 913.0);
}

TEST_F(UserMetricsTest, AHistogramWithOtherBoundsIsRefused) {
  record(histogram_of("wait_seconds", {.buckets = {{0.5, 1}}, .count = 1, .sum = 0.1}));

  EXPECT_EQ(record(histogram_of("wait_seconds", {.buckets = {{0.7, 1}}, .count = 1, .sum = 0.1})),
            "metric \"wait_seconds\": its histogram bounds differ from those published first");
  EXPECT_EQ(histogram(store, "wait_seconds", {}).count, 1u);
}

TEST_F(UserMetricsTest, SummariesReplaceTheirQuantilesAndAddTheRest) {
  record(summary_of("rtt", {.quantiles = {{0.5, 1.0}}, .count = 10, .sum = 12}));
  record(summary_of("rtt", {.quantiles = {{0.9, 2.0}}, .count = 5, .sum = 8}));

  const auto value = read_series(store, "rtt", {});
  ASSERT_TRUE(value.has_value());
  const auto& summary = std::get<SummaryValue>(*value);
  EXPECT_EQ(summary.quantiles, (std::vector<SummaryQuantile>{{0.9, 2.0}}));
  EXPECT_EQ(summary.count, 15u);
  EXPECT_EQ(summary.sum, 20.0);
}

TEST_F(UserMetricsTest, TheFirstHelpTextWins) {
  record(gauge("depth", 1).with_help("First."));
  record(gauge("depth", 1).with_help("Second."));
  record(gauge("width", 1));

  for (const Family* family : store.families()) {
    if (family->name() == "depth") {
      EXPECT_EQ(family->help(), "First.");
    }
    if (family->name() == "width") {
      EXPECT_EQ(family->help(), "Published by the host program.");
    }
  }
}

TEST_F(UserMetricsTest, NumbersThatAreNoneAreRefusedCountedAndChangeNothing) {
  record(counter("jobs_total", 1));
  record(gauge("depth", 1));
  EXPECT_EQ(store.rejected(), 0u);

  EXPECT_EQ(record(counter("jobs_total", -1)),
            "metric \"jobs_total\": counter increment -1: expected a finite number from 0 up");
  EXPECT_EQ(record(counter("jobs_total", NAN)),
            "metric \"jobs_total\": counter increment NaN: expected a finite number from 0 up");
  EXPECT_EQ(record(counter("jobs_total", INFINITY)),
            "metric \"jobs_total\": counter increment +Inf: expected a finite number from 0 up");
  EXPECT_EQ(record(gauge("depth", -INFINITY)),
            "metric \"depth\": gauge value -Inf: expected a finite number");
  EXPECT_EQ(record(histogram_of("h", {.buckets = {}, .count = 1, .sum = NAN})),
            "metric \"h\": histogram sum: expected a finite number");
  EXPECT_EQ(record(summary_of("s", {.quantiles = {{1.5, 1}}, .count = 1, .sum = 1})),
            "metric \"s\": summary quantile 1.5: expected a quantile in 0..1 with a finite value");

  EXPECT_EQ(store.rejected(), 6u);
  EXPECT_EQ(number(store, "jobs_total", {}), 1.0);
  EXPECT_EQ(number(store, "depth", {}), 1.0);
  EXPECT_EQ(series_in(store, "h"), 0u);
}

TEST_F(UserMetricsTest, ACounterNeverBecomesInfinite) {
  constexpr double kHuge = std::numeric_limits<double>::max();
  EXPECT_EQ(record(counter("jobs_total", kHuge)), "taken");

  EXPECT_NE(record(counter("jobs_total", kHuge)), "taken");
  EXPECT_EQ(number(store, "jobs_total", {}), kHuge);
}

TEST_F(UserMetricsTest, AHistogramCountNeverWraps) {
  constexpr std::uint64_t kHuge = ~std::uint64_t{0};
  record(histogram_of("h", {.buckets = {{1, 1}}, .count = kHuge, .sum = 1}));

  EXPECT_NE(record(histogram_of("h", {.buckets = {{1, 1}}, .count = 2, .sum = 1})), "taken");
  EXPECT_EQ(histogram(store, "h", {}).count, kHuge);
  EXPECT_EQ(histogram(store, "h", {}).buckets, (std::vector<HistogramBucket>{{1, 1}}));
}

TEST_F(UserMetricsTest, HistogramBucketsMustAscendAndBeCumulative) {
  const std::string tail =
      ": expected ascending bounds and cumulative counts up to `count`, which a +Inf bucket must "
      "equal";
  EXPECT_EQ(record(histogram_of("h", {.buckets = {{1, 1}, {1, 1}}, .count = 1, .sum = 1})),
            "metric \"h\": histogram bucket le=1" + tail);
  EXPECT_EQ(record(histogram_of("h", {.buckets = {{1, 2}, {2, 1}}, .count = 2, .sum = 1})),
            "metric \"h\": histogram bucket le=2" + tail);
  EXPECT_EQ(record(histogram_of("h", {.buckets = {{1, 3}}, .count = 2, .sum = 1})),
            "metric \"h\": histogram bucket le=1" + tail);
  EXPECT_EQ(record(histogram_of("h", {.buckets = {{INFINITY, 1}}, .count = 2, .sum = 1})),
            "metric \"h\": histogram bucket le=+Inf" + tail);
  EXPECT_EQ(record(histogram_of("h", {.buckets = {{-INFINITY, 1}}, .count = 1, .sum = 1})),
            "metric \"h\": histogram bucket le=-Inf" + tail);
}

TEST_F(UserMetricsTest, AnInfBucketThatEqualsTheCountIsTaken) {
  EXPECT_EQ(record(histogram_of("h", {.buckets = {{1, 1}, {INFINITY, 3}}, .count = 3, .sum = 9})),
            "taken");
  EXPECT_EQ(record(histogram_of("h", {.buckets = {{1, 2}}, .count = 2, .sum = 1})), "taken")
      << "the bounds are the same with and without it";

  EXPECT_EQ(histogram(store, "h", {}).buckets, (std::vector<HistogramBucket>{{1, 3}}));
  EXPECT_EQ(histogram(store, "h", {}).count, 5u);
  EXPECT_EQ(histogram(store, "h", {}).sum, 10.0);
}

TEST_F(UserMetricsTest, AnInfBucketIsTakenByTheLibrarysOwnFamilyToo) {
  Metric metric("llm_request_duration_seconds", MetricType::Histogram,
                HistogramValue{.buckets = {{1, 1}, {INFINITY, 2}}, .count = 2, .sum = 4});
  EXPECT_EQ(record(std::move(metric).with_label("provider", "p").with_label("model", "m")),
            "taken");
}

TEST_F(UserMetricsTest, QuantilesFrom0To1AreTakenEachOnce) {
  EXPECT_EQ(
      record(summary_of("rtt", {.quantiles = {{0, 1}, {0.5, 2}, {1, 3}}, .count = 9, .sum = 9})),
      "taken");
  EXPECT_EQ(record(summary_of("rtt", {.quantiles = {{0.5, 1}, {0.9, 2}, {0.5, 3}}, .count = 1})),
            "metric \"rtt\": summary quantile 0.5: expected each quantile once");
}

// Prometheus takes a label with an empty value for no label: two lines would be one series twice.
TEST_F(UserMetricsTest, ALabelWithoutAValueIsNoLabel) {
  record(counter("jobs_total", 1).with_label("cause", "").with_label("reason", "x"));
  record(counter("jobs_total", 2).with_label("reason", "x"));
  record(counter("jobs_total", 4)
             .with_label("reason", "x")
             .with_label("cause", "y")
             .with_label("cause", ""));

  EXPECT_EQ(series_in(store, "jobs_total"), 1u);
  EXPECT_EQ(number(store, "jobs_total", {{"reason", "x"}}), 7.0);
}

TEST_F(UserMetricsTest, LabelSetsThatLookAlikeWhenTheyAreJoinedAreSeriesOfTheirOwn) {
  const std::vector<Metric::Labels> sets = {
      {{"a", "1\",b=\"2"}},
      {{"a", "1"}, {"b", "2"}},
      {{"a", "1\\"}, {"b", "2"}},
      {{"a", "1,b=2"}},
      {{"a", "1\\\",b=\"2"}},
      {{"a", "1\n"}},
      {{"a", "1\\n"}},
      {{"a", "1"}},
  };
  MetricStore large{StoreOptions{}};
  double value = 1;
  for (const auto& labels : sets) {
    Metric metric = counter("x_total", value);
    for (const auto& [name, text] : labels) metric.with_label(name, text);
    EXPECT_TRUE(large.record(metric));
    value *= 2;
  }

  EXPECT_EQ(series_in(large, "x_total"), sets.size());
  value = 1;
  for (const auto& labels : sets) {
    EXPECT_EQ(number(large, "x_total", labels), value);
    value *= 2;
  }
}

TEST_F(UserMetricsTest, ANameKeepsTheTypeItWasFirstPublishedWith) {
  record(gauge("depth", 1));

  EXPECT_EQ(record(counter("depth", 1)),
            "metric \"depth\": published as a counter, but it is a gauge since it was first "
            "published");
}

TEST_F(UserMetricsTest, SamplesOfAHistogramKeepTheirNames) {
  record(histogram_of("wait", {.buckets = {{1, 1}}, .count = 1, .sum = 1}));
  record(counter("work_count", 1));

  for (const char* suffix : {"_bucket", "_sum", "_count"})
    EXPECT_EQ(
        record(counter("wait" + std::string(suffix), 1)),
        "metric \"wait" + std::string(suffix) + "\": the name is taken by a sample of \"wait\"");
  EXPECT_EQ(record(histogram_of("work", {.buckets = {}, .count = 1, .sum = 1})),
            "metric \"work\": its sample \"work_count\" is a family already");
  EXPECT_EQ(record(summary_of("work", {.quantiles = {}, .count = 1, .sum = 1})),
            "metric \"work\": its sample \"work_count\" is a family already");
  EXPECT_EQ(record(counter("llm_request_duration_seconds_count", 1)),
            "metric \"llm_request_duration_seconds_count\": the name is taken by a sample of "
            "\"llm_request_duration_seconds\"");
}

TEST_F(UserMetricsTest, FamiliesOfTheLibraryThatItFillsItselfAreRefused) {
  store.add_callback("llm_monitor_things", "Things.", MetricType::Gauge, [] { return 1.0; });

  EXPECT_EQ(record(gauge("llm_monitor_things", 5)),
            "metric \"llm_monitor_things\": the library fills this family itself; publish under a "
            "name of your own");
  EXPECT_EQ(number(store, "llm_monitor_things", {}), 1.0);
}

TEST_F(UserMetricsTest, LabelSetsBeyondTheLimitGoIntoOneOverflowSeries) {
  for (int i = 0; i < 10; ++i)
    EXPECT_EQ(record(counter("jobs_total", 1).with_label("id", std::to_string(i))), "taken");

  EXPECT_EQ(series_in(store, "jobs_total"), 4u);
  EXPECT_EQ(number(store, "jobs_total", {{"id", "_overflow_"}}), 7.0);
  EXPECT_EQ(number(store, "jobs_total", {{"id", "2"}}), 1.0);
  EXPECT_EQ(store.overflowed(), 7u);
}

TEST_F(UserMetricsTest, DistinctLabelNamesAreBoundedToo) {
  for (int i = 0; i < 100; ++i)
    EXPECT_EQ(record(counter("jobs_total", 1).with_label("id" + std::to_string(i), "x")), "taken");

  EXPECT_EQ(series_in(store, "jobs_total"), 4u);
  EXPECT_EQ(number(store, "jobs_total", {{"id3", "_overflow_"}}), 97.0);
}

TEST_F(UserMetricsTest, FamilyNamesAreBounded) {
  for (int i = 0; i < 3; ++i) EXPECT_EQ(record(gauge("g" + std::to_string(i), 1)), "taken");

  EXPECT_EQ(record(gauge("g3", 1)), "metric \"g3\": there are 3 user families already, the limit");
  EXPECT_EQ(record(gauge("g2", 9)), "taken") << "known names still work";
}

TEST_F(UserMetricsTest, LabelValuesAreCutAndEqualOnesShareASeries) {
  const std::string long_value(300, 'x');
  record(counter("jobs_total", 1).with_label("id", long_value));
  record(counter("jobs_total", 1).with_label("id", long_value + "y"));

  EXPECT_EQ(number(store, "jobs_total", {{"id", std::string(256, 'x')}}), 2.0);
}

}  // namespace
}  // namespace ltb::metrics
