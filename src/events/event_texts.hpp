// How long the texts of an event may be, and how much memory an event holds.
#pragma once

#include <ltb/event.hpp>

#include <cstddef>

namespace ltb::events {

/// Cuts every text longer than kMaxEventTextBytes there, at a character. Returns how many were cut.
/// Throws only std::bad_alloc.
std::size_t cut_long_texts(MonitoringEvent& event);

/// The bytes an event takes, its texts included; about right, never far too little.
[[nodiscard]] std::size_t held_bytes(const MonitoringEvent& event) noexcept;

}  // namespace ltb::events
