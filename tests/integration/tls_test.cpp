// The listeners over TLS: real sockets, certificates made here, OpenSSL as the client.
#include "net_fixture.hpp"
#include "tls_client.hpp"

#include <gmock/gmock.h>

#include <thread>

namespace ltb::net {
namespace {

using test::Certificate;
using test::TlsClient;
using testing::HasSubstr;
using testing::StartsWith;

class Tls : public NetTest {
 protected:
  Tls() { options_.tls = {certificate_.file(), certificate_.key()}; }
  std::string why_start_fails() {
    try {
      start();
    } catch (const std::system_error& error) {
      return error.what();
    }
    return "it started";
  }
  [[nodiscard]] std::uint16_t port() { return server_->port(kName); }
  static const Certificate certificate_;
};
const Certificate Tls::certificate_;

TEST_F(Tls, AnswersOverTls13AndEndsInOrder) {
  start();
  TlsClient client(port(), certificate_.file());
  ASSERT_TRUE(client.established());
  EXPECT_EQ(client.version(), "TLSv1.3");
  EXPECT_EQ(client.protocol(), "http/1.1");
  const std::string answer = client.get("/hello");
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 200 OK\r\n"));
  EXPECT_THAT(answer, HasSubstr("\r\n\r\nhello\n"));
  EXPECT_TRUE(client.ended_in_order);
}

TEST_F(Tls, SpeaksTls12AndNothingOlder) {
  start();
  TlsClient newer(port(), certificate_.file(), TLS1_2_VERSION);
  EXPECT_EQ(newer.version(), "TLSv1.2");
  EXPECT_THAT(newer.get("/hello"), HasSubstr("hello\n"));
  TlsClient older(port(), certificate_.file(), TLS1_1_VERSION);
  EXPECT_FALSE(older.established());
  EXPECT_TRUE(eventually([&] { return stats().tls_errors == 1 && stats().connections == 0; }));
}

// RFC 9325, 4.1 and 4.2. The openssl program is the judge; with an RSA key every kind of TLS 1.2
// cipher could be chosen.
TEST_F(Tls, TakesOnlyCiphersWithForwardSecrecyAndAuthenticatedEncryption) {
  Certificate::run(
      "openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost -keyout " +
      certificate_.path("rsa-key.pem") + " -out " + certificate_.path("rsa.pem"));
  options_.tls = {certificate_.path("rsa.pem"), certificate_.path("rsa-key.pem")};
  start();
  const auto agrees_on = [&](const std::string& cipher) {
    const std::string command = "openssl s_client -connect 127.0.0.1:" + std::to_string(port()) +
                                " -tls1_2 -cipher '" + cipher +
                                ":@SECLEVEL=0' </dev/null >/dev/null 2>&1";
    return std::system(command.c_str()) == 0;
  };
  for (const char* cipher : {"ECDHE-RSA-AES128-GCM-SHA256", "ECDHE-RSA-AES256-GCM-SHA384",
                             "ECDHE-RSA-CHACHA20-POLY1305"})
    EXPECT_TRUE(agrees_on(cipher)) << cipher;
  for (const char* cipher : {"AES128-SHA", "AES256-SHA", "AES128-GCM-SHA256", "AES256-SHA256",
                             "ECDHE-RSA-AES128-SHA", "ECDHE-RSA-AES256-SHA384",
                             "DHE-RSA-AES128-SHA", "DHE-RSA-AES128-GCM-SHA256", "CAMELLIA128-SHA"})
    EXPECT_FALSE(agrees_on(cipher)) << cipher;
}

TEST_F(Tls, WhoSpeaksNoTlsIsHungUpOn) {
  start();
  auto client = connect();
  ASSERT_TRUE(client.send("GET /hello HTTP/1.1\r\nHost: localhost\r\n\r\n"));
  const auto rest = client.read_to_end();
  ASSERT_TRUE(rest.has_value());
  EXPECT_THAT(*rest, testing::Not(HasSubstr("HTTP/1.1")));
  EXPECT_TRUE(eventually([&] { return stats().tls_errors == 1; }));
  EXPECT_THAT(TlsClient(port(), certificate_.file()).get("/hello"), HasSubstr("hello\n"));
}

TEST_F(Tls, AHandshakeThatNeverEndsIsCutAtTheHeaderTimeout) {
  options_.limits.header_timeout = 100ms;
  start();
  auto client = connect();
  ASSERT_TRUE(client.send("\x16\x03\x01"));  // the first bytes of one
  EXPECT_TRUE(client.is_closed_silently());
  EXPECT_EQ(stats().timeouts, 1U);
}

TEST_F(Tls, SendsABodyThatDoesNotFitIntoTheSocket) {
  options_.send_buffer_bytes = 16 * 1024;
  start();
  TlsClient client(port(), certificate_.file());
  const std::string answer = client.get("/big");
  const auto body = answer.find("\r\n\r\n") + 4;
  EXPECT_EQ(answer.size() - body, kBigBody);
  EXPECT_EQ(answer.find_first_not_of('x', body), std::string::npos);
}

TEST_F(Tls, CarriesAWebSocketBothWays) {
  start();
  TlsClient client(port(), certificate_.file());
  ASSERT_TRUE(client.send(RawClient::handshake("/ws")));
  const auto events = feed(0);
  ASSERT_TRUE(client.send(RawClient::client_frame(0x81, "echo")));
  EXPECT_TRUE(eventually([&] { return !events->received().empty(); }));
  const std::string large(300'000, 'y');
  events->send(large);
  ASSERT_TRUE(client.send(RawClient::client_frame(0x88, std::string("\x03\xe8", 2))));
  const std::string all = client.read_to_end();
  EXPECT_THAT(all, StartsWith("HTTP/1.1 101 "));
  EXPECT_THAT(all, HasSubstr("\x81\x04"
                             "echo"));
  EXPECT_NE(all.find(large), std::string::npos);
  EXPECT_TRUE(client.ended_in_order);
  EXPECT_TRUE(eventually([&] { return events->closed() == 1; }));
}

TEST_F(Tls, RefusesConnectionsOverTheLimitInTls) {
  options_.limits.max_connections = 1;
  start();
  TlsClient first(port(), certificate_.file());
  TlsClient second(port(), certificate_.file());
  EXPECT_THAT(second.read_to_end(), StartsWith("HTTP/1.1 503 "));
}

TEST_F(Tls, StopsWithClientsInEveryState) {
  start();
  auto silent = connect();
  TlsClient idle(port(), certificate_.file());
  TlsClient streaming(port(), certificate_.file());
  ASSERT_TRUE(streaming.send(RawClient::handshake("/ws")));
  feed(0)->flood(encode_text_frame(std::string(60'000, 'z')));
  const auto began = std::chrono::steady_clock::now();
  server_->stop();
  EXPECT_LT(std::chrono::steady_clock::now() - began, 2s);
  start();
  EXPECT_THAT(TlsClient(port(), certificate_.file()).get("/hello"), HasSubstr("hello\n"));
}

TEST_F(Tls, ServesManyAtOnceOnSeveralThreads) {
  options_.io_threads = 3;
  start();
  std::atomic<int> good{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 6; ++t)
    threads.emplace_back([&, t] {
      for (int i = 0; i < 10; ++i) {
        TlsClient client(port(), certificate_.file());
        const std::string answer = client.get(t % 2 == 0 ? "/hello" : "/text");
        if (answer.starts_with("HTTP/1.1 200 ") && client.ended_in_order) ++good;
      }
    });
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(good, 60);
}

TEST_F(Tls, TheFilesAreReadAnewAtEachStart) {
  start();
  server_->stop();
  const Certificate next;
  options_.tls = {next.file(), next.key()};
  start();
  EXPECT_TRUE(TlsClient(port(), next.file()).established());
  EXPECT_FALSE(TlsClient(port(), certificate_.file()).established());
}

TEST_F(Tls, StartNamesTheFileThatIsWrongAndWhy) {
  const std::string good = certificate_.file();
  const std::string key = certificate_.key();
  const std::string empty = certificate_.write("empty.pem", "");
  const std::string noise = certificate_.write("noise.pem", "this is no PEM\n");
  const Certificate other;
  Certificate::run("openssl ec -in " + key + " -aes128 -passout pass:x -out " +
                   certificate_.path("locked.pem"));
  const auto why = [&](const std::string& cert, const std::string& private_key) {
    options_.tls = {cert, private_key};
    return why_start_fails();
  };
  EXPECT_EQ(why("/nowhere/cert.pem", key),
            "TLS certificate \"/nowhere/cert.pem\": No such file or directory\n  (give a PEM file "
            "with the server's certificate, then its chain, with with_tls() or LTB_TLS_CERT)");
  EXPECT_THAT(why(empty, key),
              StartsWith("TLS certificate \"" + empty + "\": the file is empty\n"));
  EXPECT_THAT(why(noise, key), StartsWith("TLS certificate \"" + noise + "\": no start line\n"));
  EXPECT_THAT(why(good, "/nowhere/key.pem"),
              StartsWith("TLS key \"/nowhere/key.pem\": No such file or directory\n"));
  EXPECT_THAT(why(good, noise), StartsWith("TLS key \"" + noise + "\": "));
  EXPECT_THAT(why(good, other.key()),
              StartsWith("TLS key \"" + other.key() + "\": key values mismatch\n"));
  EXPECT_THAT(why(good, certificate_.path("locked.pem")),
              AllOf(StartsWith("TLS key "), HasSubstr("without a password")));
  EXPECT_EQ(why(good, key), "it started");
}

}  // namespace
}  // namespace ltb::net
