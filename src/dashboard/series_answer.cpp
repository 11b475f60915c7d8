#include "dashboard/series_answer.hpp"

#include "collector/one_moment.hpp"
#include "dashboard/series_table.hpp"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <optional>
#include <set>
#include <stdexcept>
#include <tuple>
#include <utility>
#include <vector>

namespace ltb::dashboard {
namespace {

using Selection = std::pair<std::string, std::string>;  // provider, model
using Limits = SeriesLimits;

constexpr std::chrono::milliseconds kSlice{3};  // of an I/O thread's time

// The provider and model of each series that an answer has, by what `by` asks.
std::vector<Selection> selections_of(const SeriesQuery& query, const MetricCollector& collector) {
  if (query.by == SeriesQuery::By::Nothing) return {{query.provider, query.model}};
  std::set<Selection> out;
  for (const ModelStats& row : collector.model_stats()) {
    if (!query.provider.empty() && row.provider != query.provider) continue;
    if (!query.model.empty() && row.model != query.model) continue;
    // By provider, a model that was asked for stays the filter of each series.
    out.emplace(row.provider, query.by == SeriesQuery::By::Model ? row.model : query.model);
  }
  return {out.begin(), out.end()};
}

HistoryQuery history_query_of(const SeriesQuery& query, std::size_t series) {
  HistoryQuery out;
  const std::chrono::duration<double> to(query.to);
  out.to = std::chrono::system_clock::time_point(
      std::chrono::duration_cast<std::chrono::system_clock::duration>(to));
  out.window =
      std::chrono::ceil<std::chrono::seconds>(std::chrono::duration<double>(query.to - query.from));
  out.step = std::chrono::seconds(query.step);
  // Where the step is ours to choose, it is one with which the whole fits.
  out.max_points = std::clamp<std::size_t>(Limits::kMaxPoints / std::max<std::size_t>(1, series), 1,
                                           SeriesQuery::kMaxPoints);
  return out;
}

constexpr std::string_view kNarrow =
    "choose a larger step, a shorter window, a provider, a model or fewer metrics";

void check_size(const SeriesQuery& query, std::size_t series) {
  if (series > Limits::kMaxSeries) {
    throw BadRequest("by: the answer would have " + std::to_string(series) +
                     " series: expected at most " + std::to_string(Limits::kMaxSeries) +
                     "; choose a provider, a model or fewer metrics");
  }
  if (query.step == 0) return;
  const double points = (query.to - query.from) / static_cast<double>(query.step);
  if (points * static_cast<double>(series) > Limits::kMaxPoints) {
    throw BadRequest("step=" + std::to_string(query.step) + ": the answer would have more than " +
                     std::to_string(Limits::kMaxPoints) + " points in all its series; " +
                     std::string(kNarrow));
  }
}

}  // namespace

class SeriesAnswers::Answer final : public net::SlicedAnswer {
 public:
  Answer(std::shared_ptr<const collector::OverviewSource> source, SeriesQuery query, Format format)
      : source_(std::move(source)),
        query_(std::move(query)),
        format_(format),
        selections_(selections_of(query_, source_->collector())) {
    const std::size_t series = selections_.size() * query_.metrics.size();
    check_size(query_, series);
    question_ = history_query_of(query_, series);
    check_metrics();
  }

  bool step() override try {
    if (is_whole_.load(std::memory_order_acquire)) return true;
    // Room for the largest one at once: what is not written to costs no memory.
    if (!table_) table_ = std::make_unique<SeriesTable>(query_, format_, Limits::kMaxBytes);
    const collector::OneMoment moment;
    const auto begin = std::chrono::steady_clock::now();
    // The first series of a slice samples all of them. The others get as much time as that took, or
    // sampling would be most of the work.
    std::optional<std::chrono::steady_clock::time_point> until;
    while (next_ < selections_.size() * query_.metrics.size()) {
      add_next();
      if (table_->size() > Limits::kMaxBytes) return finish(too_large());
      const auto now = std::chrono::steady_clock::now();
      if (!until) until = now + std::max<std::chrono::nanoseconds>(kSlice, now - begin);
      if (now >= *until) return false;
    }
    return finish(whole());
  } catch (...) {  // no memory: whoever shares this answer begins anew
    table_.reset();
    next_ = 0;
    throw;
  }

