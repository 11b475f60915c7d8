// The numbers of a run, and their JSON.

#include "summary.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstddef>
#include <nlohmann/json.hpp>
#include <string_view>

namespace llm_benchmark {
namespace {

void add(CallTimes& total, const CallTimes& times) {
  total.latency.add(times.latency);
  total.time_to_first_token.add(times.time_to_first_token);
  total.time_per_output_token.add(times.time_per_output_token);
  total.queue.add(times.queue);
  total.retries += times.retries;
}

void add(SummaryRow& total, const SummaryRow& row) {
  total.requests += row.requests;
  total.errors += row.errors;
  total.cancelled += row.cancelled;
  add(total.times, row.times);
  total.score.scored += row.score.scored;
  total.score.right += row.score.right;
  for (const auto& [type, count] : row.errors_by_type) total.errors_by_type[type] += count;
}

std::vector<SloResult> slos_of(const ltb::CallTotals& totals) {
  std::vector<SloResult> slos;
  for (const ltb::SloStats& slo : totals.slos) slos.push_back({slo.name, slo.good, slo.bad});
  return slos;
}

void take_sums(SummaryRow& row, const ltb::CallTotals& totals) {
  row.input_tokens = totals.total_input_tokens;
  row.output_tokens = totals.total_output_tokens;
  row.usage_missing = totals.usage_missing_requests;
  row.cost_nano_usd = totals.total_cost_nano_usd;
  row.unpriced = totals.unpriced_requests;
}

SummaryRow row_of(const ltb::ModelStats& stats) {
  SummaryRow row{.provider = stats.provider,
                 .model = stats.model,
                 .requests = stats.total_requests,
                 .errors = stats.failed_requests,
                 .cancelled = stats.cancelled_requests,
                 .times = {},
                 .errors_by_type = {},
                 .slos = slos_of(stats),
                 .score = {}};
  take_sums(row, stats);
  for (std::size_t i = 0; i < stats.errors.size(); ++i) {
    const auto type = static_cast<ltb::ErrorType>(i);
    // A call that the caller gave up is not an error; it is counted apart.
    if (stats.errors[i] == 0 || type == ltb::ErrorType::Cancelled) continue;
    row.errors_by_type[std::string(to_string(type))] = stats.errors[i];
  }
  return row;
}

/// What is known by names that have no row of their own: of models beyond the limit of series,
/// which the monitoring counts together. Into the row of these, or else into the total alone.
void add_the_others(Summary& summary, const RunTally::ByModel& times, const Scores& scores) {
  constexpr std::string_view kOverflow = "_overflow_";
  const auto row = std::ranges::find_if(summary.rows, [&](const SummaryRow& each) {
    return each.provider == kOverflow && each.model == kOverflow;
  });
  SummaryRow& others = row == summary.rows.end() ? summary.total : *row;
  for (const auto& [names, own] : times) add(others.times, own);
  for (const auto& [names, own] : scores) {
    others.score.scored += own.scored;
    others.score.right += own.right;
  }
}

nlohmann::json json_of(const Quantiles& quantiles) {
  nlohmann::json object{{"count", quantiles.count()}};
  if (const auto p50 = quantiles.at(0.50)) object["p50"] = *p50;
  if (const auto p95 = quantiles.at(0.95)) object["p95"] = *p95;
  if (const auto p99 = quantiles.at(0.99)) object["p99"] = *p99;
  return object;
}

nlohmann::json json_of(const std::vector<SloResult>& slos, double elapsed_seconds) {
  nlohmann::json list = nlohmann::json::array();
  for (const SloResult& slo : slos) {
    nlohmann::json object{{"name", slo.name}, {"good", slo.good}, {"bad", slo.bad}};
    const auto good = static_cast<double>(slo.good);
    if (slo.good + slo.bad > 0) {
      object["attainment"] = good / static_cast<double>(slo.good + slo.bad);
    }
    if (elapsed_seconds > 0) object["goodput"] = good / elapsed_seconds;
    list.push_back(std::move(object));
  }
  return list;
}

nlohmann::json json_of(const SummaryRow& row, const Summary& summary) {
  nlohmann::json object{{"total_requests", row.requests},
                        {"successful_requests", row.requests - row.errors - row.cancelled},
                        {"failed_requests", row.errors},
                        {"cancelled_requests", row.cancelled},
                        {"retries", row.times.retries},
                        {"errors", row.errors_by_type},
                        {"latency", json_of(row.times.latency)},
                        {"time_to_first_token", json_of(row.times.time_to_first_token)},
                        {"time_per_output_token", json_of(row.times.time_per_output_token)},
                        {"usage_missing_requests", row.usage_missing},
                        {"unpriced_requests", row.unpriced},
                        {"slos", json_of(row.slos, summary.elapsed_seconds)},
                        {"answers_scored", row.score.scored},
                        {"answers_right", row.score.right}};
  if (summary.open_loop) object["queue_time"] = json_of(row.times.queue);
  if (row.input_tokens) object["total_input_tokens"] = *row.input_tokens;
  if (row.output_tokens) object["total_output_tokens"] = *row.output_tokens;
  if (row.cost_nano_usd) object["total_cost"] = static_cast<double>(*row.cost_nano_usd) / 1e9;
  if (row.output_tokens && summary.elapsed_seconds > 0) {
    object["output_tokens_per_second"] =
        static_cast<double>(*row.output_tokens) / summary.elapsed_seconds;
  }
  if (!row.provider.empty()) object["provider"] = row.provider;
  if (!row.model.empty()) object["model"] = row.model;
  return object;
}

}  // namespace

std::string fixed(double value, int decimals) {
  std::array<char, 512> text{};  // The longest double has 309 digits before the point.
  const auto [end, error] = std::to_chars(text.data(), text.data() + text.size(), value,
                                          std::chars_format::fixed, decimals);
  return {text.data(), error == std::errc{} ? end : text.data()};
}

std::string dollars(std::uint64_t nano_usd) {
  const std::uint64_t micro = nano_usd / 1'000 + (nano_usd % 1'000 >= 500 ? 1 : 0);
  const std::string fraction = std::to_string(micro % 1'000'000);
  return std::to_string(micro / 1'000'000) + '.' + std::string(6 - fraction.size(), '0') + fraction;
}

