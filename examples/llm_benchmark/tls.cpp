// TLS through OpenSSL.

#include "tls.hpp"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509_vfy.h>

#include <boost/asio/ip/address.hpp>
#include <boost/asio/ssl/error.hpp>
#include <stdexcept>

namespace llm_benchmark {
namespace {

namespace ssl = boost::asio::ssl;
using boost::beast::error_code;

error_code last_error() {
  return {static_cast<int>(ERR_get_error()), boost::asio::error::get_ssl_category()};
}

std::string remedy(long verdict) {
  switch (verdict) {
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
      return " (name the authority that signed it with --ca-file)";
    case X509_V_ERR_HOSTNAME_MISMATCH:
    case X509_V_ERR_IP_ADDRESS_MISMATCH:
      return " (use the name that is in the certificate)";
    default:
      return {};
  }
}

}  // namespace

std::shared_ptr<ssl::context> make_tls_context(const std::string& ca_file) {
  auto context = std::make_shared<ssl::context>(ssl::context::tls_client);
  SSL_CTX_set_min_proto_version(context->native_handle(), TLS1_2_VERSION);
  context->set_verify_mode(ssl::verify_peer);
  error_code error;
  context->set_default_verify_paths(error);  // Without any, every server is refused: told then.
  if (ca_file.empty()) return context;
  context->load_verify_file(ca_file, error);
  if (error) {
    throw std::invalid_argument("--ca-file \"" + ca_file + "\": cannot be used: " +
                                error.message() + " (expected certificates in PEM form)");
  }
  return context;
}

error_code expect_host(SSL* connection, const std::string& host) {
  error_code not_an_address;
  boost::asio::ip::make_address(host, not_an_address);
  X509_VERIFY_PARAM* const wanted = SSL_get0_param(connection);
  if (!not_an_address) {
    // RFC 6066: an address is no name for SNI.
    return X509_VERIFY_PARAM_set1_ip_asc(wanted, host.c_str()) == 1 ? error_code{} : last_error();
  }
  if (SSL_set_tlsext_host_name(connection, host.c_str()) != 1) return last_error();
  return X509_VERIFY_PARAM_set1_host(wanted, host.c_str(), host.size()) == 1 ? error_code{}
                                                                             : last_error();
}

std::string handshake_failure(SSL* connection, const std::string& host, const error_code& error) {
  const long verdict = SSL_get_verify_result(connection);
  if (verdict != X509_V_OK) {
    return "the certificate of " + host + " is refused: " + X509_verify_cert_error_string(verdict) +
           remedy(verdict);
  }
  const bool from_tls = error.category() == boost::asio::error::get_ssl_category();
  if (from_tls &&
      ERR_GET_REASON(static_cast<unsigned long>(error.value())) == SSL_R_WRONG_VERSION_NUMBER) {
    return "cannot start TLS with " + host +
           ": what answers does not speak TLS (is it an http:// address?)";
  }
  return "cannot start TLS with " + host + ": " + error.message();
}

}  // namespace llm_benchmark
