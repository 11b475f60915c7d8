// TLS: a server's certificate, and one connection. Free of OpenSSL, which is the business of one
// source.
#pragma once

#include <boost/system/error_code.hpp>

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <system_error>

namespace ltb::net {

/// The PEM files of a server. Both empty: no TLS.
struct TlsFiles {
  std::string certificate{};  ///< The server's own certificate, then its chain.
  std::string key{};          ///< Its private key, not protected by a password.
};

/// What is wrong with a certificate or key, in words that help; code() is the cause.
class TlsError final : public std::system_error {
 public:
  TlsError(std::error_code code, std::string text)
      : std::system_error(code), text_(std::move(text)) {}
  [[nodiscard]] const char* what() const noexcept override { return text_.c_str(); }

 private:
  std::string text_;
};

/// One connection, server side, over a non-blocking socket. Does the handshake with the first read
/// or write. Strand only; never blocks and never raises a signal.
class TlsSession {
 public:
  enum class Wait { Nothing, Readable, Writable };
  /// Bytes moved, or an error, or what the socket must become before the same call is made again.
  struct Outcome {
    std::size_t bytes = 0;
    Wait wait = Wait::Nothing;
    boost::system::error_code error{};
  };

  virtual ~TlsSession() = default;
  virtual Outcome read(std::span<std::byte> into) = 0;
  /// Takes a part of `from`, one record at most. After Wait the next call must offer the same bytes
  /// first.
  virtual Outcome write(std::span<const std::byte> from) = 0;
  /// Tells the peer that nothing more comes, if the kernel takes it now.
  virtual void close_notify() noexcept = 0;
  [[nodiscard]] virtual bool is_established() const noexcept = 0;
};

/// Certificate, key and settings of a server: TLS 1.2 and later, HTTP/1.1. Any thread.
class TlsContext {
 public:
  virtual ~TlsContext() = default;
  /// `descriptor` must outlive the session, which does not close it. Throws std::bad_alloc.
  [[nodiscard]] virtual std::unique_ptr<TlsSession> accept(int descriptor) const = 0;

  /// Reads the files. Throws TlsError naming file, reason and remedy; also in a build without TLS.
  [[nodiscard]] static std::shared_ptr<const TlsContext> load(const TlsFiles& files);
};

}  // namespace ltb::net
