// Request targets and query strings taken apart (RFC 3986, RFC 9112 section 3.2).
#include "net/target.hpp"

#include "net/http.hpp"

namespace ltb::net {
namespace {

int hex_digit(char c) noexcept {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

std::optional<std::string> decode(std::string_view text, bool plus_is_space) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    char c = text[i];
    if (c == '%') {
      if (text.size() - i < 3) return std::nullopt;
      const int high = hex_digit(text[i + 1]);
      const int low = hex_digit(text[i + 2]);
      if (high < 0 || low < 0) return std::nullopt;
      c = static_cast<char>(high * 16 + low);
      i += 2;
    } else if (plus_is_space && c == '+') {
      c = ' ';
    }
    if (c == '\0') return std::nullopt;  // a C string further down would end here
    out.push_back(c);
  }
  return out;
}

/// Calls `take(name, value)` per pair; false from it, or an undecodable pair with `strict`, ends
/// the walk.
template <typename Take>
bool walk_query(std::string_view query, bool strict, Take take) {
  while (!query.empty()) {
    const auto end = query.find('&');
    const auto pair = query.substr(0, end);
    query = end == std::string_view::npos ? std::string_view{} : query.substr(end + 1);
    if (pair.empty()) continue;
    const auto equals = pair.find('=');
    auto name = decode(pair.substr(0, equals), true);
    auto value = decode(
        equals == std::string_view::npos ? std::string_view{} : pair.substr(equals + 1), true);
    if (name && value) {
      take(std::move(*name), std::move(*value));
    } else if (strict) {
      return false;
    }
  }
  return true;
}

}  // namespace

std::optional<std::string> percent_decode(std::string_view text) {
  return decode(text, false);
}

std::optional<std::vector<std::pair<std::string, std::string>>> try_parse_query(
    std::string_view query) {
  std::vector<std::pair<std::string, std::string>> pairs;
  const auto take = [&](std::string name, std::string value) {
    pairs.emplace_back(std::move(name), std::move(value));
  };
  if (!walk_query(query, true, take)) return std::nullopt;
  return pairs;
}

std::vector<std::pair<std::string, std::string>> parse_query(std::string_view query) {
  std::vector<std::pair<std::string, std::string>> pairs;
  walk_query(query, false, [&](std::string name, std::string value) {
    pairs.emplace_back(std::move(name), std::move(value));
  });
  return pairs;
}

std::optional<SplitTarget> split_target(std::string_view target) {
  SplitTarget split;
  for (const std::string_view scheme : {"http://", "https://"}) {
    if (target.size() < scheme.size() ||
        !equal_ignoring_case(target.substr(0, scheme.size()), scheme))
      continue;
    target.remove_prefix(scheme.size());
    const auto end = target.find_first_of("/?");
    split.authority = std::string(target.substr(0, end));
    target = end == std::string_view::npos ? std::string_view{} : target.substr(end);
    if (split.authority.empty()) return std::nullopt;
    break;
  }
  if (split.authority.empty() && !target.starts_with('/')) return std::nullopt;
  if (target.find('#') != std::string_view::npos) return std::nullopt;
  const auto question = target.find('?');
  auto path = decode(target.substr(0, question), false);
  if (!path) return std::nullopt;
  split.path = path->empty() ? "/" : std::move(*path);
  if (question != std::string_view::npos) split.query = std::string(target.substr(question + 1));
  return split;
}

}  // namespace ltb::net
