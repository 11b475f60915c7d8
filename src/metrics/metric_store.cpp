#include "metrics/metric_store.hpp"

#include "metrics/user_metrics.hpp"

#include <array>
#include <cmath>
#include <stdexcept>

namespace ltb::metrics {
MetricStore::MetricStore(StoreOptions options)
    : options_(std::move(options)),
      layout_(options_.histogram_buckets, options_.detailed_metrics,
              static_cast<std::uint32_t>(options_.slos.size())),
      evaluation_duration_(
          histogram_layout(options_.histogram_buckets, "llm_evaluation_duration_seconds")),
      overflow_provider_(std::make_unique<ProviderSeries>()) {
  const std::string overflow(kOverflow);
  overflow_provider_->key = {overflow};
  overflow_requests_ = std::make_unique<RequestSeries>(std::vector{overflow, overflow},
                                                       *overflow_provider_, layout_);
  make_exemplars(*overflow_requests_);
  overflow_evaluations_ = std::make_unique<EvaluationSeries>(
      std::vector{overflow, overflow, overflow}, 2 + evaluation_duration_.count());
  make_request_families();
  make_evaluation_families();
  user_ = std::make_unique<UserMetrics>(*this);
}

MetricStore::~MetricStore() = default;

RequestSeries* MetricStore::find_request_series(std::string_view provider,
                                                std::string_view model) const noexcept {
  return requests_.find(std::array{provider, model});
}

ProviderSeries* MetricStore::find_provider_series(std::string_view provider) const noexcept {
  return providers_.find(std::array{provider});
}

RequestSeries& MetricStore::request_series(std::string_view provider,
                                           std::string_view model) noexcept {
  if (RequestSeries* series = find_request_series(provider, model)) [[likely]]
    return *series;
  try {
    const std::string clean_provider = clean(provider);
    const std::string clean_model = clean(model);
    const std::array<std::string_view, 2> key{clean_provider, clean_model};
    RequestSeries* series = requests_.find(key);
    if (series == nullptr && requests_.size() < options_.max_series_per_family) {
      ProviderSeries& owner = provider_series(clean_provider);
      bool made_now = false;
      series = requests_.find_or_make(key, [&]() -> std::unique_ptr<RequestSeries> {
        if (requests_.size() >= options_.max_series_per_family) return nullptr;
        auto made = std::make_unique<RequestSeries>(std::vector{clean_provider, clean_model}, owner,
                                                    layout_);
        make_exemplars(*made);
        add_request_series(*made);
        made_now = true;
        return made;
      });
      if (made_now) link_model(*series);
    }
    if (series != nullptr) return *series;
    support::MutexLock lock(overflow_mutex_);
    show_overflow_provider();
    if (!overflow_shown_.load(std::memory_order_relaxed)) {
      add_request_series(*overflow_requests_);
      link_model(*overflow_requests_);
      overflow_shown_.store(true, std::memory_order_release);
    }
  } catch (...) {  // no memory: the overflow series takes it
  }
  note_overflow("provider and model");
  return *overflow_requests_;
}

ProviderSeries& MetricStore::provider_series(std::string_view provider) noexcept {
  if (ProviderSeries* series = find_provider_series(provider)) [[likely]]
    return *series;
  try {
    const std::string clean_provider = clean(provider);
    ProviderSeries* series = providers_.find_or_make(
        std::array<std::string_view, 1>{clean_provider}, [&]() -> std::unique_ptr<ProviderSeries> {
          if (providers_.size() >= options_.max_series_per_family) return nullptr;
          auto made = std::make_unique<ProviderSeries>();
          made->key = {clean_provider};
          add_provider_series(*made);
          return made;
        });
    if (series != nullptr) return *series;
    support::MutexLock lock(overflow_mutex_);
    show_overflow_provider();
  } catch (...) {
  }
  note_overflow("provider");
  return *overflow_provider_;
}

void MetricStore::show_overflow_provider() {
  if (overflow_provider_shown_.load(std::memory_order_relaxed)) return;
  add_provider_series(*overflow_provider_);
  overflow_provider_shown_.store(true, std::memory_order_release);
}

EvaluationSeries& MetricStore::evaluation_series(std::string_view provider, std::string_view model,
                                                 std::string_view metric) noexcept {
  if (EvaluationSeries* series = evaluations_.find(std::array{provider, model, metric})) [[likely]]
    return *series;
  try {
    const std::array<std::string, 3> names{clean(provider), clean(model), clean(metric)};
    const std::array<std::string_view, 3> key{names[0], names[1], names[2]};
    EvaluationSeries* series =
        evaluations_.find_or_make(key, [&]() -> std::unique_ptr<EvaluationSeries> {
          if (evaluations_.size() >= options_.max_series_per_family) return nullptr;
          auto made = std::make_unique<EvaluationSeries>(
              std::vector<std::string>(names.begin(), names.end()),
              2 + evaluation_duration_.count());
          add_evaluation_series(*made);
          return made;
        });
    if (series != nullptr) return *series;
    support::MutexLock lock(overflow_mutex_);
    if (!evaluations_overflow_shown_) {
      add_evaluation_series(*overflow_evaluations_);
      evaluations_overflow_shown_ = true;
    }
  } catch (...) {
  }
  note_overflow("provider, model and evaluation metric");
  return *overflow_evaluations_;
}

void MetricStore::set_score(EvaluationSeries& series, double score) noexcept {
  if (!std::isfinite(score)) return count_rejected();
  series.score.store(score, std::memory_order_relaxed);
  if (series.shows_score.exchange(true, std::memory_order_relaxed)) return;
  try {  // shown from its first score on: a gauge has no way to say "not known"
    own_family("llm_evaluation_score")
        .add({{"provider", series.key[0]}, {"model", series.key[1]}, {"metric", series.key[2]}},
             GaugeCell{&series.score});
  } catch (...) {  // no memory: the next score tries again
    series.shows_score.store(false, std::memory_order_relaxed);
    count_rejected();
  }
}

void MetricStore::evaluated(EvaluationSeries& series, std::optional<double> score,
                            std::optional<std::uint64_t> duration_ns) noexcept {
  if (score) set_score(series, *score);
  const auto writer = series.words.writer();
  writer.add(0, 1);
  if (duration_ns) {
    writer.add(1 + evaluation_duration_.index_of(*duration_ns), 1);
    writer.add(1 + evaluation_duration_.count(), *duration_ns);
  }
}

bool MetricStore::record(const Metric& metric, std::string* why) noexcept {
  try {
    std::string reason = user_->record(metric);
    if (reason.empty()) return true;
    count_rejected();
    if (why != nullptr) *why = std::move(reason);
  } catch (...) {  // no memory
    count_rejected();
  }
  return false;
}

Family& MetricStore::add_family(std::string name, std::string help, MetricType type,
                                FamilyOwner owner) {
  if (!is_legal_metric_name(name))
    throw std::logic_error("metric family \"" + name + "\": not a legal name");
  support::MutexLock lock(families_mutex_);
  auto& place = families_[name];
  if (place) throw std::logic_error("metric family \"" + name + "\" is there already");
  place = std::make_unique<Family>(std::move(name), std::move(help), type, owner);
  return *place;
}

void MetricStore::add_callback(std::string name, std::string help, MetricType type,
                               std::function<double()> read) {
  add_family(std::move(name), std::move(help), type).add({}, CallbackCell{std::move(read)});
}

std::vector<const Family*> MetricStore::families() const {
  if (before_reading_) before_reading_();
  support::MutexLock lock(families_mutex_);
  std::vector<const Family*> all;
  all.reserve(families_.size());
  for (const auto& [name, family] : families_) all.push_back(family.get());
  return all;
}

std::vector<RequestSeries*> MetricStore::all_request_series() const {
  auto all = requests_.values();
  if (overflow_shown_.load(std::memory_order_acquire)) all.push_back(overflow_requests_.get());
  return all;
}

std::vector<ProviderSeries*> MetricStore::all_provider_series() const {
  auto all = providers_.values();
  if (overflow_provider_shown_.load(std::memory_order_acquire))
    all.push_back(overflow_provider_.get());
  return all;
}

std::size_t MetricStore::series_count() const {
  support::MutexLock lock(families_mutex_);
  std::size_t count = 0;
  for (const auto& [name, family] : families_) count += family->size();
  return count;
}

void MetricStore::note_overflow(const char* what) noexcept {
  overflowed_.fetch_add(1, std::memory_order_relaxed);
  if (overflow_logged_.exchange(true, std::memory_order_relaxed)) return;
  options_.log.warn(
      "metrics: {} label sets (each a {}) are in use, the limit; new ones count as \"_overflow_\" "
      "from now on "
      "(raise it with with_max_series_per_family() or LTB_MAX_SERIES_PER_FAMILY)",
      options_.max_series_per_family, what);
}

}  // namespace ltb::metrics
