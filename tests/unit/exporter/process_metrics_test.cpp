// process_*: believable numbers of the program that runs this test.
#include "exporter/process_metrics.hpp"

#include "exporter/text_format.hpp"
#include "unit/support/store_reader.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <chrono>
#include <ctime>
#include <latch>
#include <string>
#include <thread>
#include <vector>

namespace ltb::exporter {
namespace {

using tests::number;

struct ProcessMetrics : ::testing::Test {
  ProcessMetrics() { add_process_metrics(store); }
  double read(const char* family) { return number(store, family, {}); }
  metrics::MetricStore store{metrics::StoreOptions{}};
};

double now_seconds() {
  return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
}

TEST_F(ProcessMetrics, ResidentMemoryIsThatOfAProgram) {
  EXPECT_GT(read("process_resident_memory_bytes"), 1e6);
  EXPECT_LT(read("process_resident_memory_bytes"), 1e10);
  EXPECT_GT(read("process_virtual_memory_bytes"), read("process_resident_memory_bytes"));
}

TEST_F(ProcessMetrics, ResidentMemoryGrowsWithWhatIsTouched) {
  const double before = read("process_resident_memory_bytes");
  const std::vector<char> touched(64 * 1024 * 1024, 'x');

  const double grown = read("process_resident_memory_bytes") - before;

  EXPECT_GT(grown, 60e6);
  EXPECT_EQ(touched.back(), 'x');
}

TEST_F(ProcessMetrics, DescriptorsAreCountedExactly) {
  const double before = read("process_open_fds");
  EXPECT_GT(before, 2.0);
  EXPECT_LE(before, read("process_max_fds"));
  const int descriptor = open("/dev/null", O_RDONLY | O_CLOEXEC);

  EXPECT_EQ(read("process_open_fds"), before + 1);

  close(descriptor);
  EXPECT_EQ(read("process_open_fds"), before);
}

/// Leaves this program no descriptor until it goes.
class NoDescriptorsLeft {
 public:
  explicit NoDescriptorsLeft(rlim_t most) {
    getrlimit(RLIMIT_NOFILE, &before_);
    const rlimit small{most, before_.rlim_max};
    setrlimit(RLIMIT_NOFILE, &small);
    for (int next = take(); next >= 0; next = take()) taken_.push_back(next);
  }
  ~NoDescriptorsLeft() {
    for (const int descriptor : taken_) close(descriptor);
    setrlimit(RLIMIT_NOFILE, &before_);
  }
  NoDescriptorsLeft(const NoDescriptorsLeft&) = delete;
  NoDescriptorsLeft& operator=(const NoDescriptorsLeft&) = delete;

 private:
  static int take() { return open("/dev/null", O_RDONLY | O_CLOEXEC); }
  rlimit before_{};
  std::vector<int> taken_;
};

TEST_F(ProcessMetrics, WithoutADescriptorAllAreOpenAndWhatCannotBeReadIsNotShown) {
#ifdef __SANITIZE_ADDRESS__
  GTEST_SKIP() << "UBSan's vptr check needs a pipe to look at memory, and calls every object "
                  "invalid when there are no descriptors left for one";
#endif
  constexpr double kMost = 200;
  double open_ones = 0;
  double most = 0;
  std::string text;
  {
    const NoDescriptorsLeft none(static_cast<rlim_t>(kMost));
    open_ones = read("process_open_fds");
    most = read("process_max_fds");
    text = render_text(store);
  }
  EXPECT_EQ(open_ones, kMost);
  EXPECT_EQ(most, kMost);
  for (const char* unread :
       {"process_resident_memory_bytes", "process_virtual_memory_bytes", "process_threads"}) {
    EXPECT_EQ(text.find("\n" + std::string(unread) + ' '), std::string::npos) << text;
    EXPECT_GT(read(unread), 0.0) << unread;
  }
  EXPECT_NE(text.find("\nprocess_open_fds 200\n"), std::string::npos) << text;
}

TEST_F(ProcessMetrics, StartTimeIsALittleAgo) {
  const double start = read("process_start_time_seconds");

  EXPECT_LT(start, now_seconds() + 2);
  EXPECT_GT(start, now_seconds() - 3600);
  EXPECT_EQ(read("process_start_time_seconds"), start);
}

TEST_F(ProcessMetrics, CpuTimeGrowsWithWork) {
  const double before = read("process_cpu_seconds_total");
  volatile double sink = 0;
  while (static_cast<double>(std::clock()) / CLOCKS_PER_SEC < before + 0.05)
    for (int i = 0; i < 10'000; ++i) sink = sink + i;

  EXPECT_GE(read("process_cpu_seconds_total"), before + 0.03);
  EXPECT_LT(read("process_cpu_seconds_total"), 3600.0);
}

TEST_F(ProcessMetrics, ThreadsAreCounted) {
  std::thread([] {}).join();  // with the first thread, ThreadSanitizer starts one of its own
  const double before = read("process_threads");
  EXPECT_GE(before, 1.0);
  std::latch running(1), may_end(1);
  std::thread other([&] {
    running.count_down();
    may_end.wait();
  });
  running.wait();

  EXPECT_EQ(read("process_threads"), before + 1);

  may_end.count_down();
  other.join();
}

}  // namespace
}  // namespace ltb::exporter
