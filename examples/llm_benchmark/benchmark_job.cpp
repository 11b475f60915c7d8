// The work itself: questions go to providers, answers are scored, and the monitoring is told.

#include "benchmark_job.hpp"

#include <algorithm>
#include <exception>
#include <thread>

#include "scoring.hpp"
#include "stop_signal.hpp"

namespace llm_benchmark {
namespace {

constexpr std::string_view kMetricName = "accuracy";
constexpr const char* kSystemPrompt = "Answer with the answer alone, as short as possible.";
constexpr std::chrono::milliseconds kFirstPause{100};
constexpr std::chrono::milliseconds kLongestPause{1000};
/// Later than this is no hiccup of a busy machine: the workers do not keep up.
constexpr std::chrono::milliseconds kTooLate{250};

}  // namespace

/// A worker's next request.
struct BenchmarkJob::Turn {
  std::uint64_t index = 0;
  std::optional<Pacer::Clock::time_point> due{};  ///< In open loop.
};

/// One benchmark run. Whoever ends its last example completes it.
struct BenchmarkJob::Round {
  Round(ltb::BenchmarkRun begun, std::uint64_t examples) : run(std::move(begun)), left(examples) {}

  ltb::BenchmarkRun run;
  std::atomic<std::uint64_t> left;
};

struct BenchmarkJob::TargetState {
  explicit TargetState(Target asked)
      : provider(std::move(asked.provider)),
        model(std::move(asked.model)),
        name(provider->name()) {}

