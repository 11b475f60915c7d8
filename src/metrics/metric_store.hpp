// Every metric of one system: the series of calls, evaluations and benchmarks, the users' own, and
// the library's.
#pragma once

#include "metrics/directory.hpp"
#include "metrics/family.hpp"
#include "metrics/labels.hpp"
#include "metrics/request_series.hpp"
#include "support/log.hpp"
#include "support/mutex.hpp"

#include <ltb/metric.hpp>
#include <ltb/slo.hpp>

#include <atomic>
#include <cstddef>
#include <functional>
#include <initializer_list>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace ltb::metrics {

class UserMetrics;

/// The label value of the series that counts all that came after a family was full.
inline constexpr std::string_view kOverflow = "_overflow_";

/// The model of a call whose caller named none.
inline constexpr std::string_view kUnknownModel = "unknown";

struct StoreOptions {
  std::size_t max_series_per_family = 1000;
  std::size_t max_label_bytes = 256;
  bool detailed_metrics = false;
  bool exemplars = false;  // keep request ids beside the buckets of the duration
  std::map<std::string, std::vector<double>> histogram_buckets{};
  std::vector<Slo> slos{};
  support::Log log{};
};

/// Scores of one metric on one model.
struct EvaluationSeries {
  EvaluationSeries(std::vector<std::string> names, std::uint32_t count)
      : key(std::move(names)), words(count) {}
  std::vector<std::string> key;  // {provider, model, metric}
  std::atomic<double> score{0};
  std::atomic<bool> shows_score{false};  // /metrics has the gauge
  Words words;                           // 0: evaluations; then the duration histogram
};

/// Thread safety: every member from any thread. Recording through a series takes no lock; finding
/// one takes none either, once it is there; making one takes a lock that no scrape ever holds.
/// Lifetime: series live as long as the store.
class MetricStore {
 public:
  /// Throws std::invalid_argument for bad bucket bounds, naming the family.
  explicit MetricStore(StoreOptions options);
  ~MetricStore();
  MetricStore(const MetricStore&) = delete;
  MetricStore& operator=(const MetricStore&) = delete;

  /// The series of a provider and model, made at 0 in all families when new. Beyond the limit, or
  /// without memory, the overflow series. Never throws.
  [[nodiscard]] RequestSeries& request_series(std::string_view provider,
                                              std::string_view model) noexcept;
  [[nodiscard]] RequestSeries* find_request_series(std::string_view provider,
                                                   std::string_view model) const noexcept;
  [[nodiscard]] ProviderSeries& provider_series(std::string_view provider) noexcept;
  [[nodiscard]] ProviderSeries* find_provider_series(std::string_view provider) const noexcept;
  /// In the order they were made; the overflow series last, once it is used.
  [[nodiscard]] std::vector<RequestSeries*> all_request_series() const;
  [[nodiscard]] std::vector<ProviderSeries*> all_provider_series() const;
  [[nodiscard]] std::size_t request_series_count() const noexcept {
    return requests_.size() + (overflow_shown_.load(std::memory_order_acquire) ? 1 : 0);
  }
  [[nodiscard]] std::size_t provider_series_count() const noexcept {
    return providers_.size() + (overflow_provider_shown_.load(std::memory_order_acquire) ? 1 : 0);
  }
  [[nodiscard]] EvaluationSeries& evaluation_series(std::string_view provider,
                                                    std::string_view model,
                                                    std::string_view metric) noexcept;
  /// Keeps the limits that a provider reported, and shows each gauge from its first value on.
  void show_rate_limits(RequestSeries& series, const RateLimits& limits) noexcept;
  /// A score that is not finite is refused and counted.
  void set_score(EvaluationSeries& series, double score) noexcept;
  void evaluated(EvaluationSeries& series, std::optional<double> score,
                 std::optional<std::uint64_t> duration_ns) noexcept;

  /// Takes a published Metric in: into the library's own family when it has its name, type and
  /// labels, else into a family of the user's. False when it is refused; `why` (when given) says
  /// what was wrong. Counted either way.
  bool record(const Metric& metric, std::string* why = nullptr) noexcept;

