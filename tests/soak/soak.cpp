// A host under load for a given time: calls, hand-published events, scrapes, API queries, and
// WebSocket clients that come, go, stall and die. It must not grow.
//
// Usage: soak [SECONDS [TABLE.csv]]   600 seconds by default
//
// Samples resident memory, descriptors and threads once a second and judges them after a warm-up of
// 120 s (a fifth of the time when that is less). Ends with 0 when
// - the host published at least 2,000 events a second,
// - the slope of the resident memory over the rest amounts to less than 1 MiB for ten minutes (in
//   shorter runs, which end before all is filled and settled: less than 4 MiB over the rest of the
//   run),
// - the client that reads everything was told of each event it lost by being too slow,
// - descriptors and threads at the end, clients gone, are what they were before the first client.
#include "integration/own_process.hpp"
#include "integration/system_fixture.hpp"

#include <sys/wait.h>

#include <algorithm>
#include <atomic>
#include <cinttypes>
#include <cstdio>
#include <functional>
#include <random>
#include <thread>

namespace {

using namespace ltb;
using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;
using test::RawClient;
using test::StreamClient;

constexpr double kEventsPerSecond = 2'000;
constexpr double kMostGrowthKib = 1024;
constexpr double kMostGrowthOfAShortRunKib = 4096;
constexpr double kFullSeconds = 600;

struct Sample {
  double second = 0;
  double resident_kib = 0;
  std::size_t descriptors = 0;
  std::size_t threads = 0;
  std::uint64_t events = 0;
};

Sample sample(double second, const MonitoringSystem& system) {
  return {second, static_cast<double>(test::resident_kib()), test::open_descriptors(),
          test::threads(), const_cast<MonitoringSystem&>(system).event_bus().last_event_id()};
}

/// KiB a second: the median of the slopes between any two samples (Theil and Sen). Large buffers
/// that are given back for some seconds, which least squares would take for a trend, do not move
/// it.
double slope_of(const std::vector<Sample>& samples) {
  std::vector<double> slopes;
  for (std::size_t i = 0; i < samples.size(); ++i) {
    for (std::size_t k = i + 1; k < samples.size(); ++k) {
      slopes.push_back((samples[k].resident_kib - samples[i].resident_kib) /
                       (samples[k].second - samples[i].second));
    }
  }
  if (slopes.empty()) return 0;
  const auto middle = slopes.begin() + static_cast<std::ptrdiff_t>(slopes.size() / 2);
  std::nth_element(slopes.begin(), middle, slopes.end());
  return *middle;
}

/// What the clients tell at their end.
struct ClientCounts {
  std::uint64_t scrapes = 0;
  std::uint64_t clients = 0;
  std::uint64_t gaps = 0;  ///< Events that the client that reads everything lost.
  std::uint64_t told = 0;  ///< Those it was told of by Lagged: it was too slow for them.
};

/// Runs `act(random)` again and again on threads of its own.
class Threads {
 public:
  ~Threads() { stop(); }
  void add(std::function<void(std::mt19937_64&)> act) {
    threads_.emplace_back([this, act = std::move(act), seed = threads_.size()] {
      std::mt19937_64 random(seed);
      while (!done_) {
        try {
          act(random);
        } catch (const std::exception& error) {
          std::fprintf(stderr, "soak: %s\n", error.what());
        }
      }
    });
  }
  void stop() {
    done_ = true;
    for (auto& thread : threads_) thread.join();
    threads_.clear();
  }
  [[nodiscard]] bool done() const { return done_; }

 private:
  std::atomic<bool> done_{false};
  std::vector<std::thread> threads_;
};

// Two events a call and more for its numbers; 1,250 calls a second.
void record_calls(MonitoringSystem& system, std::mt19937_64& random) {
  const auto begin = Clock::now();
  for (int i = 0; i < 125; ++i) {
    const std::string model = "model-" + std::to_string(random() % 40);
    RequestScope scope = system.begin_request("provider-" + std::to_string(random() % 5), model);
    if (random() % 4 == 0) {
      for (int chunk = 0; chunk < 10; ++chunk) scope.on_chunk();
    }
    if (random() % 20 == 0) {
      scope.fail(ErrorType::RateLimit, "slow down");
    } else {
      scope.finish(TokenUsage{random() % 1000, random() % 500}, 0.001);
    }
  }
  if (random() % 10 == 0) {
    BenchmarkRun run = system.begin_benchmark("run-" + std::to_string(random() % 10), "run", 3);
    run.advance(2);
    run.complete();
  }
  std::this_thread::sleep_until(begin + 100ms);
}

struct Ports {
  std::uint16_t metrics = 0;
  std::uint16_t stream = 0;
  std::uint16_t page = 0;
};

/// The other side, in a process of its own: its memory is not the library's.
class Clients {
 public:
  explicit Clients(Ports ports) : ports_(ports) {
    threads_.add([this](std::mt19937_64&) { scrape(); });
    threads_.add([this](std::mt19937_64& random) { churn(random); });
    threads_.add([this](std::mt19937_64&) { watch(); });
  }
  ClientCounts stop() {
    threads_.stop();
    return {scrapes_, clients_, gaps_, told_};
  }

