// The high-level metrics, published, move the library's own families.
#include "metrics/metric_store.hpp"
#include "unit/support/store_reader.hpp"

#include <ltb/metric.hpp>

#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <utility>

namespace ltb::metrics {
namespace {

using tests::histogram;
using tests::number;

const Metric::Labels kGpt{{"provider", "openai"}, {"model", "gpt-4"}};

Metric::Labels gpt_with(std::string name, std::string value) {
  Metric::Labels labels = kGpt;
  labels.emplace_back(std::move(name), std::move(value));
  return labels;
}

struct OwnFamiliesTest : ::testing::Test {
  std::string record(const Metric& metric) {
    std::string why;
    return store.record(metric, &why) ? "taken" : why;
  }
  MetricStore store{StoreOptions{}};
};

Metric labelled(const char* name, MetricType type, MetricValue value) {
  return Metric(name, type, std::move(value))
      .with_label("provider", "openai")
      .with_label("model", "gpt-4");
}

TEST_F(OwnFamiliesTest, RequestMetricCountsByStatus) {
  EXPECT_EQ(record(RequestMetric("openai", "gpt-4").to_metric()), "taken");
  EXPECT_EQ(record(RequestMetric("openai", "gpt-4", "error").to_metric()), "taken");

  EXPECT_EQ(number(store, "llm_requests_total", gpt_with("status", "success")), 1.0);
  EXPECT_EQ(number(store, "llm_requests_total", gpt_with("status", "error")), 1.0);
  EXPECT_EQ(record(RequestMetric("openai", "gpt-4", "fine").to_metric()),
            "metric \"llm_requests_total\": label status: expected success, error or cancelled");
}

TEST_F(OwnFamiliesTest, LatencyMetricIsOneObservation) {
  EXPECT_EQ(record(LatencyMetric("openai", "gpt-4", 1.52).to_metric()), "taken");

  const HistogramValue value = histogram(store, "llm_request_duration_seconds", kGpt);
  EXPECT_EQ(value.count, 1u);
  EXPECT_EQ(value.sum, 1.52);
  for (const auto& [le, count] : value.buckets) EXPECT_EQ(count, le >= 1.52 ? 1u : 0u) << le;
}

TEST_F(OwnFamiliesTest, LatencyMetricFitsConfiguredBucketsToo) {
  MetricStore other({.histogram_buckets = {{"llm_request_duration_seconds", {1, 2}}}});

  EXPECT_TRUE(other.record(LatencyMetric("openai", "gpt-4", 1.52).to_metric()));

  EXPECT_EQ(histogram(other, "llm_request_duration_seconds", kGpt).buckets,
            (std::vector<HistogramBucket>{{1, 0}, {2, 1}}));
}

TEST_F(OwnFamiliesTest, TokenCostAndErrorMetricsAdd) {
  for (const Metric& metric : TokenMetric("openai", "gpt-4", 150, 75).to_metrics())
    EXPECT_EQ(record(metric), "taken");
  EXPECT_EQ(record(CostMetric("openai", "gpt-4", 0.0135).to_metric()), "taken");
  EXPECT_EQ(record(ErrorMetric("openai", "rate_limit").with_model("gpt-4").to_metric()), "taken");

  EXPECT_EQ(number(store, "llm_tokens_input_total", kGpt), 150.0);
  EXPECT_EQ(number(store, "llm_tokens_output_total", kGpt), 75.0);
  EXPECT_EQ(number(store, "llm_cost_usd_total", kGpt), 13500.0);
  EXPECT_EQ(number(store, "llm_spend_usd_total", kGpt), 0.0135);
  EXPECT_EQ(number(store, "llm_errors_total", gpt_with("error_type", "rate_limit")), 1.0);
  EXPECT_EQ(store.rejected(), 0u);
}

TEST_F(OwnFamiliesTest, AHistogramOfManyObservationsIsAddedByItsBounds) {
  const Metric many =
      labelled("llm_request_duration_seconds", MetricType::Histogram,
               HistogramValue{.buckets = {{0.5, 3}, {5, 8}}, .count = 10, .sum = 40});

  EXPECT_EQ(record(many), "taken");

  const HistogramValue value = histogram(store, "llm_request_duration_seconds", kGpt);
  EXPECT_EQ(value.count, 10u);
  EXPECT_EQ(value.sum, 40.0);
  for (const auto& [le, count] : value.buckets)
    EXPECT_EQ(count, le < 0.5 ? 0u : le < 5 ? 3u : 8u) << le;
}

TEST_F(OwnFamiliesTest, AHistogramWithForeignBoundsChangesNothing) {
  const Metric foreign =
      labelled("llm_request_duration_seconds", MetricType::Histogram,
               HistogramValue{.buckets = {{0.5, 3}, {0.7, 8}}, .count = 10, .sum = 40});

  EXPECT_EQ(record(foreign),
            "metric \"llm_request_duration_seconds\": bucket le=0.7 is not one of the family's "
            "bounds");
  EXPECT_EQ(histogram(store, "llm_request_duration_seconds", kGpt).count, 0u);
  EXPECT_EQ(histogram(store, "llm_request_duration_seconds", kGpt).sum, 0.0);
  EXPECT_EQ(store.rejected(), 1u);
}

TEST_F(OwnFamiliesTest, CountsOfThingsMustBeWhole) {
  EXPECT_EQ(record(labelled("llm_tokens_input_total", MetricType::Counter, Counter{0.5})),
            "metric \"llm_tokens_input_total\": increment 0.5: expected a whole number");
  EXPECT_EQ(record(labelled("llm_requests_total", MetricType::Counter, Counter{1.5})
                       .with_label("status", "success")),
            "metric \"llm_requests_total\": increment 1.5: expected a whole number");
  EXPECT_EQ(record(labelled("llm_cost_usd_total", MetricType::Counter, Counter{0.25})), "taken")
      << "a quarter of a micro-dollar is 250 nano-dollars";
  EXPECT_EQ(number(store, "llm_cost_usd_total", kGpt), 0.25);
}

TEST_F(OwnFamiliesTest, HugeIncrementsAreRefused) {
  EXPECT_EQ(record(labelled("llm_tokens_input_total", MetricType::Counter, Counter{1e300})),
            "metric \"llm_tokens_input_total\": increment 1e+300 is too large");
  EXPECT_EQ(store.rejected(), 1u);
}

TEST_F(OwnFamiliesTest, AWrongTypeOrWrongLabelsAreRefused) {
  EXPECT_EQ(record(labelled("llm_tokens_input_total", MetricType::Gauge, Gauge{1})),
            "metric \"llm_tokens_input_total\": published as a gauge, but the library's own family "
            "is a counter");
  EXPECT_EQ(record(Metric("llm_tokens_input_total", MetricType::Counter, Counter{1})),
            "metric \"llm_tokens_input_total\": the library's own family needs the labels provider "
            "and model");
  const std::string tail =
      ": the library fills this family itself, or its labels are others; publish under a name of "
      "your own";
  EXPECT_EQ(record(labelled("llm_tokens_input_total", MetricType::Counter, Counter{1})
                       .with_label("user", "x")),
            "metric \"llm_tokens_input_total\"" + tail);
  EXPECT_EQ(record(labelled("llm_requests_active", MetricType::Gauge, Gauge{1})),
            "metric \"llm_requests_active\"" + tail);
  EXPECT_EQ(store.rejected(), 4u);
}

TEST_F(OwnFamiliesTest, AnEvaluationScoreIsSet) {
  EXPECT_EQ(record(labelled("llm_evaluation_score", MetricType::Gauge, Gauge{0.92})
                       .with_label("metric", "faithfulness")),
            "taken");

  EXPECT_EQ(number(store, "llm_evaluation_score", gpt_with("metric", "faithfulness")), 0.92);
}

}  // namespace
}  // namespace ltb::metrics
