// What a request that failed inside libcurl amounts to, in the categories of the monitoring.

#include <cstring>
#include <string>
#include <string_view>
#include <system_error>

#include "transfer.hpp"

namespace llm_benchmark {
namespace {

using ltb::ErrorType;

bool has(std::string_view text, std::string_view part) {
  return text.find(part) != text.npos;
}

std::string remedy(std::string_view reason) {
  if (has(reason, "self-signed") || has(reason, "self signed") || has(reason, "local issuer") ||
      has(reason, "unable to verify the first")) {
    return " (name the authority that signed it with --ca-file)";
  }
  if (has(reason, "match")) return " (use the name that is in the certificate)";
  return {};
}

/// What follows the last of libcurl's own prefixes.
std::string_view without_prefix(std::string_view text) {
  for (const std::string_view prefix : {"SSL certificate problem: ", "SSL: "}) {
    if (text.starts_with(prefix)) text.remove_prefix(prefix.size());
  }
  return text;
}

}  // namespace

TransferFailure Transfer::timeout_failure(std::chrono::milliseconds limit) const {
  std::string doing = "cannot read the answer";
  if (phase_ == Phase::FindHost) doing = "cannot find the host \"" + origin.host + '"';
  if (phase_ == Phase::Connect) {
    doing = "cannot connect to " + origin.host + " port " + origin.port;
  }
  return {ErrorType::Timeout, doing + " within " + std::to_string(limit.count()) + " ms"};
}

TransferFailure Transfer::tls_failure(CURLcode code) const {
  const std::string_view reason = without_prefix(error_text_.data());
  if (code == CURLE_PEER_FAILED_VERIFICATION) {
    return {ErrorType::Network, "the certificate of " + origin.host +
                                    " is refused: " + std::string(reason) + remedy(reason)};
  }
  const std::string doing = "cannot start TLS with " + origin.host + ": ";
  if (has(reason, "wrong version number") || has(reason, "http request") ||
      has(reason, "packet length too long")) {
    return {ErrorType::Network,
            doing + "what answers does not speak TLS (is it an http:// address?)"};
  }
  return {ErrorType::Network, doing + std::string(reason)};
}

TransferFailure Transfer::failure_of(CURLcode code) const {
  const std::string reason =
      error_text_.front() != '\0' ? error_text_.data() : curl_easy_strerror(code);
  const std::string reading = "cannot read the answer: ";
  switch (code) {
    case CURLE_COULDNT_RESOLVE_HOST:
      return {ErrorType::Network, "cannot find the host \"" + origin.host + "\": " + reason};
    case CURLE_COULDNT_RESOLVE_PROXY:
      return {ErrorType::Network, "cannot find the proxy: " + reason};
    case CURLE_COULDNT_CONNECT: {
      long number = 0;
      curl_easy_getinfo(easy, CURLINFO_OS_ERRNO, &number);
      const std::string why =
          number != 0 ? std::system_category().message(static_cast<int>(number)) : reason;
      return {ErrorType::Network,
              "cannot connect to " + origin.host + " port " + origin.port + ": " + why};
    }
    case CURLE_OPERATION_TIMEDOUT:
      return {ErrorType::Timeout, "cannot connect to " + origin.host + ": " + reason};
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_CIPHER:
      return tls_failure(code);
    case CURLE_BAD_CONTENT_ENCODING:
      return {ErrorType::Parse, reading + "its Content-Encoding \"" +
                                    std::string(head_.header("content-encoding").value_or("")) +
                                    "\": " + reason};
    case CURLE_WEIRD_SERVER_REPLY:
    case CURLE_UNSUPPORTED_PROTOCOL:
      return {ErrorType::Parse, reading + "it is not HTTP as expected: " + reason};
    case CURLE_FILESIZE_EXCEEDED:
      return {ErrorType::Parse, "the answer is larger than 16 MiB"};
    case CURLE_OUT_OF_MEMORY:
      return {ErrorType::Other, "out of memory"};
    case CURLE_SEND_ERROR:
      return {ErrorType::Network, "cannot send the request: " + reason};
    default:
      return {ErrorType::Network, reading + reason};
  }
}

}  // namespace llm_benchmark
