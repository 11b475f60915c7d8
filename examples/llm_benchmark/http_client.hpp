// A small HTTP client: POST over kept-alive connections, with one deadline for the whole call.
#pragma once

#include <chrono>
#include <memory>
#include <stop_token>
#include <string>

namespace llm_benchmark {

struct HttpReply {
  int status = 0;
  std::string body{};
};

/// Talks to one server. Connections are kept and used again, as many as there were calls at the
/// same time. Thread safety: any thread; each call waits on the calling thread and uses a
/// connection of its own.
class HttpClient {
 public:
  /// `host` is a name or an address; nothing is connected yet. A requested stop ends running calls.
  HttpClient(std::string host, std::string port, std::string host_header, std::stop_token stop);
  ~HttpClient();
  HttpClient(const HttpClient&) = delete;
  HttpClient& operator=(const HttpClient&) = delete;

  /// Sends JSON and returns the answer, whatever its status. `authorization` is the whole header
  /// value; empty: no header. Throws ltb::ProviderError: Timeout, Network (unreachable, cut), Parse
  /// (no HTTP, or more than 16 MiB of it), Cancelled. Its message does not name the URL: the caller
  /// knows it better.
  [[nodiscard]] HttpReply post_json(const std::string& target, const std::string& authorization,
                                    std::string body, std::chrono::milliseconds timeout);

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace llm_benchmark
