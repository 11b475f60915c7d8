// What the snippets of docs/providers.md take for granted. Only declared, for they are compiled and
// not linked.
#include <ltb/asio.hpp>
#include <ltb/json.hpp>
#include <ltb/monitoring.hpp>

#include <boost/asio/use_awaitable.hpp>

#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace asio = boost::asio;
struct Request {
  std::string model;
};
struct Piece {
  std::string text;
};
struct MyAnswer {
  std::uint64_t in = 0;
  std::uint64_t out = 0;
};
struct MyClient {
  MyAnswer complete(const Request& request);
  MyAnswer stream(const Request& request, std::function<bool(const Piece&)> on_piece);
  MyAnswer embed(const Request& request);
  void close();
};
struct Answer {};
struct Reply {
  ltb::TokenUsage usage;
};
struct AsyncClient {
  template <typename Token>
  auto async_chat(const Request&, Token&& token) {
    return asio::async_initiate<Token, void(boost::system::error_code, Reply)>([](auto&&) {},
                                                                               token);
  }
};
struct Headers {
  std::optional<std::string_view> find(std::string_view name) const;
};
asio::awaitable<Answer> ask(ltb::RequestScope& scope);
extern ltb::MonitoringSystem& monitoring;
extern Request request;
extern Headers headers;
extern std::string body;
extern int http_status;
extern ltb::RequestScope scope;
extern AsyncClient& client;
