// /metrics inside a server you already have: no listener of the library, one call per scrape.
//
//   ./own_http_server 9095     serves http://127.0.0.1:9095/metrics until Ctrl-C
//   ./own_http_server --once   takes a free port, scrapes itself once and ends

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>
#include <charconv>
#include <cstdint>
#include <exception>
#include <future>
#include <iostream>
#include <ltb/monitoring.hpp>
#include <string>
#include <string_view>

namespace {

namespace http = boost::beast::http;
namespace net = boost::asio;
using tcp = net::ip::tcp;

/// The one route that matters here. In your server this is the body of your handler.
http::response<http::string_body> handle(const http::request<http::empty_body>& request,
                                         const ltb::MonitoringSystem& monitoring) {
  http::response<http::string_body> response;
  response.version(request.version());
  response.keep_alive(false);
  if (request.method() == http::verb::get && request.target() == "/metrics") {
    response.set(http::field::content_type, "text/plain; version=0.0.4; charset=utf-8");
    response.body() = monitoring.render_prometheus();
  } else {
    response.result(http::status::not_found);
    response.set(http::field::content_type, "text/plain");
    response.body() = "Only GET /metrics is here.\n";
  }
  response.prepare_payload();
  return response;
}

/// One connection, one request: enough to show the place. A real server has threads, limits and
/// timeouts.
void serve_one(tcp::acceptor& acceptor, const ltb::MonitoringSystem& monitoring) {
  tcp::socket socket = acceptor.accept();
  boost::beast::flat_buffer buffer;
  http::request<http::empty_body> request;
  boost::system::error_code error;
  http::read(socket, buffer, request, error);
  if (error)
    return;  // Whoever connected went away, or does not speak HTTP: their problem, not the
             // server's.
  http::write(socket, handle(request, monitoring), error);
  socket.shutdown(tcp::socket::shutdown_send, error);
}

std::string scrape(std::uint16_t port) {
  net::io_context context;
  tcp::socket socket(context);
  socket.connect({net::ip::address_v4::loopback(), port});
  http::request<http::empty_body> request{http::verb::get, "/metrics", 11};
  request.set(http::field::host, "127.0.0.1");
  http::write(socket, request);
  boost::beast::flat_buffer buffer;
  http::response<http::string_body> response;
  http::read(socket, buffer, response);
  return response.body();
}

int run(std::string_view argument) {
  const bool once = argument == "--once";
  std::uint16_t port = 0;
  const char* end = argument.data() + argument.size();
  if (!once && std::from_chars(argument.data(), end, port).ptr != end) {
    std::cerr << "own_http_server \"" << argument << "\": expected a port or --once\n";
    return 2;
  }

  // Never started: it counts all the same, and opens no port of its own.
  ltb::MonitoringSystem monitoring;
  monitoring.begin_request("openai", "gpt-4")
      .finish({.input_tokens = 150, .output_tokens = 75}, 0.0135);

  net::io_context context;
  tcp::acceptor acceptor(context, {net::ip::address_v4::loopback(), port});
  const std::uint16_t bound = acceptor.local_endpoint().port();
  std::cout << "Metrics    http://127.0.0.1:" << bound << "/metrics" << std::endl;
  if (!once) {
    for (;;) serve_one(acceptor, monitoring);
  }
  auto text = std::async(std::launch::async, scrape, bound);
  serve_one(acceptor, monitoring);
  std::cout << text.get();
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return run(argc > 1 ? argv[1] : "9095");
  } catch (const std::exception& error) {
    std::cerr << "own_http_server: " << error.what() << '\n';
    return 1;
  }
}
