// Starts the program of fault_host.cpp and reads what it says.
#pragma once

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace ltb::test {

class HostProcess {
 public:
  explicit HostProcess(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), LTB_FAULT_HOST);
    std::vector<char*> pointers;
    for (std::string& argument : arguments) pointers.push_back(argument.data());
    pointers.push_back(nullptr);
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0) throw std::runtime_error("no pipe for a host process");
    out_ = ends[0];
    id_ = ::fork();
    if (id_ == 0) {
      ::dup2(ends[1], STDOUT_FILENO);
      ::execv(pointers[0], pointers.data());
      ::_exit(127);
    }
    ::close(ends[1]);
  }
  ~HostProcess() {
    if (id_ > 0) {
      ::kill(id_, SIGKILL);
      (void)wait();
    }
    ::close(out_);
  }
  HostProcess(HostProcess&& other) noexcept
      : id_(std::exchange(other.id_, -1)), out_(std::exchange(other.out_, -1)) {}
  HostProcess(const HostProcess&) = delete;
  HostProcess& operator=(const HostProcess&) = delete;

  /// The next line of its output, or what there is at its end.
  std::string line() {
    std::string text;
    char c = 0;
    while (::read(out_, &c, 1) == 1 && c != '\n') text += c;
    return text;
  }
  std::string rest() {
    std::string text;
    char buffer[4096];
    for (ssize_t size = 0; (size = ::read(out_, buffer, sizeof buffer)) > 0;)
      text.append(buffer, static_cast<std::size_t>(size));
    return text;
  }
  void kill_hard() { ::kill(id_, SIGKILL); }
  /// Its exit code, or minus the signal that ended it.
  int wait() {
    int status = 0;
    ::waitpid(std::exchange(id_, -1), &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
  }

 private:
  pid_t id_ = -1;
  int out_ = -1;
};

}  // namespace ltb::test
