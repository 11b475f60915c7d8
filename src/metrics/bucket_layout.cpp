#include "metrics/bucket_layout.hpp"

#include "metrics/default_buckets.hpp"
#include "support/number_text.hpp"
#include "support/utf8.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <stdexcept>

namespace ltb::metrics {
namespace {

// The largest whole number of units that is not over the bound: observations are whole, so 1 token
// is over le=0.5. Floating-point error in a product like 0.29 * 1e9 is ignored.
std::uint64_t whole_units(double units) {
  double whole = std::round(units);
  if (whole - units > 1e-6 + units * 1e-15) whole = std::floor(units);
  return static_cast<std::uint64_t>(whole);
}

}  // namespace

BucketLayout::BucketLayout(std::span<const double> bounds, double units_per_one)
    : bounds_(bounds.begin(), bounds.end()), units_per_one_(units_per_one) {
  constexpr std::size_t kMostBounds = 200;  // first_for_width_ holds bytes
  if (bounds_.empty() || bounds_.size() > kMostBounds)
    throw std::invalid_argument("histogram buckets: expected 1 to 200 upper bounds, got " +
                                std::to_string(bounds_.size()));
  constexpr double kMostUnits = 9.2e18;  // room below 2^63
  double previous = -1;
  for (const double bound : bounds_) {
    const double units = bound * units_per_one;
    if (!std::isfinite(bound) || bound < 0)
      throw std::invalid_argument("histogram buckets: upper bound " + support::number_text(bound) +
                                  ": expected a finite number from 0 up");
    if (units > kMostUnits)
      throw std::invalid_argument("histogram buckets: upper bound " + support::number_text(bound) +
                                  ": expected at most " +
                                  support::number_text(kMostUnits / units_per_one));
    if (bound <= previous)
      throw std::invalid_argument("histogram buckets: upper bound " + support::number_text(bound) +
                                  " after " + support::number_text(previous) +
                                  ": expected ascending bounds");
    previous = bound;
    units_.push_back(whole_units(units));
    le_texts_.push_back(support::number_text(bound));
    canonical_le_texts_.push_back(support::canonical_number_text(bound));
  }
  le_texts_.emplace_back("+Inf");
  canonical_le_texts_.emplace_back("+Inf");
  units_.push_back(std::numeric_limits<std::uint64_t>::max());
  for (std::size_t width = 0; width < first_for_width_.size(); ++width) {
    const std::uint64_t smallest = width == 0 ? 0 : std::uint64_t{1} << (width - 1);
    const std::uint64_t largest = width == 0 ? 0 : smallest + (smallest - 1);
    const auto from = std::lower_bound(units_.begin(), units_.end(), smallest);
    const auto to = std::lower_bound(from, units_.end(), largest);
    first_for_width_[width] = static_cast<std::uint8_t>(from - units_.begin());
    most_in_width_ = std::max(most_in_width_, static_cast<std::uint32_t>(to - from));
  }
}

BucketLayout histogram_layout(const std::map<std::string, std::vector<double>>& configured,
                              std::string_view family) {
  std::string names;
  for (const HistogramFamily& known : kHistogramFamilies) {
    names += names.empty() ? "" : ", ";
    names += known.name;
    if (known.name != family) continue;
    const auto found = configured.find(std::string(family));
    try {
      return BucketLayout(found == configured.end() ? known.bounds : found->second,
                          known.units_per_one);
    } catch (const std::invalid_argument& error) {
      throw std::invalid_argument("histogram_buckets[\"" + std::string(family) +
                                  "\"]: " + error.what());
    }
  }
  throw std::invalid_argument("histogram_buckets[\"" + support::escape_for_log(family) +
                              "\"]: expected one of the library's histogram families: " + names);
}

}  // namespace ltb::metrics
