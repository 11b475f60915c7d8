// The I/O threads and the order of starting and stopping.
#include "net/server.hpp"

#include "net/listener.hpp"
#include "net/session.hpp"
#include "net/ticker.hpp"
#include "support/utf8.hpp"

#include <boost/asio/executor_work_guard.hpp>

#include <pthread.h>

#include <algorithm>
#include <atomic>
#include <csignal>
#include <new>
#include <stdexcept>
#include <system_error>
#include <thread>

namespace ltb::net {
namespace {

constexpr std::chrono::milliseconds kOrderlyStop{
    1000};  // for responses under way and WebSocket close handshakes
constexpr std::chrono::milliseconds kAbort{300};

/// Everything that exists only between start() and stop().
class Runtime {
 public:
  Runtime(const ServerOptions& options,
          const std::vector<std::shared_ptr<ListenerContext>>& contexts)
      : log_(options.log), threads_wanted_(std::max(1U, options.io_threads)) {
    for (const auto& context : contexts)
      listeners_.push_back(std::make_shared<Listener>(io_, context, roll_));
    for (const auto& listener : listeners_) listener->bind();
  }

  ~Runtime() { shut_down(); }
  Runtime(const Runtime&) = delete;
  Runtime& operator=(const Runtime&) = delete;

  /// Begins to serve once all threads are there: on failure no handler has run.
  void run() {
    // The host's signals stay with the host's threads: ours block them all.
    sigset_t all;
    sigset_t before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    try {
      for (unsigned i = 0; i < threads_wanted_; ++i) {
        threads_.emplace_back([this] { serve(); });
        pthread_setname_np(threads_.back().native_handle(),
                           ("ltb-io-" + std::to_string(i)).substr(0, 15).c_str());
      }
    } catch (...) {
      pthread_sigmask(SIG_SETMASK, &before, nullptr);
      throw;  // the destructor joins those that began
    }
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
    for (const auto& listener : listeners_) listener->accept();
  }

  void add(std::shared_ptr<const PeriodicTask> task) {
    std::make_shared<Ticker>(io_, std::move(task), log_, ending_)->start();
  }

  void post(std::function<void()> task) { asio::post(io_, std::move(task)); }

  [[nodiscard]] bool runs_on_this_thread() { return io_.get_executor().running_in_this_thread(); }

  [[nodiscard]] std::uint16_t port(std::string_view name) const noexcept {
    for (const auto& listener : listeners_) {
      if (listener->name() == name) return listener->port();
    }
    return 0;
  }

  /// On an I/O thread, which cannot join itself: ends everything as shut_down() does, but the
  /// threads, which then wait to be joined.
  void begin_shut_down() noexcept {
    try {
      request_end();
      abort_timer_.expires_after(kOrderlyStop);
      abort_timer_.async_wait([this](const ErrorCode& error) {
        if (error) return;
        for (const auto& session : roll_->living()) session->request_abort();
        abort_timer_.expires_after(kAbort);
        abort_timer_.async_wait([this](const ErrorCode&) { io_.stop(); });
      });
    } catch (...) {  // no memory for an orderly end: end at once
      io_.stop();
    }
  }

  /// Not on an I/O thread. Idempotent.
  void shut_down() noexcept {
    try {
      if (!threads_.empty()) end_sessions();
    } catch (...) {  // no memory for an orderly end: end at once
    }
    io_.stop();
    for (auto& thread : threads_) thread.join();
    threads_.clear();
    // From here on this thread alone knows them.
    for (const auto& listener : listeners_) listener->close();
    try {
      for (const auto& session : roll_->living()) session->abandon();
    } catch (...) {  // no memory for the list; ~io_context destroys them all the same
    }
  }

 private:
  void serve() noexcept {
    while (true) {
      try {
        io_.run();
        return;
      } catch (const std::exception&
                   error) {  // a posted task, or no memory in a session; the others go on
        log_.error("an I/O task threw: {}", support::escape_for_log(error.what()));
      } catch (...) {
        log_.error("an I/O task threw something that is not a std::exception");
      }
    }
  }

  void request_end() {
    ending_ = true;
    for (const auto& listener : listeners_) listener->request_close();
    roll_->begin_stop();
    for (const auto& session : roll_->living()) session->request_stop();
  }

  void end_sessions() {
    request_end();
    if (roll_->wait_until_empty(std::chrono::steady_clock::now() + kOrderlyStop)) return;
    for (const auto& session : roll_->living()) session->request_abort();
    roll_->wait_until_empty(std::chrono::steady_clock::now() + kAbort);
  }

