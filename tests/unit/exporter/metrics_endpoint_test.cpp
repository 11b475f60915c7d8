// Scrapes at the same time.
#include "exporter/metrics_endpoint.hpp"

#include "unit/exporter/store_sample.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <string>

namespace ltb::exporter {
namespace {

using Text = std::shared_ptr<const std::string>;

Text scrape(const net::Router& router, const std::string& accept = "text/plain") {
  net::Request request;
  request.method = "GET";
  request.path = "/metrics";
  request.headers = {{"Accept", accept}};
  return (*router.find(request.path))(request).body;
}

TEST(MetricsEndpoint, ScrapesAtTheSameTimeShareOneText) {
  metrics::MetricStore store({});
  tests::fill(store);
  const auto exposition = std::make_shared<Exposition>(store);
  const net::Router router = make_metrics_router(exposition);
  Text first;
  Text second;
  // A text is shared for a second, which a machine that is held up may miss.
  for (int i = 0; i < 5 && (!first || first != second); ++i) {
    first = scrape(router);
    second = scrape(router);
  }
  ASSERT_GE(first->size(), 64u * 1024);
  EXPECT_EQ(first, second);

  const Text other = scrape(router, "application/openmetrics-text");
  EXPECT_TRUE(other->ends_with("# EOF\n"));
  EXPECT_EQ(first->find("# EOF"), std::string::npos);

  const std::string old = *first;
  first = second = nullptr;
  EXPECT_NE(*scrape(router), old) << "nobody reads the first any more: the scrapes are counted";
}

}  // namespace
}  // namespace ltb::exporter
