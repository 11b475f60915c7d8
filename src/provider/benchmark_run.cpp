#include <ltb/benchmark_run.hpp>

#include "provider/recorder.hpp"

#include <string>
#include <utility>

namespace ltb {

BenchmarkRun detail::Recorder::begin_benchmark(const std::shared_ptr<Recorder>& recorder,
                                               std::string_view benchmark_id, std::string_view name,
                                               std::uint64_t total_examples) noexcept {
  try {
    return BenchmarkRun(
        recorder, recorder->collector().begin_run(std::string(benchmark_id), std::string(name),
                                                  total_examples));
  } catch (...) {  // no memory
    recorder->store().count_rejected();
    return BenchmarkRun(nullptr, nullptr);
  }
}

CurrentRun::CurrentRun(std::shared_ptr<detail::CurrentRunEntry> entry) noexcept
    : entry_(std::move(entry)) {}
CurrentRun::~CurrentRun() {
  if (entry_) detail::drop_current_run(*entry_);
}

BenchmarkRun::BenchmarkRun(std::shared_ptr<detail::Recorder> recorder,
                           std::shared_ptr<detail::RunRecord> record) noexcept
    : recorder_(std::move(recorder)), record_(std::move(record)) {}
BenchmarkRun::BenchmarkRun(BenchmarkRun&& other) noexcept = default;
BenchmarkRun& BenchmarkRun::operator=(BenchmarkRun&& other) noexcept {
  if (this != &other) {
    end(true);
    recorder_ = std::move(other.recorder_);
    record_ = std::move(other.record_);
  }
  return *this;
}
BenchmarkRun::~BenchmarkRun() {
  end(true);
}

void BenchmarkRun::end(bool abandoned) noexcept {
  if (record_ && record_->end()) recorder_->collector().end_run(*record_, abandoned);
}

void BenchmarkRun::count(std::uint64_t succeeded, std::uint64_t failed) noexcept {
  if (!record_ || record_->has_ended()) return;
  const auto now = recorder_->clock().steady_now();
  const bool is_last = record_->advance(succeeded, failed, now);
  if (record_->claim_event(now) || is_last) recorder_->collector().show_run(*record_);
}

void BenchmarkRun::advance(std::uint64_t count) noexcept {
  this->count(count, 0);
}

void BenchmarkRun::fail_example() noexcept {
  count(0, 1);
}

void BenchmarkRun::set_current_provider(std::string_view provider) noexcept {
  if (!record_) return;
  try {
    record_->set_current_provider(std::string(provider));
  } catch (...) {  // no memory
    recorder_->store().count_rejected();
  }
}

void BenchmarkRun::complete() noexcept {
  end(false);
}

RequestScope BenchmarkRun::begin_request(std::string_view provider,
                                         std::string_view model) noexcept {
  return CallSource(*this).begin_request(provider, model);
}

CurrentRun BenchmarkRun::make_current() noexcept {
  if (!record_) return CurrentRun(nullptr);
  auto entry = detail::push_current_run(record_);
  if (!entry) recorder_->store().count_rejected();
  return CurrentRun(std::move(entry));
}

std::uint64_t BenchmarkRun::completed_examples() const noexcept {
  return record_ ? record_->examples().completed : 0;
}
std::uint64_t BenchmarkRun::failed_examples() const noexcept {
  return record_ ? record_->examples().failed : 0;
}
std::uint64_t BenchmarkRun::total_examples() const noexcept {
  return record_ ? record_->total : 0;
}

}  // namespace ltb
