// The tables of a run, for people.

#include <algorithm>
#include <cstddef>
#include <functional>
#include <optional>

#include "summary.hpp"

namespace llm_benchmark {
namespace {

using Cells = std::vector<std::string>;

constexpr std::size_t kWidth = 80;
constexpr std::size_t kTextColumns = 2;  // Aligned left; the numbers after them right.

/// One column of a table with a row per model and a total.
struct Column {
  std::string title;
  std::function<std::string(const SummaryRow&)> cell;
};

std::string seconds_or_dash(const std::optional<double>& value) {
  return value ? fixed(*value, 3) : "-";
}

std::string milliseconds_or_dash(const std::optional<double>& value) {
  return value ? fixed(*value * 1e3, 1) : "-";
}

std::string percent_or_dash(std::uint64_t part, std::uint64_t whole) {
  if (whole == 0) return "-";
  return fixed(100.0 * static_cast<double>(part) / static_cast<double>(whole), 1) + '%';
}

std::string per_second(std::uint64_t count, const Summary& summary) {
  if (summary.elapsed_seconds <= 0) return "-";
  return fixed(static_cast<double>(count) / summary.elapsed_seconds, 1);
}

constexpr const char* kUnknown = "unknown";

std::string or_unknown(const std::optional<std::uint64_t>& count) {
  return count ? std::to_string(*count) : kUnknown;
}

std::string aligned(const std::vector<Cells>& lines, std::size_t text_columns) {
  std::vector<std::size_t> widths(lines.front().size());
  for (const Cells& line : lines) {
    for (std::size_t i = 0; i < line.size(); ++i) widths[i] = std::max(widths[i], line[i].size());
  }
  std::string text;
  for (const Cells& line : lines) {
    for (std::size_t i = 0; i < line.size(); ++i) {
      const std::string padding(widths[i] - line[i].size(), ' ');
      if (i > 0) text += "  ";
      text += i < text_columns ? line[i] + padding : padding + line[i];
    }
    text += '\n';
  }
  return text;
}

std::string table_of(const Summary& summary, const std::vector<Column>& columns) {
  std::vector<Cells> lines(1);
  for (const Column& column : columns) lines.front().push_back(column.title);
  const auto add = [&](const SummaryRow& row) {
    Cells& cells = lines.emplace_back();
    for (const Column& column : columns) cells.push_back(column.cell(row));
  };
  for (const SummaryRow& row : summary.rows) add(row);
  add(summary.total);
  lines.back().front() = "total";
  return aligned(lines, kTextColumns);
}

/// The columns that say whose row it is.
std::vector<Column> names() {
  return {{"provider", [](const SummaryRow& row) { return row.provider; }},
          {"model", [](const SummaryRow& row) { return row.model; }}};
}

/// A column of a percentile.
Column percentile(const std::string& title, Quantiles CallTimes::*times, double share,
                  std::string (*shown)(const std::optional<double>&) = seconds_or_dash) {
  return {title, [=](const SummaryRow& row) { return shown((row.times.*times).at(share)); }};
}

std::string calls_table(const Summary& summary) {
  std::vector<Column> columns = names();
  columns.push_back(
      {"requests", [](const SummaryRow& row) { return std::to_string(row.requests); }});
  columns.push_back({"errors", [](const SummaryRow& row) { return std::to_string(row.errors); }});
  if (summary.total.times.retries > 0) {
    columns.push_back(
        {"retries", [](const SummaryRow& row) { return std::to_string(row.times.retries); }});
  }
  columns.push_back(percentile("P50 s", &CallTimes::latency, 0.50));
  columns.push_back(percentile("P95 s", &CallTimes::latency, 0.95));
  columns.push_back(percentile("P99 s", &CallTimes::latency, 0.99));
  if (summary.open_loop) {
    columns.push_back(percentile("queue P95 s", &CallTimes::queue, 0.95));
  }
  columns.push_back({"right", [](const SummaryRow& row) {
                       return percent_or_dash(row.score.right, row.score.scored);
                     }});
  return table_of(summary, columns);
}

/// Empty when nothing was streamed.
std::string token_times_table(const Summary& summary) {
  const CallTimes& times = summary.total.times;
  std::vector<Column> columns = names();
  const std::size_t own = columns.size();
  if (times.time_to_first_token.count() > 0) {
    columns.push_back(percentile("TTFT P50 s", &CallTimes::time_to_first_token, 0.50));
    columns.push_back(percentile("TTFT P95 s", &CallTimes::time_to_first_token, 0.95));
  }
  if (times.time_per_output_token.count() > 0) {
    columns.push_back(
        percentile("TPOT P50 ms", &CallTimes::time_per_output_token, 0.50, milliseconds_or_dash));
    columns.push_back(
        percentile("TPOT P95 ms", &CallTimes::time_per_output_token, 0.95, milliseconds_or_dash));
  }
  return columns.size() == own ? "" : '\n' + table_of(summary, columns);
}

std::string usage_table(const Summary& summary) {
  std::vector<Column> columns = names();
  columns.push_back(
      {"tokens in", [](const SummaryRow& row) { return or_unknown(row.input_tokens); }});
  columns.push_back(
      {"tokens out", [](const SummaryRow& row) { return or_unknown(row.output_tokens); }});
  columns.push_back({"cost USD", [](const SummaryRow& row) {
                       return row.cost_nano_usd ? dollars(*row.cost_nano_usd) : kUnknown;
                     }});
  columns.push_back({"tokens out/s", [&summary](const SummaryRow& row) {
                       return row.output_tokens ? per_second(*row.output_tokens, summary) : "-";
                     }});
  return '\n' + table_of(summary, columns);
}

/// What the sums do not contain, a line per model.
std::string missing_lines(const Summary& summary) {
  std::string text;
  const auto calls = [](std::uint64_t count) {
    return std::to_string(count) + (count == 1 ? " call" : " calls");
  };
  for (const SummaryRow& row : summary.rows) {
    if (row.usage_missing == 0 && row.unpriced == 0) continue;
    text += row.provider + '/' + row.model + ": ";
    if (row.usage_missing > 0) text += calls(row.usage_missing) + " reported no usage";
    if (row.usage_missing > 0 && row.unpriced > 0) text += ", ";
    if (row.unpriced > 0) text += calls(row.unpriced) + " not priced";
    text += '\n';
  }
  if (summary.total.unpriced > 0) {
    text += "Calls without usage or price are not in the sums (--prices names a price list).\n";
  } else if (!text.empty()) {
    text += "Calls without usage are not in the sums.\n";
  }
  return text.empty() ? text : '\n' + text;
}

std::string objectives_table(const Summary& summary) {
  if (summary.total.slos.empty()) return {};
  std::vector<Cells> lines{{"objective", "provider", "model", "good", "bad", "kept", "goodput/s"}};
  const auto add = [&](const SummaryRow& row, const std::string& provider) {
    for (const SloResult& slo : row.slos) {
      lines.push_back({slo.name, provider, row.model, std::to_string(slo.good),
                       std::to_string(slo.bad), percent_or_dash(slo.good, slo.good + slo.bad),
                       per_second(slo.good, summary)});
    }
  };
  for (const SummaryRow& row : summary.rows) add(row, row.provider);
  add(summary.total, "total");
  return '\n' + aligned(lines, kTextColumns + 1);
}

std::string closing_line(const Summary& summary) {
  const SummaryRow& total = summary.total;
  std::string line =
      std::to_string(total.requests) + " requests in " + fixed(summary.elapsed_seconds, 1) + " s";
  if (summary.elapsed_seconds > 0) line += " (" + per_second(total.requests, summary) + "/s)";
  if (summary.never_sent > 0) line += ", " + std::to_string(summary.never_sent) + " never sent";
  if (total.cancelled > 0) line += ", " + std::to_string(total.cancelled) + " cancelled";
  line += ", " + std::to_string(total.errors) + (total.errors == 1 ? " error" : " errors");
  char separator = ':';
  for (const auto& [type, count] : total.errors_by_type) {
    const std::string item = ' ' + type + ' ' + std::to_string(count);
    line += separator;
    const std::size_t begin = line.rfind('\n') + 1;
    if (line.size() - begin + item.size() + 1 > kWidth) line += "\n ";
    line += item;
    separator = ',';
  }
  return line + '\n';
}

}  // namespace

std::string to_table(const Summary& summary) {
  return calls_table(summary) + token_times_table(summary) + usage_table(summary) +
         objectives_table(summary) + missing_lines(summary) + '\n' + closing_line(summary);
}

}  // namespace llm_benchmark
