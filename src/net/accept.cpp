#include "net/accept.hpp"

#include "net/http.hpp"

namespace ltb::net {
namespace {

std::string_view trimmed(std::string_view text) noexcept {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

/// The text up to a separator that stands in no quoted string; it is taken off with it.
std::string_view take_until(std::string_view& rest, char separator) noexcept {
  bool quoted = false;
  std::size_t end = 0;
  for (; end < rest.size() && (quoted || rest[end] != separator); ++end) {
    if (rest[end] == '"') quoted = !quoted;
    if (quoted && rest[end] == '\\') ++end;  // a quoted pair
  }
  const auto part = rest.substr(0, end);
  rest.remove_prefix(end < rest.size() ? end + 1 : rest.size());
  return trimmed(part);
}

/// qvalue = ( "0" [ "." 0*3DIGIT ] ) / ( "1" [ "." 0*3("0") ] ), in thousandths.
int quality_of(std::string_view text) noexcept {
  if (text.empty() || text.size() > 5 || (text[0] != '0' && text[0] != '1')) return 0;
  if (text.size() > 1 && text[1] != '.') return 0;
  int value = text[0] - '0';
  for (std::size_t i = 2; i < 5; ++i) {
    const char digit = i < text.size() ? text[i] : '0';
    if (digit < '0' || digit > '9') return 0;
    value = 10 * value + (digit - '0');
  }
  return value <= 1000 ? value : 0;
}

}  // namespace

std::optional<std::string_view> AcceptElement::parameter(std::string_view name) const noexcept {
  for (std::string_view rest = parameters; !rest.empty();) {
    const std::string_view one = take_until(rest, ';');
    const std::size_t equals = one.find('=');
    if (!equal_ignoring_case(trimmed(one.substr(0, equals)), name)) continue;
    std::string_view found =
        equals == std::string_view::npos ? std::string_view() : trimmed(one.substr(equals + 1));
    if (found.size() >= 2 && found.front() == '"' && found.back() == '"')
      found = found.substr(1, found.size() - 2);
    return found;
  }
  return std::nullopt;
}

void for_each_accepted(std::string_view header,
                       const std::function<void(const AcceptElement&)>& visit) {
  while (!header.empty()) {
    AcceptElement element;
    element.parameters = take_until(header, ',');
    element.value = take_until(element.parameters, ';');
    if (element.value.empty()) continue;
    if (const auto quality = element.parameter("q")) element.quality = quality_of(*quality);
    visit(element);
  }
}

bool accepts_gzip(std::string_view accept_encoding) {
  std::optional<int> gzip;
  std::optional<int> identity;
  int any = 0;
  for_each_accepted(accept_encoding, [&](const AcceptElement& element) {
    if (equal_ignoring_case(element.value, "gzip") || equal_ignoring_case(element.value, "x-gzip"))
      gzip = element.quality;
    if (equal_ignoring_case(element.value, "identity")) identity = element.quality;
    if (element.value == "*") any = element.quality;
  });
  const int wanted = gzip.value_or(any);
  return wanted > 0 && wanted >= identity.value_or(0);
}

}  // namespace ltb::net
