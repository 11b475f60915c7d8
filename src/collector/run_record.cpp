#include "collector/run_record.hpp"

#include "metrics/sketch.hpp"

#include <chrono>
#include <utility>

namespace ltb::collector {
namespace {

constexpr auto kRelaxed = std::memory_order_relaxed;
constexpr std::chrono::nanoseconds kEventInterval = std::chrono::milliseconds{100};

void raise_to(std::atomic<std::uint64_t>& count, std::uint64_t value) noexcept {
  std::uint64_t now = count.load(kRelaxed);
  while (now < value && !count.compare_exchange_weak(now, value, std::memory_order_release)) {
  }
}

Percentiles percentiles_of(const metrics::DurationSketch& sketch) {
  if (sketch.is_untouched()) return {.count = 0};
  metrics::DurationSketch::Counts counts{};
  sketch.add_to(counts);
  metrics::DenseSketch sum;
  for (std::uint32_t i = 0; i < counts.size(); ++i) sum.add(i, counts[i]);
  return {.p50 = sum.quantile(0.50),
          .p95 = sum.quantile(0.95),
          .p99 = sum.quantile(0.99),
          .count = sum.total()};
}

}  // namespace

RunRecord::RunRecord(std::shared_ptr<RunRegistry> owner, std::string benchmark_id,
                     std::string benchmark_name, std::uint64_t total_examples,
                     const support::Clock& clock)
    : registry(std::move(owner)),
      id(std::move(benchmark_id)),
      name(std::move(benchmark_name)),
      total(total_examples),
      started(clock.steady_now()),
      started_at(clock.system_now()),
      last_progress_(started.time_since_epoch().count()),
      next_event_(started.time_since_epoch().count()) {}

// The reader loads `completed` first: with it, it sees the failures that it holds and the time.
bool RunRecord::advance(std::uint64_t succeeded, std::uint64_t failed,
                        support::SteadyTime now) noexcept {
  last_progress_.store(now.time_since_epoch().count(), kRelaxed);
  if (failed > 0) failed_.fetch_add(failed, kRelaxed);
  const std::uint64_t count = succeeded + failed;
  const std::uint64_t before = completed_.fetch_add(count, std::memory_order_release);
  return before < total && count >= total - before;
}

void RunRecord::raise(std::uint64_t completed, std::uint64_t failed,
                      support::SteadyTime now) noexcept {
  if (completed > completed_.load(kRelaxed))
    last_progress_.store(now.time_since_epoch().count(), kRelaxed);
  raise_to(failed_, failed);
  raise_to(completed_, completed);
}

RunRecord::Examples RunRecord::examples() const noexcept {
  Examples now;
  now.completed = completed_.load(std::memory_order_acquire);
  now.failed = failed_.load(kRelaxed);
  return now;
}

bool RunRecord::claim_event(support::SteadyTime now) noexcept {
  const auto ticks = now.time_since_epoch().count();
  const auto interval =
      std::chrono::duration_cast<support::SteadyTime::duration>(kEventInterval).count();
  auto due = next_event_.load(kRelaxed);
  return ticks >= due && next_event_.compare_exchange_strong(due, ticks + interval, kRelaxed);
}

void RunRecord::set_current_provider(std::string provider) {
  support::MutexLock lock(provider_mutex_);
  current_provider_.swap(provider);
}

std::optional<std::string> RunRecord::current_provider() const {
  support::MutexLock lock(provider_mutex_);
  if (current_provider_.empty()) return std::nullopt;
  return current_provider_;
}

// What counts as unpriced is what RequestSeries::record() counts in llm_unpriced_requests_total.
void RunRecord::record(const metrics::CallRecord& call) noexcept {
  const bool success = call.status == metrics::CallStatus::Success;
  const bool has_usage = call.usage != nullptr || call.has_separate_usage;
  if (success && !has_usage) usage_missing_.fetch_add(1, kRelaxed);
  if ((success || has_usage) && !call.cost && !call.has_separate_cost)
    unpriced_.fetch_add(1, kRelaxed);
  if (call.usage != nullptr) add_usage(*call.usage);
  if (call.cost) add_cost(*call.cost);
  if (success && call.duration_ns) latency_.record(*call.duration_ns);
  if (call.time_to_first_token_ns) first_token_.record(*call.time_to_first_token_ns);
  // Last: a reader that sees the call sees whether it reported its tokens and cost.
  Count& ended = success                                         ? successes_
                 : call.status == metrics::CallStatus::Cancelled ? cancels_
                                                                 : errors_;
  ended.fetch_add(1, std::memory_order_release);
}

void RunRecord::correct_missing(int usage, int cost) noexcept {
  usage_missing_.fetch_add(static_cast<std::uint64_t>(usage), kRelaxed);
  unpriced_.fetch_add(static_cast<std::uint64_t>(cost), kRelaxed);
}

Percentiles RunRecord::latency() const {
  return percentiles_of(latency_);
}
Percentiles RunRecord::time_to_first_token() const {
  return percentiles_of(first_token_);
}

void RunRecord::add_usage(const TokenUsage& usage) noexcept {
  input_tokens_.fetch_add(usage.input_tokens, kRelaxed);
  output_tokens_.fetch_add(usage.output_tokens, kRelaxed);
  with_usage_.fetch_add(1, kRelaxed);
}

void RunRecord::add_cost(const ExactCost& cost) noexcept {
  cost_nano_.fetch_add(cost.nano_usd, kRelaxed);
  if (cost.pico_part != 0) cost_pico_.fetch_add(cost.pico_part, kRelaxed);
  with_cost_.fetch_add(1, kRelaxed);
}

RunCalls RunRecord::calls() const noexcept {
  RunCalls now;
  now.successful = successes_.load(std::memory_order_acquire);
  now.failed = errors_.load(std::memory_order_acquire);
  now.cancelled = cancels_.load(std::memory_order_acquire);
  now.usage_missing = usage_missing_.load(kRelaxed);
  now.unpriced = unpriced_.load(kRelaxed);
  now.priced = with_cost_.load(kRelaxed);
  if (now.finished() == 0 || with_usage_.load(kRelaxed) > 0) {
    now.input_tokens = input_tokens_.load(kRelaxed);
    now.output_tokens = output_tokens_.load(kRelaxed);
  }
  if (now.finished() == 0 || now.priced > 0)
    now.cost_nano = cost_nano_.load(kRelaxed) + cost_pico_.load(kRelaxed) / 1000;
  return now;
}

}  // namespace ltb::collector
