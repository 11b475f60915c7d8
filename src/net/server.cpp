// The I/O threads and the order of starting and stopping.
#include "net/server.hpp"

#include "net/listener.hpp"
#include "net/session.hpp"
#include "support/utf8.hpp"

#include <boost/asio/executor_work_guard.hpp>

#include <pthread.h>

#include <algorithm>
#include <csignal>
#include <stdexcept>
#include <thread>

namespace ltb::net {
namespace {

constexpr std::chrono::milliseconds kOrderlyStop{
    1000};  // for responses under way and WebSocket close handshakes
constexpr std::chrono::milliseconds kAbort{300};

struct PeriodicTask {
  std::chrono::milliseconds interval;
  std::function<void()> run;
};

/// Runs one task at its interval on a strand of its own, until the io_context stops.
class Ticker : public std::enable_shared_from_this<Ticker> {
 public:
  Ticker(asio::io_context& io, std::shared_ptr<const PeriodicTask> task, support::Log log)
      : timer_(asio::make_strand(io)), task_(std::move(task)), log_(std::move(log)) {}

  void start() {
    timer_.expires_after(task_->interval);
    wait();
  }

 private:
  void wait() {
    timer_.async_wait([self = shared_from_this()](const ErrorCode& error) {
      if (error) return;
      self->run();
      // A fixed rate; after a run that took longer, the beats it missed are skipped.
      const auto now = std::chrono::steady_clock::now();
      auto next = self->timer_.expiry() + self->task_->interval;
      if (next <= now) next = now + self->task_->interval;
      self->timer_.expires_at(next);
      self->wait();
    });
  }

  void run() noexcept {
    try {
      task_->run();
    } catch (const std::exception& error) {
      if (limit_.due())
        log_.error("a periodic task threw: {}", support::escape_for_log(error.what()));
    } catch (...) {
      if (limit_.due()) log_.error("a periodic task threw something that is not a std::exception");
    }
  }

  Timer timer_;
  std::shared_ptr<const PeriodicTask> task_;
  support::Log log_;
  LogLimit limit_;
};

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
    std::make_shared<Ticker>(io_, std::move(task), log_)->start();
  }

  void post(std::function<void()> task) { asio::post(io_, std::move(task)); }

  [[nodiscard]] bool runs_on_this_thread() { return io_.get_executor().running_in_this_thread(); }

  [[nodiscard]] std::uint16_t port(std::string_view name) const noexcept {
    for (const auto& listener : listeners_) {
      if (listener->name() == name) return listener->port();
    }
    return 0;
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

  void end_sessions() {
    for (const auto& listener : listeners_) listener->request_close();
    roll_->begin_stop();
    for (const auto& session : roll_->living()) session->request_stop();
    if (roll_->wait_until_empty(std::chrono::steady_clock::now() + kOrderlyStop)) return;
    for (const auto& session : roll_->living()) session->request_abort();
    roll_->wait_until_empty(std::chrono::steady_clock::now() + kAbort);
  }

  support::Log log_;
  unsigned threads_wanted_;
  std::shared_ptr<SessionRoll> roll_ = std::make_shared<SessionRoll>();
  asio::io_context io_;
  asio::executor_work_guard<asio::io_context::executor_type> work_ = asio::make_work_guard(io_);
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
    if (state_ != State::Stopped)
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
    contexts_.push_back(std::move(context));
  }

  void start() LTB_EXCLUDES(mutex_) {
    const support::MutexLock lock(mutex_);
    if (state_ == State::Running) return;
    wait_while_stopping();
    if (state_ == State::Running) return;
    join_reaper();
    const bool is_plain = options_.tls.certificate.empty() && options_.tls.key.empty();
    const auto tls = is_plain ? nullptr : TlsContext::load(options_.tls);
    for (const auto& context : contexts_) context->tls = tls;
    auto runtime = std::make_unique<Runtime>(options_, contexts_);
    runtime->run();
    for (const auto& task : tasks_) runtime->add(task);
    runtime_ = std::move(runtime);
    state_ = State::Running;
  }

