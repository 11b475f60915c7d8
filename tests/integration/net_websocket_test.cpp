// WebSocket over real sockets: handshake, framing, limits, slow and fast readers.
#include "net_fixture.hpp"

#include <algorithm>

namespace ltb::net {
namespace {

class NetWebSocket : public NetTest {
 protected:
  /// A client whose handshake succeeded.
  RawClient join(int receive_buffer = 0) {
    auto client = connect(receive_buffer);
    const auto reply = client.upgrade("/ws");
    EXPECT_TRUE(reply && reply->status == 101);
    return client;
  }
};

TEST_F(NetWebSocket, TheHandshakeFollowsTheRfcExample) {
  start();
  auto client = connect();
  const auto reply = client.upgrade("/ws");
  ASSERT_TRUE(reply);
  EXPECT_EQ(reply->status, 101);
  EXPECT_EQ(reply->header("sec-websocket-accept"), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
  EXPECT_EQ(reply->headers.count("sec-websocket-extensions"), 0U);
  EXPECT_EQ(stats().websocket_clients, 1U);
}

TEST_F(NetWebSocket, OffersOfExtensionsAndProtocolsAreDeclined) {
  start();
  auto client = connect();
  const auto reply = client.upgrade(
      "/ws", "Sec-WebSocket-Extensions: permessage-deflate\r\nSec-WebSocket-Protocol: x\r\n");
  EXPECT_EQ(reply->status, 101);
  EXPECT_EQ(reply->headers.count("sec-websocket-extensions"), 0U);
  EXPECT_EQ(reply->headers.count("sec-websocket-protocol"), 0U);
}

TEST_F(NetWebSocket, SendsWholeUnmaskedFinalFramesInOrder) {
  start();
  auto client = join();
  const auto source = feed(0);
  const std::vector<std::string> texts = {"a", std::string(125, 'b'), std::string(126, 'c'),
                                          std::string(65536, 'd'), ""};
  for (const auto& text : texts) source->send(text);
  for (const auto& text : texts) {
    const auto frame = client.read_frame();
    ASSERT_TRUE(frame);
    EXPECT_TRUE(frame->final);
    EXPECT_EQ(frame->reserved, 0U);
    EXPECT_EQ(frame->opcode, 1U);
    EXPECT_FALSE(frame->masked);
    EXPECT_EQ(frame->payload, text);
  }
}

TEST_F(NetWebSocket, TakesTextThatCameWithTheHandshake) {
  start();
  auto client = connect();
  ASSERT_TRUE(client.send(RawClient::handshake("/ws") + RawClient::client_frame(0x81, "echo")));
  EXPECT_EQ(client.read_reply()->status, 101);
  EXPECT_EQ(client.read_frame()->payload, "echo");
}

TEST_F(NetWebSocket, AssemblesFragmentsAroundAPing) {
  start();
  auto client = join();
  ASSERT_TRUE(client.send(RawClient::client_frame(0x01, "ec") +
                          RawClient::client_frame(0x89, "now") +
                          RawClient::client_frame(0x80, "ho")));
  const auto pong = client.read_frame();
  ASSERT_TRUE(pong);
  EXPECT_EQ(pong->opcode, 10U);
  EXPECT_EQ(pong->payload, "now");
  EXPECT_EQ(client.read_frame()->payload, "echo");
  EXPECT_EQ(feed(0)->received(), (std::vector<std::string>{"echo"}));
}

TEST_F(NetWebSocket, PongsNeverLandInsideAFrameOfAFlood) {
  options_.send_buffer_bytes = 16 * 1024;
  start();
  auto client = join(8192);
  std::string block;
  for (int i = 0; i < 5; ++i)
    block += encode_text_frame(std::string(50'000, static_cast<char>('a' + i)));
  feed(0)->flood(block);
  int pongs = 0;
  int texts = 0;
  for (int i = 0; i < 20; ++i)
    ASSERT_TRUE(client.send(RawClient::client_frame(0x89, "p" + std::to_string(i))));
  while (pongs < 20) {
    const auto frame = client.read_frame();
    ASSERT_TRUE(frame);
    ASSERT_EQ(frame->reserved, 0U);
    if (frame->opcode == 10) {
      EXPECT_EQ(frame->payload, "p" + std::to_string(pongs++));
      EXPECT_EQ(texts % 5, 0) << "a control frame goes between two blocks";
    } else {
      ASSERT_EQ(frame->opcode, 1U);
      ASSERT_EQ(frame->payload, std::string(50'000, static_cast<char>('a' + texts++ % 5)));
    }
  }
}

TEST_F(NetWebSocket, RefusesWhatIsNoHandshake) {
  start();
  auto client = connect();
  const auto plain = client.get("/ws");
  EXPECT_EQ(plain->status, 426);
  EXPECT_EQ(plain->header("upgrade"), "websocket");
  const auto with = [&](const std::string& version, const std::string& key) {
    return client.get(
        "/ws", "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: " + version +
                   "\r\nSec-WebSocket-Key: " + key + "\r\n");
  };
  const auto old = with("8", "dGhlIHNhbXBsZSBub25jZQ==");
  EXPECT_EQ(old->status, 426);
  EXPECT_EQ(old->header("sec-websocket-version"), "13");
  EXPECT_EQ(with("13", "short")->status, 400);
  EXPECT_EQ(client.upgrade("/ws?bad")->status, 400);
  EXPECT_EQ(client.upgrade("/ws", "Origin: https://evil.example\r\n")->status, 403);
  EXPECT_EQ(client.upgrade("/hello")->status, 200) << "an upgrade elsewhere is an ordinary request";
  EXPECT_TRUE(eventually([&] { return stats().websocket_clients == 0; }));
  EXPECT_EQ(client.upgrade("/ws", "Origin: http://localhost:3000\r\n")->status, 101);
}

TEST_F(NetWebSocket, MoreClientsThanTheLimitGet503) {
  options_.limits.max_websocket_clients = 1;
  start();
  auto first = join();
  auto second = connect();
  const auto reply = second.upgrade("/ws");
  EXPECT_EQ(reply->status, 503);
  EXPECT_EQ(reply->body, "too many WebSocket clients (limit 1)\n");
  EXPECT_EQ(stats().websockets_refused, 1U);
  first.close();
  EXPECT_TRUE(eventually([&] { return stats().websocket_clients == 0; }));
  EXPECT_EQ(connect().upgrade("/ws")->status, 101);
}

TEST_F(NetWebSocket, OnePeerCannotTakeAllClientPlaces) {
  options_.limits.max_websocket_clients = 40;
  start();
  std::vector<RawClient> clients;
  for (int i = 0; i < 20; ++i) clients.push_back(join());
  const auto refused = connect().upgrade("/ws");
  EXPECT_EQ(refused->status, 503);
  EXPECT_EQ(refused->body, "too many WebSocket clients from 127.0.0.1 (limit 20)\n");
  EXPECT_EQ(stats().websockets_refused, 1U);
  RawClient other(server_->port(kName), 0, "127.0.0.2");
  EXPECT_EQ(other.upgrade("/ws")->status, 101);
  clients.pop_back();
  EXPECT_TRUE(eventually([&] { return connect().upgrade("/ws")->status == 101; }));
}

TEST_F(NetWebSocket, LimitsAMessageAtTheByteAlsoInFragments) {
  options_.limits.max_websocket_message_bytes = 128;
  start();
  auto client = join();
  ASSERT_TRUE(client.send_text(std::string(128, 'x')));
  EXPECT_TRUE(eventually([&] { return feed(0)->received().size() == 1; }));
  ASSERT_TRUE(client.send_text(std::string(129, 'x')));
  EXPECT_EQ(client.read_close_code(), 1009);
  EXPECT_TRUE(client.is_closed_silently());
  auto fragments = join();
  ASSERT_TRUE(fragments.send(RawClient::client_frame(0x01, std::string(100, 'x'))));
  ASSERT_TRUE(fragments.send(RawClient::client_frame(0x80, std::string(29, 'x'))));
  EXPECT_EQ(fragments.read_close_code(), 1009);
  EXPECT_TRUE(eventually([&] { return stats().websockets_offending == 2; }));
}

TEST_F(NetWebSocket, TheCloseCodeOfATooLongMessageIsReadableWhileItIsSent) {
  start();
  auto client = join();
  client.send_text(std::string(1 << 20, 'x'));
  EXPECT_EQ(client.read_close_code(), 1009);
}

TEST_F(NetWebSocket, ClosesOnWhatItDoesNotTake) {
  start();
  const auto code_after = [&](const std::string& bytes) {
    auto client = join();
    EXPECT_TRUE(client.send(bytes));
    return client.read_close_code();
  };
  EXPECT_EQ(code_after(RawClient::client_frame(0x82, "binary")), 1003);
  EXPECT_EQ(code_after(RawClient::client_frame(0x81, "\xff\xfe")), 1007);
  EXPECT_EQ(code_after(RawClient::client_frame(0xc1, "reserved bit")), 1002);
  EXPECT_EQ(code_after(RawClient::client_frame(0x83, "reserved opcode")), 1002);
  EXPECT_EQ(code_after(RawClient::client_frame(0x80, "continues nothing")), 1002);
  EXPECT_EQ(code_after(RawClient::client_frame(0x09, "fragmented ping")), 1002);
  EXPECT_EQ(code_after(std::string("\x81\x02hi", 4)), 1002) << "not masked";
  EXPECT_EQ(code_after(RawClient::client_frame(0x88, "\x03\xed")), 1002) << "1005 may not be sent";
  EXPECT_TRUE(eventually([&] { return stats().websockets_offending == 8; }));
}

// Beast's read and close then wait for each other.
TEST_F(NetWebSocket, ABadFrameInPlaceOfTheAnswerToACloseKeepsNoPlace) {
  start();
  auto client = join();
  ASSERT_TRUE(client.send(RawClient::client_frame(0x82, "binary") +
                          RawClient::client_frame(0xc1, "and a reserved bit")));
  EXPECT_EQ(client.read_close_code(), 1003);
  EXPECT_TRUE(eventually([&] { return stats().websocket_clients == 0; })) << "though it stays";
  EXPECT_EQ(stats().websockets_offending, 1U) << "once, whatever else it sent";
}

TEST_F(NetWebSocket, AnswersACloseAndTellsTheHandlerOnce) {
  start();
  auto client = join();
  const auto source = feed(0);
  ASSERT_TRUE(client.send(RawClient::client_frame(0x88, "\x03\xe8")));
  EXPECT_EQ(client.read_close_code(), 1000);
  EXPECT_TRUE(client.is_closed_silently());
  EXPECT_TRUE(eventually([&] { return source->closed() == 1 && stats().connections == 0; }));
  EXPECT_EQ(source->closed(), 1);
}

TEST_F(NetWebSocket, CloseFromAboveIsSentOnceAfterWhatWasBegun) {
  start();
  auto client = join();
  const auto source = feed(0);
  source->send("last");
  ASSERT_EQ(client.read_frame()->payload, "last");
  source->session()->close(1008, "policy");
  source->session()->close(1011, "too late");
  const auto frame = client.read_frame();
  ASSERT_TRUE(frame);
  EXPECT_EQ(frame->close_code(), 1008);
  EXPECT_EQ(frame->payload.substr(2), "policy");
  source->send("never sent");
  ASSERT_TRUE(client.send(RawClient::client_frame(0x88, "\x03\xf0")));
  EXPECT_TRUE(client.is_closed_silently());
  EXPECT_TRUE(eventually([&] { return source->closed() == 1; }));
}

TEST_F(NetWebSocket, APeerThatNeverAnswersTheCloseIsDropped) {
  start();
  auto client = join();
  const auto source = feed(0);
  source->session()->close(1000, "");
  EXPECT_EQ(client.read_close_code(), 1000);
  EXPECT_TRUE(client.is_closed_silently(10s));
  EXPECT_TRUE(eventually([&] { return source->closed() == 1; }));
}

TEST_F(NetWebSocket, AThrowingHandlerClosesWith1011) {
  start();
  auto client = join();
  ASSERT_TRUE(client.send_text("throw"));
  EXPECT_EQ(client.read_close_code(), 1011);
  EXPECT_EQ(stats().handler_errors, 1U);
}

TEST_F(NetWebSocket, AVanishedPeerIsNoticedAndItsSessionIsHarmless) {
  start();
  const auto source = [&] {
    auto client = join();
    return feed(0);
  }();
  EXPECT_TRUE(eventually([&] { return source->closed() == 1 && stats().connections == 0; }));
  const auto session = source->session();
  session->wake();
  session->close(1000, "");
  EXPECT_FALSE(session->post([] { FAIL() << "ran after the end"; }));
  EXPECT_EQ(source->closed(), 1);
}

TEST_F(NetWebSocket, PostRunsOnTheStrand) {
  start();
  auto client = join();
  std::atomic<bool> ran{false};
  EXPECT_TRUE(feed(0)->session()->post([&] { ran = true; }));
  EXPECT_TRUE(eventually([&] { return ran.load(); }));
}

TEST_F(NetWebSocket, PingsASilentPeerAndClosesItWhenItStaysSilent) {
  options_.limits.websocket_idle_timeout = 400ms;
  start();
  auto client = join();
  const auto ping = client.read_frame();
  ASSERT_TRUE(ping);
  EXPECT_EQ(ping->opcode, 9U);
  EXPECT_TRUE(client.is_closed_silently());
  EXPECT_TRUE(eventually([&] { return stats().timeouts == 1; }));
}

TEST_F(NetWebSocket, APeerThatAnswersPingsStays) {
  options_.limits.websocket_idle_timeout = 200ms;
  start();
  auto client = join();
  for (int i = 0; i < 6; ++i) {  // three times the idle timeout
    const auto ping = client.read_frame();
    ASSERT_TRUE(ping) << i;
    ASSERT_EQ(ping->opcode, 9U);
    ASSERT_TRUE(client.send(RawClient::client_frame(0x8a, ping->payload)));
  }
  EXPECT_EQ(stats().websocket_clients, 1U);
}

TEST_F(NetWebSocket, ASlowReaderIsDroppedAndAFastOneLosesNothing) {
  options_.limits.write_timeout = 300ms;
  options_.send_buffer_bytes = 16 * 1024;
  start();
  auto slow = join(4096);
  auto fast = join();
  feed(0)->flood(encode_text_frame(std::string(100'000, 's')));
  for (int i = 0; i < 2000; ++i) {
    feed(1)->send(std::to_string(i));
    if (i % 100 == 99) {
      for (int k = i - 99; k <= i; ++k) ASSERT_EQ(fast.read_frame()->payload, std::to_string(k));
    }
  }
  EXPECT_TRUE(eventually([&] { return feed(0)->closed() == 1; }));
  EXPECT_EQ(stats().slow_readers_closed, 1U);
  // The handler is told first, then the client is no longer counted.
  EXPECT_TRUE(eventually([&] { return stats().websocket_clients == 1; }));
  EXPECT_EQ(feed(1)->closed(), 0);
}

TEST_F(NetWebSocket, AReaderThatWakesUpInTheGraceTimeLearnsWhy) {
  options_.limits.write_timeout = 800ms;
  options_.send_buffer_bytes = 16 * 1024;
  start();
  auto client = join(4096);
  feed(0)->flood(encode_text_frame(std::string(100'000, 's')));
  ASSERT_TRUE(eventually([&] { return stats().slow_readers_closed == 1; }));
  EXPECT_EQ(client.read_close_code(), 1013);
}

TEST_F(NetWebSocket, AReaderThatIsMerelyLeisurelyStays) {
  options_.limits.write_timeout = 2000ms;
  options_.send_buffer_bytes = 16 * 1024;
  start();
  auto client = join(4096);
  feed(0)->flood(encode_text_frame(std::string(20'000, 's')));
  for (int i = 0; i < 40; ++i) {
    ::poll(nullptr, 0, 20);
    ASSERT_TRUE(client.read_frame());
  }
  EXPECT_EQ(stats().slow_readers_closed, 0U);
}

TEST_F(NetWebSocket, OneFloodedSessionDoesNotStarveAnother) {
  start();
  auto flooded = join();
  feed(0)->flood(encode_text_frame(std::string(100'000, 'f')));
  std::atomic<bool> done{false};
  std::thread reader([&] {
    while (!done && flooded.read_frame()) {
    }
  });
  auto other = join();
  for (int i = 0; i < 20; ++i) {
    EXPECT_TRUE(other.send_text("echo"));
    const auto frame = other.read_frame();
    EXPECT_TRUE(frame && frame->payload == "echo");
  }
  done = true;
  server_->stop();
  reader.join();
}

TEST_F(NetWebSocket, ManyWakesFromManyThreadsLoseNothing) {
  options_.io_threads = 2;
  start();
  auto client = join();
  const auto source = feed(0);
  constexpr int kThreads = 4;
  constexpr int kEach = 2000;
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < kEach; ++i) source->send(std::to_string(t) + ":" + std::to_string(i));
    });
  }
  std::vector<int> next(kThreads, 0);
  for (int i = 0; i < kThreads * kEach; ++i) {
    const auto frame = client.read_frame();
    ASSERT_TRUE(frame);
    const auto t = static_cast<std::size_t>(frame->payload[0] - '0');
    EXPECT_EQ(frame->payload.substr(2), std::to_string(next[t]++));
  }
  for (auto& thread : threads) thread.join();
}

}  // namespace
}  // namespace ltb::net
