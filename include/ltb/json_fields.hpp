// Reads single fields of JSON, whatever JSON that is. For ltb/json.hpp; not to be used by itself.
#pragma once

#include <ltb/llm_reply.hpp>

#include <nlohmann/json.hpp>

#include <cmath>
#include <concepts>
#include <cstdint>
#include <optional>
#include <string_view>

namespace ltb {

/// nlohmann::json and its siblings.
template <typename Json>
concept JsonValue = requires(const Json& json) {
  typename Json::string_t;
  typename Json::number_unsigned_t;
  { json.is_object() } -> std::same_as<bool>;
  json.find("name");
};

namespace detail::json {

template <JsonValue Json>
const Json* member(const Json* value, const char* name) {
  if (value == nullptr || !value->is_object()) return nullptr;
  const auto found = value->find(name);
  return found == value->end() || found->is_null() ? nullptr : &*found;
}

template <JsonValue Json>
const Json* first_of(const Json* value, const char* one, const char* other) {
  const Json* found = member(value, one);
  return found != nullptr ? found : member(value, other);
}

template <JsonValue Json>
const Json* first_element(const Json* value) {
  return value == nullptr || !value->is_array() || value->empty() ? nullptr : &*value->begin();
}

template <JsonValue Json>
std::string_view text(const Json* value) noexcept {
  if (value == nullptr || !value->is_string()) return {};
  return *value->template get_ptr<const typename Json::string_t*>();
}

/// A finish reason; empty when the text is not one.
template <JsonValue Json>
std::string_view reason(const Json* value) noexcept {
  const std::string_view found = text(value);
  return is_finish_reason(found) ? found : std::string_view();
}

template <JsonValue Json>
std::optional<double> number(const Json* value) noexcept {
  if (value == nullptr || !value->is_number()) return std::nullopt;
  if (value->is_number_unsigned())
    return static_cast<double>(*value->template get_ptr<const typename Json::number_unsigned_t*>());
  if (value->is_number_integer())
    return static_cast<double>(*value->template get_ptr<const typename Json::number_integer_t*>());
  return static_cast<double>(*value->template get_ptr<const typename Json::number_float_t*>());
}

/// The first of these fields that is there.
template <JsonValue Json, typename... Names>
const Json* any_of(const Json* value, Names... names) {
  const Json* found = nullptr;
  (void)((found = member(value, names), found != nullptr) || ...);
  return found;
}

/// A count of tokens. Whole numbers written as 12.0 pass; past 2^53 nothing does, so that sums of a
/// few cannot overflow.
template <JsonValue Json>
std::optional<std::uint64_t> count(const Json* value) noexcept {
  const std::optional<double> found = number(value);
  if (!found || !(*found >= 0 && *found <= 9007199254740992.0)) return std::nullopt;
  if (*found != std::floor(*found)) return std::nullopt;
  return static_cast<std::uint64_t>(*found);
}

/// The count in the first of these fields that holds one.
template <JsonValue Json, typename... Names>
std::optional<std::uint64_t> count_in(const Json* value, Names... names) {
  std::optional<std::uint64_t> found;
  (void)((found = count(member(value, names)), found.has_value()) || ...);
  return found;
}

/// Non-empty text, or a non-empty list (tool calls; content in parts).
template <JsonValue Json>
bool is_something(const Json* value) noexcept {
  return value != nullptr && (value->is_array() ? !value->empty() : !text(value).empty());
}

/// Whether a value says anything: not null, false, 0, "" or empty, nor a container of such alone.
template <JsonValue Json>
bool says_something(const Json* value, int depth = 0) {
  constexpr int kMostDepth = 8;
  if (value == nullptr || value->is_null()) return false;
  if (value->is_boolean()) return *value->template get_ptr<const typename Json::boolean_t*>();
  if (value->is_number()) return number(value) != 0.0;
  if (value->is_string()) return !text(value).empty();
  if (depth >= kMostDepth) return true;
  for (const Json& one : *value)
    if (says_something(&one, depth + 1)) return true;
  return false;
}

}  // namespace detail::json
}  // namespace ltb
