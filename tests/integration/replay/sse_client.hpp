// The HTTP client of these tests: asks the replay server in each provider's way and hands on the
// events of a stream. Knows nothing of the monitoring.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <nlohmann/json.hpp>

#include <array>
#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>

namespace ltb::test {

enum class Api : std::uint8_t { OpenAi, Anthropic, Google };
inline constexpr std::array<Api, 3> kApis{Api::OpenAi, Api::Anthropic, Api::Google};
/// "openai", "anthropic" or "google".
[[nodiscard]] std::string_view name_of(Api api) noexcept;

/// One request.
struct Ask {
  std::uint16_t port = 0;
  Api api = Api::OpenAi;
  std::string model = "model-1";
  bool stream = true;
  nlohmann::json script = nlohmann::json::object();  ///< What the server shall do.
  std::chrono::milliseconds timeout{30'000};         ///< For the whole call.
};

/// What came back.
struct Answer {
  int status = 0;
  nlohmann::json body{};                         ///< Null after a stream.
  std::map<std::string, std::string> headers{};  ///< Names in lower case.
};

/// Called with each event of a stream, parsed; false gives the stream up. May throw.
using OnEvent = std::function<bool(const nlohmann::json&)>;

/// Throws boost::system::system_error when the connection fails, is cut, or the time is over, and
/// ltb::ProviderError (parse) for an answer that is no JSON.
[[nodiscard]] boost::asio::awaitable<Answer> async_ask(Ask ask, OnEvent on_event);

/// The same, waiting; failures of the connection as std::system_error. Events come on the calling
/// thread.
[[nodiscard]] Answer ask(const Ask& ask, const OnEvent& on_event);

/// A control request of the replay server.
nlohmann::json control(std::uint16_t port, const std::string& path);

}  // namespace ltb::test
