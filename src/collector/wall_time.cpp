#include "collector/wall_time.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace ltb::collector {
namespace {

constexpr std::size_t kMostParts = 256;

}  // namespace

bool WallTime::observe(Second now, double exact) {
  if (std::abs(exact - static_cast<double>(offset())) < 1.0) return false;
  const auto offset = static_cast<Second>(std::llround(exact));
  for (Part& part : parts_) part.offset = std::min(part.offset, offset);
  if (parts_.back().from == now) {
    parts_.back().offset = offset;
  } else {
    parts_.push_back({now, offset});
  }
  // Parts of one offset are one.
  parts_.erase(std::unique(parts_.begin(), parts_.end(),
                           [](const Part& a, const Part& b) { return a.offset == b.offset; }),
               parts_.end());
  if (parts_.size() > kMostParts) parts_.erase(parts_.begin());
  return true;
}

Second WallTime::offset_at(Second second) const noexcept {
  auto part = std::upper_bound(parts_.begin(), parts_.end(), second,
                               [](Second at, const Part& one) { return at < one.from; });
  if (part != parts_.begin()) --part;
  return part->offset;
}

double WallTime::covered(double from, double to, double born, double now) const noexcept {
  double sum = 0;
  for (std::size_t i = 0; i < parts_.size(); ++i) {
    const auto offset = static_cast<double>(parts_[i].offset);
    const double begin = i == 0 ? born : std::max(born, static_cast<double>(parts_[i].from));
    const double end =
        i + 1 < parts_.size() ? std::min(now, static_cast<double>(parts_[i + 1].from)) : now;
    sum += std::max(0.0, std::min(to, end + offset) - std::max(from, begin + offset));
  }
  return sum;
}

Second WallTime::from_wall(Second wall) const noexcept {
  for (std::size_t i = parts_.size(); i-- > 0;) {
    if (wall >= parts_[i].from + parts_[i].offset) return wall - parts_[i].offset;
    if (i > 0 && wall >= parts_[i].from + parts_[i - 1].offset) return parts_[i].from;
  }
  return wall - parts_.front().offset;
}

bool WallTime::keeps(Second step) const noexcept {
  return std::all_of(parts_.begin(), parts_.end(),
                     [step](const Part& part) { return part.offset % step == 0; });
}

void WallTime::trim(Second cutoff) {
  while (parts_.size() > 1 && parts_[1].from <= cutoff) parts_.erase(parts_.begin());
}

}  // namespace ltb::collector
