#include "collector/history_metrics.hpp"

#include "support/utf8.hpp"

#include <map>
#include <stdexcept>
#include <string>

namespace ltb::collector {
namespace {

using Read = std::optional<double> (*)(const HistoryDelta&, double);

double rate(std::uint64_t count, double seconds) {
  return static_cast<double>(count) / seconds;
}
double usd(std::uint64_t nano) {
  return static_cast<double>(nano) / 1e9;
}

std::optional<double> when(bool known, double value) {
  return known ? std::optional(value) : std::nullopt;
}

std::optional<double> quantile(const metrics::SparseSketch& sketch, double q) {
  metrics::DenseSketch dense;
  dense.add(sketch);
  return dense.quantile(q);
}

std::optional<double> share(std::uint64_t part, std::uint64_t whole) {
  if (whole == 0) return std::nullopt;
  return static_cast<double>(part) / static_cast<double>(whole);
}

struct Row {
  HistoryKind kind;
  Read read;
};

const std::map<std::string_view, Row>& rows() {
  using enum HistoryKind;
  using D = const HistoryDelta&;
  static const std::map<std::string_view, Row> table{
      {"requests_per_second",
       {Rate, [](D d, double s) -> std::optional<double> { return rate(d.finished(), s); }}},
      {"success_per_second",
       {Rate, [](D d, double s) -> std::optional<double> { return rate(d.success, s); }}},
      {"errors_per_second",
       {Rate, [](D d, double s) -> std::optional<double> { return rate(d.error, s); }}},
      {"cancelled_per_second",
       {Rate, [](D d, double s) -> std::optional<double> { return rate(d.cancelled, s); }}},
      {"error_rate",
       {Measurement, [](D d, double) { return share(d.error, d.success + d.error); }}},
      {"latency_avg",
       {Measurement,
        [](D d, double) -> std::optional<double> {
          if (d.latencies == 0) return std::nullopt;
          return static_cast<double>(d.latency_ns) * 1e-9 / static_cast<double>(d.latencies);
        }}},
      {"latency_p50", {Measurement, [](D d, double) { return quantile(d.latency, .5); }}},
      {"latency_p95", {Measurement, [](D d, double) { return quantile(d.latency, .95); }}},
      {"latency_p99", {Measurement, [](D d, double) { return quantile(d.latency, .99); }}},
      {"ttft_p50", {Measurement, [](D d, double) { return quantile(d.first_token, .5); }}},
      {"ttft_p95", {Measurement, [](D d, double) { return quantile(d.first_token, .95); }}},
      {"ttft_p99", {Measurement, [](D d, double) { return quantile(d.first_token, .99); }}},
      {"itl_p50", {Measurement, [](D d, double) { return quantile(d.inter_token, .5); }}},
      {"itl_p95", {Measurement, [](D d, double) { return quantile(d.inter_token, .95); }}},
      {"itl_p99", {Measurement, [](D d, double) { return quantile(d.inter_token, .99); }}},
      {"input_tokens_per_second",
       {Rate, [](D d, double s) { return when(d.knows_tokens(), rate(d.input_tokens, s)); }}},
      {"output_tokens_per_second",
       {Rate, [](D d, double s) { return when(d.knows_tokens(), rate(d.output_tokens, s)); }}},
      {"cost", {Rate, [](D d, double) { return when(d.knows_cost(), usd(d.cost_nano)); }}},
      {"cost_per_hour",
       {Rate, [](D d, double s) { return when(d.knows_cost(), usd(d.cost_nano) / s * 3600); }}},
      {"cost_total",
       {CostTotal, [](D d, double) { return when(d.knows_cost(), usd(d.cost_nano)); }}},
      {"active_requests",
       {Active,
        [](D d, double) -> std::optional<double> { return static_cast<double>(d.active); }}},
  };
  return table;
}

}  // namespace

HistoryMetric history_metric(std::string_view name) {
  constexpr std::string_view kErrors = "errors.";
  if (name.starts_with(kErrors)) {
    if (const auto type = parse_error_type(name.substr(kErrors.size())))
      return {HistoryKind::Rate,
              [type = *type](const HistoryDelta& delta, double seconds) -> std::optional<double> {
                return rate(delta.errors_of(type), seconds);
              }};
  }
  const auto found = rows().find(name);
  if (found != rows().end()) return {found->second.kind, found->second.read};
  std::string known;
  for (const auto& [metric, row] : rows()) known.append(metric).append(", ");
  throw std::invalid_argument("history metric \"" + support::escape_for_log(name) +
                              "\": expected one of " + known + "errors.<error_type>");
}

}  // namespace ltb::collector
