// What the snippets of README and guide take for granted: a client, a provider, a data set. Only
// declared, for they are compiled and not linked.
#include <ltb/monitoring.hpp>

#include <atomic>
#include <chrono>
#include <functional>
#include <iostream>
#include <memory>
#include <string>
#include <utility>
#include <vector>

struct Reply {
  std::string text;
  std::uint64_t in = 0;
  std::uint64_t out = 0;
};
struct MyRequest {
  std::string model;
};
struct MyAnswer {
  std::string text;
  ltb::TokenUsage usage;
};
struct MyClient {
  static constexpr std::string_view kProviderName = "mine";
  Reply chat(const std::string& prompt);
  MyAnswer complete(const MyRequest& request);
  template <typename Handler>
  void async_chat(const std::string&, Handler) {}  // a template of a local type wants a body
};
extern ltb::MonitoringSystem& monitoring;
extern MyClient& my_client;
extern MyRequest my_request;
extern std::shared_ptr<ltb::Provider> openai;
extern std::shared_ptr<ltb::MonitoredProvider> monitored;
extern std::vector<std::shared_ptr<ltb::Provider>> providers;
extern ltb::CompletionRequest request;
extern std::vector<std::string> pieces;
extern std::vector<std::string> examples;
bool solve(const std::string& example);
