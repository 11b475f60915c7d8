// TLS by OpenSSL; the only source that knows of it.
#include "net/tls.hpp"

#include "support/utf8.hpp"

#include <boost/asio/error.hpp>

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>

#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <fstream>
#include <new>

namespace ltb::net {
namespace {

using boost::system::error_code;

template <auto Free>
struct Freed {
  template <typename T>
  void operator()(T* object) const noexcept {
    Free(object);
  }
};
using SslPtr = std::unique_ptr<SSL, Freed<SSL_free>>;
using ContextPtr = std::unique_ptr<SSL_CTX, Freed<SSL_CTX_free>>;
using MethodPtr = std::unique_ptr<BIO_METHOD, Freed<BIO_meth_free>>;

int descriptor_of(BIO* bio) noexcept {
  return static_cast<int>(reinterpret_cast<std::intptr_t>(BIO_get_data(bio)));
}

// OpenSSL's own socket BIO writes with write(), which raises SIGPIPE in the host.
int send_some(BIO* bio, const char* bytes, int size) {
  BIO_clear_retry_flags(bio);
  const auto sent = ::send(descriptor_of(bio), bytes, static_cast<std::size_t>(size),
                           MSG_NOSIGNAL | MSG_DONTWAIT);
  if (sent < 0 && (errno == EAGAIN || errno == EINTR)) BIO_set_retry_write(bio);
  return static_cast<int>(sent);
}

int receive_some(BIO* bio, char* bytes, int size) {
  BIO_clear_retry_flags(bio);
  const auto got = ::recv(descriptor_of(bio), bytes, static_cast<std::size_t>(size), MSG_DONTWAIT);
  if (got < 0 && (errno == EAGAIN || errno == EINTR)) BIO_set_retry_read(bio);
  return static_cast<int>(got);
}

long control(BIO*, int command, long, void*) {
  return command == BIO_CTRL_FLUSH ? 1 : 0;
}

class OpenSslSession final : public TlsSession {
 public:
  OpenSslSession(std::shared_ptr<const TlsContext> keeper, SSL_CTX* context, BIO_METHOD* method,
                 int descriptor)
      : keeper_(std::move(keeper)), ssl_(SSL_new(context)) {
    BIO* bio = ssl_ ? BIO_new(method) : nullptr;
    if (bio == nullptr) throw std::bad_alloc();
    // NOLINTNEXTLINE(performance-no-int-to-ptr): OpenSSL has a pointer for us, we have a number
    BIO_set_data(bio, reinterpret_cast<void*>(static_cast<std::intptr_t>(descriptor)));
    BIO_set_init(bio, 1);
    SSL_set_bio(ssl_.get(), bio, bio);  // owns it
    SSL_set_accept_state(ssl_.get());
  }

  Outcome read(std::span<std::byte> into) override {
    std::size_t size = 0;
    ERR_clear_error();
    errno = 0;
    const int result = SSL_read_ex(ssl_.get(), into.data(), into.size(), &size);
    return outcome(result, size);
  }

  Outcome write(std::span<const std::byte> from) override {
    std::size_t size = 0;
    ERR_clear_error();
    errno = 0;
    const int result = SSL_write_ex(ssl_.get(), from.data(), from.size(), &size);
    return outcome(result, size);
  }

  void close_notify() noexcept override {
    // After a fatal error, or in the middle of a handshake, there is nothing to say it with.
    if (failed_ || !is_established()) return;
    ERR_clear_error();
    SSL_shutdown(ssl_.get());
    ERR_clear_error();
  }

  [[nodiscard]] bool is_established() const noexcept override {
    return SSL_is_init_finished(ssl_.get()) == 1;
  }

 private:
  Outcome outcome(int result, std::size_t size) {
    if (result == 1) return {size, Wait::Nothing, {}};
    const int cause = errno;
    switch (SSL_get_error(ssl_.get(), result)) {
      case SSL_ERROR_WANT_READ:
        return {0, Wait::Readable, {}};
      case SSL_ERROR_WANT_WRITE:
        return {0, Wait::Writable, {}};
      case SSL_ERROR_ZERO_RETURN:
        return {0, Wait::Nothing, boost::asio::error::eof};
      case SSL_ERROR_SYSCALL:
        failed_ = true;
        if (cause != 0)
          return {0, Wait::Nothing, error_code(cause, boost::system::system_category())};
        return {0, Wait::Nothing, boost::asio::error::eof};
      default:  // no TLS, a broken record, an end without a word
        failed_ = true;
        ERR_clear_error();
        return {0, Wait::Nothing, boost::asio::error::connection_aborted};
    }
  }

