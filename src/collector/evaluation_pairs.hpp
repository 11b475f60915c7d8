// When evaluations started, for their durations.
#pragma once

#include "support/clock.hpp"

#include <ltb/event.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <list>
#include <map>
#include <optional>
#include <string>
#include <tuple>
#include <utility>

namespace ltb::collector {

/// Start and end belong together when id, metric, provider and model are the same. Started twice,
/// an evaluation counts from its last start. Of more than 10,000 that never ended, the oldest are
/// forgotten. Thread safety: guarded by its owner. Cost: O(log n).
class EvaluationPairs {
 public:
  void start(const EvaluationPayload& evaluation, support::SteadyTime now) {
    constexpr std::size_t kMostOpen = 10'000;
    const auto [place, is_new] = open_.try_emplace(key_of(evaluation));
    if (!is_new) by_start_.erase(place->second);
    try {
      place->second = by_start_.insert(by_start_.end(), {place, now});
    } catch (...) {  // no memory
      open_.erase(place);
      throw;
    }
    if (open_.size() <= kMostOpen) return;
    open_.erase(by_start_.front().place);
    by_start_.pop_front();
  }

  /// How long it took; absent when its start is not known.
  [[nodiscard]] std::optional<std::uint64_t> end(const EvaluationPayload& evaluation,
                                                 support::SteadyTime now) {
    const auto found = open_.find(key_of(evaluation));
    if (found == open_.end()) return std::nullopt;
    const std::uint64_t took = support::nanoseconds_between(found->second->started, now);
    by_start_.erase(found->second);
    open_.erase(found);
    return took;
  }

  [[nodiscard]] std::size_t size() const noexcept { return open_.size(); }

 private:
  using Key = std::tuple<std::string, std::string, std::string, std::string>;
  struct Start;
  using Starts = std::list<Start>;
  using Open = std::map<Key, Starts::iterator>;
  struct Start {
    Open::iterator place;
    support::SteadyTime started;
  };

  static Key key_of(const EvaluationPayload& evaluation) {
    return {evaluation.evaluation_id, evaluation.metric_name, evaluation.provider,
            evaluation.model};
  }

  Open open_;
  Starts by_start_;  // oldest first
};

}  // namespace ltb::collector
