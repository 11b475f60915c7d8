// In place of tls_openssl.cpp in a build without TLS.
#include "net/tls.hpp"

namespace ltb::net {

std::shared_ptr<const TlsContext> TlsContext::load(const TlsFiles&) {
  throw TlsError(
      std::make_error_code(std::errc::not_supported),
      "TLS: this build of the library has none\n  (configure it with -DLTB_TLS=ON, which "
      "needs OpenSSL, or leave with_tls(), LTB_TLS_CERT and LTB_TLS_KEY out)");
}

}  // namespace ltb::net
