#include "exporter/metrics_endpoint.hpp"

#include "exporter/open_metrics.hpp"
#include "exporter/text_format.hpp"

#include <prometheus/text_serializer.h>

#include <array>
#include <chrono>
#include <iterator>

namespace ltb::exporter {
namespace {

constexpr std::array kScrapeSeconds{.0001, .00025, .0005, .001, .0025, .005, .01,
                                    .025,  .05,    .1,    .25,  .5,    1.};

}  // namespace

struct Exposition::ScrapeMetrics {
  metrics::BucketLayout layout{kScrapeSeconds, 1e9};
  // 0: scrapes; 1: collectables that threw; then the duration histogram.
  static constexpr std::uint32_t kScrapes = 0;
  static constexpr std::uint32_t kErrors = 1;
  static constexpr std::uint32_t kDuration = 2;
  metrics::Words words{kDuration + layout.count() + 1};
};

Exposition::Exposition(metrics::MetricStore& store)
    : store_(store), scrapes_(std::make_shared<ScrapeMetrics>()) {
  using Metrics = ScrapeMetrics;
  const metrics::Words* words = &scrapes_->words;
  store
      .add_family("llm_monitor_scrapes_total",
                  "Times the metrics were rendered, this one not counted.", MetricType::Counter)
      .add({}, metrics::CounterCell{words, Metrics::kScrapes, 0}, scrapes_);
  store
      .add_family("llm_monitor_collectable_errors_total",
                  "Collectables of the host that threw during a scrape.", MetricType::Counter)
      .add({}, metrics::CounterCell{words, Metrics::kErrors, 0}, scrapes_);
  store
      .add_family("llm_monitor_scrape_duration_seconds", "Time to render the metrics.",
                  MetricType::Histogram)
      .add({}, metrics::HistogramCell{words, Metrics::kDuration, &scrapes_->layout, 9}, scrapes_);
}

std::vector<prometheus::MetricFamily> Exposition::collect_hosts() {
  std::vector<std::shared_ptr<prometheus::Collectable>> collectables;
  {
    support::MutexLock lock(mutex_);
    std::erase_if(collectables_, [](const auto& collectable) { return collectable.expired(); });
    for (const auto& weak : collectables_)
      if (auto collectable = weak.lock()) collectables.push_back(std::move(collectable));
  }
  std::vector<prometheus::MetricFamily> families;
  for (const auto& collectable :
       collectables) {  // foreign code: no lock held, and its failure is its own
    try {
      auto collected = collectable->Collect();
      families.insert(families.end(), std::make_move_iterator(collected.begin()),
                      std::make_move_iterator(collected.end()));
    } catch (...) {
      scrapes_->words.writer().add(ScrapeMetrics::kErrors, 1);
    }
  }
  return families;
}

std::string Exposition::render(Format format) {
  const auto started = std::chrono::steady_clock::now();
  std::string text;
  if (format == Format::OpenMetrics) {
    text = render_openmetrics(store_, collect_hosts());
  } else {
    text = render_text(store_);
    const auto families = collect_hosts();
    if (!families.empty()) text += prometheus::TextSerializer().Serialize(families);
  }
  const auto writer = scrapes_->words.writer();
  writer.add(ScrapeMetrics::kScrapes, 1);
  const auto elapsed =
      static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::nanoseconds>(
                                     std::chrono::steady_clock::now() - started)
                                     .count());
  writer.add(ScrapeMetrics::kDuration + scrapes_->layout.index_of(elapsed), 1);
  writer.add(ScrapeMetrics::kDuration + scrapes_->layout.count(), elapsed);
  return text;
}

void Exposition::add(std::weak_ptr<prometheus::Collectable> collectable) {
  support::MutexLock lock(mutex_);
  collectables_.push_back(std::move(collectable));
}

namespace {

/// A large text that some scrape still reads is given to others who ask within a second, so that
/// many slow scrapes hold one. Any thread.
class SharedScrape {
 public:
  std::shared_ptr<const std::string> get(Exposition& exposition, Format format)
      LTB_EXCLUDES(mutex_) {
    {
      const support::MutexLock lock(mutex_);
      if (std::chrono::steady_clock::now() - made_ < std::chrono::seconds(1))
        if (auto text = text_.lock()) return text;
    }
    auto text = std::make_shared<const std::string>(exposition.render(format));
    if (text->size() < kLeastShared) return text;
    const support::MutexLock lock(mutex_);
    text_ = text;
    made_ = std::chrono::steady_clock::now();
    return text;
  }

 private:
  static constexpr std::size_t kLeastShared = std::size_t{64} * 1024;
  support::Mutex mutex_;
  std::weak_ptr<const std::string> text_ LTB_GUARDED_BY(mutex_);
  std::chrono::steady_clock::time_point made_ LTB_GUARDED_BY(mutex_){};
};

}  // namespace

net::Router make_metrics_router(const std::shared_ptr<Exposition>& exposition, bool openmetrics) {
  net::Router router;
  router.get("/metrics", [exposition, openmetrics,
                          scrapes = std::make_shared<std::array<SharedScrape, 2>>()](
                             const net::Request& request) {
    const Format format =
        openmetrics ? negotiate_format(request.list_header("Accept")) : Format::Text;
    net::Response response;
    response.content_type =
        format == Format::OpenMetrics ? kOpenMetricsContentType : kTextContentType;
    response.compressible = true;
    response.body = (*scrapes)[format == Format::OpenMetrics ? 1 : 0].get(*exposition, format);
    if (openmetrics) response.with_header("Vary", "Accept");
    return response;
  });
  router.get("/-/healthy", [](const net::Request&) { return net::Response::text(200, "ok\n"); });
  router.open("/-/healthy").spare("/-/healthy");
  return router;
}

}  // namespace ltb::exporter
