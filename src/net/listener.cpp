// One listening socket. Sockets are made with the system calls that set close-on-exec at once,
// which Asio does not: a fork in the host between socket() and fcntl() would leak the port into the
// child.
#include "net/listener.hpp"

#include "net/http_session.hpp"
#include "support/utf8.hpp"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <system_error>

namespace ltb::net {
namespace {

constexpr int kAcceptsPerWake = 64;  // then sessions get their turn
constexpr std::chrono::milliseconds kPauseAfterError{100};
constexpr std::uint64_t kMaxRefusing = 32;
constexpr std::size_t kMaxRefusingOfOnePeer = 24;
// A kept connection that waits for as long may be closed when its place is wanted.
constexpr std::chrono::seconds kIdleBeforeMakingRoom{2};
constexpr std::chrono::milliseconds kMakeRoomInterval{50};

std::string upper(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(), [](char c) {
    return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  });
  return text;
}

std::string to_text(const Tcp::endpoint& endpoint) {
  const auto address = endpoint.address().to_string();
  const auto port = std::to_string(endpoint.port());
  return endpoint.address().is_v6() ? "[" + address + "]:" + port : address + ":" + port;
}

// IPv6 by its network: a peer has as many addresses of one /64 as it likes.
std::string peer_of(const asio::ip::address& address) {
  if (address.is_v4()) return address.to_string();
  auto bytes = address.to_v6();
  if (bytes.is_v4_mapped()) return make_address_v4(asio::ip::v4_mapped, bytes).to_string();
  auto network = bytes.to_bytes();
  std::fill(network.begin() + 8, network.end(), static_cast<unsigned char>(0));
  return asio::ip::address_v6(network).to_string() + "/64";
}

BindError bind_error(const ListenerOptions& options, std::string_view where, int error) {
  const std::error_code code(error, std::system_category());
  std::string text = options.name + " listener: cannot bind " + std::string(where) + ": " +
                     code.message() + "\n  ";
  if (error == EADDRINUSE || error == EACCES) {
    text += "(choose another port with with_" + options.name + "_port() or LTB_" +
            upper(options.name) + "_PORT; 0 picks a free one)";
  } else {
    text += "(choose an IPv4 or IPv6 address of this machine with with_" + options.name +
            "_bind_address() or LTB_" + upper(options.name) + "_BIND_ADDRESS)";
  }
  return {code, std::move(text)};
}

/// Closes a descriptor that nobody took over.
class Descriptor {
 public:
  explicit Descriptor(int value) noexcept : value_(value) {}
  ~Descriptor() {
    if (value_ >= 0) ::close(value_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  [[nodiscard]] int get() const noexcept { return value_; }
  int release() noexcept { return std::exchange(value_, -1); }

 private:
  int value_;
};

}  // namespace

Listener::Listener(asio::io_context& io, std::shared_ptr<ListenerContext> context,
                   std::shared_ptr<SessionRoll> roll)
    : io_(io),
      strand_(asio::make_strand(io)),
      context_(std::move(context)),
      roll_(std::move(roll)),
      work_(std::make_shared<WorkQueue>(io)),
      acceptor_(strand_),
      pause_(strand_),
      refusing_(std::make_shared<std::atomic<std::uint64_t>>(0)) {
  context_->work = work_;
}

// What waits holds sessions, and they hold the queue.
Listener::~Listener() {
  work_->clear();
}

void Listener::bind() {
  const auto& options = context_->options;
  const auto where = options.address.find(':') == std::string::npos
                         ? options.address + ":" + std::to_string(options.port)
                         : "[" + options.address + "]:" + std::to_string(options.port);
  const auto fail = [&](int error) {
    throw bind_error(options, support::escape_for_log(where), error);
  };
  ErrorCode error;
  const auto address =
      asio::ip::make_address(options.address == "localhost" ? "127.0.0.1" : options.address, error);
  if (error) fail(EINVAL);
  Tcp::endpoint endpoint(address, options.port);
  protocol_ = endpoint.protocol();

  Descriptor descriptor(
      ::socket(protocol_.family(), SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, IPPROTO_TCP));
  if (descriptor.get() < 0) fail(errno);
  const int on = 1;
  ::setsockopt(descriptor.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (::bind(descriptor.get(), endpoint.data(), static_cast<socklen_t>(endpoint.size())) != 0)
    fail(errno);
  if (::listen(descriptor.get(), SOMAXCONN) != 0) fail(errno);
  auto size = static_cast<socklen_t>(endpoint.capacity());
  if (::getsockname(descriptor.get(), endpoint.data(), &size) != 0) fail(errno);
  port_ = endpoint.port();
  acceptor_.assign(protocol_, descriptor.get(), error);
  if (error) fail(error.value());
  descriptor.release();
}

void Listener::accept() {
  asio::post(strand_, [self = shared_from_this()] { self->wait_for_connections(); });
}

void Listener::request_close() {
  asio::post(strand_, [self = shared_from_this()] { self->close(); });
}

void Listener::close() noexcept {
  ErrorCode ignored;
  acceptor_.close(ignored);
  pause_.cancel();
}

void Listener::wait_for_connections() {
  if (!acceptor_.is_open()) return;
  acceptor_.async_wait(Acceptor::wait_read, [self = shared_from_this()](const ErrorCode& error) {
    if (error) return;  // closed
    self->accept_waiting();
  });
}

void Listener::accept_waiting() {
  for (int i = 0; i < kAcceptsPerWake; ++i) {
    if (!acceptor_.is_open()) return;
    if (accept_one()) continue;
    const int error = errno;
    if (error == EAGAIN || error == EWOULDBLOCK) break;
    // The connection failed before it was taken; the next one may be fine (accept(2), "Error
    // handling").
    if (error == EINTR || error == ECONNABORTED || error == EPROTO || error == EPERM) continue;
    return on_accept_error(error);
  }
  wait_for_connections();
}

/// False: nothing was accepted, errno says why.
bool Listener::accept_one() {
  Tcp::endpoint remote;
  auto size = static_cast<socklen_t>(remote.capacity());
  const int descriptor =
      ::accept4(acceptor_.native_handle(), remote.data(), &size, SOCK_CLOEXEC | SOCK_NONBLOCK);
  if (descriptor < 0) return false;
  remote.resize(size);
  count(context_->counters->accepted);
  try {
    seat(descriptor, remote);
  } catch (const std::exception&
               error) {  // no memory for a session: this connection is lost, the listener is not
    count(context_->counters->accept_errors);
    if (const auto left_out = context_->accept_errors.due()) {
      context_->log.error(
          "{} listener: cannot serve a connection: {} ({} similar messages suppressed)", name(),
          error.what(), *left_out);
    }
  }
  return true;
}

/// Out of descriptors or memory: the connection stays in the backlog, so waiting for readability
/// would return at once. Pause, then try again.
void Listener::on_accept_error(int error) {
  count(context_->counters->accept_errors);
  if (const auto left_out = context_->accept_errors.due()) {
    context_->log.error(
        "{} listener: cannot accept on port {}: {}; trying again ({} similar messages suppressed)",
        name(), port_, std::generic_category().message(error), *left_out);
  }
  pause_.expires_after(kPauseAfterError);
  pause_.async_wait([self = shared_from_this()](const ErrorCode& cancelled) {
    if (!cancelled) self->accept_waiting();
  });
}

void Listener::seat(int descriptor, const Tcp::endpoint& remote) {
  Descriptor owned(descriptor);
  const int on = 1;
  ::setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  if (context_->send_buffer_bytes > 0) {
    ::setsockopt(descriptor, SOL_SOCKET, SO_SNDBUF, &context_->send_buffer_bytes,
                 sizeof context_->send_buffer_bytes);
  }
  Socket socket(asio::make_strand(io_));
  socket.assign(protocol_, owned.get());
  owned.release();
  socket.non_blocking(true);

  const std::string peer = peer_of(remote.address());
  auto admission = context_->admit(peer);
  const bool has_place = static_cast<bool>(admission.place);
  if (!has_place) {
    make_room(admission.peer_is_full ? peer : std::string());
    admission.place = Place::take(refusing_, *refusing_, kMaxRefusing);
    admission.of_peer = refusing_peers_->take(peer, kMaxRefusingOfOnePeer);
    if (!admission.place || !admission.of_peer) {
      // Closes without a word: under attack even the refusals are bounded.
      return count(context_->counters->connections_refused);
    }
  }
  auto tls = context_->tls ? context_->tls->accept(socket.native_handle()) : nullptr;
  auto session = std::make_shared<HttpSession>(
      Stream(std::move(socket), std::move(tls)),
      SessionSeat{context_, roll_, std::move(admission.place), to_text(remote), peer,
                  std::move(admission.of_peer), has_place});
  if (roll_->add(session)) session->start();
}

/// Closes those connections that wait for a request the longest, of one peer or (empty) of all.
void Listener::make_room(std::string_view peer) {
  const auto now = std::chrono::steady_clock::now();
  if (now - looked_for_room_ < kMakeRoomInterval) return;
  looked_for_room_ = now;
  std::vector<std::pair<std::chrono::steady_clock::time_point, std::shared_ptr<SessionBase>>> idle;
  for (auto& session : roll_->living()) {
    const auto since = session->idle_since(*context_, peer);
    if (since && now - *since >= kIdleBeforeMakingRoom) idle.emplace_back(*since, session);
  }
  const auto most = std::min(idle.size(), context_->limits.max_connections / 8 + 1);
  const auto end = idle.begin() + static_cast<std::ptrdiff_t>(most);
  std::partial_sort(idle.begin(), end, idle.end(),
                    [](const auto& a, const auto& b) { return a.first < b.first; });
  std::for_each(idle.begin(), end, [](const auto& one) { one.second->request_close_idle(); });
}

}  // namespace ltb::net
