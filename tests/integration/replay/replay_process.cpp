#include "integration/replay/replay_process.hpp"

#include "integration/replay/sse_client.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>

#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <stdexcept>
#include <string>
#include <system_error>

extern char** environ;  // NOLINT: its POSIX declaration

namespace ltb::test {
namespace {

struct Pipe {
  std::array<int, 2> ends{-1, -1};
  Pipe() {
    if (pipe(ends.data()) != 0) throw std::system_error(errno, std::generic_category(), "pipe");
  }
};

std::uint16_t read_port(int from) {
  std::string line;
  char c = 0;
  while (read(from, &c, 1) == 1 && c != '\n') line += c;
  const int port = std::atoi(line.c_str());
  if (port <= 0)
    throw std::runtime_error("the replay server did not tell its port: \"" + line + '"');
  return static_cast<std::uint16_t>(port);
}

}  // namespace

ReplayProcess::ReplayProcess() {
  std::signal(SIGPIPE, SIG_IGN);
  const Pipe in;
  const Pipe out;
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, in.ends[0], STDIN_FILENO);
  posix_spawn_file_actions_adddup2(&actions, out.ends[1], STDOUT_FILENO);
  for (const int end : {in.ends[0], in.ends[1], out.ends[0], out.ends[1]})
    posix_spawn_file_actions_addclose(&actions, end);
  std::string node = LTB_REPLAY_NODE;
  std::string script = LTB_REPLAY_MAIN;
  const std::array<char*, 3> arguments{node.data(), script.data(), nullptr};
  const int failed =
      posix_spawn(&child_, node.c_str(), &actions, nullptr, arguments.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  close(in.ends[0]);
  close(out.ends[1]);
  keep_alive_ = in.ends[1];
  if (failed != 0) throw std::system_error(failed, std::generic_category(), "cannot start " + node);
  port_ = read_port(out.ends[0]);
  close(out.ends[0]);
}

ReplayProcess::~ReplayProcess() {
  close(keep_alive_);
  kill(child_, SIGTERM);
  waitpid(child_, nullptr, 0);
}

nlohmann::json ReplayProcess::log() const {
  return control(port_, "/replay/log");
}
void ReplayProcess::release() const {
  (void)control(port_, "/replay/release");
}

std::uint16_t closed_port() {
  boost::asio::io_context context;
  boost::asio::ip::tcp::acceptor acceptor(
      context, {boost::asio::ip::address_v4::loopback(), std::uint16_t{0}});
  return acceptor.local_endpoint().port();
}

}  // namespace ltb::test
