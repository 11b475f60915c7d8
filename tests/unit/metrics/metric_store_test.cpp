// The store: families made together, bounded, clean labels, and what may not enter.
#include "metrics/metric_store.hpp"

#include "unit/support/store_reader.hpp"

#include <gtest/gtest.h>
#include <spdlog/sinks/ostream_sink.h>

#include <cmath>
#include <limits>
#include <memory>
#include <set>
#include <sstream>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace ltb::metrics {
namespace {

using tests::histogram;
using tests::number;
using tests::read_series;
using tests::series_in;

const Metric::Labels kGpt{{"provider", "openai"}, {"model", "gpt-4"}};

Metric::Labels with(Metric::Labels labels, std::string name, std::string value) {
  labels.emplace_back(std::move(name), std::move(value));
  return labels;
}

TEST(MetricStore, MakesAllFamiliesOfAProviderAndModelTogetherAtZero) {
  MetricStore store({});
  EXPECT_EQ(store.series_count(), 0u);

  (void)store.request_series("openai", "gpt-4");

  for (const char* status : {"success", "error", "cancelled"})
    EXPECT_EQ(number(store, "llm_requests_total", with(kGpt, "status", status)), 0.0) << status;
  for (const char* family :
       {"llm_tokens_input_total", "llm_tokens_output_total", "llm_tokens_cached_input_total",
        "llm_tokens_reasoning_total", "llm_cost_usd_total", "llm_spend_usd_total",
        "llm_unpriced_requests_total", "llm_usage_missing_total"})
    EXPECT_EQ(number(store, family, kGpt), 0.0) << family;
  for (const char* family : {"llm_request_duration_seconds", "llm_time_to_first_token_seconds",
                             "llm_inter_token_latency_seconds", "llm_time_per_output_token_seconds",
                             "llm_output_tokens_per_second"})
    EXPECT_EQ(histogram(store, family, kGpt).count, 0u) << family;
  EXPECT_EQ(series_in(store, "llm_errors_total"), kErrorTypeCount);
  EXPECT_EQ(number(store, "llm_errors_total", with(kGpt, "error_type", "rate_limit")), 0.0);
  EXPECT_EQ(series_in(store, "llm_finish_reasons_total"), 5u);
  EXPECT_EQ(number(store, "llm_requests_active", {{"provider", "openai"}}), 0.0);
  EXPECT_EQ(number(store, "llm_provider_up", {{"provider", "openai"}, {"status", "healthy"}}), 1.0);
  EXPECT_EQ(number(store, "llm_provider_up", {{"provider", "openai"}, {"status", "degraded"}}),
            0.0);
  EXPECT_EQ(series_in(store, "llm_request_input_tokens"), 0u) << "with detailed_metrics only";
}

TEST(MetricStore, DetailedMetricsAddTheirFamilies) {
  MetricStore store({.detailed_metrics = true});

  (void)store.request_series("openai", "gpt-4");

  EXPECT_EQ(histogram(store, "llm_request_input_tokens", kGpt).count, 0u);
  EXPECT_EQ(histogram(store, "llm_request_output_tokens", kGpt).count, 0u);
  EXPECT_EQ(series_in(store, "llm_request_error_duration_seconds"), kErrorTypeCount);
}

TEST(MetricStore, GivesTheSameSeriesForTheSameNames) {
  MetricStore store({});
  RequestSeries& series = store.request_series("openai", "gpt-4");

  EXPECT_EQ(&store.request_series("openai", "gpt-4"), &series);
  EXPECT_EQ(store.find_request_series("openai", "gpt-4"), &series);
  EXPECT_EQ(store.find_request_series("openai", "gpt-5"), nullptr);
  EXPECT_EQ(series.provider_series, store.find_provider_series("openai"));
}

TEST(MetricStore, FourThreadsThatRecordTheSameNewPairMakeItOnce) {
  MetricStore store({});
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&] {
      for (int i = 0; i < 200; ++i) {
        CallRecord call;
        call.duration_ns = 1'000'000;
        store.request_series("p", "m" + std::to_string(i)).record(call);
      }
    });
  for (auto& thread : threads) thread.join();

  EXPECT_EQ(store.request_series_count(), 200u);
  EXPECT_EQ(series_in(store, "llm_requests_total"), 600u);
  for (RequestSeries* series : store.all_request_series())
    ASSERT_EQ(series->words.sum(RequestLayout::kStatus), 4u) << series->model();
}

