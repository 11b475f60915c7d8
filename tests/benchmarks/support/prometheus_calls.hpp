// The same bookkeeping of a call as people write it with prometheus-cpp.
#pragma once

#include "benchmarks/support/sample_calls.hpp"

#include <prometheus/counter.h>
#include <prometheus/family.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>

#include <memory>

namespace ltb::bench {

inline const prometheus::Histogram::BucketBoundaries kCallBounds{
    .01, .025, .05, .1, .25, .5, 1., 2.5, 5., 10., 20., 30., 60., 120., 300., 600.};

/// Families of one registry: six series for each provider and model.
struct PrometheusFamilies {
  std::shared_ptr<prometheus::Registry> registry = std::make_shared<prometheus::Registry>();
  prometheus::Family<prometheus::Counter>& requests =
      prometheus::BuildCounter().Name("llm_requests_total").Help("Calls.").Register(*registry);
  prometheus::Family<prometheus::Histogram>& duration = prometheus::BuildHistogram()
                                                            .Name("llm_request_duration_seconds")
                                                            .Help("Duration of calls.")
                                                            .Register(*registry);
  prometheus::Family<prometheus::Counter>& input = prometheus::BuildCounter()
                                                       .Name("llm_tokens_input_total")
                                                       .Help("Input tokens.")
                                                       .Register(*registry);
  prometheus::Family<prometheus::Counter>& output = prometheus::BuildCounter()
                                                        .Name("llm_tokens_output_total")
                                                        .Help("Output tokens.")
                                                        .Register(*registry);
  prometheus::Family<prometheus::Counter>& cost =
      prometheus::BuildCounter().Name("llm_cost_usd_total").Help("Cost.").Register(*registry);
  prometheus::Family<prometheus::Gauge>& active = prometheus::BuildGauge()
                                                      .Name("llm_active_requests")
                                                      .Help("Calls in flight.")
                                                      .Register(*registry);

  /// Looks every series up by its labels, each time.
  void record(const std::string& provider, const std::string& model, double seconds) {
    auto& gauge = active.Add({{"provider", provider}});
    gauge.Increment();
    requests.Add({{"provider", provider}, {"model", model}, {"status", "success"}}).Increment();
    duration.Add({{"provider", provider}, {"model", model}}, kCallBounds).Observe(seconds);
    input.Add({{"provider", provider}, {"model", model}}).Increment(812);
    output.Add({{"provider", provider}, {"model", model}}).Increment(143);
    cost.Add({{"provider", provider}, {"model", model}}).Increment(kCallCost);
    active.Add({{"provider", provider}}).Decrement();
  }
};

/// The six series of one provider and model, found once and kept.
struct PrometheusKept {
  explicit PrometheusKept(PrometheusFamilies& families)
      : requests(families.requests.Add(
            {{"provider", kProvider}, {"model", kModel}, {"status", "success"}})),
        duration(families.duration.Add({{"provider", kProvider}, {"model", kModel}}, kCallBounds)),
        input(families.input.Add({{"provider", kProvider}, {"model", kModel}})),
        output(families.output.Add({{"provider", kProvider}, {"model", kModel}})),
        cost(families.cost.Add({{"provider", kProvider}, {"model", kModel}})),
        active(families.active.Add({{"provider", kProvider}})) {}

  void record(double seconds) {
    active.Increment();
    requests.Increment();
    duration.Observe(seconds);
    input.Increment(812);
    output.Increment(143);
    cost.Increment(kCallCost);
    active.Decrement();
  }

  prometheus::Counter& requests;
  prometheus::Histogram& duration;
  prometheus::Counter& input;
  prometheus::Counter& output;
  prometheus::Counter& cost;
  prometheus::Gauge& active;
};

}  // namespace ltb::bench