 private:
  void scrape() {
    RawClient metrics(ports_.metrics);
    RawClient page(ports_.page);
    for (int i = 0; i < 10 && !threads_.done(); ++i) {
      const auto begin = Clock::now();
      const auto text = metrics.get("/metrics");
      const auto overview = page.get("/api/v1/overview");
      if (!text || text->status != 200 || !overview || overview->status != 200)
        throw std::runtime_error("a scrape was not answered");
      ++scrapes_;
      std::this_thread::sleep_until(begin + 200ms);
    }
  }

  // Clients that read a little, stall, close properly or are cut off.
  void churn(std::mt19937_64& random) {
    StreamClient reader(ports_.stream, random() % 2 == 0 ? "" : "batch_ms=50");
    RawClient stalled(ports_.page, 4096);
    (void)stalled.send(RawClient::handshake("/ws"));
    for (int i = 0; i < 200 && !threads_.done(); ++i) (void)reader.next();
    if (random() % 2 == 0) (void)reader.raw.send(RawClient::client_frame(0x88, "\x03\xe8"));
    clients_ += 2;
  }

  // One client that stays and reads everything.
  void watch() {
    StreamClient client(ports_.stream);
    std::uint64_t last = 0;
    while (!threads_.done()) {
      const auto message = client.next(2s);
      if (message.is_null()) throw std::runtime_error("the stream ended");
      if (message.at("type") == "Lagged") {
        told_ += message.at("data").at("skipped").get<std::uint64_t>();
      }
      if (message.at("type") != "Event") continue;
      const std::uint64_t id = test::id_of(message);
      if (last != 0 && id != last + 1) gaps_ += id - last - 1;
      last = id;
    }
  }

  const Ports ports_;
  std::atomic<std::uint64_t> scrapes_{0};
  std::atomic<std::uint64_t> clients_{0};
  std::atomic<std::uint64_t> gaps_{0};
  std::atomic<std::uint64_t> told_{0};
  Threads threads_;
};

/// The process of the clients. Made before the first thread, told the ports later.
class ClientProcess {
 public:
  ClientProcess() {
    int down[2];
    int up[2];
    if (::pipe(down) != 0 || ::pipe(up) != 0) throw std::runtime_error("no pipe for the clients");
    id_ = ::fork();
    if (id_ == 0) {
      ::close(down[1]);
      ::close(up[0]);
      ::_exit(run(down[0], up[1]));
    }
    ::close(down[0]);
    ::close(up[1]);
    down_ = down[1];
    up_ = up[0];
  }
  ClientProcess(const ClientProcess&) = delete;
  ClientProcess& operator=(const ClientProcess&) = delete;

  void start(Ports ports) const { (void)!::write(down_, &ports, sizeof ports); }
  [[nodiscard]] ClientCounts stop() const {
    ::close(down_);
    ClientCounts counts;
    if (::read(up_, &counts, sizeof counts) != sizeof counts)
      std::fprintf(stderr, "soak: the clients' process died\n");
    ::close(up_);
    ::waitpid(id_, nullptr, 0);
    return counts;
  }

 private:
  static int run(int in, int out) {
    Ports ports;
    if (::read(in, &ports, sizeof ports) != sizeof ports) return 1;
    Clients clients(ports);
    char end = 0;
    (void)!::read(in, &end, 1);  // the end of the pipe is the end of the run
    const ClientCounts counts = clients.stop();
    return ::write(out, &counts, sizeof counts) == sizeof counts ? 0 : 1;
  }

