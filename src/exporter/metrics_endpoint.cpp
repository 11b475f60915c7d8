#include "exporter/metrics_endpoint.hpp"

#include "exporter/text_format.hpp"

#include <prometheus/text_serializer.h>

#include <array>
#include <chrono>
#include <iterator>

namespace ltb::exporter {
namespace {

constexpr std::array kScrapeSeconds{.0001, .00025, .0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1.};

}  // namespace

Exposition::Exposition(metrics::MetricStore& store)
    : store_(store),
      duration_words_(static_cast<std::uint32_t>(kScrapeSeconds.size()) + 2),
      duration_layout_(kScrapeSeconds, 1e9) {
  store.add_family("llm_monitor_scrapes_total", "Times the metrics were rendered, this one not counted.",
                   MetricType::Counter)
      .add({}, metrics::GaugeCell{&scrapes_});
  store.add_family("llm_monitor_scrape_duration_seconds", "Time to render the metrics.", MetricType::Histogram)
      .add({}, metrics::HistogramCell{&duration_words_, 0, &duration_layout_, 9});
}

std::string Exposition::render() {
  const auto started = std::chrono::steady_clock::now();
  std::string text = render_text(store_);
  std::vector<prometheus::MetricFamily> families;
  {
    support::MutexLock lock(mutex_);
    std::erase_if(collectables_, [](const auto& collectable) { return collectable.expired(); });
    for (const auto& weak : collectables_)
      if (const auto collectable = weak.lock()) {
        auto collected = collectable->Collect();
        families.insert(families.end(), std::make_move_iterator(collected.begin()),
                        std::make_move_iterator(collected.end()));
      }
  }
  if (!families.empty()) text += prometheus::TextSerializer().Serialize(families);
  scrapes_.fetch_add(1, std::memory_order_relaxed);
  const auto elapsed = static_cast<std::uint64_t>(
      std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::steady_clock::now() - started).count());
  const auto writer = duration_words_.writer();
  writer.add(duration_layout_.index_of(elapsed), 1);
  writer.add(duration_layout_.count(), elapsed);
  return text;
}

void Exposition::add(std::weak_ptr<prometheus::Collectable> collectable) {
  support::MutexLock lock(mutex_);
  collectables_.push_back(std::move(collectable));
}

net::Router make_metrics_router(std::shared_ptr<Exposition> exposition) {
  net::Router router;
  router.get("/metrics", [exposition](const net::Request&) {
    net::Response response;
    response.content_type = kTextContentType;
    response.body = std::make_shared<const std::string>(exposition->render());
    return response;
  });
  router.get("/-/healthy", [](const net::Request&) { return net::Response::text(200, "ok\n"); });
  router.open("/-/healthy");
  return router;
}

}  // namespace ltb::exporter
