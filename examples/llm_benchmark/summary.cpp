// The result of a run: a table for people, JSON for programs.

#include "summary.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <optional>

namespace llm_benchmark {
namespace {

constexpr std::chrono::seconds kLeastWindow = std::chrono::minutes{5};

std::string fixed(double value, int decimals) {
  std::array<char, 64> text{};
  std::snprintf(text.data(), text.size(), "%.*f", decimals, value);
  return text.data();
}

std::string seconds_or_dash(const std::optional<double>& value) {
  return value ? fixed(*value, 3) : "-";
}

std::string percent_or_dash(std::uint64_t part, std::uint64_t whole) {
  if (whole == 0) return "-";
  return fixed(100.0 * static_cast<double>(part) / static_cast<double>(whole), 1) + '%';
}

void add(SummaryRow& total, const SummaryRow& row) {
  total.requests += row.requests;
  total.errors += row.errors;
  total.cancelled += row.cancelled;
  total.input_tokens += row.input_tokens;
  total.output_tokens += row.output_tokens;
  total.cost_nano_usd += row.cost_nano_usd;
  total.score.scored += row.score.scored;
  total.score.right += row.score.right;
  for (const auto& [type, count] : row.errors_by_type) total.errors_by_type[type] += count;
}

SummaryRow row_of(const ltb::ModelStats& stats) {
  SummaryRow row{.provider = stats.provider,
                 .model = stats.model,
                 .requests = stats.total_requests,
                 .errors = stats.failed_requests,
                 .cancelled = stats.cancelled_requests,
                 .latency = {},
                 .input_tokens = stats.total_input_tokens,
                 .output_tokens = stats.total_output_tokens,
                 .cost_nano_usd = stats.total_cost_nano_usd,
                 .errors_by_type = {},
                 .score = {}};
  for (std::size_t i = 0; i < stats.errors.size(); ++i) {
    const auto type = static_cast<ltb::ErrorType>(i);
    // What the caller gave up is no error; it has a column of its own.
    if (stats.errors[i] == 0 || type == ltb::ErrorType::Cancelled) continue;
    row.errors_by_type[std::string(to_string(type))] = stats.errors[i];
  }
  return row;
}

constexpr std::size_t kColumns = 11;
constexpr std::size_t kTextColumns = 2;  // Aligned left; the numbers after them right.
using Cells = std::array<std::string, kColumns>;

Cells cells_of(const SummaryRow& row) {
  return {row.provider,
          row.model,
          std::to_string(row.requests),
          std::to_string(row.errors),
          seconds_or_dash(row.latency.p50),
          seconds_or_dash(row.latency.p95),
          seconds_or_dash(row.latency.p99),
          std::to_string(row.input_tokens),
          std::to_string(row.output_tokens),
          dollars(row.cost_nano_usd),
          percent_or_dash(row.score.right, row.score.scored)};
}

std::string closing_line(const Summary& summary) {
  const SummaryRow& total = summary.total;
  std::string line =
      std::to_string(total.requests) + " requests in " + fixed(summary.elapsed_seconds, 1) + " s";
  if (summary.elapsed_seconds > 0) {
    line += " (" + fixed(static_cast<double>(total.requests) / summary.elapsed_seconds, 1) + "/s)";
  }
  if (total.cancelled > 0) line += ", " + std::to_string(total.cancelled) + " cancelled";
  line += ", " + std::to_string(total.errors) + " errors";
  char separator = ':';
  for (const auto& [type, count] : total.errors_by_type) {
    line += separator + (' ' + type + ' ' + std::to_string(count));
    separator = ',';
  }
  return line + '\n';
}

/// The names of GET /api/v1/overview, so that whoever reads one can read the other.
nlohmann::json json_of(const SummaryRow& row) {
  nlohmann::json latency{{"count", row.latency.count}};
  if (row.latency.p50) latency["p50"] = *row.latency.p50;
  if (row.latency.p95) latency["p95"] = *row.latency.p95;
  if (row.latency.p99) latency["p99"] = *row.latency.p99;
  nlohmann::json object{{"total_requests", row.requests},
                        {"successful_requests", row.requests - row.errors - row.cancelled},
                        {"failed_requests", row.errors},
                        {"cancelled_requests", row.cancelled},
                        {"errors", row.errors_by_type},
                        {"latency", std::move(latency)},
                        {"total_input_tokens", row.input_tokens},
                        {"total_output_tokens", row.output_tokens},
                        {"total_cost", static_cast<double>(row.cost_nano_usd) / 1e9},
                        {"answers_scored", row.score.scored},
                        {"answers_right", row.score.right}};
  if (!row.provider.empty()) object["provider"] = row.provider;
  if (!row.model.empty()) object["model"] = row.model;
  return object;
}

}  // namespace

std::string dollars(std::uint64_t nano_usd) {
  const std::uint64_t micro = nano_usd / 1'000 + (nano_usd % 1'000 >= 500 ? 1 : 0);
  const std::string fraction = std::to_string(micro % 1'000'000);
  return std::to_string(micro / 1'000'000) + '.' + std::string(6 - fraction.size(), '0') + fraction;
}

Summary make_summary(const ltb::MonitoringSystem& monitoring, const Scores& scores,
                     std::chrono::nanoseconds elapsed) {
  const ltb::MetricCollector& collector = monitoring.collector();
  // The whole run, as far back as the monitoring remembers.
  const auto window =
      std::min(std::max(std::chrono::ceil<std::chrono::seconds>(elapsed) + std::chrono::seconds{5},
                        kLeastWindow),
               monitoring.config().retention_period);
  Summary summary;
  for (const ltb::ModelStats& stats : collector.model_stats()) {
    SummaryRow row = row_of(stats);
    row.latency = collector.percentiles(stats.provider, stats.model, window);
    if (const auto score = scores.find({stats.provider, stats.model}); score != scores.end()) {
      row.score = score->second;
    }
    add(summary.total, row);
    summary.rows.push_back(std::move(row));
  }
  summary.total.latency = collector.percentiles({}, {}, window);
  summary.elapsed_seconds = std::chrono::duration<double>(elapsed).count();
  return summary;
}

std::string to_table(const Summary& summary) {
  std::vector<Cells> lines{{"provider", "model", "requests", "errors", "P50 s", "P95 s", "P99 s",
                            "tokens in", "tokens out", "cost USD", "right"}};
  for (const SummaryRow& row : summary.rows) lines.push_back(cells_of(row));
  Cells total = cells_of(summary.total);
  total.front() = "total";
  lines.push_back(std::move(total));

  std::array<std::size_t, kColumns> widths{};
  for (const Cells& line : lines) {
    for (std::size_t i = 0; i < kColumns; ++i) widths[i] = std::max(widths[i], line[i].size());
  }
  std::string text;
  for (const Cells& line : lines) {
    for (std::size_t i = 0; i < kColumns; ++i) {
      const std::string padding(widths[i] - line[i].size(), ' ');
      if (i > 0) text += "  ";
      text += i < kTextColumns ? line[i] + padding : padding + line[i];
    }
    text += '\n';
  }
  return text + closing_line(summary);
}

std::string to_json(const Summary& summary) {
  nlohmann::json models = nlohmann::json::array();
  for (const SummaryRow& row : summary.rows) models.push_back(json_of(row));
  const nlohmann::json object{{"elapsed_seconds", summary.elapsed_seconds},
                              {"models", std::move(models)},
                              {"totals", json_of(summary.total)}};
  return object.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) + '\n';
}

}  // namespace llm_benchmark
