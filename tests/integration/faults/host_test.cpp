// Faults of the process around the library: fork, exec, SIGPIPE, static destruction, killed
// clients.
#include "integration/faults/host_process.hpp"
#include "integration/system_fixture.hpp"

#include <fcntl.h>

#include <atomic>
#include <thread>

namespace ltb::test {
namespace {

bool refuses_connections(std::uint16_t port) {
  try {
    RawClient client(port);
    return false;
  } catch (const std::runtime_error&) {
    return true;
  }
}

TEST(FaultFork, AnExecutedChildHoldsNoSocketOfItsParent) {
  MonitoringSystem system(free_ports());
  system.start();
  RawClient idle(system.dashboard_port());
  ASSERT_TRUE(idle.get("/config.json"));
  const std::uint16_t ports[] = {system.prometheus_port(), system.websocket_port(),
                                 system.dashboard_port()};
  StreamClient stream(system.websocket_port());
  ASSERT_EQ(stream.next().at("type"), "Connected");
  int ends[2], executed[2];
  ASSERT_EQ(::pipe(ends), 0);
  ASSERT_EQ(::pipe2(executed, O_CLOEXEC), 0);
  const pid_t child = ::fork();
  if (child == 0) {
    ::dup2(ends[0], STDIN_FILENO);  // cat lives until this pipe ends
    ::close(ends[1]);
    ::execlp("cat", "cat", nullptr);
    ::_exit(127);
  }
  ::close(ends[0]);
  ::close(executed[1]);
  char nothing;
  ASSERT_EQ(::read(executed[0], &nothing, 1), 0);  // ends when the child became cat
  ::close(executed[0]);
  stream.raw.close();
  system.stop();

  EXPECT_TRUE(idle.is_closed_silently()) << "a child that held the socket would keep it open";
  for (const std::uint16_t port : ports) EXPECT_TRUE(refuses_connections(port)) << port;
  ::close(ends[1]);
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

TEST(FaultFork, AChildThatLeavesAtOnceDisturbsNothing) {
  MonitoringSystem system(free_ports());
  system.start();
  StreamClient stream(system.websocket_port());
  ASSERT_EQ(stream.next().at("type"), "Connected");
  for (std::uint64_t round = 1; round <= 20; ++round) {
    const pid_t child = ::fork();
    if (child == 0) ::_exit(0);
    system.record_request("p", "m");
    ASSERT_EQ(id_of(stream.next()), round);
    ASSERT_EQ(::waitpid(child, nullptr, 0), child);
  }
  EXPECT_EQ(RawClient(system.prometheus_port()).get("/metrics")->status, 200);
}

TEST(FaultSigpipe, ClientsThatCloseWhileTheyAreSentToEndNoProcess) {
  HostProcess host({"sigpipe"});
  EXPECT_EQ(host.rest(), "alive: status 200\n");
  EXPECT_EQ(host.wait(), 0);
}

TEST(FaultStaticDestruction, ASystemInAGlobalServesAtExitAndEndsCleanly) {
  HostProcess host({"static-destruction"});
  EXPECT_EQ(host.line(), "at exit: status 200");
  // The scope, the provider, the receiver and the subscription of a global that outlives it.
  EXPECT_EQ(host.rest().substr(0, 14), "after the end:");
  EXPECT_EQ(host.wait(), 0);
}

TEST(FaultKilledClients, OthersLoseNothingAndGetItInOrder) {
  MonitoringSystem system(free_ports());
  system.start();
  StreamClient survivor(system.websocket_port());
  ASSERT_EQ(survivor.next().at("type"), "Connected");
  std::vector<HostProcess> clients;
  for (int i = 0; i < 6; ++i) {
    clients.push_back(HostProcess({"client", std::to_string(system.websocket_port())}));
    ASSERT_EQ(clients.back().line(), "connected");
  }
  constexpr std::uint64_t kEvents = 6000;
  std::uint64_t read = 0;
  for (std::uint64_t sent = 0; sent < kEvents; sent += 100) {
    if (sent % 1000 == 500) clients[sent / 1000].kill_hard();
    for (int i = 0; i < 100; ++i) system.record_request("p", "m");
    for (int i = 0; i < 100; ++i) {
      const auto message = survivor.next();
      ASSERT_EQ(message.at("type"), "Event") << message;
      ASSERT_EQ(id_of(message), ++read);
    }
  }
  for (HostProcess& client : clients) EXPECT_EQ(client.wait(), -SIGKILL);
  EXPECT_TRUE(eventually([&] {
    RawClient health(system.websocket_port());
    return health.get("/health")->body == R"({"status":"healthy","active_connections":1})";
  })) << "the places of the killed ones are free again";
}

}  // namespace
}  // namespace ltb::test
