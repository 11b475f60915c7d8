#include "collector/overview_json.hpp"

#include "events/event_id.hpp"
#include "support/number_text.hpp"
#include "support/timestamp.hpp"

#include <utility>

namespace ltb::collector {
namespace {

using support::JsonWriter;

void write(JsonWriter& json, std::string_view name, const Percentiles& percentiles) {
  json.key(name);
  json.begin_object();
  json.field("p50", percentiles.p50);
  json.field("p95", percentiles.p95);
  json.field("p99", percentiles.p99);
  json.field("count", percentiles.count);
  json.end_object();
}

// From the integer, so that the text is exact to the nano-dollar.
void write_cost(JsonWriter& json, std::string_view name, std::optional<std::uint64_t> nano_usd) {
  if (!nano_usd) return;
  char cost[support::kNumberTextBytes];
  json.key(name);
  json.raw({cost, static_cast<std::size_t>(support::write_decimal(cost, *nano_usd, 9) - cost)});
}

void write_fields(JsonWriter& json, const CallTotals& totals) {
  json.field("total_requests", totals.total_requests);
  json.field("successful_requests", totals.successful_requests);
  json.field("failed_requests", totals.failed_requests);
  json.field("cancelled_requests", totals.cancelled_requests);
  json.field("active_requests", totals.active_requests);
  json.field("total_input_tokens", totals.total_input_tokens);
  json.field("total_output_tokens", totals.total_output_tokens);
  write_cost(json, "total_cost", totals.total_cost_nano_usd);
  json.field("usage_missing_requests", totals.usage_missing_requests);
  json.field("unpriced_requests", totals.unpriced_requests);
  json.field("latency_missing_requests", totals.latency_missing_requests);
  json.field("requests_per_second", totals.requests_per_second);
  json.field("input_tokens_per_second", totals.input_tokens_per_second);
  json.field("output_tokens_per_second", totals.output_tokens_per_second);
  json.field("cost_per_hour", totals.cost_per_hour);
  json.field("error_rate", totals.error_rate);
  json.field("avg_latency", totals.avg_latency);
  write(json, "latency", totals.latency);
  write(json, "time_to_first_token", totals.time_to_first_token);
  write(json, "inter_token_latency", totals.inter_token_latency);
  json.key("errors");
  json.begin_object();
  for (std::size_t i = 0; i < totals.errors.size(); ++i) {
    if (totals.errors[i] > 0) json.field(to_string(static_cast<ErrorType>(i)), totals.errors[i]);
  }
  json.end_object();
  if (totals.slos.empty()) return;
  json.key("slos");
  json.begin_array();
  for (const SloStats& slo : totals.slos) {
    json.begin_object();
    json.field("name", slo.name);
    json.field("good", slo.good);
    json.field("bad", slo.bad);
    json.field("attainment", slo.attainment);
    json.field("goodput", slo.goodput);
    json.end_object();
  }
  json.end_array();
}

void write(JsonWriter& json, const RateLimits& limits) {
  json.key("rate_limits");
  json.begin_object();
  json.field("requests_limit", limits.requests_limit);
  json.field("requests_remaining", limits.requests_remaining);
  json.field("tokens_limit", limits.tokens_limit);
  json.field("tokens_remaining", limits.tokens_remaining);
  if (limits.reset_at) json.field("reset_at", support::timestamp_text(*limits.reset_at));
  json.end_object();
}

void write(JsonWriter& json, const BenchmarkStatus& benchmark) {
  json.begin_object();
  json.field("benchmark_id", benchmark.benchmark_id);
  json.field("name", benchmark.name);
  json.field("state", to_string(benchmark.state));
  json.field("total_examples", benchmark.total_examples);
  json.field("completed_examples", benchmark.completed_examples);
  json.field("failed_examples", benchmark.failed_examples);
  json.field("progress_percent", benchmark.progress_percent);
  json.field("current_provider", benchmark.current_provider);
  json.field("eta_seconds", benchmark.eta_seconds);
  json.field("examples_per_second", benchmark.examples_per_second);
  json.field("elapsed_seconds", benchmark.elapsed_seconds);
  json.field("idle_seconds", benchmark.idle_seconds);
  json.field("total_requests", benchmark.total_requests);
  json.field("successful_requests", benchmark.successful_requests);
  json.field("failed_requests", benchmark.failed_requests);
  json.field("cancelled_requests", benchmark.cancelled_requests);
  json.field("usage_missing_requests", benchmark.usage_missing_requests);
  json.field("unpriced_requests", benchmark.unpriced_requests);
  json.field("has_unattributed_calls", benchmark.has_unattributed_calls);
  json.field("total_input_tokens", benchmark.total_input_tokens);
  json.field("total_output_tokens", benchmark.total_output_tokens);
  write_cost(json, "cost", benchmark.cost_nano_usd);
  json.field("projected_cost", benchmark.projected_cost);
  json.field("requests_per_second", benchmark.requests_per_second);
  write(json, "latency", benchmark.latency);
  write(json, "time_to_first_token", benchmark.time_to_first_token);
  json.field("started_at", support::timestamp_text(benchmark.started_at));
  json.end_object();
}

}  // namespace

void write_providers(JsonWriter& json, const std::vector<ProviderStats>& providers) {
  json.begin_array();
  for (const ProviderStats& row : providers) {
    json.begin_object();
    json.field("provider", row.provider);
    json.field("status", to_string(row.status));
    write_fields(json, row);
    json.end_object();
  }
  json.end_array();
}

void write_models(JsonWriter& json, const std::vector<ModelStats>& models) {
  json.begin_array();
  for (const ModelStats& row : models) {
    json.begin_object();
    json.field("provider", row.provider);
    json.field("model", row.model);
    write_fields(json, row);
    if (row.rate_limits) write(json, *row.rate_limits);
    json.end_object();
  }
  json.end_array();
}

void write_benchmarks(JsonWriter& json, const std::vector<BenchmarkStatus>& benchmarks) {
  json.begin_array();
  for (const BenchmarkStatus& benchmark : benchmarks) write(json, benchmark);
  json.end_array();
}

std::string overview_json(const Overview& overview) {
  std::string out;
  out.reserve(1024 + 800 * (overview.providers.size() + overview.models.size()) +
              500 * overview.benchmarks.size());
  JsonWriter json(out);
  json.begin_object();
  json.field("epoch", overview.epoch);
  json.field("version", overview.version);
  json.field("timestamp", support::timestamp_text(overview.timestamp));
  json.field("uptime_seconds", overview.uptime_seconds);
  json.field("last_event_id", events::event_id_text(overview.last_event_id));
  json.key("totals");
  json.begin_object();
  write_fields(json, overview.totals);
  json.end_object();
  json.key("providers");
  write_providers(json, overview.providers);
  json.key("models");
  write_models(json, overview.models);
  json.key("benchmarks");
  write_benchmarks(json, overview.benchmarks);
  json.end_object();
  return out;
}

OverviewSource::OverviewSource(const MetricCollector& collector, const support::Clock& clock,
                               std::string epoch, std::string version,
                               std::function<std::uint64_t()> last_event_id)
    : collector_(collector),
      clock_(clock),
      started_(clock.steady_now() + clock.slept()),
      epoch_(std::move(epoch)),
      version_(std::move(version)),
      last_event_id_(std::move(last_event_id)) {}

Overview OverviewSource::read() const {
  Overview out;
  out.epoch = epoch_;
  out.version = version_;
  out.timestamp = clock_.system_now();
  out.uptime_seconds =
      std::chrono::duration<double>(clock_.steady_now() + clock_.slept() - started_).count();
  // Before the numbers: whoever asks for events since this id may see some that the numbers hold
  // already, but misses none.
  out.last_event_id = last_event_id_();
  out.totals = collector_.totals();
  out.providers = collector_.provider_stats();
  out.models = collector_.model_stats();
  out.benchmarks = collector_.benchmarks();
  return out;
}

}  // namespace ltb::collector