  void stop() noexcept LTB_EXCLUDES(mutex_) {
    const support::MutexLock lock(mutex_);
    if (runtime_ && runtime_->runs_on_this_thread()) return begin_stop_elsewhere();
    wait_while_stopping();
    join_reaper();
    if (state_ != State::Running) return;
    state_ = State::Stopping;
    end_stop();
  }

  [[nodiscard]] bool is_running() const noexcept LTB_EXCLUDES(mutex_) {
    const support::MutexLock lock(mutex_);
    return state_ == State::Running;
  }

  [[nodiscard]] std::uint16_t port(std::string_view name) const noexcept LTB_EXCLUDES(mutex_) {
    const support::MutexLock lock(mutex_);
    return state_ == State::Running ? runtime_->port(name) : std::uint16_t{0};
  }

  void every(std::chrono::milliseconds interval, std::function<void()> run) LTB_EXCLUDES(mutex_) {
    if (interval.count() < 1 || !run)
      throw std::invalid_argument("a periodic task needs an interval of 1 ms or more");
    auto task = std::make_shared<const PeriodicTask>(PeriodicTask{interval, std::move(run)});
    const support::MutexLock lock(mutex_);
    tasks_.push_back(task);
    if (state_ == State::Running) runtime_->add(std::move(task));
  }

  bool post(std::function<void()> task) noexcept LTB_EXCLUDES(mutex_) {
    const support::MutexLock lock(mutex_);
    if (state_ != State::Running) return false;
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
  enum class State { Stopped, Running, Stopping };

  [[nodiscard]] const ListenerContext* find(std::string_view name) const noexcept
      LTB_REQUIRES(mutex_) {
    for (const auto& context : contexts_) {
      if (context->options.name == name) return context.get();
    }
    return nullptr;
  }

  void wait_while_stopping() LTB_REQUIRES(mutex_) {
    while (state_ == State::Stopping) changed_.wait(mutex_);
  }

  void join_reaper() LTB_REQUIRES(mutex_) {
    if (reaper_.joinable()) reaper_.join();  // its last act was to release the mutex
  }

  /// State is Stopping and this thread is the one who stops. Ends the runtime without the mutex:
  /// handlers and the destructors of what they hold may ask this server something.
  void end_stop() noexcept LTB_REQUIRES(mutex_) {
    mutex_.unlock();
    runtime_->shut_down();
    mutex_.lock();
    auto ended = std::move(runtime_);
    mutex_.unlock();
    ended.reset();
    mutex_.lock();
    state_ = State::Stopped;
    changed_.notify_all();
  }

  /// An I/O thread cannot join itself: a thread for this one purpose does.
  void begin_stop_elsewhere() noexcept LTB_REQUIRES(mutex_) {
    if (state_ != State::Running) return;
    try {
      join_reaper();
      reaper_ = std::thread([this] {
        const support::MutexLock lock(mutex_);
        end_stop();
      });
      state_ = State::Stopping;  // before the reaper gets the mutex
    } catch (...) {
      options_.log.error(
          "stop() from an I/O thread: no thread to stop with; call stop() from another thread");
    }
  }

  const ServerOptions options_;
  std::shared_ptr<std::atomic<std::uint64_t>> all_websockets_ =
      std::make_shared<std::atomic<std::uint64_t>>(0);
  mutable support::Mutex mutex_;
  support::ConditionVariable changed_;
  State state_ LTB_GUARDED_BY(mutex_) = State::Stopped;
  std::vector<std::shared_ptr<ListenerContext>> contexts_ LTB_GUARDED_BY(mutex_);
  std::vector<std::shared_ptr<const PeriodicTask>> tasks_ LTB_GUARDED_BY(mutex_);
  // Replaced under the mutex and only when Stopped; while Stopping the one who stops uses it
  // without.
  std::unique_ptr<Runtime> runtime_;
  std::thread reaper_ LTB_GUARDED_BY(mutex_);
};

Server::Server(ServerOptions options) : impl_(std::make_unique<Impl>(std::move(options))) {}
Server::~Server() {
  stop();
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
bool Server::post(std::function<void()> task) noexcept {
  return impl_->post(std::move(task));
}
ListenerStats Server::stats(std::string_view name) const noexcept {
  return impl_->stats(name);
}

}  // namespace ltb::net
