// What a family is called in OpenMetrics, where the family of foo_total is foo.
#pragma once

#include "metrics/family.hpp"

#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace ltb::exporter {

struct OpenMetricsName {
  std::string name;         ///< Of the family: without "_total" or "_info".
  std::string_view type{};  ///< As "# TYPE" has it.
  std::string_view unit{};  ///< "seconds", "bytes" or empty.
  bool has_created = false;
};

/// "# TYPE", "# UNIT" and "# HELP" of a family.
void append_head(std::string& out, const OpenMetricsName& name, std::string_view help);

/// Gives names and sees to it that none is used twice. Distinct objects: safe. Shared objects:
/// unsafe.
class OpenMetricsNames {
 public:
  /// `families`: all of the store's.
  explicit OpenMetricsNames(const std::vector<const metrics::Family*>& families);

  /// For a family of the store.
  [[nodiscard]] OpenMetricsName take(const metrics::Family& family);
  /// For one of a host's; false when its names are taken. `type` as in OpenMetrics.
  [[nodiscard]] bool take_foreign(const std::string& sample_name, std::string_view type,
                                  OpenMetricsName& out);

 private:
  [[nodiscard]] OpenMetricsName name_of(std::string_view sample_name, std::string_view type) const;

  std::set<std::string, std::less<>> taken_;
};

}  // namespace ltb::exporter
