// What a finished call costs and which service levels it kept: the same for scopes and
// hand-published events.
#pragma once

#include "metrics/request_series.hpp"

#include <ltb/config.hpp>
#include <ltb/price_table.hpp>

#include <optional>
#include <string_view>
#include <vector>

namespace ltb::collector {

/// Immutable after construction; any thread.
class CallJudge {
 public:
  CallJudge(std::optional<PriceTable> prices, std::vector<Slo> levels)
      : prices_(std::move(prices)), levels_(std::move(levels)) {}

  /// Fills in the cost from the price table when the call has usage and no cost of the provider's
  /// own. The names are the call's, which its series may have lost to the overflow.
  void price(std::string_view provider, std::string_view model,
             metrics::CallRecord& call) const noexcept;
  /// Counts the call as good or bad for each service level that applies to its series. Cancelled
  /// calls do not count, nor successful ones of which a bound could not be measured and none is
  /// broken.
  void count_slos(metrics::RequestSeries& series, const metrics::CallRecord& call) const noexcept;
  [[nodiscard]] const std::vector<Slo>& levels() const noexcept { return levels_; }

 private:
  std::optional<PriceTable> prices_;
  std::vector<Slo> levels_;
};

}  // namespace ltb::collector
