// The same call of the replay server through every way of watching one.
#pragma once

#include "integration/replay/sse_client.hpp"

#include <ltb/monitoring_system.hpp>

#include <array>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace ltb::test {

enum class Skin : std::uint8_t {
  Provider,   ///< ltb::MonitoredProvider
  Client,     ///< ltb::Monitored<Client>, with the JSON traits of the provider
  Observe,    ///< ltb::observe()
  Async,      ///< ltb::async_observe() with a callback
  Coroutine,  ///< ltb::co_observe()
};
inline constexpr std::array<Skin, 5> kSkins{Skin::Provider, Skin::Client, Skin::Observe,
                                            Skin::Async, Skin::Coroutine};
[[nodiscard]] std::string_view name_of(Skin skin) noexcept;

/// How a call ended for its caller.
struct CallEnd {
  std::string text{};   ///< The answer, as far as it came.
  std::string error{};  ///< Empty when the call went well.
};

/// Called after each piece of content; false gives the call up. May throw.
using OnContent = std::function<bool()>;

/// Makes one call and waits for its end; catches what it throws. The label `provider` is the name
/// of the api.
CallEnd call_through(Skin skin, MonitoringSystem& monitoring, const Ask& ask,
                     const OnContent& on_content = {});

}  // namespace ltb::test
