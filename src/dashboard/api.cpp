#include "dashboard/api.hpp"

#include "dashboard/api_query.hpp"
#include "dashboard/tables.hpp"
#include "support/utf8.hpp"

#include <functional>
#include <set>
#include <string>
#include <utility>

namespace ltb::dashboard {
namespace {

using collector::OverviewSource;

constexpr std::size_t kMaxSeries = 1000;
constexpr std::size_t kMaxAnswerPoints =
    200'000;  // of all series together: one request must not hold up an I/O thread

// What a handler answers with: text and whether it is a table.
struct Answer {
  std::string body;
  Format format = Format::Json;
};

net::Handler route(std::string name,
                   std::function<Answer(const Query&, const net::Request&)> answer) {
  return [name = std::move(name), answer = std::move(answer)](const net::Request& request) {
    try {
      Answer made = answer(Query(request.query), request);
      net::Response response = net::Response::json(200, std::move(made.body));
      response.compressible = true;
      if (made.format == Format::Json) return std::move(response).with_header("Vary", "Accept");
      response.content_type = "text/csv; charset=utf-8; header=present";
      return std::move(response)
          .with_header("Vary", "Accept")
          .with_header("Content-Disposition", "attachment; filename=\"" + name + ".csv\"");
    } catch (const BadRequest& error) {
      return net::Response::text(400, std::string(error.what()) + '\n');
    }
  };
}

void json_only(const Query& query) {
  if (const auto format = query.text("format"); format && *format != "json") {
    refuse("format", *format, "json, this is no table");
  }
}

// The provider and model of each series that an answer has, by what `by` asks.
std::vector<std::pair<std::string, std::string>> selections_of(const SeriesQuery& query,
                                                               const MetricCollector& collector) {
  if (query.by == SeriesQuery::By::Nothing) return {{query.provider, query.model}};
  std::set<std::pair<std::string, std::string>> out;
  for (const ModelStats& row : collector.model_stats()) {
    if (!query.provider.empty() && row.provider != query.provider) continue;
    if (!query.model.empty() && row.model != query.model) continue;
    // By provider, a model that was asked for stays the filter of each series.
    out.emplace(row.provider, query.by == SeriesQuery::By::Model ? row.model : query.model);
  }
  return {out.begin(), out.end()};
}

std::vector<NamedSeries> read_series(const SeriesQuery& query, const MetricCollector& collector) {
  const auto selections = selections_of(query, collector);
  if (selections.size() * query.metrics.size() > kMaxSeries) {
    throw BadRequest("by: the answer would have " +
                     std::to_string(selections.size() * query.metrics.size()) +
                     " series: expected at most 1000; choose a provider, a model or fewer metrics");
  }
  const double points_each =
      query.step > 0 ? (query.to - query.from) / static_cast<double>(query.step) : 600;
  if (points_each * static_cast<double>(selections.size() * query.metrics.size()) >
      kMaxAnswerPoints) {
    throw BadRequest("step=" + std::to_string(query.step) +
                     ": the answer would have more than 200000 points in all its series; choose a "
                     "larger step, a "
                     "shorter window or fewer series");
  }
  std::vector<NamedSeries> out;
  HistoryQuery question;
  const std::chrono::duration<double> to(query.to);
  question.to = std::chrono::system_clock::time_point(
      std::chrono::duration_cast<std::chrono::system_clock::duration>(to));
  question.window =
      std::chrono::ceil<std::chrono::seconds>(std::chrono::duration<double>(query.to - query.from));
  question.step = std::chrono::seconds(query.step);
  for (const std::string& metric : query.metrics) {
    for (const auto& [provider, model] : selections) {
      question.metric = metric;
      question.provider = provider;
      question.model = model;
      try {
        out.push_back({metric, provider, model, collector.history(question)});
      } catch (const std::invalid_argument& error) {
        throw BadRequest(error.what());
      }
    }
  }
  return out;
}

net::Response unknown_route(const net::Request& request) {
  return net::Response::text(404, "no such route: " + support::escape_for_log(request.path) +
                                      ": expected /api/v1/overview, providers, benchmarks, "
                                      "errors, events or series\n");
}

}  // namespace

void add_api_routes(net::Router& router, const std::shared_ptr<const OverviewSource>& source,
                    const std::shared_ptr<const events::EventHistory>& history) {
  const auto add = [&router](const std::string& name, auto answer) {
    router.get("/api/v1/" + name, route(name, std::move(answer)));
  };
  add("overview", [source](const Query& query, const net::Request&) -> Answer {
    json_only(query);
    return {source->json()};
  });
  add("providers", [source](const Query& query, const net::Request& request) -> Answer {
    const auto& collector = source->collector();
    if (format_of(query, request) == Format::Csv) {
      return {providers_csv(collector.provider_stats(), collector.model_stats()), Format::Csv};
    }
    return {providers_json(collector.provider_stats(), collector.model_stats())};
  });
  add("benchmarks", [source](const Query& query, const net::Request& request) -> Answer {
    const auto benchmarks = source->collector().benchmarks();
    if (format_of(query, request) == Format::Csv) return {benchmarks_csv(benchmarks), Format::Csv};
    return {benchmarks_json(benchmarks)};
  });
  add("errors", [source](const Query& query, const net::Request& request) -> Answer {
    const auto models = source->collector().model_stats();
    if (format_of(query, request) == Format::Csv) return {errors_csv(models), Format::Csv};
    return {errors_json(models)};
  });
  add("series", [source](const Query& query, const net::Request& request) -> Answer {
    const Format format = format_of(query, request);
    const SeriesQuery asked = series_query_of(query, source->clock().system_now());
    const auto series = read_series(asked, source->collector());
    if (format == Format::Csv) return {series_csv(series), Format::Csv};
    return {series_json(asked, series)};
  });
  add("events", [history](const Query& query, const net::Request&) -> Answer {
    json_only(query);
    return {events_json(history->events(event_query_of(query)))};
  });
  router.get_prefix("/api/", unknown_route);
  router.check_origin("/api/");
}

}  // namespace ltb::dashboard