  support::Log log_;
  unsigned threads_wanted_;
  std::shared_ptr<SessionRoll> roll_ = std::make_shared<SessionRoll>();
  std::atomic<bool> ending_{false};  // tasks do not run any more
  asio::io_context io_;
  asio::executor_work_guard<asio::io_context::executor_type> work_ = asio::make_work_guard(io_);
  Timer abort_timer_{asio::make_strand(io_)};
  // After io_: destroyed before it. What pending handlers hold is destroyed by ~io_context, which
  // sockets allow.
  std::vector<std::shared_ptr<Listener>> listeners_;
  std::vector<std::thread> threads_;
};

}  // namespace

class Server::Impl {
 public:
  explicit Impl(ServerOptions options) : options_(std::move(options)) {}

  void add_listener(ListenerOptions listener, Router router) LTB_EXCLUDES(mutex_) {
    const support::MutexLock lock(mutex_);
    if (runtime_ || ending_)
      throw std::logic_error("a listener cannot be added while the server runs");
    if (find(listener.name) != nullptr)
      throw std::logic_error("there is a listener \"" + listener.name + "\" already");
    auto context = std::make_shared<ListenerContext>();
    context->router = std::move(router);
    context->limits = options_.limits;
    context->log = options_.log;
    context->send_buffer_bytes = options_.send_buffer_bytes;
    for (const auto& text : listener.allowed_origins) {
      auto origin = parse_origin(text);
      if (!origin) {
        throw std::invalid_argument(
            listener.name + " listener: allowed origin \"" + support::escape_for_log(text) +
            "\": expected scheme://host[:port], for example https://bench.example");
      }
      context->allowed_origins.push_back(std::move(*origin));
    }
    for (const auto& text : listener.allowed_hosts) {
      auto pattern = parse_host_pattern(text);
      if (!pattern) {
        throw std::invalid_argument(
            listener.name + " listener: allowed host \"" + support::escape_for_log(text) +
            "\": expected a name or address without port, .example.com or *");
      }
      context->allowed_hosts.push_back(std::move(*pattern));
    }
    context->options = std::move(listener);
    context->counters = std::make_shared<Counters>();
    context->all_websockets = all_websockets_;
    context->websocket_peers = websocket_peers_;
    contexts_.push_back(std::move(context));
  }

  void start() LTB_EXCLUDES(mutex_) {
    std::shared_ptr<Runtime> runtime;  // outlives the lock: one that failed joins its threads
    const support::MutexLock lock(mutex_);
    while (ending_) {
      if (ending_->runs_on_this_thread())
        throw std::system_error(
            std::make_error_code(std::errc::resource_deadlock_would_occur),
            "cannot start on one of the library's own threads (a subscriber of its alerts, say) "
            "while they end: call start() from another thread");
      join_ending();
    }
    if (runtime_) return;
    const bool is_plain = options_.tls.certificate.empty() && options_.tls.key.empty();
    const auto tls = is_plain ? nullptr : TlsContext::load(options_.tls);
    for (const auto& context : contexts_) context->tls = tls;
    runtime = std::make_shared<Runtime>(options_, contexts_);
    runtime->run();
    for (const auto& task : tasks_) runtime->add(task);
    try {
      if (on_change_) on_change_(true);
    } catch (...) {
      on_change_(false);
      throw;
    }
    runtime_ = std::move(runtime);
  }

  void stop() noexcept LTB_EXCLUDES(mutex_) {
    const support::MutexLock lock(mutex_);
    if (runtime_) {
      ending_ = std::move(runtime_);
      runtime_ = nullptr;
      if (on_change_) on_change_(false);
      if (ending_->runs_on_this_thread()) ending_->begin_shut_down();
    }
    if (ending_ && !ending_->runs_on_this_thread()) join_ending();
  }

  /// After stop(). What an I/O thread began to end must be joined by somebody else.
  void join_elsewhere() noexcept LTB_EXCLUDES(mutex_) {
    const support::MutexLock lock(mutex_);
    if (!ending_) return;
    try {
      std::thread([runtime = ending_] { runtime->shut_down(); }).detach();
    } catch (...) {  // no thread: its threads must not lose what they work on
      (void)new (std::nothrow) std::shared_ptr<Runtime>(ending_);
    }
  }

  [[nodiscard]] bool is_running() const noexcept LTB_EXCLUDES(mutex_) {
    const support::MutexLock lock(mutex_);
    return runtime_ != nullptr;
  }