  const std::shared_ptr<ltb::Provider> provider;
  const std::string model;
  const std::string name;                ///< Of the provider.
  std::atomic<unsigned> unreachable{0};  ///< Network failures since the last answer.
  std::mutex mutex;
  Score score{};                         // guarded by mutex
  std::set<ltb::ErrorType> seen_errors;  // guarded by mutex
};

BenchmarkJob::BenchmarkJob(JobOptions options, const std::vector<Question>& questions,
                           std::vector<Target> targets, ltb::MonitoringSystem& monitoring,
                           std::stop_token stop, JobListener listener)
    : options_(std::move(options)),
      questions_(questions),
      monitoring_(monitoring),
      stop_(std::move(stop)),
      listener_(std::move(listener)) {
  for (Target& target : targets) {
    targets_.push_back(std::make_unique<TargetState>(std::move(target)));
  }
}

BenchmarkJob::~BenchmarkJob() = default;

void BenchmarkJob::run() {
  const auto begin = Pacer::Clock::now();
  if (options_.duration) deadline_ = begin + *options_.duration;
  if (options_.rate) pacer_.emplace(*options_.rate, options_.arrival, options_.seed, begin);
  Pacer::Clock::time_point stopped = Pacer::Clock::time_point::max();
  {
    const std::stop_callback note_time(stop_, [&stopped] { stopped = Pacer::Clock::now(); });
    std::vector<std::jthread> workers;
    for (unsigned i = 0; i < options_.concurrency; ++i) workers.emplace_back([this] { work(); });
  }
  count_what_was_never_sent(std::min(stopped, deadline_.value_or(stopped)));
  tell_what_was_never_sent();
  const std::lock_guard lock(rounds_mutex_);
  // What a deadline ended is over as planned. What Ctrl-C ended is not: destroyed uncompleted, the
  // run says so itself.
  for (const auto& [number, round] : rounds_) {
    if (!stop_.stop_requested()) round->run.complete();
  }
  rounds_.clear();
}

std::map<std::pair<std::string, std::string>, Score> BenchmarkJob::scores() const {
  std::map<std::pair<std::string, std::string>, Score> scores;
  for (const auto& target : targets_) {
    const std::lock_guard lock(target->mutex);
    scores[{target->name, target->model}] = target->score;
  }
  return scores;
}

void BenchmarkJob::work() noexcept {
  try {
    while (const auto turn = next_turn()) one_request(*turn);
  } catch (const std::exception& error) {
    // A provider's failure never gets here: this is the end of memory or of threads.
    listener_.on_notice(std::string("a worker gives up: ") + error.what());
  }
}

std::optional<BenchmarkJob::Turn> BenchmarkJob::next_turn() {
  if (stop_.stop_requested()) return std::nullopt;
  const std::uint64_t index = next_.fetch_add(1, std::memory_order_relaxed);  // Only a ticket.
  if (options_.requests && index >= *options_.requests) return std::nullopt;
  const auto now = Pacer::Clock::now();
  if (!pacer_) {
    if (deadline_ && now >= *deadline_) return std::nullopt;
    return Turn{index, std::nullopt};
  }
  const auto due = pacer_->next();
  if (deadline_ && due >= *deadline_) return std::nullopt;
  if (deadline_ && now >= *deadline_) {
    never_sent_.fetch_add(1, std::memory_order_relaxed);  // Read after the workers are joined.
    return std::nullopt;
  }
  if (!wait_until(stop_, due)) {
    if (due <= now) never_sent_.fetch_add(1, std::memory_order_relaxed);
    return std::nullopt;
  }
  check_lateness(Pacer::Clock::now() - due);
  return Turn{index, due};
}

void BenchmarkJob::check_lateness(std::chrono::nanoseconds late) {
  if (late < kTooLate || told_late_.exchange(true, std::memory_order_relaxed)) return;
  listener_.on_notice(
      "requests are due faster than " + std::to_string(options_.concurrency) +
      " workers get them answered: one is sent " +
      std::to_string(std::chrono::duration_cast<std::chrono::milliseconds>(late).count()) +
      " ms late; latency counts from when each was due, and the wait is shown as queue time "
      "(raise --concurrency or lower --rate)");
}

void BenchmarkJob::count_what_was_never_sent(Pacer::Clock::time_point end) {
  if (!pacer_ || end == Pacer::Clock::time_point::max()) return;  // All were sent.
  const std::uint64_t taken = never_sent_.load(std::memory_order_relaxed);
  std::uint64_t left = pacer_->left_before(end);
  if (options_.requests) {
    const std::uint64_t given = std::min(next_.load(std::memory_order_relaxed), *options_.requests);
    left = std::min(left, *options_.requests - given);
  }
  never_sent_.store(taken + left, std::memory_order_relaxed);
}

void BenchmarkJob::tell_what_was_never_sent() {
  if (never_sent() == 0 || stop_.stop_requested()) return;
  listener_.on_notice(std::to_string(never_sent()) +
                      " requests that were due before the end of --duration were never sent: " +
                      std::to_string(options_.concurrency) +
                      " workers are too few for this --rate (raise --concurrency)");
}

std::uint64_t BenchmarkJob::round_number(std::uint64_t index) const {
  return options_.requests ? 0 : index / (questions_.size() * targets_.size());
}

std::shared_ptr<BenchmarkJob::Round> BenchmarkJob::round_of(std::uint64_t index) {
  const std::uint64_t number = round_number(index);
  const std::lock_guard lock(rounds_mutex_);
  std::shared_ptr<Round>& round = rounds_[number];
  if (!round) {
    const std::uint64_t total = options_.requests.value_or(questions_.size() * targets_.size());
    const std::string id = options_.id + '-' + std::to_string(number + 1);
    round = std::make_shared<Round>(monitoring_.begin_benchmark(id, options_.name, total), total);
  }
  return round;
}

ltb::CompletionResponse BenchmarkJob::ask(TargetState& target, const Question& question,
                                          const Turn& turn) {
  const ltb::CompletionRequest request{
      .model = target.model,
      .prompt = question.prompt,
      .system_prompt = question.system_prompt.value_or(kSystemPrompt),
      .max_tokens = question.max_tokens,
      .scheduled_at = turn.due};
  if (!options_.stream) return target.provider->complete(request);
  // What is watched is watched by the monitoring around the provider; here the whole answer counts.
  return target.provider->stream(request, [](const ltb::StreamChunk&) { return true; });
}

void BenchmarkJob::one_request(const Turn& turn) {
  const Question& question = questions_[turn.index / targets_.size() % questions_.size()];
  TargetState& target = *targets_[turn.index % targets_.size()];
  const auto round = round_of(turn.index);
  round->run.set_current_provider(target.name);
  // Rounds overlap: the last answers of one come in while the next one has begun.
  const ltb::CurrentRun current = round->run.make_current();
  try {
    const ltb::CompletionResponse response = ask(target, question, turn);
    target.unreachable.store(0, std::memory_order_relaxed);
    if (!question.accepted.empty()) evaluate(turn.index, target, question, response);
    round->run.advance();
  } catch (const ltb::ProviderError& error) {
    // Given up because the program stops: neither done nor failed. A server that cancels by itself
    // ends the example as any other failure does.
    const bool is_stopped = stop_.stop_requested();
    if (is_stopped && error.type() == ltb::ErrorType::Cancelled) return;
    round->run.fail_example();
    after_failure(target, error.type(), error.what());
  } catch (const std::exception& error) {
    round->run.fail_example();
    after_failure(target, ltb::ErrorType::Other, error.what());
  } catch (...) {
    round->run.fail_example();
    after_failure(target, ltb::ErrorType::Other, "the provider threw what is not an exception");
  }
  end_example(turn.index, *round);
}

void BenchmarkJob::evaluate(std::uint64_t index, TargetState& target, const Question& question,
                            const ltb::CompletionResponse& response) {
  const std::string id = "eval_" + std::to_string(index + 1);
  ltb::EventBus& bus = monitoring_.event_bus();
  bus.publish(ltb::MonitoringEvent::evaluation_started(id, kMetricName, target.name, target.model));
  const bool right = is_right(response.text, question.accepted);
  const std::string details =
      question.id + (right ? ": right" : ": wrong, expected " + question.accepted.front());
  bus.publish(ltb::MonitoringEvent::evaluation_completed(id, kMetricName, target.name, target.model,
                                                         right ? 1.0 : 0.0, details));
  const std::lock_guard lock(target.mutex);
  ++target.score.scored;
  if (right) ++target.score.right;
}

void BenchmarkJob::after_failure(TargetState& target, ltb::ErrorType type,
                                 const std::string& message) {
  bool is_new = false;
  {
    const std::lock_guard lock(target.mutex);
    is_new = target.seen_errors.insert(type).second;
  }
  if (is_new) {
    listener_.on_new_error(target.name + '/' + target.model + ": " + std::string(to_string(type)) +
                           ": " + message);
  }
  if (type != ltb::ErrorType::Network || pacer_) return;
  // A server that is not there refuses thousands of times a second; asking it that often helps
  // nobody. In open loop the rate bounds it, and a pause would hold up the other targets.
  const unsigned failures = target.unreachable.fetch_add(1, std::memory_order_relaxed);
  const auto pause = std::min(kFirstPause * (1U << std::min(failures, 4U)), kLongestPause);
  wait_until(stop_, Pacer::Clock::now() + pause);
}

void BenchmarkJob::end_example(std::uint64_t index, Round& round) {
  // acq_rel: whoever takes the last one sees all that the others told the run.
  if (round.left.fetch_sub(1, std::memory_order_acq_rel) != 1) return;
  round.run.complete();
  const std::lock_guard lock(rounds_mutex_);
  rounds_.erase(round_number(index));
}

}  // namespace llm_benchmark
