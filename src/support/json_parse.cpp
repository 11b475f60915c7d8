#include "support/json_parse.hpp"

#include <stdexcept>
#include <string>

namespace ltb::support {

nlohmann::json parse_json(std::string_view text, int max_depth) {
  using Json = nlohmann::json;
  const auto keep = [max_depth](int depth, Json::parse_event_t, Json&) {
    if (depth > max_depth) {
      throw std::invalid_argument("JSON nests deeper than " + std::to_string(max_depth) +
                                  " levels");
    }
    return true;
  };
  try {
    return Json::parse(text, keep);
  } catch (const Json::parse_error& error) {
    throw std::invalid_argument("not valid JSON (at byte " + std::to_string(error.byte) + ")");
  } catch (const Json::exception&) {
    throw std::invalid_argument("not valid JSON (a number is out of range)");
  }
}

}  // namespace ltb::support
