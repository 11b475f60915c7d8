#include "integration/replay/sse_client.hpp"

#include <ltb/error_type.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http.hpp>

#include <algorithm>
#include <array>
#include <cctype>
#include <exception>
#include <optional>
#include <system_error>
#include <utility>

namespace ltb::test {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using asio::use_awaitable;
using Json = nlohmann::json;

Json parse(const std::string& text) {
  try {
    return Json::parse(text);
  } catch (const Json::exception& error) {
    throw ProviderError(ErrorType::Parse, error.what());
  }
}

/// Cuts a byte stream into the data of its events.
class SseReader {
 public:
  void add(std::string_view bytes) { rest_ += bytes; }

  /// The data of the next whole event; nothing while there is none.
  std::optional<std::string> next() {
    for (std::size_t end = rest_.find('\n'); end != std::string::npos; end = rest_.find('\n')) {
      std::string line = rest_.substr(0, end);
      rest_.erase(0, end + 1);
      if (line.ends_with('\r')) line.pop_back();
      if (line.empty()) {
        if (!data_) continue;
        return std::exchange(data_, std::nullopt);
      }
      if (!line.starts_with("data:")) continue;
      line.erase(0, line.starts_with("data: ") ? 6 : 5);
      data_ = data_ ? *data_ + '\n' + line : line;
    }
    return std::nullopt;
  }

 private:
  std::string rest_;
  std::optional<std::string> data_;
};

http::request<http::string_body> make_request(const Ask& ask) {
  Json body{{"model", ask.model},
            {"messages", {{{"role", "user"}, {"content", "Say something."}}}},
            {"stream", ask.stream}};
  std::string path = "/v1/chat/completions";
  if (ask.api == Api::OpenAi && ask.stream) body["stream_options"] = {{"include_usage", true}};
  if (ask.api == Api::Anthropic) path = "/v1/messages";
  if (ask.api == Api::Google) {
    path = "/v1beta/models/" + ask.model +
           (ask.stream ? ":streamGenerateContent?alt=sse" : ":generateContent");
    body = {{"contents", {{{"parts", {{{"text", "Say something."}}}}}}}};
  }
  http::request<http::string_body> request{http::verb::post, path, 11};
  request.set(http::field::host, "127.0.0.1");
  request.set(http::field::content_type, "application/json");
  request.set("x-replay", ask.script.dump(-1, ' ', true));
  request.body() = body.dump();
  request.prepare_payload();
  return request;
}

/// The body, byte by byte as it comes.
template <typename OnBytes>
asio::awaitable<void> read_body(beast::tcp_stream& stream, beast::flat_buffer& buffer,
                                http::response_parser<http::buffer_body>& parser,
                                OnBytes on_bytes) {
  std::array<char, 16384> block{};
  while (!parser.is_done()) {
    parser.get().body().data = block.data();
    parser.get().body().size = block.size();
    boost::system::error_code error;
    co_await http::async_read_some(stream, buffer, parser,
                                   asio::redirect_error(use_awaitable, error));
    if (error && error != http::error::need_buffer) throw boost::system::system_error(error);
    if (!on_bytes(std::string_view(block.data(), block.size() - parser.get().body().size)))
      co_return;
  }
}

asio::awaitable<Json> async_control(std::uint16_t port, std::string path) {
  beast::tcp_stream stream(co_await asio::this_coro::executor);
  stream.expires_after(std::chrono::seconds{30});
  co_await stream.async_connect({asio::ip::address_v4::loopback(), port}, use_awaitable);
  http::request<http::empty_body> request{http::verb::get, path, 11};
  co_await http::async_write(stream, request, use_awaitable);
  beast::flat_buffer buffer;
  http::response_parser<http::string_body> parser;
  parser.body_limit(boost::none);
  co_await http::async_read(stream, buffer, parser, use_awaitable);
  co_return Json::parse(parser.get().body());
}

template <typename Value>
Value run(asio::awaitable<Value> work) {
  asio::io_context context(1);
  std::exception_ptr failed;
  Value value{};
  asio::co_spawn(context, std::move(work), [&](std::exception_ptr error, Value result) {
    failed = std::move(error);
    value = std::move(result);
  });
  context.run();
  if (failed) std::rethrow_exception(failed);
  return value;
}

}  // namespace

std::string_view name_of(Api api) noexcept {
  constexpr std::array<std::string_view, 3> kNames{"openai", "anthropic", "google"};
  return kNames[static_cast<std::size_t>(api)];
}

asio::awaitable<Answer> async_ask(Ask ask, OnEvent on_event) {
  beast::tcp_stream stream(co_await asio::this_coro::executor);
  stream.expires_after(ask.timeout);
  co_await stream.async_connect({asio::ip::address_v4::loopback(), ask.port}, use_awaitable);
  stream.socket().set_option(asio::ip::tcp::no_delay(true));
  const auto request = make_request(ask);
  co_await http::async_write(stream, request, use_awaitable);

  beast::flat_buffer buffer;
  http::response_parser<http::buffer_body> parser;
  parser.body_limit(boost::none);
  co_await http::async_read_header(stream, buffer, parser, use_awaitable);
  Answer answer{.status = static_cast<int>(parser.get().result_int())};
  for (const auto& field : parser.get()) {
    std::string name(field.name_string());
    std::transform(name.begin(), name.end(), name.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    answer.headers[name] = std::string(field.value());
  }
  if (answer.headers["content-type"].starts_with("text/event-stream")) {
    SseReader events;
    co_await read_body(stream, buffer, parser, [&](std::string_view bytes) {
      events.add(bytes);
      while (const auto event = events.next())
        if (*event != "[DONE]" && !on_event(parse(*event))) return false;
      return true;
    });
    co_return answer;
  }
  std::string text;
  co_await read_body(stream, buffer, parser, [&](std::string_view bytes) {
    text += bytes;
    return true;
  });
  // An error page of a proxy says no more than its status.
  answer.body = answer.status >= 400 && !Json::accept(text) ? Json(text) : parse(text);
  co_return answer;
}

Answer ask(const Ask& ask, const OnEvent& on_event) {
  try {
    return run(async_ask(ask, on_event));
  } catch (const boost::system::system_error& error) {
    throw std::system_error(static_cast<std::error_code>(error.code()), error.what());
  }
}

Json control(std::uint16_t port, const std::string& path) {
  return run(async_control(port, path));
}

}  // namespace ltb::test
