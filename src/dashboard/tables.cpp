#include "dashboard/tables.hpp"

#include "collector/overview_json.hpp"
#include "dashboard/csv.hpp"
#include "events/event_id.hpp"
#include "support/json_writer.hpp"
#include "support/number_text.hpp"
#include "support/timestamp.hpp"

#include <map>
#include <string_view>

namespace ltb::dashboard {
namespace {

using support::JsonWriter;

// {"name": <what fill writes>}
template <typename Fill>
std::string object_of(std::string_view name, Fill fill) {
  std::string out;
  JsonWriter json(out);
  json.begin_object();
  json.key(name);
  fill(json);
  json.end_object();
  return out;
}

void cells(CsvWriter& csv, const Percentiles& percentiles) {
  csv.cell(percentiles.p50).cell(percentiles.p95).cell(percentiles.p99).cell(percentiles.count);
}

template <typename Visit>
void for_each_error(const std::vector<ModelStats>& models, Visit visit) {
  for (const ModelStats& row : models) {
    for (std::size_t i = 0; i < row.errors.size(); ++i) {
      if (row.errors[i] > 0) visit(row, to_string(static_cast<ErrorType>(i)), row.errors[i]);
    }
  }
}

// From the integer, so that the text is exact to the nano-dollar.
std::string exact_usd(std::uint64_t nano_usd) {
  char text[support::kNumberTextBytes];
  return {text, static_cast<std::size_t>(support::write_decimal(text, nano_usd, 9) - text)};
}

}  // namespace

std::string providers_json(const std::vector<ProviderStats>& providers,
                           const std::vector<ModelStats>& models) {
  std::string out;
  JsonWriter json(out);
  json.begin_object();
  json.key("providers");
  collector::write_providers(json, providers);
  json.key("models");
  collector::write_models(json, models);
  json.end_object();
  return out;
}

std::string providers_csv(const std::vector<ProviderStats>& providers,
                          const std::vector<ModelStats>& models) {
  std::map<std::string_view, ProviderHealth> status;
  for (const ProviderStats& row : providers) status.emplace(row.provider, row.status);
  CsvWriter csv({"provider",
                 "model",
                 "status",
                 "total_requests",
                 "successful_requests",
                 "failed_requests",
                 "cancelled_requests",
                 "total_input_tokens",
                 "total_output_tokens",
                 "total_cost",
                 "usage_missing_requests",
                 "unpriced_requests",
                 "latency_missing_requests",
                 "requests_per_second",
                 "input_tokens_per_second",
                 "output_tokens_per_second",
                 "cost_per_hour",
                 "error_rate",
                 "avg_latency",
                 "latency_p50",
                 "latency_p95",
                 "latency_p99",
                 "latency_count",
                 "time_to_first_token_p50",
                 "time_to_first_token_p95",
                 "time_to_first_token_p99",
                 "time_to_first_token_count",
                 "inter_token_latency_p50",
                 "inter_token_latency_p95",
                 "inter_token_latency_p99",
                 "inter_token_latency_count"});
  for (const ModelStats& row : models) {
    const auto health = status.find(row.provider);
    csv.cell(row.provider).cell(row.model);
    csv.cell(health == status.end() ? std::string_view() : to_string(health->second));
    csv.cell(row.total_requests).cell(row.successful_requests);
    csv.cell(row.failed_requests).cell(row.cancelled_requests);
    csv.cell(row.total_input_tokens).cell(row.total_output_tokens);
    csv.raw(row.total_cost_nano_usd ? exact_usd(*row.total_cost_nano_usd) : std::string());
    csv.cell(row.usage_missing_requests).cell(row.unpriced_requests);
    csv.cell(row.latency_missing_requests);
    csv.cell(row.requests_per_second).cell(row.input_tokens_per_second);
    csv.cell(row.output_tokens_per_second).cell(row.cost_per_hour);
    csv.cell(row.error_rate).cell(row.avg_latency);
    cells(csv, row.latency);
    cells(csv, row.time_to_first_token);
    cells(csv, row.inter_token_latency);
    csv.end_row();
  }
  return std::move(csv).take();
}

std::string benchmarks_json(const std::vector<BenchmarkStatus>& benchmarks) {
  return object_of("benchmarks",
                   [&](JsonWriter& json) { collector::write_benchmarks(json, benchmarks); });
}

std::string benchmarks_csv(const std::vector<BenchmarkStatus>& benchmarks) {
  CsvWriter csv({"benchmark_id",
                 "name",
                 "state",
                 "total_examples",
                 "completed_examples",
                 "failed_examples",
                 "progress_percent",
                 "current_provider",
                 "eta_seconds",
                 "examples_per_second",
                 "elapsed_seconds",
                 "idle_seconds",
                 "cost",
                 "projected_cost",
                 "started_at",
                 "total_requests",
                 "successful_requests",
                 "failed_requests",
                 "cancelled_requests",
                 "usage_missing_requests",
                 "unpriced_requests",
                 "has_unattributed_calls",
                 "total_input_tokens",
                 "total_output_tokens",
                 "requests_per_second",
                 "latency_p50",
                 "latency_p95",
                 "latency_p99",
                 "latency_count",
                 "time_to_first_token_p50",
                 "time_to_first_token_p95",
                 "time_to_first_token_p99",
                 "time_to_first_token_count"});
  for (const BenchmarkStatus& row : benchmarks) {
    csv.cell(row.benchmark_id).cell(row.name).cell(to_string(row.state));
    csv.cell(row.total_examples).cell(row.completed_examples).cell(row.failed_examples);
    csv.cell(row.progress_percent).cell(row.current_provider).cell(row.eta_seconds);
    csv.cell(row.examples_per_second).cell(row.elapsed_seconds).cell(row.idle_seconds);
    csv.raw(row.cost_nano_usd ? exact_usd(*row.cost_nano_usd) : std::string());
    csv.cell(row.projected_cost).cell(support::timestamp_text(row.started_at));
    csv.cell(row.total_requests).cell(row.successful_requests).cell(row.failed_requests);
    csv.cell(row.cancelled_requests).cell(row.usage_missing_requests).cell(row.unpriced_requests);
    csv.cell(row.has_unattributed_calls ? "true" : "false");
    csv.cell(row.total_input_tokens).cell(row.total_output_tokens).cell(row.requests_per_second);
    cells(csv, row.latency);
    cells(csv, row.time_to_first_token);
    csv.end_row();
  }
  return std::move(csv).take();
}

std::string errors_json(const std::vector<ModelStats>& models) {
  return object_of("errors", [&](JsonWriter& json) {
    json.begin_array();
    for_each_error(models, [&](const ModelStats& row, std::string_view type, std::uint64_t count) {
      json.begin_object();
      json.field("provider", row.provider);
      json.field("model", row.model);
      json.field("error_type", type);
      json.field("count", count);
      json.end_object();
    });
    json.end_array();
  });
}

std::string errors_csv(const std::vector<ModelStats>& models) {
  CsvWriter csv({"provider", "model", "error_type", "count"});
  for_each_error(models, [&](const ModelStats& row, std::string_view type, std::uint64_t count) {
    csv.cell(row.provider).cell(row.model).cell(type).cell(count).end_row();
  });
  return std::move(csv).take();
}

std::string events_json(const events::EventPage& page) {
  std::string out;
  JsonWriter json(out);
  json.begin_object();
  json.field("epoch", page.epoch);
  json.field("last_event_id", events::event_id_text(page.last_event_id));
  json.field("skipped", page.skipped);
  json.key("events");
  json.begin_array();
  for (const std::string& event : page.events) json.raw(event);
  json.end_array();
  json.end_object();
  return out;
}

}  // namespace ltb::dashboard
