// Label grammar and the text of a label set as /metrics shows it.
#pragma once

#include <ltb/metric.hpp>

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

namespace ltb::metrics {

/// `[a-zA-Z_:][a-zA-Z0-9_:]*`. Source: Prometheus data model.
[[nodiscard]] bool is_legal_metric_name(std::string_view name) noexcept;
/// `[a-zA-Z_][a-zA-Z0-9_]*`, not starting with `__`, which Prometheus keeps for itself.
[[nodiscard]] bool is_legal_label_name(std::string_view name) noexcept;

/// Appends a label value with backslash, quote and line feed escaped.
void append_escaped_label(std::string& out, std::string_view value);
/// Appends HELP text with backslash and line feed escaped.
void append_escaped_help(std::string& out, std::string_view help);

/// `provider="openai",model="gpt-4"`, without braces and without labels whose value is empty, which
/// for Prometheus are absent. Two texts are equal when the label sets are. Names and values go by
/// position.
[[nodiscard]] std::string label_text(std::span<const std::string> names,
                                     std::span<const std::string> values);
[[nodiscard]] std::string label_text(const Metric::Labels& labels);

/// A label value as it is kept: valid UTF-8 of at most `max_bytes` bytes.
[[nodiscard]] std::string clean_label(std::string_view value, std::size_t max_bytes);
/// Whether clean_label() would leave it as it is.
[[nodiscard]] bool is_clean_label(std::string_view value, std::size_t max_bytes) noexcept;

}  // namespace ltb::metrics