Summary make_summary(const ltb::MonitoringSystem& monitoring, const RunTally& tally,
                     const Scores& scores, bool open_loop) {
  Summary summary;
  summary.open_loop = open_loop;
  summary.elapsed_seconds = std::chrono::duration<double>(tally.elapsed()).count();
  RunTally::ByModel times = tally.by_model();
  Scores left = scores;
  for (const ltb::ModelStats& stats : monitoring.collector().model_stats()) {
    SummaryRow row = row_of(stats);
    if (const auto own = times.extract({row.provider, row.model})) row.times = own.mapped();
    if (const auto score = left.extract({row.provider, row.model})) row.score = score.mapped();
    summary.rows.push_back(std::move(row));
  }
  add_the_others(summary, times, left);
  for (const SummaryRow& row : summary.rows) add(summary.total, row);
  const ltb::CallTotals totals = monitoring.collector().totals();
  take_sums(summary.total, totals);
  summary.total.slos = slos_of(totals);
  return summary;
}

std::string to_json(const Summary& summary) {
  nlohmann::json models = nlohmann::json::array();
  for (const SummaryRow& row : summary.rows) models.push_back(json_of(row, summary));
  nlohmann::json object{{"elapsed_seconds", summary.elapsed_seconds},
                        {"models", std::move(models)},
                        {"totals", json_of(summary.total, summary)}};
  if (summary.open_loop) object["never_sent_requests"] = summary.never_sent;
  return object.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) + '\n';
}

}  // namespace llm_benchmark