  pid_t id_ = -1;
  int down_ = -1;
  int up_ = -1;
};

void write_table(const char* path, const std::vector<Sample>& samples) {
  std::FILE* file = std::fopen(path, "w");
  if (file == nullptr) {
    std::fprintf(stderr, "soak: cannot write %s\n", path);
    return;
  }
  std::fprintf(file, "second,resident_kib,descriptors,threads,events\n");
  for (const Sample& s : samples)
    std::fprintf(file, "%.0f,%.0f,%zu,%zu,%" PRIu64 "\n", s.second, s.resident_kib, s.descriptors,
                 s.threads, s.events);
  std::fclose(file);
}

bool judge(const char* what, bool holds) {
  std::printf("%-6s %s\n", holds ? "ok" : "FAILED", what);
  return holds;
}

}  // namespace

int main(int count, char** arguments) {
  const double seconds = count > 1 ? std::atof(arguments[1]) : kFullSeconds;
  if (!(seconds >= 10)) {
    std::fprintf(stderr, "soak: SECONDS=\"%s\": expected a number of at least 10\n", arguments[1]);
    return 2;
  }
  const double warm_up = std::min(120.0, seconds / 5);

  const ClientProcess clients;
  // Retention within the warm-up, so that history is full when the judging begins.
  MonitoringSystem system(test::free_ports().with_detailed_metrics(true).with_retention_period(
      std::chrono::seconds{static_cast<long>(std::max(1.0, warm_up * 3 / 4))}));
  system.start();
  const Sample before = sample(0, system);
  std::vector<Sample> all;
  std::vector<Sample> judged;
  const auto begin = Clock::now();
  clients.start({system.prometheus_port(), system.websocket_port(), system.dashboard_port()});
  Threads host;
  for (int i = 0; i < 2; ++i)
    host.add([&](std::mt19937_64& random) { record_calls(system, random); });
  std::printf("%8s %14s %12s %8s %10s\n", "second", "resident KiB", "descriptors", "threads",
              "events");
  for (int second = 1; second <= static_cast<int>(seconds); ++second) {
    std::this_thread::sleep_until(begin + std::chrono::seconds{second});
    all.push_back(sample(second, system));
    const Sample& now = all.back();
    if (now.second > warm_up) judged.push_back(now);
    if (second % 30 == 0 || second == static_cast<int>(seconds)) {
      std::printf("%8.0f %14.0f %12zu %8zu %10" PRIu64 "\n", now.second, now.resident_kib,
                  now.descriptors, now.threads, now.events);
      std::fflush(stdout);
    }
  }
  const double lasted = std::chrono::duration<double>(Clock::now() - begin).count();
  const ClientCounts counts = clients.stop();
  host.stop();
  const bool settled = test::eventually([&] {
    const Sample now = sample(0, system);
    // The two pipes of the clients are closed by now.
    return now.descriptors + 2 == before.descriptors && now.threads == before.threads;
  });
  const Sample after = sample(0, system);
  if (count > 2) write_table(arguments[2], all);

  const double rate = static_cast<double>(after.events) / lasted;
  const double slope = slope_of(judged);
  const double growth = slope * std::max(judged.back().second - judged.front().second,
                                         seconds >= kFullSeconds ? kFullSeconds : 0.0);
  const auto by_threads = [](const Sample& a, const Sample& b) { return a.threads < b.threads; };
  const auto [fewest, most] = std::minmax_element(judged.begin(), judged.end(), by_threads);
  std::printf(
      "\n%.0f events/s, %" PRIu64 " scrapes, %" PRIu64 " clients, %" PRIu64
      " events lost by the client that reads, told of %" PRIu64
      "\n"
      "resident memory after %.0f s: slope %.3f KiB/s, %.0f KiB\n"
      "descriptors %zu before, %zu after; threads %zu before, %zu..%zu under load, %zu after\n\n",
      rate, counts.scrapes, counts.clients, counts.gaps, counts.told, warm_up, slope, growth,
      before.descriptors, after.descriptors, before.threads, fewest->threads, most->threads,
      after.threads);
  const double most_growth = seconds >= kFullSeconds ? kMostGrowthKib : kMostGrowthOfAShortRunKib;
  bool good = judge("at least 2,000 events a second", rate >= kEventsPerSecond);
  good = judge("no event is lost without a word", counts.told == counts.gaps) && good;
  good = judge("resident memory does not grow beyond its bound", growth < most_growth) && good;
  good = judge("descriptors and threads are what they were", settled) && good;
  good = judge("threads are the same all the time", fewest->threads == most->threads) && good;
  return good ? 0 : 1;
}
