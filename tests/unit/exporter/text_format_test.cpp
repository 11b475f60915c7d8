// The text of /metrics, read back by an independent parser and compared with prometheus-cpp's.
#include "exporter/text_format.hpp"

#include "exporter/store_collectable.hpp"
#include "unit/exporter/exposition_parser.hpp"
#include "unit/exporter/store_sample.hpp"

#include <gtest/gtest.h>
#include <prometheus/text_serializer.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <limits>
#include <random>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

namespace ltb::exporter {
namespace {

using metrics::CallRecord;
using metrics::MetricStore;
using tests::ExpositionParser;
using tests::fill;
using tests::ParsedText;

std::string oracle_text(const MetricStore& store) {
  std::ostringstream out;
  prometheus::TextSerializer().Serialize(out, collect(store));
  return out.str();
}

// "1e+09" and "1000000000" are the same bound.
ParsedText with_plain_numbers(const ParsedText& text) {
  ParsedText plain = text;
  plain.samples.clear();
  for (const auto& [key, value] : text.samples) {
    auto labels = key.second;
    for (const char* label : {"le", "quantile"}) {
      if (labels.contains(label) && labels[label] != "+Inf")
        labels[label] = std::to_string(std::stod(labels[label]));
    }
    plain.samples.emplace(std::pair(key.first, labels), value);
  }
  return plain;
}

void expect_same(const ParsedText& ours, const ParsedText& oracle) {
  ASSERT_EQ(ours.families.size(), oracle.families.size());
  for (const auto& [name, family] : oracle.families) {
    ASSERT_TRUE(ours.families.contains(name)) << name;
    EXPECT_EQ(ours.families.at(name).type, family.type) << name;
    EXPECT_EQ(ours.families.at(name).help, family.help) << name;
  }
  ASSERT_EQ(ours.samples.size(), oracle.samples.size());
  for (const auto& [key, expected] : oracle.samples) {
    const auto found = ours.samples.find(key);
    ASSERT_NE(found, ours.samples.end()) << key.first;
    if (std::isnan(expected) || std::isinf(expected) || expected == 0) {
      EXPECT_TRUE(found->second == expected || (std::isnan(expected) && std::isnan(found->second)))
          << key.first;
    } else {
      EXPECT_LE(std::abs(found->second - expected) / std::abs(expected), 1e-15)
          << key.first << " " << found->second;
    }
  }
}

TEST(TextFormat, SaysWhatPrometheusCppSaysOfTheSameStore) {
  for (const bool detailed : {false, true}) {
    MetricStore store({.detailed_metrics = detailed});
    fill(store);

    const ParsedText ours = ExpositionParser::parse(render_text(store));

    const ParsedText oracle = ExpositionParser::parse(oracle_text(store));
    expect_same(with_plain_numbers(ours), with_plain_numbers(oracle));
    EXPECT_GT(ours.samples.size(), 1'000u);
  }
}

TEST(TextFormat, AStoreWithoutSeriesIsAnEmptyText) {
  const MetricStore store({});

  EXPECT_EQ(render_text(store), "");
}

TEST(TextFormat, FamiliesAndTheSeriesInThemAreSorted) {
  MetricStore store({});
  fill(store);

  const ParsedText text = ExpositionParser::parse(render_text(store));

  EXPECT_TRUE(std::is_sorted(text.family_order.begin(), text.family_order.end()));
  std::vector<std::string> of_one_family;
  for (const std::string& line : text.sample_lines)
    if (line.starts_with("llm_requests_total{"))
      of_one_family.push_back(line.substr(0, line.rfind('}')));
  EXPECT_EQ(of_one_family.size(), 27u);
  EXPECT_TRUE(std::is_sorted(of_one_family.begin(), of_one_family.end()));
}

TEST(TextFormat, WritesOneFamilyExactlyLikeThis) {
  MetricStore store({});
  store.record(Metric("wait_seconds", MetricType::Histogram,
                      HistogramValue{.buckets = {{0.5, 1}, {2, 2}}, .count = 3, .sum = 4.25})
                   .with_label("queue", "a\"b\\c\nd")
                   .with_help("Time\\ spent\nwaiting."));
  store.record(Metric("wait_seconds", MetricType::Histogram,
                      HistogramValue{.buckets = {}, .count = 0, .sum = 0}));

  EXPECT_EQ(render_text(store),
            "# HELP wait_seconds Time\\\\ spent\\nwaiting.\n"
            "# TYPE wait_seconds histogram\n"
            "wait_seconds_bucket{le=\"+Inf\"} 0\n"
            "wait_seconds_sum 0\n"
            "wait_seconds_count 0\n"
            "wait_seconds_bucket{queue=\"a\\\"b\\\\c\\nd\",le=\"0.5\"} 1\n"
            "wait_seconds_bucket{queue=\"a\\\"b\\\\c\\nd\",le=\"2\"} 2\n"
            "wait_seconds_bucket{queue=\"a\\\"b\\\\c\\nd\",le=\"+Inf\"} 3\n"
            "wait_seconds_sum{queue=\"a\\\"b\\\\c\\nd\"} 4.25\n"
            "wait_seconds_count{queue=\"a\\\"b\\\\c\\nd\"} 3\n");
}

TEST(TextFormat, CostsAreWrittenExactlyWithoutRounding) {
  MetricStore store({});
  store.request_series("p", "m").add_cost(
      {.nano_usd = 9'007'199'254'740'993});  // 2^53 + 1: no double holds it

  const std::string text = render_text(store);

  EXPECT_NE(text.find("llm_cost_usd_total{provider=\"p\",model=\"m\"} 9007199254740.993\n"),
            std::string::npos);
  EXPECT_NE(text.find("llm_spend_usd_total{provider=\"p\",model=\"m\"} 9007199.254740993\n"),
            std::string::npos);
}

void expect_consistent_histograms(const ParsedText& text) {
  for (const auto& [key, value] : text.samples) {
    const auto& [name, labels] = key;
    if (!labels.contains("le") || labels.at("le") != "+Inf") continue;
    auto plain = labels;
    plain.erase("le");
    const std::string family = name.substr(0, name.size() - std::string("_bucket").size());
    ASSERT_EQ(value, text.samples.at({family + "_count", plain})) << family;
    for (const auto& [other, count] : text.samples) {
      if (other.first != name || !other.second.contains("le")) continue;
      auto rest = other.second;
      rest.erase("le");
      if (rest == plain) {
        ASSERT_LE(count, value) << family;
      }
    }
  }
}

TEST(TextFormat, PlusInfEqualsCountWhileThreadsRecord) {
  MetricStore store({});
  auto& series = store.request_series("p", "m");
  std::atomic<bool> done{false};
  std::vector<std::thread> threads;
  for (std::uint64_t t = 0; t < 3; ++t)
    threads.emplace_back([&, t] {
      std::mt19937_64 random(t);
      CallRecord call;
      while (!done) {
        call.duration_ns = random() % 700'000'000'000;
        series.record(call);
        (void)store.request_series("p", "m" + std::to_string(random() % 5));
      }
    });
  double last = 0;
  for (int i = 0; i < 10; ++i) {
    const ParsedText text = ExpositionParser::parse(render_text(store));
    if (i % 5 == 0) expect_consistent_histograms(text);
    const double count = text.samples.at(
        {"llm_request_duration_seconds_count", {{"provider", "p"}, {"model", "m"}}});
    EXPECT_GE(count, last);
    last = count;
  }
  done = true;
  for (auto& thread : threads) thread.join();
}

TEST(TextFormat, InvalidUtf8NeverReachesTheText) {
  MetricStore store({});
  (void)store.request_series("bad\xff\xfe", "\xc3(");
  store.record(Metric("g", MetricType::Gauge, Gauge{1}).with_label("x", "\xed\xa0\x80"));

  const std::string text = render_text(store);

  EXPECT_EQ(text.find('\xff'), std::string::npos);
  EXPECT_NE(text.find("provider=\"bad\xef\xbf\xbd\xef\xbf\xbd\",model=\"\xef\xbf\xbd(\""),
            std::string::npos);
}

}  // namespace
}  // namespace ltb::exporter