  /// A family made by the room that fills it. The name must be new and legal (std::logic_error
  /// otherwise).
  Family& add_family(std::string name, std::string help, MetricType type,
                     FamilyOwner owner = FamilyOwner::Library);
  /// A family of one series without labels, asked for at each scrape.
  void add_callback(std::string name, std::string help, MetricType type,
                    std::function<double()> read);

  [[nodiscard]] const RequestLayout& layout() const noexcept { return layout_; }
  [[nodiscard]] const StoreOptions& options() const noexcept { return options_; }

  /// The families, sorted by name, after the hook of before_reading(). Pointers stay valid.
  [[nodiscard]] std::vector<const Family*> families() const;
  /// `bring_up_to_date` is called by each reader, before it reads; it may add and remove series,
  /// and must not throw or read families. Set before the first reader.
  void before_reading(std::function<void()> bring_up_to_date) {
    before_reading_ = std::move(bring_up_to_date);
  }
  [[nodiscard]] std::size_t series_count() const;
  /// A number that was refused: NaN, negative, too large, an illegal name, a wrong type.
  void count_rejected() noexcept { rejected_.fetch_add(1, std::memory_order_relaxed); }
  [[nodiscard]] std::uint64_t rejected() const noexcept {
    return rejected_.load(std::memory_order_relaxed);
  }
  /// Names longer than max_label_bytes that were cut; each recording under one counts.
  [[nodiscard]] std::uint64_t labels_cut() const noexcept {
    return labels_cut_.load(std::memory_order_relaxed);
  }
  /// Recordings that went into an overflow series.
  [[nodiscard]] std::uint64_t overflowed() const noexcept {
    return overflowed_.load(std::memory_order_relaxed);
  }

 private:
  friend class UserMetrics;
  void make_request_families();
  void make_evaluation_families();
  void link_model(RequestSeries& series) noexcept;
  void show_overflow_provider() LTB_REQUIRES(overflow_mutex_);
  void make_exemplars(RequestSeries& series) const;
  void add_request_series(RequestSeries& series);
  void add_provider_series(ProviderSeries& series);
  void add_attempt_series(SeriesBatch& batch, RequestSeries& series);
  void add_detailed_series(SeriesBatch& batch, RequestSeries& series);
  void add_slo_series(SeriesBatch& batch, RequestSeries& series);
  void add_evaluation_series(EvaluationSeries& series);
  void add_request_series_to(SeriesBatch& batch, RequestSeries& series, std::string_view family,
                             Cell cell, std::string_view label = {}, std::string_view value = {});
  Family& own_family(std::string_view name) const;
  std::string clean(std::string_view label) const {
    if (label.size() > options_.max_label_bytes)
      labels_cut_.fetch_add(1, std::memory_order_relaxed);
    return clean_label(label, options_.max_label_bytes);
  }
  void note_overflow(const char* what) noexcept;

  StoreOptions options_;
  RequestLayout layout_;
  BucketLayout evaluation_duration_;
  Directory<ProviderSeries> providers_;
  Directory<RequestSeries> requests_;
  Directory<EvaluationSeries> evaluations_;
  mutable support::Mutex families_mutex_;
  std::map<std::string, std::unique_ptr<Family>, std::less<>> families_
      LTB_GUARDED_BY(families_mutex_);
  std::map<std::string, Family*, std::less<>>
      own_;  // the library's families; fixed after construction
  std::unique_ptr<UserMetrics> user_;
  std::function<void()> before_reading_;
  // Made at the start, so that falling back to them can never fail; shown once they are used.
  std::unique_ptr<ProviderSeries> overflow_provider_;
  std::unique_ptr<RequestSeries> overflow_requests_;
  std::unique_ptr<EvaluationSeries> overflow_evaluations_;
  mutable std::atomic<std::uint64_t> labels_cut_{0};
  std::atomic<std::uint64_t> rejected_{0};
  std::atomic<std::uint64_t> overflowed_{0};
  std::atomic<bool> overflow_logged_{false};
  support::Mutex overflow_mutex_;
  std::atomic<bool> overflow_shown_{false};  // of requests; set under the mutex, as the next one is
  std::atomic<bool> overflow_provider_shown_{false};
  bool evaluations_overflow_shown_ LTB_GUARDED_BY(overflow_mutex_) = false;
};

}  // namespace ltb::metrics
