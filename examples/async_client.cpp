// Asynchronous calls on Boost.Asio: a streamed answer read by a coroutine, and one call with a
// future. A small server in the same program stands for the provider.

#include <array>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/use_future.hpp>
#include <boost/asio/write.hpp>
#include <chrono>
#include <cstddef>
#include <exception>
#include <future>
#include <iostream>
#include <ltb/asio.hpp>
#include <ltb/json.hpp>
#include <ltb/monitoring.hpp>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <utility>

namespace asio = boost::asio;
using Tcp = asio::ip::tcp;
using nlohmann::json;

namespace {

/// Sends one streamed answer, a JSON text a line; the second connection it cuts at once.
asio::awaitable<void> serve(Tcp::acceptor& acceptor) {
  const std::string chunks =
      R"({"model": "gpt-4o", "choices": [{"delta": {"role": "assistant", "content": ""}}]})"
      "\n"
      R"({"choices": [{"delta": {"content": "Hello "}}]})"
      "\n"
      R"({"choices": [{"delta": {"content": "world"}, "finish_reason": "stop"}]})"
      "\n"
      R"({"choices": [], "usage": {"prompt_tokens": 9, "completion_tokens": 2}})"
      "\n";
  Tcp::socket first = co_await acceptor.async_accept(asio::use_awaitable);
  co_await asio::async_write(first, asio::buffer(chunks), asio::use_awaitable);
  first.close();
  Tcp::socket second = co_await acceptor.async_accept(asio::use_awaitable);
  second.close();
}

/// The client: works with the scope like any synchronous one.
asio::awaitable<std::string> read_answer(Tcp::endpoint server, ltb::RequestScope& scope) {
  Tcp::socket socket(co_await asio::this_coro::executor);
  co_await socket.async_connect(server, asio::use_awaitable);
  std::string text;
  std::string buffer;
  ltb::LlmReply reply;
  while (!reply.usage) {  // The usage chunk is the last.
    const std::size_t length = co_await asio::async_read_until(socket, asio::dynamic_buffer(buffer),
                                                               '\n', asio::use_awaitable);
    const json chunk = json::parse(buffer.substr(0, length));
    buffer.erase(0, length);
    if (ltb::read_openai_chunk(reply, chunk)) {
      scope.on_chunk();
      text += chunk.at("choices").at(0).at("delta").at("content").get<std::string>();
    }
  }
  ltb::apply(scope, reply);
  co_return text;
}

int run() {
  ltb::MonitoringSystem monitoring{ltb::MonitoringConfig::from_env()};
  monitoring.start();

  asio::io_context context;
  Tcp::acceptor acceptor(context, Tcp::endpoint(asio::ip::address_v4::loopback(), 0));
  const Tcp::endpoint server = acceptor.local_endpoint();
  asio::co_spawn(context, serve(acceptor), asio::detached);

  // A whole coroutine as one call.
  std::future<std::string> answer = asio::co_spawn(
      context,
      ltb::co_observe(monitoring, "openai", "gpt-4o",
                      [server](ltb::RequestScope& scope) { return read_answer(server, scope); }),
      asio::use_future);
  while (answer.wait_for(std::chrono::seconds{0}) != std::future_status::ready) context.run_one();
  std::cout << answer.get() << '\n';

  // Any Asio operation, with any completion token: here a read that the server cuts.
  Tcp::socket socket(context);
  socket.connect(server);
  std::array<char, 64> reply{};
  std::future<std::size_t> length = ltb::async_observe(
      monitoring, "openai", "gpt-4o",
      [&](ltb::RequestScope&, auto handler) {
        return asio::async_read(socket, asio::buffer(reply), std::move(handler));
      },
      asio::use_future);
  context.restart();
  context.run_for(std::chrono::seconds{10});
  try {
    std::cout << length.get() << " bytes\n";
  } catch (const std::exception& error) {
    std::cout << "failed: " << error.what() << '\n';
  }

  for (const ltb::ModelStats& stats : monitoring.collector().model_stats()) {
    std::cout << stats.provider << '/' << stats.model << ": " << stats.successful_requests
              << " succeeded, " << stats.failed_requests << " failed, "
              << stats.total_output_tokens.value_or(0) << " tokens out, "
              << stats.time_to_first_token.count.value_or(0) << " first token timed, "
              << stats.errors[static_cast<std::size_t>(ltb::ErrorType::Network)]
              << " network error\n";
  }
  return 0;
}

}  // namespace

int main() {
  try {
    return run();
  } catch (const std::exception& error) {
    std::cerr << "async_client: " << error.what() << '\n';
    return 1;
  }
}