struct Logged {
  std::ostringstream text;
  support::Log log{std::make_shared<spdlog::logger>(
      "test", std::make_shared<spdlog::sinks::ostream_sink_mt>(text))};
  std::size_t lines() const {
    std::size_t count = 0;
    for (const char c : text.str()) count += c == '\n' ? 1u : 0u;
    return count;
  }
};

TEST(MetricStore, OneMillionModelNamesStayBoundedAndTheRestIsInTheOverflowSeries) {
  Logged logged;
  MetricStore store({.max_series_per_family = 1000, .log = logged.log});

  for (int i = 0; i < 1'000'000; ++i) {
    CallRecord call;
    call.cost = ExactCost{.nano_usd = 1};
    store.request_series("openai", "model-" + std::to_string(i)).record(call);
  }

  EXPECT_EQ(store.request_series_count(), 1001u);
  EXPECT_EQ(store.provider_series_count(), 2u) << "openai and the overflow provider";
  EXPECT_EQ(series_in(store, "llm_tokens_input_total"), 1001u);
  const Metric::Labels rest{{"provider", "_overflow_"}, {"model", "_overflow_"}};
  EXPECT_EQ(number(store, "llm_requests_total", with(rest, "status", "success")), 999'000.0);
  EXPECT_EQ(store.overflowed(), 999'000u);
  EXPECT_EQ(store.all_request_series().back()->model(), "_overflow_");
  std::uint64_t nano = 0;
  for (RequestSeries* series : store.all_request_series())
    nano += series->words.sum(RequestLayout::kCostNano);
  EXPECT_EQ(nano, 1'000'000u) << "nothing is lost";
  EXPECT_EQ(logged.lines(), 1u) << logged.text.str();
  EXPECT_NE(logged.text.str().find("LTB_MAX_SERIES_PER_FAMILY"), std::string::npos);
}

TEST(MetricStore, AKnownPairIsStillCountedByItselfAfterTheOverflow) {
  MetricStore store({.max_series_per_family = 1});
  RequestSeries& known = store.request_series("openai", "gpt-4");
  (void)store.request_series("openai", "gpt-5");

  EXPECT_EQ(&store.request_series("openai", "gpt-4"), &known);
  EXPECT_EQ(store.request_series("openai", "gpt-5").model(), kOverflow);
}

TEST(MetricStore, TheOverflowProviderIsShownAsSoonAsItIsUsed) {
  MetricStore store({.max_series_per_family = 2});
  (void)store.provider_series("a");  // as a ProviderStatus event does
  (void)store.provider_series("b");
  RequestSeries& series = store.request_series("c", "m");
  series.started();

  ASSERT_EQ(series.provider_series->provider(), kOverflow);
  EXPECT_EQ(number(store, "llm_requests_active", {{"provider", "_overflow_"}}), 1.0);
  EXPECT_EQ(store.provider_series_count(), 3u);
  EXPECT_EQ(store.all_provider_series().size(), 3u);
}

TEST(MetricStore, EvaluationsOverflowToo) {
  MetricStore store({.max_series_per_family = 2});
  for (int i = 0; i < 5; ++i)
    store.evaluated(store.evaluation_series("p", "m", "metric-" + std::to_string(i)), i, {});

  EXPECT_EQ(series_in(store, "llm_evaluation_score"), 3u);
  const Metric::Labels rest{
      {"provider", "_overflow_"}, {"model", "_overflow_"}, {"metric", "_overflow_"}};
  EXPECT_EQ(number(store, "llm_evaluations_total", rest), 3.0);
  EXPECT_EQ(number(store, "llm_evaluation_score", rest), 4.0);
}

TEST(MetricStore, AnEvaluationMovesScoreCountAndDuration) {
  MetricStore store({});
  EvaluationSeries& series = store.evaluation_series("openai", "gpt-4", "faithfulness");
  const Metric::Labels labels = with(kGpt, "metric", "faithfulness");

  store.evaluated(series, 0.92, 1'500'000'000);
  store.evaluated(series, -0.5, std::nullopt);

  EXPECT_EQ(number(store, "llm_evaluation_score", labels), -0.5);
  EXPECT_EQ(number(store, "llm_evaluations_total", labels), 2.0);
  EXPECT_EQ(histogram(store, "llm_evaluation_duration_seconds", labels).count, 1u);
  EXPECT_EQ(histogram(store, "llm_evaluation_duration_seconds", labels).sum, 1.5);
  EXPECT_EQ(store.rejected(), 0u);

  store.evaluated(series, NAN, std::nullopt);

  EXPECT_EQ(number(store, "llm_evaluation_score", labels), -0.5) << "NaN leaves the last score";
  EXPECT_EQ(number(store, "llm_evaluations_total", labels), 3.0);
  EXPECT_EQ(store.rejected(), 1u);
}

TEST(MetricStore, RepairsInvalidUtf8InLabels) {
  MetricStore store({});

  (void)store.request_series(
      "open\xff"
      "ai",
      "gpt\xc3");

  EXPECT_EQ(number(store, "llm_tokens_input_total",
                   {{"provider",
                     "open\xef\xbf\xbd"
                     "ai"},
                    {"model", "gpt\xef\xbf\xbd"}}),
            0.0);
  EXPECT_EQ(&store.request_series("open\xff"
                                  "ai",
                                  "gpt\xc3"),
            &store.request_series("open\xef\xbf\xbd"
                                  "ai",
                                  "gpt\xef\xbf\xbd"));
}

TEST(MetricStore, CutsLongLabelsAtACharacter) {
  MetricStore store({.max_label_bytes = 16});
  const std::string fifteen(15, 'x');

  RequestSeries& series = store.request_series("p", fifteen + "\xc3\xa9tail");

  EXPECT_EQ(series.model(), fifteen) << "the two-byte letter does not fit";
  EXPECT_EQ(&store.request_series("p", fifteen + "\xc3\xa9other"), &series);
  EXPECT_EQ(store.request_series_count(), 1u);
  EXPECT_EQ(store.labels_cut(), 2u);
  (void)store.request_series("p", fifteen + "x");
  EXPECT_EQ(store.labels_cut(), 2u) << "sixteen bytes are whole";
}

TEST(MetricStore, RefusesToMakeAFamilyTwiceOrWithAnIllegalName) {
  MetricStore store({});
  store.add_family("host_things", "Things.", MetricType::Gauge);

  EXPECT_THROW(store.add_family("host_things", "", MetricType::Gauge), std::logic_error);
  EXPECT_THROW(store.add_family("llm_requests_total", "", MetricType::Counter), std::logic_error);
  EXPECT_THROW(store.add_family("9lives", "", MetricType::Counter), std::logic_error);
}

TEST(MetricStore, NamesTheFamilyWhoseBucketsAreBad) {
  for (const char* family : {"llm_request_duration_seconds", "llm_evaluation_duration_seconds"}) {
    try {
      MetricStore store({.histogram_buckets = {{family, {2, 1}}}});
      FAIL() << family;
    } catch (const std::invalid_argument& error) {
      EXPECT_EQ(std::string(error.what()),
                std::string("histogram_buckets[\"") + family +
                    "\"]: histogram buckets: upper bound 1 after 2: expected ascending bounds");
    }
  }
}

TEST(MetricStore, UsesTheBucketsItIsGiven) {
  MetricStore store({.histogram_buckets = {{"llm_request_duration_seconds", {0.5, 2}}}});
  CallRecord call;
  call.duration_ns = 500'000'000;
  store.request_series("openai", "gpt-4").record(call);
  call.duration_ns = 2'000'000'001;
  store.request_series("openai", "gpt-4").record(call);

  const HistogramValue value = histogram(store, "llm_request_duration_seconds", kGpt);
  EXPECT_EQ(value.buckets, (std::vector<HistogramBucket>{{0.5, 1}, {2, 1}}));
  EXPECT_EQ(value.count, 2u);
}

TEST(Family, ReadersSeeSeriesSortedWhileOthersAddThem) {
  Family family("f", "help", MetricType::Counter);
  std::thread adder([&] {
    for (int i = 0; i < 500; ++i)
      family.add({{"n", std::to_string((i * 7919) % 500)}}, CallbackCell{[] { return 1.0; }});
  });
  for (int round = 0; round < 50; ++round) {
    std::string last;
    family.for_each([&](const Series& series) {
      EXPECT_LT(last, series.text);
      last = series.text;
    });
  }
  adder.join();
  std::set<std::string> texts;
  family.for_each([&](const Series& series) { texts.insert(series.text); });

  EXPECT_EQ(texts.size(), 500u);
  EXPECT_EQ(family.size(), 500u);
}

TEST(Family, RemovesASeriesThatNoReaderSawYet) {
  Family family("f", "help", MetricType::Gauge);
  Series* gone = family.add({{"n", "1"}}, CallbackCell{[] { return 1.0; }});
  family.add({{"n", "2"}}, CallbackCell{[] { return 2.0; }});

  family.remove(gone);

  std::vector<std::string> texts;
  family.for_each([&](const Series& series) { texts.push_back(series.text); });
  EXPECT_EQ(texts, std::vector<std::string>{"n=\"2\""});
  EXPECT_EQ(family.size(), 1u);
}

}  // namespace
}  // namespace ltb::metrics
