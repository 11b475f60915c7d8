// Price files of our own shape and of LiteLLM's: refused by name, or exact.
#include "fuzz/support.hpp"
#include "llm/price_file.hpp"

#include <ltb/price_table.hpp>

#include <cmath>
#include <stdexcept>
#include <vector>

namespace {

using namespace ltb;
using namespace ltb::fuzz;

__extension__ using Wide = unsigned __int128;

Wide pico_of(const ExactCost& cost) {
  return Wide{cost.nano_usd} * 1000 + cost.pico_part;
}

void check_entry(const PriceTable& table, const ModelPrice& price) {
  require(price.model.size() >= 1 && price.model.size() <= 256, "a model has 1 to 256 bytes");
  require(price.input >= 0 && price.input <= 1e6, "a price is within its range");
  // The name of an entry may fit another better, but something applies to it.
  if (price.match != PriceMatch::Regex)
    require(table.find(price.provider, price.model).has_value(), "an entry applies to its model");
}

// The price of a call is the sum of its tokens', to the pico-dollar.
void check_cost(const PriceTable& table, const ModelPrice& price) {
  const auto cost = [&](std::uint64_t input, std::uint64_t output) {
    return table.cost(price.provider, price.model,
                      TokenUsage{.input_tokens = input, .output_tokens = output});
  };
  const auto found = table.find(price.provider, price.model);
  // What applies may be a side without a price, or cost more for a long prompt.
  if (!found || !found->input_known || !found->output_known || !found->tiers.empty()) return;
  const auto one_in = cost(1, 0);
  const auto one_out = cost(0, 1);
  require(one_in && one_out, "what has a price has a cost");
  require(cost(0, 0) == ExactCost{}, "nothing costs nothing");
  require(pico_of(*cost(1000, 7)) == 1000 * pico_of(*one_in) + 7 * pico_of(*one_out),
          "a cost is the sum of its tokens'");
  require(std::llround(found->input * 1e6) == static_cast<long long>(pico_of(*one_in)),
          "the price that is shown is the one that is used");
  const auto most = cost(UINT64_MAX, UINT64_MAX);
  require(pico_of(*most) >= pico_of(*cost(UINT64_MAX / 2, 0)), "a cost never wraps around");
  require(most->pico_part < 1000, "a rest is below one nano-dollar");
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = as_text(data, size);
  std::vector<ModelPrice> prices;
  try {
    PriceTable table;
    llm::read_prices(text, "prices.json", [&](const ModelPrice& price) {
      table.add(price);
      if (prices.size() < 16) prices.push_back(price);
    });
    require(table.size() > 0 || prices.empty(), "what was added is there");
    for (const ModelPrice& price : prices) {
      check_entry(table, price);
      check_cost(table, price);
      (void)table.find(price.provider, text.substr(0, 300));
    }
  } catch (const std::invalid_argument& error) {
    require(is_printable(error.what()), "a refusal is readable");
    require(std::string_view(error.what()).starts_with("prices.json"),
            "a refusal begins with the name of the file");
  }
  return 0;
}
