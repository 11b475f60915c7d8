// HTTP over real sockets: what a client sees, byte by byte.
#include "net_fixture.hpp"

#include <spdlog/logger.h>
#include <spdlog/sinks/ostream_sink.h>

#include <sstream>
#include "unit/support/gunzip.hpp"

namespace ltb::net {
namespace {

using Answer = std::pair<int, bool>;  // status, connection closed

class NetHttp : public NetTest {};

TEST_F(NetHttp, AnswersWithTheStandardHeaders) {
  start();
  auto client = connect();
  const auto reply = client.get("/hello");
  ASSERT_TRUE(reply);
  EXPECT_EQ(reply->status, 200);
  EXPECT_EQ(reply->body, "hello\n");
  EXPECT_EQ(reply->header("content-type"), "text/plain; charset=utf-8");
  EXPECT_EQ(reply->header("content-length"), "6");
  EXPECT_EQ(reply->header("x-content-type-options"), "nosniff");
  EXPECT_EQ(reply->header("cache-control"), "no-store");
  EXPECT_EQ(reply->header("date").size(), 29U);
  EXPECT_EQ(reply->headers.count("connection"), 0U);
}

TEST_F(NetHttp, GivesTheHandlerTheDecodedPathTheQueryAndThePeer) {
  start();
  auto client = connect();
  const auto reply = client.get("/%65cho?a=%20");
  ASSERT_TRUE(reply);
  EXPECT_EQ(reply->body.compare(0, 22, "/echo|a=%20|127.0.0.1:"), 0) << reply->body;
}

TEST_F(NetHttp, KeepsTheConnectionForManyRequests) {
  start();
  auto client = connect();
  for (int i = 0; i < 50; ++i) ASSERT_EQ(client.get("/hello")->status, 200);
  EXPECT_EQ(stats().accepted, 1U);
  EXPECT_EQ(stats().requests, 50U);
  EXPECT_EQ(stats().connections, 1U);
}

TEST_F(NetHttp, AnswersPipelinedRequestsInOrder) {
  start();
  auto client = connect();
  std::string bytes;
  for (int i = 0; i < 200; ++i)
    bytes += "GET /echo?" + std::to_string(i) + " HTTP/1.1\r\nHost: localhost\r\n\r\n";
  ASSERT_TRUE(client.send(bytes));
  for (int i = 0; i < 200; ++i) {
    const auto reply = client.read_reply();
    ASSERT_TRUE(reply) << i;
    const std::string expected = "/echo|" + std::to_string(i) + "|";
    EXPECT_EQ(reply->body.compare(0, expected.size(), expected), 0) << reply->body;
  }
}

TEST_F(NetHttp, TakesARequestByteByByteAndSkipsEmptyLinesBeforeIt) {
  start();
  auto client = connect();
  for (const char c : std::string("\r\n\r\nGET /hello HTTP/1.1\r\nHost: localhost\r\n\r\n")) {
    ASSERT_TRUE(client.send(std::string_view(&c, 1)));
  }
  EXPECT_EQ(client.read_reply()->body, "hello\n");
}

TEST_F(NetHttp, ServesHttp10AndClosesUnlessAskedToStay) {
  start();
  EXPECT_EQ(ask("GET /hello HTTP/1.0\r\n\r\n"), (Answer{200, true}));
  auto client = connect();
  ASSERT_TRUE(client.send("GET /hello HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"));
  EXPECT_EQ(client.read_reply()->header("connection"), "keep-alive");
  EXPECT_EQ(client.get("/hello")->status, 200);
}

TEST_F(NetHttp, ClosesWhenAskedTo) {
  start();
  EXPECT_EQ(ask("GET /hello HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"),
            (Answer{200, true}));
}

TEST_F(NetHttp, AnswersAClientThatShutItsSendingSide) {
  start();
  auto client = connect();
  ASSERT_TRUE(client.send("GET /hello HTTP/1.1\r\nHost: localhost\r\n\r\n"));
  client.shutdown_send();
  EXPECT_EQ(client.read_reply()->body, "hello\n");
  EXPECT_TRUE(client.is_closed_silently());
}

TEST_F(NetHttp, HeadHasTheHeadersOfGetAndNoBody) {
  start();
  auto client = connect();
  ASSERT_TRUE(client.send("HEAD /hello HTTP/1.1\r\nHost: localhost\r\n\r\n"));
  const auto reply = client.read_reply(true);
  ASSERT_TRUE(reply);
  EXPECT_EQ(reply->status, 200);
  EXPECT_EQ(reply->header("content-length"), "6");
  // Were there a body, it would be read as the start of the next response.
  EXPECT_EQ(client.get("/hello")->body, "hello\n");
  ASSERT_TRUE(client.send("HEAD /nowhere HTTP/1.1\r\nHost: localhost\r\n\r\n"));
  EXPECT_EQ(client.read_reply(true)->status, 404);
  EXPECT_EQ(client.get("/hello")->status, 200);
}

TEST_F(NetHttp, NotModifiedHasNoContent) {
  start();
  auto client = connect();
  const auto reply = client.get("/not-modified");
  EXPECT_EQ(reply->status, 304);
  EXPECT_EQ(reply->header("etag"), "\"x\"");
  EXPECT_EQ(reply->headers.count("content-length"), 0U);
  EXPECT_EQ(client.get("/hello")->status, 200);
}

TEST_F(NetHttp, OtherMethodsGet405AndTheConnectionStays) {
  start();
  auto client = connect();
  for (const auto* method : {"POST", "PUT", "DELETE", "OPTIONS", "TRACE", "BREW", "get"}) {
    ASSERT_TRUE(client.send(std::string(method) + " /hello HTTP/1.1\r\nHost: localhost\r\n\r\n"));
    const auto reply = client.read_reply();
    ASSERT_TRUE(reply) << method;
    EXPECT_EQ(reply->status, 405) << method;
    EXPECT_EQ(reply->header("allow"), "GET, HEAD");
  }
}

TEST_F(NetHttp, EscapesWhatItEchoes) {
  start();
  auto client = connect();
  const auto reply = client.get("/%3Cscript%3E%0A%FF");
  EXPECT_EQ(reply->status, 404);
  EXPECT_EQ(reply->body, "nothing at \"/<script>\\n\\xff\"\n");
  EXPECT_EQ(reply->header("content-type"), "text/plain; charset=utf-8");
}

TEST_F(NetHttp, AThrowingHandlerIsA500WithoutDetailsAndCounted) {
  start();
  auto client = connect();
  const auto reply = client.get("/throws");
  EXPECT_EQ(reply->status, 500);
  EXPECT_EQ(reply->body, "internal error\n");
  EXPECT_EQ(client.get("/hello")->status, 200);
  EXPECT_EQ(stats().handler_errors, 1U);
}

TEST_F(NetHttp, RefusesMalformedRequestsAndCloses) {
  start();
  EXPECT_EQ(ask("GET /hello HTTP/1.1\r\n\r\n"), (Answer{400, true}));
  EXPECT_EQ(ask("GET /hello HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n"), (Answer{400, true}));
  EXPECT_EQ(ask("GET /hello HTTP/1.1\r\nHost: a\r\nX: 1\r\n 2\r\n\r\n"), (Answer{400, true}));
  EXPECT_EQ(ask("GET /hello HTTP/1.1\nHost: a\n\n"), (Answer{400, true}));
  EXPECT_EQ(ask("\x16\x03\x01\x02"), (Answer{400, true}));
  EXPECT_EQ(ask("GET /hello HTTP/3.0\r\nHost: a\r\n\r\n"), (Answer{505, true}));
  EXPECT_EQ(ask("GET /hello HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nTransfer-Encoding: "
                "chunked\r\n\r\n"),
            (Answer{400, true}));
  EXPECT_EQ(stats().bad_requests, 7U);
}

TEST_F(NetHttp, RefusesABodyReadablyEvenWhenTheClientSendsIt) {
  start();
  auto client = connect();
  ASSERT_TRUE(
      client.send("POST /hello HTTP/1.1\r\nHost: localhost\r\nContent-Length: 4000000\r\n\r\n"));
  ASSERT_TRUE(client.send(std::string(4'000'000, 'b')));  // without lingering this ends in a reset
  const auto reply = client.read_reply();
  ASSERT_TRUE(reply);
  EXPECT_EQ(reply->status, 413);
  EXPECT_EQ(reply->header("connection"), "close");
  EXPECT_TRUE(client.is_closed_silently());
}

TEST_F(NetHttp, LimitsTheHeadAtTheByte) {
  options_.limits.max_header_bytes = 512;
  start();
  const std::string start_of_head = "GET /hello HTTP/1.1\r\nHost: localhost\r\nX: ";
  const std::string fits =
      start_of_head + std::string(512 - start_of_head.size() - 4, 'x') + "\r\n\r\n";
  ASSERT_EQ(fits.size(), 512U);
  EXPECT_EQ(ask(fits), (Answer{200, false}));
  EXPECT_EQ(ask(start_of_head + "x" + fits.substr(start_of_head.size())), (Answer{431, true}));
  EXPECT_EQ(ask(start_of_head + std::string(100'000, 'x')), (Answer{431, true}));  // never ends
}

TEST_F(NetHttp, LimitsTheTargetAtTheByte) {
  options_.limits.max_target_bytes = 64;
  start();
  const std::string rest = " HTTP/1.1\r\nHost: localhost\r\n\r\n";
  EXPECT_EQ(ask("GET /echo?" + std::string(58, 'q') + rest), (Answer{200, false}));
  EXPECT_EQ(ask("GET /echo?" + std::string(59, 'q') + rest), (Answer{414, true}));
}

TEST_F(NetHttp, AnUnfinishedHeadGets408AndASilentClientIsClosed) {
  options_.limits.header_timeout = 100ms;
  start();
  EXPECT_EQ(ask("GET /hello HTTP/1.1\r\nHost:"), (Answer{408, true}));
  auto silent = connect();
  EXPECT_TRUE(silent.is_closed_silently());
  EXPECT_EQ(stats().timeouts, 2U);
}

TEST_F(NetHttp, ADripOfBytesDoesNotProlongTheHeaderTimeout) {
  options_.limits.header_timeout = 300ms;
  start();
  auto client = connect();
  ASSERT_TRUE(client.send("GET /hello HTTP/1.1\r\n"));
  // One byte per 20 ms for as long as the server takes them; it must stop taking them.
  const auto begin = std::chrono::steady_clock::now();
  ASSERT_TRUE(eventually([&] {
    ::poll(nullptr, 0, 20);
    return !client.send("X") || stats().timeouts == 1;
  }));
  EXPECT_LT(std::chrono::steady_clock::now() - begin, 10s);
  EXPECT_EQ(client.read_reply()->status, 408);
}

TEST_F(NetHttp, AnIdleKeepAliveConnectionIsClosedSilently) {
  options_.limits.idle_timeout = 100ms;
  start();
  auto client = connect();
  ASSERT_EQ(client.get("/hello")->status, 200);
  EXPECT_TRUE(client.is_closed_silently());
  EXPECT_TRUE(eventually([&] { return stats().connections == 0; }));
}

TEST_F(NetHttp, AClientThatDoesNotReadItsResponseIsDroppedAndTheOthersAreServed) {
  options_.limits.write_timeout = 300ms;
  options_.send_buffer_bytes = 16 * 1024;
  start();
  auto stuck = connect(4096);
  ASSERT_TRUE(stuck.send("GET /big HTTP/1.1\r\nHost: localhost\r\n\r\n"));
  auto other = connect();
  EXPECT_EQ(other.get("/hello")->status, 200);
  EXPECT_TRUE(eventually([&] { return stats().timeouts == 1 && stats().connections == 1; }));
  EXPECT_EQ(other.get("/hello")->status, 200);
}

TEST_F(NetHttp, ALargeBodyArrivesWhole) {
  start();
  auto client = connect();
  const auto reply = client.get("/big");
  ASSERT_TRUE(reply);
  EXPECT_TRUE(reply->body == std::string(kBigBody, 'x'));
}

TEST_F(NetHttp, MoreConnectionsThanTheLimitGet503) {
  options_.limits.max_connections = 2;
  start();
  auto first = connect();
  auto second = connect();
  ASSERT_EQ(first.get("/hello")->status, 200);
  ASSERT_EQ(second.get("/hello")->status, 200);
  {
    auto third = connect();
    const auto reply = third.get("/hello");
    ASSERT_TRUE(reply);
    EXPECT_EQ(reply->status, 503);
    EXPECT_EQ(reply->body, "too many connections (limit 2)\n");
    EXPECT_TRUE(third.is_closed_silently());
  }
  EXPECT_EQ(stats().connections_refused, 1U);
  first.close();
  EXPECT_TRUE(eventually([&] { return stats().connections == 1; }));
  EXPECT_EQ(ask("GET /hello HTTP/1.1\r\nHost: localhost\r\n\r\n"), (Answer{200, false}));
}

TEST_F(NetHttp, ARefusedHeadRequestGetsNoContent) {
  options_.limits.max_connections = 1;
  start();
  const std::string host = "Host: localhost\r\n";
  const auto all_of = [&](const std::string& bytes) {
    auto client = connect();
    EXPECT_TRUE(client.send(bytes));
    const auto text = client.read_to_end().value_or("");
    EXPECT_TRUE(eventually([&] { return stats().connections == 0; }));
    return text;
  };
  const auto is_head_alone = [](const std::string& text, const std::string& status) {
    return text.starts_with("HTTP/1.1 " + status) && text.find("\r\n\r\n") == text.size() - 4;
  };
  EXPECT_TRUE(is_head_alone(all_of("HEAD /hello HTTP/1.1\r\n\r\n"), "400"));
  EXPECT_TRUE(is_head_alone(
      all_of("HEAD /hello HTTP/1.1\r\n" + host + "Content-Length: 3\r\n\r\nabc"), "413"));
  EXPECT_TRUE(is_head_alone(
      all_of("HEAD /" + std::string(5000, 'x') + " HTTP/1.1\r\n" + host + "\r\n"), "414"));
  auto first = connect();
  ASSERT_EQ(first.get("/hello")->status, 200);
  auto second = connect();
  ASSERT_TRUE(second.send("HEAD /hello HTTP/1.1\r\n" + host + "\r\n"));
  EXPECT_TRUE(is_head_alone(second.read_to_end().value_or(""), "503"));
}

TEST_F(NetHttp, AMappedAddressIsItsIPv4Address) {
  listener_.address = "::ffff:127.0.0.1";
  options_.limits.max_connections_per_peer = 1;
  try {
    start();
  } catch (const std::system_error& error) {
    GTEST_SKIP() << "no IPv6 here: " << error.what();
  }
  auto client = connect();
  EXPECT_EQ(client.get("/hello")->status, 200);
  EXPECT_EQ(connect().get("/hello")->body, "too many connections from 127.0.0.1 (limit 1)\n");
  ASSERT_TRUE(client.send("GET /hello HTTP/1.1\r\nHost: [::ffff:127.0.0.1]\r\n\r\n"));
  EXPECT_EQ(client.read_reply()->status, 200);
  ASSERT_TRUE(client.send("GET /hello HTTP/1.1\r\nHost: rebound.example\r\n\r\n"));
  EXPECT_EQ(client.read_reply()->status, 403);
}

TEST_F(NetHttp, HostileTextStaysOnItsLineOfTheLog) {
  std::ostringstream log;
  const auto sink = std::make_shared<spdlog::sinks::ostream_sink_mt>(log);
  options_.log = support::Log(std::make_shared<spdlog::logger>("test", sink));
  server_.emplace(options_);
  Router router;
  router.get_prefix("/bad", [](const Request&) -> Response {
    throw std::runtime_error("first\nsecond \x1b[2J {} \xc2\x9b\xff");
  });
  router.check_origin("/bad");
  server_->add_listener(listener_, std::move(router));
  server_->start();
  auto client = connect();
  EXPECT_EQ(client.get("/bad%0Aforged%1B%5B2J%7B%7D%C2%9B%FF%E2%80%AE")->status, 500);
  EXPECT_EQ(client.get("/bad", "Origin: http://x\xc2\x9b\xe2\x80\xae.example\r\n")->status, 403);
  server_->stop();

  const std::string text = log.str();
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 2) << text;
  for (const char* const raw : {"\x1b", "\xc2\x9b", "\xff", "\xe2\x80\xae"})
    EXPECT_EQ(text.find(raw), std::string::npos) << text;
  EXPECT_NE(text.find("forged"), std::string::npos) << "it is there, but as one line";
}

TEST_F(NetHttp, AHealthCheckIsAnsweredThoughThereIsNoPlace) {
  options_.limits.max_connections = 2;
  start();
  auto first = connect();
  auto second = connect();
  for (auto* busy : {&first, &second}) ASSERT_TRUE(busy->send("GET /hello HTT"));
  ASSERT_TRUE(eventually([&] { return stats().connections == 2; }));
  for (int i = 0; i < 20; ++i) {
    const auto health = connect().get("/-/healthy");
    ASSERT_TRUE(health);
    EXPECT_EQ(health->status, 200);
    EXPECT_EQ(health->header("connection"), "close");
  }
  const auto other = connect().get("/hello");
  EXPECT_EQ(other->status, 503);
  EXPECT_EQ(other->header("retry-after"), "1");
  EXPECT_EQ(stats().connections_refused, 1U);
}

TEST_F(NetHttp, OnePeerCannotTakeAllPlaces) {
  options_.limits.max_connections = 40;
  start();
  std::vector<RawClient> clients;
  for (int i = 0; i < 20; ++i) {
    clients.push_back(connect());
    ASSERT_EQ(clients.back().get("/hello")->status, 200);
  }
  const auto refused = connect().get("/hello");
  EXPECT_EQ(refused->status, 503);
  EXPECT_EQ(refused->body, "too many connections from 127.0.0.1 (limit 20)\n");
  RawClient other(server_->port(kName), 0, "127.0.0.2");
  EXPECT_EQ(other.get("/hello")->status, 200);
  clients.pop_back();
  EXPECT_TRUE(eventually([&] { return connect().get("/hello")->status == 200; }));
}

TEST_F(NetHttp, AConnectionThatWaitedLongMakesRoom) {
  options_.limits.max_connections = 2;
  start();
  auto first = connect();
  auto second = connect();
  ASSERT_EQ(first.get("/hello")->status, 200);
  ASSERT_EQ(second.get("/hello")->status, 200);
  EXPECT_EQ(connect().get("/hello")->status, 503) << "they may still be in use";
  EXPECT_TRUE(eventually([&] { return connect().get("/hello")->status == 200; }));
  EXPECT_GE(stats().idle_closed, 1U);
  EXPECT_TRUE(first.is_closed_silently()) << "the one that waited the longest";
}

TEST_F(NetHttp, AsksForTheTokenEverywhereButOnOpenPaths) {
  listener_.auth_token = "s3cret";
  start();
  auto client = connect();
  const auto refused = client.get("/hello");
  EXPECT_EQ(refused->status, 401);
  EXPECT_EQ(refused->header("www-authenticate"), "Bearer realm=\"ltb-monitoring\"");
  EXPECT_EQ(client.get("/hello", "Authorization: Bearer s3cre\r\n")->status, 401);
  EXPECT_EQ(client.get("/nowhere")->status, 401);
  EXPECT_EQ(client.get("/ws")->status, 401);
  EXPECT_EQ(client.get("/hello", "Authorization: Bearer s3cret\r\n")->status, 200);
  EXPECT_EQ(client.get("/-/healthy")->status, 200);
  EXPECT_EQ(stats().unauthorized, 4U);
}

TEST_F(NetHttp, ChecksTheHostWhereverItIsBound) {
  listener_.allowed_origins = {"https://bench.example"};
  listener_.allowed_hosts = {"llm-benchmark"};
  for (const char* address : {"127.0.0.1", "0.0.0.0"}) {
    listener_.address = address;
    start();
    const auto with_host = [&](const std::string& host) {
      return ask("GET /hello HTTP/1.1\r\nHost: " + host + "\r\n\r\n").first;
    };
    EXPECT_EQ(with_host("localhost:3000"), 200);
    EXPECT_EQ(with_host("127.0.0.1"), 200);
    EXPECT_EQ(with_host("[::1]:1"), 200);
    EXPECT_EQ(with_host("10.1.2.3:9090"), 200);
    EXPECT_EQ(with_host("bench.example"), 200);
    EXPECT_EQ(with_host("llm-benchmark:9090"), 200);
    EXPECT_EQ(with_host("evil.example"), 403);
    EXPECT_EQ(ask("GET http://evil.example/hello HTTP/1.1\r\nHost: localhost\r\n\r\n").first, 403);
    EXPECT_EQ(stats().forbidden, 2U);
  }
}

TEST_F(NetHttp, ChecksNoHostWhereATokenIsAskedFor) {
  listener_.auth_token = "s3cret";
  start();
  const std::string head = "GET /hello HTTP/1.1\r\nHost: llm-benchmark:9090\r\n";
  EXPECT_EQ(ask(head + "Authorization: Bearer s3cret\r\n\r\n").first, 200);
  EXPECT_EQ(ask(head + "\r\n").first, 401);
}

TEST_F(NetHttp, NamesTheSettingThatAllowsAHostAndLogsItOnce) {
  std::ostringstream log;
  const auto sink = std::make_shared<spdlog::sinks::ostream_sink_mt>(log);
  options_.log = support::Log(std::make_shared<spdlog::logger>("test", sink));
  start();
  for (int i = 0; i < 3; ++i) {
    auto client = connect();
    ASSERT_TRUE(client.send("GET /hello HTTP/1.1\r\nHost: llm-benchmark:9090\r\n\r\n"));
    EXPECT_EQ(client.read_reply()->body,
              "host \"llm-benchmark:9090\" is not allowed here; see with_allowed_hosts() and "
              "LTB_ALLOWED_HOSTS\n");
  }
  server_->stop();
  const std::string text = log.str();
  const auto first = text.find("llm-benchmark:9090");
  ASSERT_NE(first, std::string::npos);
  EXPECT_NE(text.find("LTB_ALLOWED_HOSTS", first), std::string::npos);
  EXPECT_EQ(text.find("llm-benchmark:9090", first + 1), std::string::npos);
}

TEST_F(NetHttp, AForeignPageCannotMakeItWorkWithoutAnOrigin) {
  listener_.allowed_origins = {"https://bench.example"};
  start();
  auto client = connect();
  const std::string image =
      "Sec-Fetch-Site: cross-site\r\nSec-Fetch-Mode: no-cors\r\nSec-Fetch-Dest: image\r\n";
  const std::string link =
      "Sec-Fetch-Site: cross-site\r\nSec-Fetch-Mode: navigate\r\nSec-Fetch-Dest: document\r\n";
  EXPECT_EQ(client.get("/api/data", image)->status, 403);
  EXPECT_EQ(client.get("/api/data", link)->status, 403);
  EXPECT_EQ(client.get("/ws", image)->status, 403);
  EXPECT_EQ(client.get("/hello", image)->status, 403);
  EXPECT_EQ(stats().forbidden, 4U);
  EXPECT_EQ(client.get("/hello", link)->status, 200) << "the user followed a link";
  EXPECT_EQ(client.get("/-/healthy", image)->status, 200);
  EXPECT_EQ(client.get("/api/data", image + "Origin: https://bench.example\r\n")->status, 200);
  EXPECT_EQ(client.get("/api/data", "Sec-Fetch-Site: same-origin\r\n")->status, 200);
  EXPECT_EQ(client.get("/api/data", "Sec-Fetch-Site: none\r\n")->status, 200);
}

TEST_F(NetHttp, AnAllowedOriginMatchesInEveryFormOfItsAddress) {
  listener_.allowed_origins = {"http://[2001:db8:0:0:0:0:0:1]:3000"};
  start();
  EXPECT_EQ(connect().get("/api/data", "Origin: http://[2001:db8::1]:3000\r\n")->status, 200);
  EXPECT_EQ(connect().get("/api/data", "Origin: http://[2001:db8::2]:3000\r\n")->status, 403);
}

TEST_F(NetHttp, ChecksTheOriginWhereMarkedAndAnswersAllowedOnesWithCors) {
  listener_.allowed_origins = {"https://bench.example"};
  start();
  auto client = connect();
  const auto plain = client.get("/api/data");
  EXPECT_EQ(plain->status, 200);
  EXPECT_EQ(plain->header("vary"), "Origin");
  EXPECT_EQ(plain->headers.count("access-control-allow-origin"), 0U);
  const auto cross = client.get("/api/data", "Origin: https://bench.example\r\n");
  EXPECT_EQ(cross->status, 200);
  EXPECT_EQ(cross->header("access-control-allow-origin"), "https://bench.example");
  const auto own = client.get("/api/data", "Origin: http://localhost:3000\r\n");
  EXPECT_EQ(own->status, 200);
  EXPECT_EQ(own->header("access-control-allow-origin"), "http://localhost:3000")
      << "the port may be another";
  const auto evil = client.get("/api/data", "Origin: https://evil.example\r\n");
  EXPECT_EQ(evil->status, 403);
  EXPECT_EQ(evil->headers.count("access-control-allow-origin"), 0U);
  EXPECT_EQ(client.get("/hello", "Origin: https://evil.example\r\n")->status, 200);
}

TEST_F(NetHttp, AnswersThePreflightOfAllowedOriginsWithoutAToken) {
  listener_.allowed_origins = {"https://bench.example"};
  listener_.auth_token = "secret";
  start();
  auto client = connect();
  const auto preflight = [&client](const std::string& path, const std::string& origin) {
    (void)client.send("OPTIONS " + path + " HTTP/1.1\r\nHost: localhost\r\nOrigin: " + origin +
                      "\r\nAccess-Control-Request-Method: GET\r\n"
                      "Access-Control-Request-Headers: authorization\r\n\r\n");
    return client.read_reply();
  };
  const auto allowed = preflight("/api/data", "https://bench.example");
  EXPECT_EQ(allowed->status, 204);
  EXPECT_EQ(allowed->header("access-control-allow-origin"), "https://bench.example");
  EXPECT_EQ(allowed->header("access-control-allow-methods"), "GET, HEAD");
  EXPECT_EQ(allowed->header("access-control-allow-headers"), "Authorization");
  EXPECT_EQ(allowed->header("vary"), "Origin");
  EXPECT_EQ(allowed->headers.count("content-length"), 0U) << "RFC 9110, 8.6";
  // The request that follows, with the token and without.
  const std::string origin = "Origin: https://bench.example\r\n";
  EXPECT_EQ(client.get("/api/data", origin + "Authorization: Bearer secret\r\n")->status, 200);
  const auto unauthorized = client.get("/api/data", origin);
  EXPECT_EQ(unauthorized->status, 401);
  EXPECT_EQ(unauthorized->header("access-control-allow-origin"), "https://bench.example");

  const auto evil = preflight("/api/data", "https://evil.example");
  EXPECT_EQ(evil->status, 403);
  EXPECT_EQ(evil->headers.count("access-control-allow-origin"), 0U);
  EXPECT_EQ(preflight("/hello", "https://bench.example")->status, 405) << "no part of the API";
}

TEST_F(NetHttp, CompressesForClientsThatTakeItAndSaysThatItDepends) {
  start();
  auto client = connect();
  const auto packed = client.get("/text", "Accept-Encoding: br\r\nAccept-Encoding: gzip;q=0.5\r\n");
  EXPECT_EQ(packed->status, 200);
  EXPECT_EQ(packed->header("content-encoding"), "gzip");
  EXPECT_EQ(packed->header("vary"), "Accept-Encoding");
  EXPECT_EQ(packed->header("content-type"), "text/plain; charset=utf-8");
  EXPECT_EQ(test::gunzip(packed->body), text_);
  for (const char* headers :
       {"", "Accept-Encoding: gzip;q=0\r\n", "Accept-Encoding: identity\r\n"}) {
    const auto plain = client.get("/text", headers);
    EXPECT_EQ(plain->headers.count("content-encoding"), 0U) << headers;
    EXPECT_EQ(plain->header("vary"), "Accept-Encoding") << headers;
    EXPECT_EQ(plain->body, text_) << headers;
  }
  const auto never = client.get("/hello", "Accept-Encoding: gzip\r\n");
  EXPECT_EQ(never->headers.count("content-encoding"), 0U);
  EXPECT_EQ(never->headers.count("vary"), 0U);
}

TEST_F(NetHttp, LeavesAShortTextAsItIs) {
  text_.assign(1023, 'x');
  start();
  EXPECT_EQ(connect().get("/text", "Accept-Encoding: gzip\r\n")->body, text_);
  server_.reset();
  text_.assign(1024, 'x');
  start();
  EXPECT_EQ(test::gunzip(connect().get("/text", "Accept-Encoding: gzip\r\n")->body), text_);
}

TEST_F(NetHttp, AnswersHeadWithTheLengthOfTheCompressedText) {
  start();
  auto client = connect();
  const auto whole = client.get("/text", "Accept-Encoding: gzip\r\n");
  ASSERT_TRUE(
      client.send("HEAD /text HTTP/1.1\r\nHost: localhost\r\nAccept-Encoding: gzip\r\n\r\n"));
  const auto head = client.read_reply(true);
  EXPECT_EQ(head->header("content-length"), std::to_string(whole->body.size()));
  EXPECT_EQ(head->header("content-encoding"), "gzip");
  EXPECT_EQ(client.get("/hello")->body, "hello\n");
}

TEST_F(NetHttp, AnswersPipelinedRequestsInOrderAlsoWhenOneIsCompressed) {
  start();
  auto client = connect();
  ASSERT_TRUE(
      client.send("GET /text HTTP/1.1\r\nHost: localhost\r\nAccept-Encoding: gzip\r\n\r\n"
                  "GET /hello HTTP/1.1\r\nHost: localhost\r\n\r\n"));
  EXPECT_EQ(test::gunzip(client.read_reply()->body), text_);
  EXPECT_EQ(client.read_reply()->body, "hello\n");
}

TEST_F(NetHttp, ServesOthersWhileOneLargeTextIsCompressed) {
  text_.assign(std::size_t{256} << 20, 'x');
  start();
  auto large = connect();
  ASSERT_TRUE(large.send("GET /text HTTP/1.1\r\nHost: localhost\r\nAccept-Encoding: gzip\r\n\r\n"));
  ASSERT_TRUE(eventually([&] { return stats().requests == 1; }));

  auto other = connect();
  EXPECT_EQ(other.get("/hello")->status, 200);
  // The one thread that there is has not written the large answer yet.
  EXPECT_FALSE(large.read_exactly(1, 0ms).has_value());
  EXPECT_EQ(large.read_reply()->header("content-encoding"), "gzip");
}

TEST_F(NetHttp, StopsWhileATextIsCompressed) {
  text_.assign(std::size_t{256} << 20, 'x');
  start();
  auto client = connect();
  ASSERT_TRUE(
      client.send("GET /text HTTP/1.1\r\nHost: localhost\r\nAccept-Encoding: gzip\r\n\r\n"));
  ASSERT_TRUE(eventually([&] { return stats().requests == 1; }));
  const auto began = std::chrono::steady_clock::now();
  server_->stop();
  EXPECT_LT(std::chrono::steady_clock::now() - began, 2s);
}

}  // namespace
}  // namespace ltb::net
