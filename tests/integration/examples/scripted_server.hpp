// An HTTP server that answers what the test says, right or wrong, plain or over TLS.
#pragma once

#include <netinet/in.h>

#include <condition_variable>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

using SSL_CTX = struct ssl_ctx_st;

namespace llm_benchmark {

/// What the server does with one request.
struct Reply {
  std::string bytes{};
  bool close = false;  ///< Close the connection after the last bytes.
  /// Sent one by one after `bytes`, each when the test calls ScriptedServer::release().
  std::vector<std::string> later{};
  /// With `close`: by a reset instead of an orderly end.
  bool reset = false;
};

/// A whole HTTP answer.
[[nodiscard]] std::string http(const std::string& status, const std::string& body,
                               const std::string& more_headers = {});
/// The head of a streamed answer, which `chunk`s follow.
[[nodiscard]] std::string stream_head(const std::string& more_headers = {});
/// A piece of a chunked body; an empty one ends it.
[[nodiscard]] std::string chunk(const std::string& bytes);

/// Answers the nth request of all connections together with what `script(n)` says, on a free port
/// of 127.0.0.1.
class ScriptedServer {
 public:
  using Script = std::function<Reply(std::size_t)>;

  /// `tls`: speaks TLS with this context, which outlives the server. `greeting`: sent to whoever
  /// connects, without having been asked.
  explicit ScriptedServer(Script script, SSL_CTX* tls = nullptr, std::string greeting = {});
  ~ScriptedServer();
  ScriptedServer(const ScriptedServer&) = delete;
  ScriptedServer& operator=(const ScriptedServer&) = delete;

  [[nodiscard]] std::string url() const;
  [[nodiscard]] std::string port() const { return std::to_string(port_); }
  [[nodiscard]] std::size_t connections();
  [[nodiscard]] std::vector<std::string> requests();
  /// Lets one more of the `later` pieces go; counted, so that it may come early.
  void release();
  /// Waits until this many requests came in.
  [[nodiscard]] bool wait_for_requests(std::size_t count);
  /// Waits until the clients closed this many connections.
  [[nodiscard]] bool wait_for_closed(std::size_t count);
  /// The server name that the last TLS client asked for; empty when it asked for none.
  [[nodiscard]] std::string asked_name();

 private:
  class Channel;

  void accept_all();
  void serve(int fd);
  bool answer(Channel& channel, const std::string& request);
  bool wait_for_release(const Channel& channel);
  static std::optional<std::string> read_request(Channel& channel);

  const Script script_;
  SSL_CTX* const tls_;
  const std::string greeting_;
  int listener_ = -1;
  in_port_t port_ = 0;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::size_t connections_ = 0;  // from here on guarded by mutex_
  std::size_t closed_ = 0;
  std::size_t released_ = 0;
  bool stopping_ = false;
  std::string asked_name_;
  std::vector<std::string> requests_;
  std::vector<int> open_;
  std::vector<std::thread> threads_;
  std::thread acceptor_;
};

}  // namespace llm_benchmark
