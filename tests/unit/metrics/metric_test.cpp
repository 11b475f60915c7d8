// Metric values, the five high-level metrics and the error types.
#include <ltb/error_type.hpp>
#include <ltb/metric.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <limits>
#include <set>
#include <stdexcept>
#include <string>
#include <type_traits>

namespace ltb {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr double kInfinity = std::numeric_limits<double>::infinity();

template <typename Call>
std::string invalid_argument_of(Call call) {
  try {
    call();
  } catch (const std::invalid_argument& error) {
    return error.what();
  }
  return "nothing was thrown";
}

TEST(Metric, KeepsWhatTheGuideGivesIt) {
  const Metric metric = Metric("llm_requests_total", MetricType::Counter, Counter{1})
                            .with_label("provider", "openai")
                            .with_label("model", "gpt-4")
                            .with_help("Requests");

  EXPECT_EQ(metric.name(), "llm_requests_total");
  EXPECT_EQ(metric.type(), MetricType::Counter);
  EXPECT_EQ(std::get<Counter>(metric.value()).value, 1.0);
  EXPECT_EQ(metric.labels(), (Metric::Labels{{"model", "gpt-4"}, {"provider", "openai"}}));
  EXPECT_EQ(metric.label("provider"), "openai");
  EXPECT_EQ(metric.label("status"), "");
  EXPECT_EQ(metric.help(), "Requests");
  EXPECT_NE(metric.timestamp(), std::chrono::system_clock::time_point{});
}

TEST(Metric, HoldsEachOfTheFourTypes) {
  const HistogramValue histogram{
      .buckets = {{.le = 0.5, .count = 45}, {.le = 1.0, .count = 123}}, .count = 234, .sum = 456.7};
  const SummaryValue summary{.quantiles = {{.quantile = 0.5, .value = 1.2}}, .count = 3, .sum = 4};

  EXPECT_EQ(std::get<Gauge>(Metric("a", MetricType::Gauge, Gauge{-5}).value()).value, -5.0);
  EXPECT_EQ(std::get<HistogramValue>(Metric("a", MetricType::Histogram, histogram).value()),
            histogram);
  EXPECT_EQ(std::get<SummaryValue>(Metric("a", MetricType::Summary, summary).value()), summary);
  EXPECT_EQ(to_string(MetricType::Counter), "counter");
  EXPECT_EQ(to_string(MetricType::Gauge), "gauge");
  EXPECT_EQ(to_string(MetricType::Histogram), "histogram");
  EXPECT_EQ(to_string(MetricType::Summary), "summary");
}

TEST(Metric, RefusesAnIllegalNameAndSaysWhatIsLegal) {
  for (const char* name : {"", "9lives", "with space", "with-dash", "caf\xC3\xA9", "new\nline"}) {
    EXPECT_THROW(Metric(name, MetricType::Gauge, Gauge{}), std::invalid_argument) << name;
  }
  EXPECT_EQ(invalid_argument_of([] { Metric("new\nline", MetricType::Gauge, Gauge{}); }),
            "metric name \"new\\nline\": expected [a-zA-Z_:][a-zA-Z0-9_:]*, for example "
            "\"llm_requests_total\"");
  EXPECT_NO_THROW(Metric("_:aZ9", MetricType::Gauge, Gauge{}));
}

TEST(Metric, RefusesATypeThatIsNotItsValues) {
  EXPECT_EQ(invalid_argument_of([] { Metric("a", MetricType::Counter, Gauge{1}); }),
            "metric \"a\": its type is counter but its value is a gauge; both must be the same");
}

TEST(Metric, RefusesIllegalAndReservedLabelNames) {
  Metric gauge("a", MetricType::Gauge, Gauge{1});
  for (const char* name : {"", "1st", "a:b", "__name__", "a b"}) {
    EXPECT_THROW(gauge.with_label(name, "x"), std::invalid_argument) << name;
  }
  EXPECT_NO_THROW(gauge.with_label("le", "x"));
  EXPECT_THROW(Metric("h", MetricType::Histogram, HistogramValue{}).with_label("le", "1"),
               std::invalid_argument);
  EXPECT_THROW(Metric("s", MetricType::Summary, SummaryValue{}).with_label("quantile", "1"),
               std::invalid_argument);
}

TEST(Metric, ReplacesTheValueOfALabelThatIsThere) {
  const Metric metric =
      Metric("a", MetricType::Gauge, Gauge{1}).with_label("b", "1").with_label("b", "2");

  EXPECT_EQ(metric.labels(), (Metric::Labels{{"b", "2"}}));
}

TEST(Metric, RepairsInvalidUtf8InLabelValuesAndHelp) {
  const Metric metric =
      Metric("a", MetricType::Gauge, Gauge{1}).with_label("b", "x\xFFy").with_help("\xC3");

  EXPECT_EQ(metric.label("b"), "x\xEF\xBF\xBDy");
  EXPECT_EQ(metric.help(), "\xEF\xBF\xBD");
}

TEST(Metric, EqualValuesAreEqualWheneverTheyWereMade) {
  const auto made_at = [](int seconds) {
    Metric metric = Metric("queue_depth", MetricType::Gauge, Gauge{3}).with_label("queue", "in");
    metric.set_timestamp(std::chrono::system_clock::time_point{std::chrono::seconds{seconds}});
    return metric;
  };
  EXPECT_EQ(made_at(1), made_at(2));
  EXPECT_NE(made_at(1), made_at(1).with_label("queue", "out"));
  EXPECT_NE(made_at(1), made_at(1).with_help("Waiting calls"));
  EXPECT_NE(made_at(1), Metric("queue_depth", MetricType::Gauge, Gauge{4}));
}

TEST(Metric, ValuesAreMadeOfNumbersOnly) {
  static_assert(std::is_constructible_v<Counter, int> && std::is_constructible_v<Gauge, double>);
  static_assert(!std::is_constructible_v<Counter, std::string>);
  static_assert(!std::is_constructible_v<Gauge, const char*>);
  EXPECT_EQ(Counter{7U}.value, 7.0);
}

TEST(RequestMetric, IsOneIncrementOfTheRequestCounter) {
  const Metric metric = RequestMetric{"openai", "gpt-4"}.to_metric();

  EXPECT_EQ(metric.name(), "llm_requests_total");
  EXPECT_EQ(metric.value(), MetricValue(Counter{1}));
  EXPECT_EQ(metric.labels(),
            (Metric::Labels{{"model", "gpt-4"}, {"provider", "openai"}, {"status", "success"}}));
}

TEST(LatencyMetric, IsOneObservationInCumulativeBuckets) {
  const Metric metric = LatencyMetric{"openai", "gpt-4", 1.0}.to_metric();

  EXPECT_EQ(metric.name(), "llm_request_duration_seconds");
  const auto& value = std::get<HistogramValue>(metric.value());
  EXPECT_EQ(value.count, 1u);
  EXPECT_EQ(value.sum, 1.0);
  ASSERT_EQ(value.buckets.size(), 16u);
  for (const HistogramBucket& bucket : value.buckets) {
    EXPECT_EQ(bucket.count, bucket.le >= 1.0 ? 1u : 0u) << bucket.le;
  }
}

TEST(LatencyMetric, RefusesNegativeAndNonFiniteLatencies) {
  for (const double bad : {-0.1, kNan, kInfinity}) {
    EXPECT_THROW(LatencyMetric("openai", "gpt-4", bad), std::invalid_argument) << bad;
  }
  EXPECT_NO_THROW(LatencyMetric("openai", "gpt-4", 0));
}

TEST(TokenMetric, GivesInputThenOutput) {
  const auto metrics = TokenMetric{"openai", "gpt-4", 150, 75}.to_metrics();

  ASSERT_EQ(metrics.size(), 2u);
  EXPECT_EQ(metrics[0].name(), "llm_tokens_input_total");
  EXPECT_EQ(metrics[0].value(), MetricValue(Counter{150}));
  EXPECT_EQ(metrics[1].name(), "llm_tokens_output_total");
  EXPECT_EQ(metrics[1].value(), MetricValue(Counter{75}));
}

TEST(CostMetric, CountsMicroDollarsExactly) {
  const auto micro = [](double usd) {
    return std::get<Counter>(CostMetric("openai", "gpt-4", usd).to_metric().value()).value;
  };

  EXPECT_EQ(CostMetric("openai", "gpt-4", 1).to_metric().name(), "llm_cost_usd_total");
  EXPECT_EQ(micro(0.0135), 13500.0);
  EXPECT_EQ(micro(0.000000001), 0.001);
  EXPECT_EQ(micro(45), 45000000.0);
  EXPECT_EQ(micro(1.1), 1100000.0);
  EXPECT_EQ(micro(std::numeric_limits<double>::max()), std::numeric_limits<double>::max());
  for (const double bad : {-0.1, kNan, kInfinity}) {
    EXPECT_THROW(CostMetric("openai", "gpt-4", bad), std::invalid_argument) << bad;
  }
}

TEST(ErrorMetric, CarriesTypeAndModelButNoMessageInItsLabels) {
  const auto error =
      ErrorMetric{"openai", "rate_limit"}.with_model("gpt-4").with_message("Rate limit exceeded");
  const Metric metric = error.to_metric();

  EXPECT_EQ(error.message(), "Rate limit exceeded");
  EXPECT_EQ(metric.name(), "llm_errors_total");
  EXPECT_EQ(metric.value(), MetricValue(Counter{1}));
  EXPECT_EQ(
      metric.labels(),
      (Metric::Labels{{"error_type", "rate_limit"}, {"model", "gpt-4"}, {"provider", "openai"}}));
}

TEST(ErrorMetric, CountsATypeOutsideTheClosedSetAsOther) {
  const Metric metric = ErrorMetric{"openai", "my own"}.to_metric();

  EXPECT_EQ(metric.label("error_type"), "other");
  EXPECT_EQ(metric.label("model"), "unknown");
}

TEST(ErrorType, EveryNameIsReadBack) {
  std::set<std::string_view> names;
  for (std::size_t i = 0; i < kErrorTypeCount; ++i) {
    const auto type = static_cast<ErrorType>(i);
    names.insert(to_string(type));
    EXPECT_EQ(parse_error_type(to_string(type)), type);
  }
  EXPECT_EQ(names.size(), kErrorTypeCount);
  EXPECT_EQ(to_string(ErrorType::ContentFilter), "content_filter");
  EXPECT_EQ(to_string(ErrorType::Other), "other");
  EXPECT_EQ(parse_error_type("RateLimit"), std::nullopt);
  EXPECT_EQ(parse_error_type(""), std::nullopt);
}

TEST(ErrorType, EachHttpStatusHasItsType) {
  using enum ErrorType;
  const std::vector<std::pair<int, ErrorType>> expected = {
      {400, InvalidRequest}, {401, Auth},        {402, Quota},
      {403, Permission},     {404, NotFound},    {408, Timeout},
      {422, InvalidRequest}, {429, RateLimit},   {407, Auth},
      {409, InvalidRequest}, {410, NotFound},    {413, InvalidRequest},
      {420, RateLimit},      {444, Network},     {446, ContentFilter},
      {451, Permission},     {460, Cancelled},   {498, Overloaded},
      {520, ServerError},    {521, ServerError}, {522, Timeout},
      {523, ServerError},    {524, Timeout},     {525, ServerError},
      {526, ServerError},    {530, ServerError}, {598, Timeout},
      {499, Cancelled},      {500, ServerError}, {502, ServerError},
      {503, Overloaded},     {504, Timeout},     {529, Overloaded},
      {599, ServerError},    {200, Other},       {399, Other},
      {600, Other},          {-1, Other},        {0, Other}};
  for (const auto& [status, type] : expected) {
    EXPECT_EQ(error_type_from_http_status(status), type) << status;
  }
}

TEST(ProviderError, CarriesTypeMessageAndCode) {
  const ProviderError error(ErrorType::Quota, "You ran out", "insufficient_quota");

  EXPECT_EQ(error.type(), ErrorType::Quota);
  EXPECT_STREQ(error.what(), "You ran out");
  EXPECT_EQ(error.code(), "insufficient_quota");
}

}  // namespace
}  // namespace ltb
