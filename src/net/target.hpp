// Request targets and query strings taken apart.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace ltb::net {

/// %XX decoded once. Nothing for a '%' without two hexadecimal digits or for %00.
[[nodiscard]] std::optional<std::string> percent_decode(std::string_view text);

/// "a=1&b=x%20y+z" as {a: "1"}, {b: "x y z"}, in order. A name without '=' has an empty value;
/// empty pairs are skipped. Nothing when an escape is broken or decodes to NUL.
[[nodiscard]] std::optional<std::vector<std::pair<std::string, std::string>>> try_parse_query(
    std::string_view query);

/// The same, leaving out the pairs that cannot be decoded.
[[nodiscard]] std::vector<std::pair<std::string, std::string>> parse_query(std::string_view query);

struct SplitTarget {
  std::string path;       ///< Decoded; starts with '/'.
  std::string query;      ///< Encoded.
  std::string authority;  ///< Of absolute-form ("http://host:80/x"); else empty.
};

/// Origin-form and absolute-form (http, https) only; nothing for anything else, a fragment or a
/// broken escape.
[[nodiscard]] std::optional<SplitTarget> split_target(std::string_view target);

}  // namespace ltb::net
