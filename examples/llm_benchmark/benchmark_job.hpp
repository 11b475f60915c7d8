// The work itself: questions go to providers, answers are scored, and the monitoring is told.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <ltb/monitoring.hpp>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

#include "dataset.hpp"
#include "pacer.hpp"

namespace llm_benchmark {

/// Who is asked: a provider (a monitored one, or nobody sees the calls) and one of its models.
struct Target {
  std::shared_ptr<ltb::Provider> provider{};
  std::string model{};
};

/// How many answers of one target could be scored, and how many were right.
struct Score {
  std::uint64_t scored = 0;
  std::uint64_t right = 0;
};

struct JobOptions {
  std::string name{};  ///< Of the benchmark, as the dashboard shows it.
  std::string id{};    ///< Each benchmark run is called "<id>-1", "<id>-2", ...
  std::optional<std::uint64_t> requests{};
  std::optional<std::chrono::nanoseconds> duration{};
  unsigned concurrency = 8;
  std::optional<double> rate{};  ///< Open loop: starts per second, of all targets together.
  Arrival arrival = Arrival::Poisson;
  std::uint64_t seed = 1;  ///< Of the arrivals.
  bool stream = false;
};

/// Who is told what a person should know, from any worker thread.
struct JobListener {
  /// A target failed in a way it has not failed before.
  std::function<void(const std::string&)> on_new_error{};
  /// Something about the run itself, each once.
  std::function<void(const std::string&)> on_notice{};
};

/// Asks every target every question, round and round, until the job's end or a stop.
///
/// One benchmark run for all targets together: the cost and the time left that the dashboard shows
/// are those of the whole job, and "current provider" says who is asked. With a number of requests
/// the run is that long; otherwise each round through the data set is a run.
///
/// With a rate the loop is open: each request is due at a time of its own, answered or not the ones
/// before it. One that finds no free worker is sent late, its latency counts from when it was due,
/// and the listener is told that the concurrency is too small. Without, the loop is closed: the
/// next request starts as one ends.
class BenchmarkJob {
 public:
  /// `questions` and `targets` are not empty; `questions` and `monitoring` outlive the job.
  BenchmarkJob(JobOptions options, const std::vector<Question>& questions,
               std::vector<Target> targets, ltb::MonitoringSystem& monitoring, std::stop_token stop,
               JobListener listener);
  ~BenchmarkJob();
  BenchmarkJob(const BenchmarkJob&) = delete;
  BenchmarkJob& operator=(const BenchmarkJob&) = delete;

  /// Works on `concurrency` threads until everything is done. Throws std::system_error when a
  /// thread cannot be made.
  void run();

  /// Requests of the open loop that were due before it ended and that no worker was free to send.
  /// Call it after run().
  [[nodiscard]] std::uint64_t never_sent() const noexcept { return never_sent_.load(); }
  /// By provider and model. Call it after run().
  [[nodiscard]] std::map<std::pair<std::string, std::string>, Score> scores() const;

 private:
  struct Round;
  struct TargetState;

  void work() noexcept;
  struct Turn;

  void one_request(const Turn& turn);
  [[nodiscard]] std::optional<Turn> next_turn();
  [[nodiscard]] ltb::CompletionResponse ask(TargetState& target, const Question& question,
                                            const Turn& turn);
  void check_lateness(std::chrono::nanoseconds late);
  void count_what_was_never_sent(Pacer::Clock::time_point end);
  void tell_what_was_never_sent();
  [[nodiscard]] std::shared_ptr<Round> round_of(std::uint64_t index);
  void evaluate(std::uint64_t index, TargetState& target, const Question& question,
                const ltb::CompletionResponse& response);
  void after_failure(TargetState& target, ltb::ErrorType type, const std::string& message);
  void end_example(std::uint64_t index, Round& round);
  [[nodiscard]] std::uint64_t round_number(std::uint64_t index) const;

  const JobOptions options_;
  const std::vector<Question>& questions_;
  ltb::MonitoringSystem& monitoring_;
  const std::stop_token stop_;
  const JobListener listener_;
  std::vector<std::unique_ptr<TargetState>> targets_;
  std::optional<Pacer> pacer_{};  ///< In open loop.
  std::optional<Pacer::Clock::time_point> deadline_{};
  std::atomic<std::uint64_t> next_{0};
  std::atomic<std::uint64_t> never_sent_{0};
  std::atomic<bool> told_late_{false};
  std::mutex rounds_mutex_;
  std::map<std::uint64_t, std::shared_ptr<Round>> rounds_;  // guarded by rounds_mutex_
};

}  // namespace llm_benchmark