  [[nodiscard]] const net::Response& response() const override { return response_; }
  /// Any thread. False while it is being made.
  [[nodiscard]] bool is_larger_than(std::size_t bytes) const noexcept {
    return is_whole_.load(std::memory_order_acquire) && response_.body->size() > bytes;
  }

 private:
  // A name that history does not know is refused before anything is made.
  void check_metrics() const {
    const collector::OneMoment moment;
    HistoryQuery small = question_;
    small.window = small.step = std::chrono::seconds(1);
    for (const std::string& metric : query_.metrics) {
      small.metric = metric;
      try {
        (void)source_->collector().history(small);
      } catch (const std::invalid_argument& error) {
        throw BadRequest(error.what());
      }
    }
  }

  void add_next() {
    question_.metric = query_.metrics[next_ / selections_.size()];
    std::tie(question_.provider, question_.model) = selections_[next_ % selections_.size()];
    ++next_;
    table_->add({question_.metric, question_.provider, question_.model,
                 source_->collector().history(question_)});
  }

  bool finish(net::Response response) {
    response_ = std::move(response);
    table_.reset();
    is_whole_.store(true, std::memory_order_release);
    return true;
  }

  [[nodiscard]] net::Response whole() {
    std::string text = table_->take();
    table_.reset();
    text.shrink_to_fit();
    net::Response response = net::Response::json(200, std::move(text));
    response.compressible = true;
    response.with_header("Vary", "Accept");
    if (format_ == Format::Csv) {
      response.content_type = "text/csv; charset=utf-8; header=present";
      response.with_header("Content-Disposition", "attachment; filename=\"series.csv\"");
    }
    return response;
  }

  [[nodiscard]] static net::Response too_large() {
    return net::Response::text(400, "metric: the answer would have more than " +
                                        std::to_string(Limits::kMaxBytes) + " bytes; " +
                                        std::string(kNarrow) + '\n');
  }

  const std::shared_ptr<const collector::OverviewSource> source_;
  const SeriesQuery query_;
  const Format format_;
  const std::vector<Selection> selections_;
  HistoryQuery question_;
  std::size_t next_ = 0;  // of the series, metric by metric
  std::unique_ptr<SeriesTable> table_;
  net::Response response_;
  std::atomic<bool> is_whole_{false};
};

SeriesAnswers::SeriesAnswers(std::shared_ptr<const collector::OverviewSource> source)
    : source_(std::move(source)) {}
SeriesAnswers::~SeriesAnswers() = default;

std::shared_ptr<SeriesAnswers::Answer> SeriesAnswers::make(const Query& query,
                                                           const net::Request& request) const {
  return std::make_shared<Answer>(source_, series_query_of(query, source_->clock().system_now()),
                                  format_of(query, request));
}

std::shared_ptr<net::SlicedAnswer> SeriesAnswers::ask(const Query& query,
                                                      const net::Request& request) {
  const auto now = std::chrono::duration_cast<std::chrono::seconds>(
                       source_->clock().steady_now().time_since_epoch())
                       .count();
  const std::string key =
      (format_of(query, request) == Format::Csv ? "csv?" : "json?") + request.query;
  std::deque<std::shared_ptr<Answer>> dropped;  // freed without the lock
  {
    const support::MutexLock lock(mutex_);
    if (std::exchange(second_, now) != now) {
      answers_.clear();
      dropped.swap(kept_);
    }
    if (const auto found = answers_.find(key); found != answers_.end())
      if (auto answer = found->second.lock()) return answer;
  }
  auto answer = make(query, request);
  const support::MutexLock lock(mutex_);
  std::erase_if(answers_, [](const auto& entry) { return entry.second.expired(); });
  answers_[key] = answer;
  std::erase_if(kept_, [](const auto& one) { return one->is_larger_than(kMostKeptBytes); });
  if (kept_.size() == kMostKept) kept_.pop_front();
  kept_.push_back(answer);
  return answer;
}

}  // namespace ltb::dashboard
