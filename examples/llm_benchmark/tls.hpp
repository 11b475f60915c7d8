// TLS for the HTTP client: whom to trust, and what a refused handshake means. Private to the
// sources that speak HTTP: it shows Asio.
#pragma once

#include <boost/asio/ssl/context.hpp>
#include <boost/beast/core/error.hpp>
#include <memory>
#include <string>

namespace llm_benchmark {

/// A context that trusts the system's authorities and those of `ca_file` (PEM; empty: none), and no
/// protocol older than TLS 1.2. Throws std::invalid_argument naming the file when it cannot be
/// used.
[[nodiscard]] std::shared_ptr<boost::asio::ssl::context> make_tls_context(
    const std::string& ca_file);

/// Tells a connection whom it wants to talk to: the name goes into the handshake (SNI) and must be
/// in the certificate; an address must be in the certificate too.
[[nodiscard]] boost::beast::error_code expect_host(SSL* connection, const std::string& host);

/// Why the handshake failed, in words for people.
[[nodiscard]] std::string handshake_failure(SSL* connection, const std::string& host,
                                            const boost::beast::error_code& error);

}  // namespace llm_benchmark
