// The tables of the API: rows as JSON or CSV.
#pragma once

#include "dashboard/api_query.hpp"
#include "events/event_history.hpp"

#include <ltb/collector.hpp>

#include <string>
#include <vector>

namespace ltb::dashboard {

[[nodiscard]] std::string providers_json(const std::vector<ProviderStats>& providers,
                                         const std::vector<ModelStats>& models);
/// One line per model, with its provider's status.
[[nodiscard]] std::string providers_csv(const std::vector<ProviderStats>& providers,
                                        const std::vector<ModelStats>& models);

[[nodiscard]] std::string benchmarks_json(const std::vector<BenchmarkStatus>& benchmarks);
[[nodiscard]] std::string benchmarks_csv(const std::vector<BenchmarkStatus>& benchmarks);

[[nodiscard]] std::string errors_json(const std::vector<ModelStats>& models);
[[nodiscard]] std::string errors_csv(const std::vector<ModelStats>& models);

[[nodiscard]] std::string events_json(const events::EventPage& page);

}  // namespace ltb::dashboard
