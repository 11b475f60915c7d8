// /api/v1/series: answers in slices, and equal questions of one second share one.
#pragma once

#include "collector/overview_json.hpp"
#include "dashboard/api_query.hpp"
#include "net/http.hpp"
#include "support/mutex.hpp"

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <string>

namespace ltb::dashboard {

/// Bounds of one answer.
struct SeriesLimits {
  static constexpr std::size_t kMaxSeries = 4000;
  static constexpr std::size_t kMaxPoints = 200'000;  ///< Of all series together.
  static constexpr std::size_t kMaxBytes = std::size_t{8} * 1024 * 1024;
};

/// Thread safety: any thread.
class SeriesAnswers {
 public:
  explicit SeriesAnswers(std::shared_ptr<const collector::OverviewSource> source);
  ~SeriesAnswers();

  /// The answer to a request, to be made or under way or made within this second. Throws BadRequest
  /// for a question that would break a limit.
  [[nodiscard]] std::shared_ptr<net::SlicedAnswer> ask(const Query& query,
                                                       const net::Request& request)
      LTB_EXCLUDES(mutex_);

 private:
  class Answer;
  [[nodiscard]] std::shared_ptr<Answer> make(const Query& query, const net::Request& request) const;

  /// Answers kept though nobody waits for them, and the bytes each may have: 4 MiB in all.
  static constexpr std::size_t kMostKept = 8;
  static constexpr std::size_t kMostKeptBytes = std::size_t{512} * 1024;

  const std::shared_ptr<const collector::OverviewSource> source_;
  support::Mutex mutex_;
  std::int64_t second_ LTB_GUARDED_BY(mutex_) = 0;  // of the answers below
  std::map<std::string, std::weak_ptr<Answer>> answers_ LTB_GUARDED_BY(mutex_);
  std::deque<std::shared_ptr<Answer>> kept_ LTB_GUARDED_BY(mutex_);
};

}  // namespace ltb::dashboard
