// Event JSON from outside: read, or refused by name; what was read is written and read again
// without a change.
#include "fuzz/support.hpp"

#include <ltb/event.hpp>

#include <nlohmann/json.hpp>

#include <stdexcept>

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace ltb::fuzz;
  std::string written;
  try {
    written = ltb::to_json(ltb::event_from_json(as_text(data, size)));
  } catch (const std::invalid_argument& error) {
    require(is_printable(error.what()), "a refusal is readable");
    return 0;
  }
  require(written.find('\n') == std::string::npos, "an event is one line");
  require(nlohmann::json::accept(written), "an event is JSON for another parser");
  require_equal(ltb::to_json(ltb::event_from_json(written)), written,
                "an event that was read is written and read without a change");
  return 0;
}