  [[nodiscard]] std::uint16_t port(std::string_view name) const noexcept LTB_EXCLUDES(mutex_) {
    const support::MutexLock lock(mutex_);
    return runtime_ ? runtime_->port(name) : std::uint16_t{0};
  }

  void every(std::chrono::milliseconds interval, std::function<void()> run) LTB_EXCLUDES(mutex_) {
    if (interval.count() < 1 || !run)
      throw std::invalid_argument("a periodic task needs an interval of 1 ms or more");
    auto task = std::make_shared<const PeriodicTask>(PeriodicTask{interval, std::move(run)});
    const support::MutexLock lock(mutex_);
    tasks_.push_back(task);
    if (runtime_) runtime_->add(std::move(task));
  }

  void on_change(std::function<void(bool)> call) LTB_EXCLUDES(mutex_) {
    const support::MutexLock lock(mutex_);
    on_change_ = std::move(call);
  }

  bool post(std::function<void()> task) noexcept LTB_EXCLUDES(mutex_) {
    const support::MutexLock lock(mutex_);
    if (!runtime_) return false;
    try {
      runtime_->post(std::move(task));
      return true;
    } catch (...) {  // no memory
      return false;
    }
  }

  [[nodiscard]] ListenerStats stats(std::string_view name) const noexcept LTB_EXCLUDES(mutex_) {
    const support::MutexLock lock(mutex_);
    const auto* context = find(name);
    return context == nullptr ? ListenerStats{} : context->counters->read();
  }

 private:
  [[nodiscard]] const ListenerContext* find(std::string_view name) const noexcept
      LTB_REQUIRES(mutex_) {
    for (const auto& context : contexts_) {
      if (context->options.name == name) return context.get();
    }
    return nullptr;
  }

  /// Joins what is ending, or waits until somebody else has: without the mutex, since handlers and
  /// what they destroy may ask this server something. Not on the threads that are joined.
  void join_ending() noexcept LTB_REQUIRES(mutex_) {
    if (is_joining_) {
      const Runtime* const waited_for = ending_.get();
      while (ending_.get() == waited_for) changed_.wait(mutex_);
      return;
    }
    is_joining_ = true;
    auto ended = ending_;
    mutex_.unlock();
    ended->shut_down();
    mutex_.lock();
    ending_ = nullptr;
    is_joining_ = false;
    changed_.notify_all();
    mutex_.unlock();
    ended = nullptr;
    mutex_.lock();
  }

  const ServerOptions options_;
  std::shared_ptr<std::atomic<std::uint64_t>> all_websockets_ =
      std::make_shared<std::atomic<std::uint64_t>>(0);
  std::shared_ptr<PeerPlaces> websocket_peers_ = std::make_shared<PeerPlaces>();
  mutable support::Mutex mutex_;
  support::ConditionVariable changed_;
  std::vector<std::shared_ptr<ListenerContext>> contexts_ LTB_GUARDED_BY(mutex_);
  std::vector<std::shared_ptr<const PeriodicTask>> tasks_ LTB_GUARDED_BY(mutex_);
  std::function<void(bool)> on_change_ LTB_GUARDED_BY(mutex_);
  std::shared_ptr<Runtime> runtime_ LTB_GUARDED_BY(mutex_);  // while running
  std::shared_ptr<Runtime> ending_ LTB_GUARDED_BY(mutex_);   // from stop() until it is joined
  bool is_joining_ LTB_GUARDED_BY(mutex_) = false;
};

Server::Server(ServerOptions options) : impl_(std::make_unique<Impl>(std::move(options))) {}
Server::~Server() {
  stop();
  impl_->join_elsewhere();
}
void Server::add_listener(ListenerOptions options, Router router) {
  impl_->add_listener(std::move(options), std::move(router));
}
void Server::start() {
  impl_->start();
}
void Server::stop() noexcept {
  impl_->stop();
}
bool Server::is_running() const noexcept {
  return impl_->is_running();
}
std::uint16_t Server::port(std::string_view name) const noexcept {
  return impl_->port(name);
}
void Server::every(std::chrono::milliseconds interval, std::function<void()> task) {
  impl_->every(interval, std::move(task));
}
void Server::on_change(std::function<void(bool running)> call) {
  impl_->on_change(std::move(call));
}
bool Server::post(std::function<void()> task) noexcept {
  return impl_->post(std::move(task));
}
ListenerStats Server::stats(std::string_view name) const noexcept {
  return impl_->stats(name);
}

}  // namespace ltb::net
