// https against certificates made here and now: the right one, and each that must be refused.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/ssl.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <optional>
#include <string>

#include "http_provider.hpp"
#include "scripted_server.hpp"

namespace {

using namespace llm_benchmark;
using std::chrono::milliseconds;
using testing::HasSubstr;

const std::string kAnswer = R"({"choices":[{"message":{"content":"Paris"}}]})";

/// A folder with an authority and what it signs; gone with the object.
class Certificates {
 public:
  Certificates() {
    std::string name = (std::filesystem::temp_directory_path() / "ltb_tls_XXXXXX").string();
    folder_ = mkdtemp(name.data());
    openssl("req -x509 " + new_key("ca") + " -out ca.pem -subj /CN=test-authority -days 2");
    openssl("req -x509 " + new_key("other") + " -out other.pem -subj /CN=another-one -days 2");
  }
  ~Certificates() {
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
  }
  Certificates(const Certificates&) = delete;
  Certificates& operator=(const Certificates&) = delete;

  [[nodiscard]] std::string file(const std::string& name) const {
    return (folder_ / name).string();
  }
  /// A server's context with a certificate for these names, signed by the authority.
  [[nodiscard]] std::shared_ptr<SSL_CTX> server(const std::string& names, int days = 2) const {
    std::ofstream(file("names")) << "subjectAltName=" << names << '\n';
    openssl("req " + new_key("server") + " -out server.csr -subj /CN=server");
    openssl(
        "x509 -req -in server.csr -CA ca.pem -CAkey ca.key -CAcreateserial -out server.pem "
        "-extfile names -days " +
        std::to_string(days));
    std::shared_ptr<SSL_CTX> context(SSL_CTX_new(TLS_server_method()), SSL_CTX_free);
    EXPECT_EQ(
        SSL_CTX_use_certificate_file(context.get(), file("server.pem").c_str(), SSL_FILETYPE_PEM),
        1);
    EXPECT_EQ(
        SSL_CTX_use_PrivateKey_file(context.get(), file("server.key").c_str(), SSL_FILETYPE_PEM),
        1);
    return context;
  }

 private:
  static std::string new_key(const std::string& name) {
    return "-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout " + name + ".key";
  }
  void openssl(const std::string& arguments) const {
    const std::string command =
        "cd '" + folder_.string() + "' && openssl " + arguments + " >log 2>&1";
    ASSERT_EQ(std::system(command.c_str()), 0) << command;  // NOLINT: a test's own fixed words.
  }

