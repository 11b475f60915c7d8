#include <ltb/benchmark_run.hpp>

#include "core/monitoring_core.hpp"

#include <string>
#include <utility>

namespace ltb {

BenchmarkRun core::MonitoringCore::begin_benchmark(const std::shared_ptr<MonitoringCore>& core,
                                                   std::string_view benchmark_id,
                                                   std::string_view name,
                                                   std::uint64_t total_examples) noexcept {
  try {
    return BenchmarkRun(core, core->collector().begin_run(std::string(benchmark_id),
                                                          std::string(name), total_examples));
  } catch (...) {  // no memory
    core->store().count_rejected();
    return BenchmarkRun(nullptr, nullptr);
  }
}

CurrentRun::CurrentRun(std::shared_ptr<collector::CurrentRunEntry> entry) noexcept
    : entry_(std::move(entry)) {}
CurrentRun::~CurrentRun() {
  if (entry_) collector::drop_current_run(*entry_);
}

BenchmarkRun::BenchmarkRun(std::shared_ptr<core::MonitoringCore> core,
                           std::shared_ptr<collector::RunRecord> record) noexcept
    : core_(std::move(core)), record_(std::move(record)) {}
BenchmarkRun::BenchmarkRun(BenchmarkRun&& other) noexcept = default;
BenchmarkRun& BenchmarkRun::operator=(BenchmarkRun&& other) noexcept {
  if (this != &other) {
    end(true);
    core_ = std::move(other.core_);
    record_ = std::move(other.record_);
  }
  return *this;
}
BenchmarkRun::~BenchmarkRun() {
  end(true);
}

void BenchmarkRun::end(bool abandoned) noexcept {
  if (record_ && record_->end()) core_->collector().end_run(*record_, abandoned);
}

void BenchmarkRun::count(std::uint64_t succeeded, std::uint64_t failed) noexcept {
  if (!record_ || record_->has_ended()) return;
  const auto now = core_->clock().steady_now();
  const bool is_last = record_->advance(succeeded, failed, now);
  if (record_->claim_event(now) || is_last) core_->collector().show_run(*record_);
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
    core_->store().count_rejected();
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
  auto entry = collector::push_current_run(record_);
  if (!entry) core_->store().count_rejected();
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
