// Fan-out end to end: one process publishes, another one holds the clients.
//
// Usage: fanout PLAN [ROUNDS], where PLAN is one of the plans at the end of this file.
//        fanout client PORT CLIENTS: only the clients, of a server elsewhere on 127.0.0.1, until
//        the end of the input.
#include "benchmarks/support/process.hpp"
#include "benchmarks/support/windows.hpp"
#include "e2e/fanout_client.hpp"
#include "e2e/fanout_servers.hpp"

#include <malloc.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include <cstdlib>
#include <functional>
#include <map>
#include <string>
#include <thread>

namespace ltb::bench {
namespace {

using Seconds = std::chrono::duration<double>;

void sleep_for(double seconds) {
  std::this_thread::sleep_for(Seconds(seconds));
}

void wait_until(const char* what, const std::function<bool()>& condition, double patience = 30) {
  const double deadline = seconds_now() + patience;
  while (!condition()) {
    if (seconds_now() > deadline) throw std::runtime_error(std::string("gave up waiting: ") + what);
    sleep_for(0.002);
  }
}

/// The load client's process, ended and waited for whatever happens.
class ClientProcess {
 public:
  ClientProcess(const FanoutOptions& options, FanoutShared& shared) : shared_(shared) {
    pid_ = ::fork();
    if (pid_ < 0) throw std::runtime_error("fork failed");
    if (pid_ == 0) {
      int code = 0;
      try {
        run_fanout_client(options, shared);
      } catch (const std::exception& error) {
        if (!shared.stop) {
          std::cerr << "fanout client: " << error.what() << std::endl;
          code = 1;
        }
      }
      ::_exit(code);
    }
  }
  ~ClientProcess() {
    shared_.stop = true;
    int status = 0;
    if (pid_ > 0) ::waitpid(pid_, &status, 0);
  }
  ClientProcess(const ClientProcess&) = delete;
  ClientProcess& operator=(const ClientProcess&) = delete;

 private:
  FanoutShared& shared_;
  pid_t pid_ = -1;
};

/// Publishes numbered events, at a pace or as fast as the slowest reading client follows.
class Publisher {
 public:
  Publisher(FanoutServer& server, FanoutShared& shared, double per_second)
      : server_(server), shared_(shared), per_second_(per_second) {}

  void run_for(double seconds) {
    const double end = seconds_now() + seconds;
    per_second_ > 0 ? run_paced(end) : run_closed(end);
  }
  [[nodiscard]] std::uint64_t published() const noexcept { return number_; }
  /// Events that were there before the clients.
  [[nodiscard]] std::uint64_t first() const noexcept { return first_; }
  void start_after(std::uint64_t number) noexcept { first_ = number_ = number; }

 private:
  void publish_next() {
    shared_.published_at[++number_ % FanoutShared::kTimes].store(seconds_now(),
                                                                 std::memory_order_relaxed);
    server_.publish(number_);
  }

  void run_paced(double end) {
    const double start = seconds_now();
    for (std::uint64_t count = 0;; ++count) {
      const double due = start + static_cast<double>(count) / per_second_;
      if (due > end) return;
      if (const double early = due - seconds_now(); early > 0) sleep_for(early);
      publish_next();
    }
  }

  void run_closed(double end) {
    constexpr std::uint64_t kWindow = 4096;  // half of the ring
    while (seconds_now() < end) {
      if (number_ - first_ - shared_.slowest.load(std::memory_order_relaxed) < kWindow) {
        publish_next();
      } else {
        sleep_for(0.0002);
      }
    }
  }

