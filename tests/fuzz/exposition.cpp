// The text of /metrics: whatever was recorded under whatever names, a strict parser reads it, and
// finds it.
#include "exporter/text_format.hpp"
#include "fuzz/metric_value.hpp"
#include "fuzz/support.hpp"
#include "metrics/metric_store.hpp"
#include "unit/exporter/exposition_parser.hpp"

#include <cmath>
#include <stdexcept>

namespace {

using namespace ltb;
using namespace ltb::fuzz;

std::string legal_name(Input& input) {
  std::string name = "u_";
  for (const char c : input.text().substr(0, 4)) name += static_cast<char>('a' + (c & 7));
  return name;
}

Metric metric_of(Input& input) {
  std::string name = legal_name(input);
  const auto type = static_cast<MetricType>(input.byte() % 4);
  const double value = input.real();
  const std::uint64_t count = input.byte();
  Metric metric(std::move(name), type, value_of(type, value, count, input));
  if (input.flag()) metric.with_label("le", input.text());
  if (input.flag()) metric.with_label(legal_name(input), input.text());
  metric.with_help(input.text());
  return metric;
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Input input(data, size);
  metrics::MetricStore store({.max_series_per_family = 4, .max_label_bytes = 32});
  std::vector<std::pair<std::string, std::string>> pairs;
  for (int i = 0; i < 8 && !input.empty(); ++i) {
    if (input.flag()) {
      const std::string provider(input.text());
      const std::string model(input.text());
      (void)store.request_series(provider, model);
      if (pairs.size() < 4) {
        pairs.emplace_back(metrics::clean_label(provider, 32), metrics::clean_label(model, 32));
      }
    } else {
      std::string why;
      try {
        if (!store.record(metric_of(input), &why))
          require(is_printable(why), "a refusal is readable");
      } catch (const std::invalid_argument& error) {  // of Metric, for a label `le`
        require(is_printable(error.what()), "a refusal is readable");
      }
    }
  }
  const std::string text = exporter::render_text(store);
  require(is_utf8(text), "/metrics is valid UTF-8");
  try {
    const auto parsed = tests::ExpositionParser::parse(text);
    for (const auto& [provider, model] : pairs) {
      tests::ParsedLabels labels{{"provider", provider}, {"model", model}, {"status", "success"}};
      std::erase_if(labels, [](const auto& label) { return label.second.empty(); });
      require(parsed.samples.contains({std::string("llm_requests_total"), labels}),
              "a model is found under its name");
    }
  } catch (const std::runtime_error& error) {
    std::fprintf(stderr, "%s\n%s\n", error.what(), text.c_str());
    require(false, "/metrics is read by a strict parser");
  }
  return 0;
}
