// One HTTP connection: reads heads, asks the router, writes responses in order, hands WebSocket
// upgrades over.
#pragma once

#include "net/request_head.hpp"
#include "net/session.hpp"
#include "net/stream.hpp"

#include <array>
#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace ltb::net {

/// Lives as long as its pending operations hold it. Members: strand only.
class HttpSession final : public SessionBase, public std::enable_shared_from_this<HttpSession> {
 public:
  HttpSession(Stream stream, SessionSeat seat);
  ~HttpSession() override;

  /// Serves requests, or without a place answers 503 or a health check, and closes. Any thread,
  /// once.
  void start();

  void request_stop() override;
  void request_abort() override;
  [[nodiscard]] std::optional<std::chrono::steady_clock::time_point> idle_since(
      const ListenerContext& listener, std::string_view peer) const noexcept override;
  void request_close_idle() override;
  void abandon() noexcept override;

  void on_deadline();

 private:
  enum class Phase { Idle, ReadingHead, Making, Writing, Lingering, Closed };
  /// An answer on its way from the handler to the socket.
  struct Reply {
    Request request;
    Response response{};
    bool head_only = false;
  };

  void read_more();
  void on_read(const ErrorCode& error);
  void take_requests();
  void answer(Request request);
  void wait_for_request(std::chrono::milliseconds patience);
  bool find_place(Request& request);
  void refuse_place(std::string why, bool head_only);
  std::optional<Response> check_access(const Request& request, bool websocket);
  std::optional<Response> check_origin(const Request& request, bool origin_matters);
  /// 403, counted and logged. `remedy` names the setting that would allow `value`.
  Response forbid(std::string_view what, std::string_view value, std::string_view remedy);
  [[nodiscard]] bool is_preflight(const Request& request) const;
  [[nodiscard]] Response answer_preflight(const Request& request) const;
  [[nodiscard]] bool has_token(const Request& request, bool websocket) const;
  Response call_handler(const Request& request);
  void upgrade(const Request& request, const UpgradeHandler& handler);
  void refuse(const Refusal& refusal, bool head_only);
  void add_cors(const Request& request, Response& response) const;

  void make_in_slices(std::shared_ptr<Reply> reply);
  void deliver(std::shared_ptr<Reply> reply);
  void compress(std::shared_ptr<Reply> reply, Body text);
  void queue(std::function<bool()> step, std::function<void()> then);
  [[nodiscard]] Response overloaded();
  void respond(Response response, bool keep_alive, bool head_only, bool http_1_0);
  void write_more();
  void on_written(const ErrorCode& error, std::size_t size);
  void linger();
  void discard();
  void close();
  void stop_in_order();

  [[nodiscard]] const ServerLimits& limits() const noexcept { return seat_.context->limits; }
  [[nodiscard]] Counters& counters() const noexcept { return *seat_.context->counters; }

  Stream stream_;
  Strand strand_;
  SessionSeat seat_;
  Deadline<HttpSession> deadline_;
  Phase phase_ = Phase::Idle;
  bool stopping_ = false;
  bool reading_ = false;  ///< A read is under way.
  bool served_ = false;   ///< At least one response was sent: from then on waiting is idling.

  std::string in_;           ///< Received and not yet taken.
  std::size_t checked_ = 0;  ///< Bytes of in_ known to hold no end of a head.

  std::string out_head_;
  std::shared_ptr<const std::string> out_body_;  ///< Null when no content is sent.
  std::size_t out_sent_ = 0;                     ///< Of head and body together.
  bool out_keep_alive_ = false;
  /// Steady time since when it waits for a request; 0 while it does something.
  std::atomic<std::chrono::steady_clock::rep> idle_since_{0};
  std::atomic<bool> is_closed_{false};  ///< For work that is under way elsewhere.
};

}  // namespace ltb::net