  FanoutServer& server_;
  FanoutShared& shared_;
  double per_second_;
  std::uint64_t number_ = 0;
  std::uint64_t first_ = 0;
};

/// One window: a new server, new clients, a little warming up, the measurement, the end.
Samples measure(const std::string& name, const FanoutOptions& options) {
  const std::unique_ptr<FanoutShared, void (*)(FanoutShared*)> owner(FanoutShared::map(),
                                                                     &FanoutShared::unmap);
  FanoutShared& shared = *owner;
  ClientProcess clients(options, shared);  // before this process has threads
  const auto server = make_fanout_server(name, options);
  Publisher publisher(*server, shared, options.events_per_second);
  double resident_before = 0;
  if (options.memory) {
    // With the ring and the log full, so that what grows from here on is the clients' own.
    Publisher filler(*server, shared, 20'000);
    filler.run_for(0.6);
    ::malloc_trim(0);  // what the round before gave back would pass for the clients' own
    resident_before = resident_bytes();
    publisher.start_after(filler.published());
  }
  shared.port = server->port();
  wait_until("for the clients to connect", [&] {
    return shared.connected == options.clients && server->clients() == options.clients;
  });

  // What is still under way belongs to what was published before.
  const auto wait_for_the_slowest = [&] {
    const double deadline = seconds_now() + 1;
    while (shared.slowest < publisher.published() - publisher.first() && seconds_now() < deadline)
      sleep_for(0.002);
  };
  publisher.run_for(0.3);
  if (options.events_per_second > 0) wait_for_the_slowest();
  const std::uint64_t received_before = shared.received;
  const std::uint64_t published_before = publisher.published();
  shared.measuring = true;
  const double cpu_before = process_cpu_seconds();
  const double started = seconds_now();
  publisher.run_for(options.seconds);
  const double elapsed = seconds_now() - started;
  const auto reading = static_cast<double>(options.clients - options.stalled);
  if (options.events_per_second > 0) wait_for_the_slowest();
  const double cpu = process_cpu_seconds() - cpu_before;
  const auto received = static_cast<double>(shared.received - received_before);
  const auto published = static_cast<double>(publisher.published() - published_before);
  shared.measuring = false;
  Samples samples{{"cpu_us_per_message", received > 0 ? cpu * 1e6 / received : 0},
                  {"cpu_share", cpu / elapsed},
                  {"messages_per_second", received / elapsed},
                  {"delivered", received / (published * reading)},
                  {"gaps", static_cast<double>(shared.gaps)},
                  {"lagged", static_cast<double>(shared.lagged)},
                  {"p50_ms", shared.latency_quantile(.5) * 1e3},
                  {"p99_ms", shared.latency_quantile(.99) * 1e3}};
  if (options.memory) {
    samples.emplace_back("bytes_per_client", (resident_bytes() - resident_before) /
                                                 static_cast<double>(options.clients));
    samples.emplace_back("grown_bytes", resident_bytes() - resident_before);
  }
  return samples;
}

void add(Rounds& rounds, const std::string& variant, const std::string& server,
         const FanoutOptions& options) {
  rounds.add(variant, [=] { return measure(server, options); });
}

// ---- the plans ----

void plan_paced(Rounds& rounds) {
  const FanoutOptions hundred{.clients = 100, .events_per_second = 1000, .seconds = 1.5};
  FanoutOptions untimed = hundred;
  untimed.flush_ms = 0;
  add(rounds, "ours 0ms", "ours", untimed);
  add(rounds, "straightforward", "straightforward", hundred);
  add(rounds, "ours 10ms", "ours", hundred);
  add(rounds, "raw", "raw", hundred);
}

void plan_closed(Rounds& rounds) {
  const FanoutOptions hundred{.clients = 100, .seconds = 1.5};
  add(rounds, "ours", "ours", hundred);
  add(rounds, "straightforward", "straightforward", hundred);
}

void plan_thousand(Rounds& rounds) {
  const FanoutOptions thousand{
      .clients = 1000, .events_per_second = 1000, .flush_ms = 20, .seconds = 4, .memory = true};
  add(rounds, "ours 20ms", "ours", thousand);
  FanoutOptions theirs = thousand;
  theirs.seconds = 2;
  add(rounds, "straightforward", "straightforward", theirs);
}

void plan_stalled(Rounds& rounds) {
  FanoutOptions options{.clients = 6, .events_per_second = 10'000, .seconds = 2, .memory = true};
  add(rounds, "all reading", "ours", options);
  options.stalled = 1;
  add(rounds, "one stalled", "ours", options);
}

void plan_curve(Rounds& rounds) {
  for (const std::size_t clients : {1, 10, 100, 300, 1000}) {
    FanoutOptions options{
        .clients = clients, .events_per_second = 1000, .seconds = 1, .memory = true};
    add(rounds, "clients " + std::to_string(clients), "ours", options);
    options.flush_ms = 0;
    options.memory = false;
    add(rounds, "no tick clients " + std::to_string(clients), "ours", options);
  }
  for (const std::size_t clients : {1, 10, 100, 300})
    add(rounds, "straightforward clients " + std::to_string(clients), "straightforward",
        {.clients = clients, .events_per_second = 1000, .seconds = 1});
  for (const int events : {100, 1000, 5000, 10'000, 20'000})
    add(rounds, "events " + std::to_string(events), "ours",
        {.clients = 10, .events_per_second = static_cast<double>(events), .seconds = 1});
}

const std::map<std::string, void (*)(Rounds&)> kPlans{{"paced", plan_paced},
                                                      {"closed", plan_closed},
                                                      {"thousand", plan_thousand},
                                                      {"stalled", plan_stalled},
                                                      {"curve", plan_curve}};

void run_clients(int port, std::size_t count) {
  const FanoutOptions options{.clients = count};
  const std::unique_ptr<FanoutShared, void (*)(FanoutShared*)> shared(FanoutShared::map(),
                                                                      &FanoutShared::unmap);
  ClientProcess clients(options, *shared);
  shared->port = port;
  wait_until("for the clients to connect", [&] { return shared->connected == count; });
  std::cout << "connected" << std::endl;
  std::string line;
  while (std::getline(std::cin, line)) {
  }
}

void raise_descriptor_limit() {
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
}

}  // namespace
}  // namespace ltb::bench

int main(int argc, char** argv) {
  return ltb::bench::guarded_main("fanout", [&] {
    using namespace ltb::bench;
    raise_descriptor_limit();
    if (argc == 4 && std::string_view(argv[1]) == "client")
      return run_clients(std::atoi(argv[2]), std::strtoull(argv[3], nullptr, 10));
    const auto plan = kPlans.find(argc > 1 ? argv[1] : "");
    if (plan == kPlans.end())
      throw std::invalid_argument("expected a plan: paced, closed, thousand, stalled or curve");
    Rounds rounds;
    plan->second(rounds);
    rounds.run(argc > 2 ? std::atoi(argv[2]) : 5);
    rounds.print();
  });
}
