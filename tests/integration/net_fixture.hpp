// A server on a free port with the routes the net tests ask for.
#pragma once

#include "net/frame.hpp"
#include "net/server.hpp"
#include "raw_client.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace ltb::net {

using test::eventually;
using test::RawClient;
using namespace std::chrono_literals;

inline constexpr std::size_t kBigBody = std::size_t{32} << 20;
inline constexpr const char* kName = "prometheus";

/// A WebSocket handler the test feeds: sends what was queued with send(), records what it is told.
/// send() and the accessors from any thread.
class Feed final : public WebSocketHandler {
 public:
  void send(std::string_view text) { send_frame(encode_text_frame(text)); }
  void send_frame(std::string frame) {
    std::shared_ptr<WebSocketSession> session;
    {
      const std::lock_guard lock(mutex_);
      queue_.push_back(std::make_shared<const std::string>(std::move(frame)));
      session = session_;
    }
    if (session) session->wake();
  }
  /// From now on next() gives this block again and again.
  void flood(std::string block) {
    std::shared_ptr<WebSocketSession> session;
    {
      const std::lock_guard lock(mutex_);
      flood_ = std::make_shared<const std::string>(std::move(block));
      session = session_;
    }
    if (session) session->wake();
  }

  [[nodiscard]] std::shared_ptr<WebSocketSession> session() const {
    const std::lock_guard lock(mutex_);
    return session_;
  }
  [[nodiscard]] std::vector<std::string> received() const {
    const std::lock_guard lock(mutex_);
    return received_;
  }
  [[nodiscard]] int opened() const { return opened_; }
  [[nodiscard]] int closed() const { return closed_; }

  // WebSocketHandler
  void on_open(std::shared_ptr<WebSocketSession> session) override {
    ++opened_;
    const std::lock_guard lock(mutex_);
    session_ = std::move(session);
  }
  void on_text(std::string_view message) override {
    if (message == "throw") throw std::runtime_error("asked to");
    const std::lock_guard lock(mutex_);
    received_.emplace_back(message);
    if (message == "echo")
      queue_.push_back(std::make_shared<const std::string>(encode_text_frame("echo")));
  }
  bool next(Outgoing& out) override {
    const std::lock_guard lock(mutex_);
    std::shared_ptr<const std::string> block = flood_;
    if (!queue_.empty()) {
      block = queue_.front();
      queue_.pop_front();
    }
    if (!block) return false;
    out.bytes = std::as_bytes(std::span(block->data(), block->size()));
    out.owner = std::move(block);
    return true;
  }
  void on_close() noexcept override { ++closed_; }

 private:
  mutable std::mutex mutex_;
  std::shared_ptr<WebSocketSession> session_;
  std::deque<std::shared_ptr<const std::string>> queue_;
  std::shared_ptr<const std::string> flood_;
  std::vector<std::string> received_;
  std::atomic<int> opened_{0};
  std::atomic<int> closed_{0};
};

class NetTest : public ::testing::Test {
 protected:
  ServerOptions options_;
  ListenerOptions listener_{.name = kName};
  std::string text_ =
      std::string(200'000, 'x') + "end";  ///< What /text answers; set before start().
  std::optional<Server> server_;

  /// Feeds of the clients of /ws, in order of their handshakes.
  [[nodiscard]] std::shared_ptr<Feed> feed(std::size_t index) {
    std::shared_ptr<Feed> found;
    EXPECT_TRUE(eventually([&] {
      const std::lock_guard lock(mutex_);
      if (index < feeds_.size()) found = feeds_[index];
      return found != nullptr && found->opened() == 1;
    }));
    return found;
  }

  Router routes() {
    Router router;
    router.get("/hello", [](const Request&) { return Response::text(200, "hello\n"); });
    router.get("/echo", [](const Request& r) {
      return Response::text(200, r.path + "|" + r.query + "|" + r.remote);
    });
    router.get("/big",
               [](const Request&) { return Response::text(200, std::string(kBigBody, 'x')); });
    // Made once: to copy a large one would hold up the I/O thread.
    router.get("/text", [text = std::make_shared<const std::string>(text_)](const Request&) {
      auto response = Response::text(200, "");
      response.body = text;
      response.compressible = true;
      return response;
    });
    router.get("/throws",
               [](const Request&) -> Response { throw std::runtime_error("secret detail"); });
    router.get("/not-modified", [](const Request&) {
      Response response;
      response.status = 304;
      return std::move(response).with_header("ETag", "\"x\"");
    });
    router.get("/api/data", [](const Request&) { return Response::json(200, "{}"); });
    router.get("/-/healthy", [](const Request&) { return Response::text(200, "ok\n"); });
    router.open("/-/healthy").spare("/-/healthy").check_origin("/api/");
    router.websocket("/ws",
                     [this](const Request& request)
                         -> std::variant<Response, std::shared_ptr<WebSocketHandler>> {
                       if (request.query == "bad") return Response::text(400, "bad query\n");
                       auto feed = std::make_shared<Feed>();
                       const std::lock_guard lock(mutex_);
                       feeds_.push_back(feed);
                       return feed;
                     });
    return router;
  }

  void start() {
    server_.emplace(options_);
    server_->add_listener(listener_, routes());
    server_->start();
  }
  RawClient connect(int receive_buffer = 0) {
    return RawClient(server_->port(kName), receive_buffer);
  }
  ListenerStats stats() { return server_->stats(kName); }

  /// Sends raw bytes on a new connection; the status of the answer, and whether the server hung up
  /// after it.
  std::pair<int, bool> ask(const std::string& bytes) {
    auto client = connect();
    if (!client.send(bytes)) return {-1, false};
    const auto reply = client.read_reply();
    if (!reply) return {0, false};
    const bool says_close = reply->header("connection") == "close";
    if (says_close) {
      EXPECT_TRUE(client.is_closed_silently()) << bytes;
    }
    return {reply->status, says_close};
  }

 private:
  std::mutex mutex_;
  std::vector<std::shared_ptr<Feed>> feeds_;
};

}  // namespace ltb::net
