// Requests before the benchmark, which nobody counts.

#include "warm_up.hpp"

#include <algorithm>
#include <atomic>
#include <exception>
#include <mutex>
#include <thread>

namespace llm_benchmark {

std::vector<WarmUpResult> warm_up(const WarmUpOptions& options,
                                  const std::vector<Question>& questions,
                                  const std::vector<Target>& targets, const std::stop_token& stop) {
  std::vector<WarmUpResult> results(targets.size());
  std::mutex mutex;  // Guards the results.
  std::atomic<std::uint64_t> next{0};
  const std::uint64_t all = options.requests * targets.size();
  const auto work = [&] {
    while (!stop.stop_requested()) {
      const std::uint64_t index = next.fetch_add(1, std::memory_order_relaxed);  // Only a ticket.
      if (index >= all) return;
      const Target& target = targets[index % targets.size()];
      const ltb::CompletionRequest request{
          .model = target.model,
          .prompt = questions[index / targets.size() % questions.size()].prompt};
      try {
        if (options.stream) {
          (void)target.provider->stream(request, [](const ltb::StreamChunk&) { return true; });
        } else {
          (void)target.provider->complete(request);
        }
      } catch (const std::exception& error) {
        const std::lock_guard lock(mutex);
        WarmUpResult& result = results[index % targets.size()];
        if (result.failed++ == 0) result.first_error = error.what();
      }
    }
  };
  std::vector<std::jthread> workers;
  const std::uint64_t threads = std::min<std::uint64_t>(options.concurrency, all);
  for (std::uint64_t i = 0; i < threads; ++i) workers.emplace_back(work);
  workers.clear();  // Joins.
  return results;
}

}  // namespace llm_benchmark