  std::filesystem::path folder_;
};

class TlsTest : public testing::Test {
 protected:
  /// Starts a server with a certificate for these names.
  ScriptedServer& serve(const std::string& names, int days = 2) {
    context_ = certificates_.server(names, days);
    return server_.emplace([](std::size_t) { return Reply{http("200 OK", kAnswer)}; },
                           context_.get());
  }
  [[nodiscard]] std::string ask(const std::string& url, const std::string& ca_file) {
    try {
      const auto provider = make_openai_provider({.name = "openai",
                                                  .url = parse_base_url(url),
                                                  .timeouts = {.whole = milliseconds{20'000}},
                                                  .ca_file = ca_file},
                                                 {});
      std::string texts = provider->complete({.model = "m", .prompt = "P"}).text;
      return texts + provider->complete({.model = "m", .prompt = "P"}).text;
    } catch (const ltb::ProviderError& error) {
      EXPECT_EQ(error.type(), ltb::ErrorType::Network) << error.what();
      return error.what();
    }
  }

  Certificates certificates_;
  std::shared_ptr<SSL_CTX> context_;
  std::optional<ScriptedServer> server_;
};

TEST_F(TlsTest, ATrustedCertificateForTheAddressIsAccepted) {
  ScriptedServer& server = serve("IP:127.0.0.1");

  EXPECT_EQ(ask(server.url(), certificates_.file("ca.pem")), "ParisParis");
  EXPECT_EQ(server.connections(), 1U) << "kept for the second call";
  EXPECT_EQ(server.asked_name(), "") << "an address is no name";
}

TEST_F(TlsTest, ATrustedCertificateForTheNameIsAcceptedAndTheNameAskedFor) {
  ScriptedServer& server = serve("DNS:localhost");

  EXPECT_EQ(ask("https://localhost:" + server.port(), certificates_.file("ca.pem")), "ParisParis");
  EXPECT_EQ(server.asked_name(), "localhost");
}

TEST_F(TlsTest, WithoutItsAuthorityACertificateIsRefused) {
  ScriptedServer& server = serve("IP:127.0.0.1");

  for (const std::string& ca_file : {std::string(), certificates_.file("other.pem")}) {
    const std::string message = ask(server.url(), ca_file);
    EXPECT_THAT(message, HasSubstr("the certificate of 127.0.0.1 is refused: "));
    EXPECT_THAT(message, HasSubstr("--ca-file"));
  }
  EXPECT_TRUE(server.requests().empty());
}

TEST_F(TlsTest, ACertificateForAnotherNameOrAddressIsRefused) {
  ScriptedServer& server = serve("DNS:elsewhere.example,IP:127.0.0.2");

  EXPECT_THAT(
      ask(server.url(), certificates_.file("ca.pem")),
      HasSubstr("the certificate of 127.0.0.1 is refused: no alternative certificate subject "
                "name matches target host name '127.0.0.1' (use the name"));
  EXPECT_THAT(ask("https://localhost:" + server.port(), certificates_.file("ca.pem")),
              HasSubstr("the certificate of localhost is refused: no alternative certificate"));
  EXPECT_TRUE(server.requests().empty());
}

TEST_F(TlsTest, AnExpiredCertificateIsRefused) {
  ScriptedServer& server = serve("IP:127.0.0.1", -1);

  EXPECT_THAT(ask(server.url(), certificates_.file("ca.pem")),
              HasSubstr("is refused: certificate has expired"));
}

TEST_F(TlsTest, AServerWithoutTlsIsToldAsSuch) {
  // Most servers answer what is no HTTP at once.
  const ScriptedServer plain([](std::size_t) { return Reply{}; }, nullptr,
                             http("400 Bad Request", "{}"));

  const std::string message = ask("https://127.0.0.1:" + plain.port(), "");

  EXPECT_THAT(message,
              HasSubstr("cannot start TLS with 127.0.0.1: what answers does not speak TLS"));
}

TEST_F(TlsTest, ACertificateFileThatCannotBeUsedIsNamed) {
  std::ofstream(certificates_.file("bad.pem")) << "no certificate\n";
  for (const char* name : {"bad.pem", "missing.pem"}) {
    try {
      (void)ask("https://127.0.0.1:1", certificates_.file(name));
      FAIL() << "nothing was thrown";
    } catch (const std::invalid_argument& error) {
      EXPECT_THAT(error.what(),
                  HasSubstr("--ca-file \"" + certificates_.file(name) + "\": cannot be used"));
    }
  }
}

TEST_F(TlsTest, AStreamOverTlsIsHandedOnPieceByPiece) {
  context_ = certificates_.server("IP:127.0.0.1");
  const auto delta = [](const std::string& text) {
    return chunk("data: {\"choices\":[{\"delta\":{\"content\":\"" + text + "\"}}]}\n\n");
  };
  server_.emplace(
      [&](std::size_t) {
        return Reply{
            stream_head() + delta("1"), false, {delta("2"), chunk("data: [DONE]\n\n") + chunk("")}};
      },
      context_.get());
  const auto provider = make_openai_provider({.name = "openai",
                                              .url = parse_base_url(server_->url()),
                                              .timeouts = {.whole = milliseconds{20'000}},
                                              .ca_file = certificates_.file("ca.pem")},
                                             {});
  std::string pieces;

  (void)provider->stream({.model = "m", .prompt = "P"}, [&](const ltb::StreamChunk& piece) {
    pieces += piece.text;
    server_->release();
    return true;
  });

  EXPECT_EQ(pieces, "12");
}

}  // namespace