  std::shared_ptr<const TlsContext> keeper_;  // ssl_ uses the method until its end
  SslPtr ssl_;
  bool failed_ = false;
};

// A password would be asked for on the host's terminal.
int no_password(char*, int, int, void*) {
  return -1;
}

// HTTP/1.1 only: a browser that also offers h2 must learn that from ALPN.
int choose_protocol(SSL*, const unsigned char** chosen, unsigned char* chosen_size,
                    const unsigned char* offered, unsigned int offered_size, void*) {
  static constexpr unsigned char kOurs[] = "\x08http/1.1";
  unsigned char* found = nullptr;
  const int result =
      SSL_select_next_proto(&found, chosen_size, kOurs, sizeof kOurs - 1, offered, offered_size);
  *chosen = found;
  return result == OPENSSL_NPN_NEGOTIATED ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_NOACK;
}

[[noreturn]] void refuse(std::string_view what, const std::string& file, std::error_code code,
                         std::string_view reason, std::string_view remedy) {
  std::string text = "TLS ";
  text.append(what).append(" \"").append(support::escape_for_log(file)).append("\": ");
  text.append(reason).append("\n  (").append(remedy).append(")");
  throw TlsError(code, std::move(text));
}

std::string openssl_reason() {
  const unsigned long error = ERR_get_error();
  const char* reason = ERR_reason_error_string(error);
  ERR_clear_error();
  return reason == nullptr ? "OpenSSL gives no reason" : reason;
}

void check_readable(std::string_view what, const std::string& file, std::string_view remedy) {
  errno = 0;
  std::ifstream stream(file);
  char first = 0;
  if (stream && stream.get(first)) return;
  const int cause = errno;
  if (cause == 0)
    refuse(what, file, std::make_error_code(std::errc::invalid_argument), "the file is empty",
           remedy);
  const std::error_code code(cause, std::generic_category());
  refuse(what, file, code, code.message(), remedy);
}

class OpenSslContext final : public TlsContext,
                             public std::enable_shared_from_this<OpenSslContext> {
 public:
  explicit OpenSslContext(const TlsFiles& files)
      : context_(SSL_CTX_new(TLS_server_method())),
        method_(BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "ltb socket")) {
    if (!context_ || !method_) throw std::bad_alloc();
    BIO_meth_set_write(method_.get(), send_some);
    BIO_meth_set_read(method_.get(), receive_some);
    BIO_meth_set_ctrl(method_.get(), control);
    SSL_CTX* context = context_.get();
    SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
    // RFC 9325, 4.2: forward secrecy and authenticated encryption only. TLS 1.3 has nothing else.
    if (SSL_CTX_set_cipher_list(context, "ECDHE+AESGCM:ECDHE+CHACHA20:!aNULL:!PSK") != 1)
      throw TlsError(std::make_error_code(std::errc::not_supported),
                     "TLS: this OpenSSL has no ECDHE cipher with authenticated encryption\n  "
                     "(use OpenSSL 1.1.1 or later)");
    SSL_CTX_set_options(
        context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_CIPHER_SERVER_PREFERENCE);
    // A write that the kernel did not take is tried again from another buffer with the same bytes.
    SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                                  SSL_MODE_RELEASE_BUFFERS);
    // No resumption: connections here are few and long, and no ticket key needs protection.
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_num_tickets(context, 0);
    SSL_CTX_set_options(context, SSL_OP_NO_TICKET);
    SSL_CTX_set_alpn_select_cb(context, choose_protocol, nullptr);
    SSL_CTX_set_default_passwd_cb(context, no_password);
    read(files);
  }

  [[nodiscard]] std::unique_ptr<TlsSession> accept(int descriptor) const override {
    return std::make_unique<OpenSslSession>(shared_from_this(), context_.get(), method_.get(),
                                            descriptor);
  }

 private:
  void read(const TlsFiles& files) {
    constexpr std::string_view kCertificateRemedy =
        "give a PEM file with the server's certificate, then its chain, with with_tls() or "
        "LTB_TLS_CERT";
    constexpr std::string_view kKeyRemedy =
        "give the PEM file of the certificate's private key, without a password, with with_tls() "
        "or LTB_TLS_KEY";
    const auto bad = std::make_error_code(std::errc::invalid_argument);
    check_readable("certificate", files.certificate, kCertificateRemedy);
    ERR_clear_error();
    if (SSL_CTX_use_certificate_chain_file(context_.get(), files.certificate.c_str()) != 1)
      refuse("certificate", files.certificate, bad, openssl_reason(), kCertificateRemedy);
    check_readable("key", files.key, kKeyRemedy);
    ERR_clear_error();
    if (SSL_CTX_use_PrivateKey_file(context_.get(), files.key.c_str(), SSL_FILETYPE_PEM) != 1)
      refuse("key", files.key, bad, openssl_reason(), kKeyRemedy);
    if (SSL_CTX_check_private_key(context_.get()) != 1)
      refuse("key", files.key, bad, openssl_reason(), kKeyRemedy);
  }

  ContextPtr context_;
  MethodPtr method_;
};

}  // namespace

std::shared_ptr<const TlsContext> TlsContext::load(const TlsFiles& files) {
  return std::make_shared<const OpenSslContext>(files);
}

}  // namespace ltb::net
