#include "dashboard/api.hpp"

#include "dashboard/api_query.hpp"
#include "dashboard/series_answer.hpp"
#include "dashboard/tables.hpp"
#include "support/utf8.hpp"

#include <functional>
#include <string>
#include <utility>

namespace ltb::dashboard {
namespace {

using collector::OverviewSource;

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
    refuse("format", *format, "json");
  }
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
  router.get("/api/v1/series",
             [answers = std::make_shared<SeriesAnswers>(source)](const net::Request& request) {
               net::Response response;
               try {
                 response.source = answers->ask(Query(request.query), request);
               } catch (const BadRequest& error) {
                 response = net::Response::text(400, std::string(error.what()) + '\n');
               }
               return response;
             });
  add("events", [history](const Query& query, const net::Request&) -> Answer {
    json_only(query);
    return {events_json(history->events(event_query_of(query)))};
  });
  router.get_prefix("/api/", unknown_route);
  router.check_origin("/api/");
}

}  // namespace ltb::dashboard
