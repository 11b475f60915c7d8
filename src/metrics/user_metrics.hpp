// Metrics that users publish: into the library's own families where they fit, else into families of
// their own.
#pragma once

#include "metrics/metric_store.hpp"

namespace ltb::metrics {

/// Counters are added up, gauges replaced, histograms added bucket by bucket, summaries replaced
/// (count and sum added). Thread safety: any thread; takes a mutex, so it is not for paths that run
/// per request.
class UserMetrics {
 public:
  explicit UserMetrics(MetricStore& store) : store_(store) {}

  /// Empty when the metric was taken in, else what was wrong with it.
  [[nodiscard]] std::string record(const Metric& metric);

 private:
  struct UserSeries {
    ValueCell cell;
  };
  struct UserFamily {
    Family* family = nullptr;
    std::map<std::string, std::shared_ptr<UserSeries>, std::less<>> series{};  // by label text
    std::shared_ptr<UserSeries>
        overflow{};  // takes what comes after the limit, whatever its label names
  };

  [[nodiscard]] std::string record_own(const Metric& metric);
  [[nodiscard]] std::string record_own_histogram(const Metric& metric, RequestSeries& series);
  [[nodiscard]] std::string record_user(const Metric& metric);
  [[nodiscard]] std::string record_locked(const Metric& metric, const char*& overflowed)
      LTB_EXCLUDES(mutex_);
  [[nodiscard]] std::string refuse_name(const Metric& metric) const LTB_REQUIRES(mutex_);

  MetricStore& store_;
  support::Mutex mutex_;
  std::map<std::string, UserFamily, std::less<>> families_ LTB_GUARDED_BY(mutex_);
};

}  // namespace ltb::metrics
