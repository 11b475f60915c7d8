// The one thread that drives every request, on libcurl's multi interface.

#include "transport.hpp"

#include <curl/curl.h>
#include <pthread.h>
#include <signal.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <thread>
#include <unordered_map>
#include <utility>
#include <vector>

#include "transfer.hpp"

namespace llm_benchmark {
namespace {

using std::chrono::steady_clock;

/// Idle connections that are kept: as many as requests may be in flight.
constexpr long kKeptConnections = 1024;
constexpr int kLongestPollMs = 1000;

const TransferFailure kStopped{ltb::ErrorType::Cancelled, "the program stops"};

void check_certificates(const std::string& file) {
  if (file.empty()) return;
  std::ifstream input(file, std::ios::binary);
  const std::string text{std::istreambuf_iterator<char>(input), {}};
  const bool is_pem =
      text.find("-----BEGIN ") != text.npos && text.find("CERTIFICATE-----") != text.npos;
  if (is_pem) return;
  throw std::invalid_argument("--ca-file \"" + file + "\": cannot be used: " +
                              (input.is_open() ? "it holds no certificate" : "it cannot be read") +
                              " (expected certificates in PEM form)");
}

}  // namespace

class Transport::Driver {
 public:
  Driver(std::stop_token stop, std::string ca_file) : ca_file_(std::move(ca_file)) {
    static const CURLcode ready = curl_global_init(CURL_GLOBAL_DEFAULT);
    multi_ = ready == CURLE_OK ? curl_multi_init() : nullptr;
    if (multi_ == nullptr) throw std::runtime_error("libcurl cannot start (out of memory?)");
    curl_multi_setopt(multi_, CURLMOPT_MAXCONNECTS, kKeptConnections);
    thread_ = std::thread([this] { run(); });
    on_stop_.emplace(std::move(stop), Stop{this});
  }

  ~Driver() {
    on_stop_.reset();
    {
      const std::lock_guard lock(mutex_);
      ending_ = true;
    }
    curl_multi_wakeup(multi_);
    thread_.join();
    curl_multi_cleanup(multi_);
  }
  Driver(const Driver&) = delete;
  Driver& operator=(const Driver&) = delete;

  [[nodiscard]] const std::string& ca_file() const noexcept { return ca_file_; }

  void begin(const std::shared_ptr<Transfer>& transfer) { command(begun_, transfer); }
  void give_up(const std::shared_ptr<Transfer>& transfer) { command(given_up_, transfer); }

 private:
  using Transfers = std::vector<std::shared_ptr<Transfer>>;
  struct Stop {
    Driver* driver;
    void operator()() const {
      {
        const std::lock_guard lock(driver->mutex_);
        driver->stopped_ = true;
      }
      curl_multi_wakeup(driver->multi_);
    }
  };

  void command(Transfers& list, const std::shared_ptr<Transfer>& transfer) {
    {
      const std::lock_guard lock(mutex_);
      list.push_back(transfer);
    }
    curl_multi_wakeup(multi_);
  }

  void run() {
    // A peer that is gone is an error of its request, never a signal to the program.
    sigset_t pipe;
    sigemptyset(&pipe);
    sigaddset(&pipe, SIGPIPE);
    pthread_sigmask(SIG_BLOCK, &pipe, nullptr);
    while (take_commands()) {
      int running = 0;
      curl_multi_perform(multi_, &running);
      collect();
      curl_multi_poll(multi_, nullptr, 0, kLongestPollMs, nullptr);
    }
    for (auto& [easy, transfer] : active_) curl_multi_remove_handle(multi_, easy);
    active_.clear();
  }

  /// Begins and ends the transfers that other threads handed over. False at the end.
  bool take_commands() {
    Transfers begun;
    Transfers given_up;
    bool stopped = false;
    {
      const std::lock_guard lock(mutex_);
      if (ending_) return false;
      begun.swap(begun_);
      given_up.swap(given_up_);
      stopped = stopped_;
    }
    for (auto& transfer : begun) {
      curl_multi_add_handle(multi_, transfer->easy);
      active_.emplace(transfer->easy, std::move(transfer));
    }
    for (const auto& transfer : given_up) remove(transfer->easy);
    if (stopped) {
      for (auto& [easy, transfer] : active_) {
        curl_multi_remove_handle(multi_, easy);
        transfer->fail(kStopped);
      }
      active_.clear();
    }
    return true;
  }

  void collect() {
    int left = 0;
    while (const CURLMsg* message = curl_multi_info_read(multi_, &left)) {
      if (message->msg != CURLMSG_DONE) continue;
      CURL* const easy = message->easy_handle;
      const CURLcode code = message->data.result;
      const auto found = active_.find(easy);
      if (found == active_.end()) continue;
      curl_multi_remove_handle(multi_, easy);
      if (found->second->complete(code)) {
        curl_multi_add_handle(multi_, easy);
      } else {
        active_.erase(found);
      }
    }
  }

  void remove(CURL* easy) {
    const auto found = active_.find(easy);
    if (found == active_.end()) return;
    curl_multi_remove_handle(multi_, easy);
    active_.erase(found);
  }

  const std::string ca_file_;
  CURLM* multi_ = nullptr;
  std::unordered_map<CURL*, std::shared_ptr<Transfer>> active_{};  // The thread's own.
  std::mutex mutex_{};
  Transfers begun_{};     // guarded by mutex_
  Transfers given_up_{};  // guarded by mutex_
  bool stopped_ = false;  // guarded by mutex_
  bool ending_ = false;   // guarded by mutex_
  std::thread thread_{};
  std::optional<std::stop_callback<Stop>> on_stop_{};
};

Transport::Transport(std::stop_token stop, const std::string& ca_file) {
  check_certificates(ca_file);
  driver_ = std::make_unique<Driver>(std::move(stop), ca_file);
}

Transport::~Transport() = default;

std::unique_ptr<Exchange> Transport::start(HttpRequest request, const Timeouts& timeouts) {
  auto transfer = std::make_shared<Transfer>(std::move(request), timeouts, driver_->ca_file());
  auto exchange = std::make_unique<Exchange>(*this, transfer);
  driver_->begin(transfer);
  return exchange;
}

Exchange::Exchange(Transport& transport, std::shared_ptr<Transfer> transfer)
    : transport_(transport), transfer_(std::move(transfer)) {}

Exchange::~Exchange() {
  if (!over_) transport_.driver_->give_up(transfer_);
}

std::optional<Piece> Exchange::next(std::optional<steady_clock::time_point> until) {
  Transfer& transfer = *transfer_;
  std::unique_lock lock(transfer.mutex);
  while (transfer.pieces.empty() && !transfer.over) {
    const Timeouts& limits = transfer.timeouts;
    const auto first =
        transfer.body_began ? limits.whole : limits.first_byte.value_or(limits.whole);
    const auto limit = std::min(first, limits.whole);
    const auto deadline = transfer.begin + limit;
    if (transfer.changed.wait_until(lock, std::min(deadline, until.value_or(deadline))) ==
            std::cv_status::no_timeout ||
        !transfer.pieces.empty() || transfer.over) {
      continue;
    }
    const auto now = steady_clock::now();
    if (until && now >= *until) return std::nullopt;
    if (now < deadline) continue;
    const TransferFailure late = transfer.timeout_failure(limit);
    throw ltb::ProviderError(late.type, late.message);
  }
  if (reply_.status == 0) reply_ = transfer.reply;
  if (!transfer.pieces.empty()) {
    Piece piece = std::move(transfer.pieces.front());
    transfer.pieces.pop_front();
    transfer.waiting_bytes -= piece.bytes.size();
    return piece;
  }
  over_ = true;
  reply_ = std::move(transfer.reply);
  if (transfer.failure) throw ltb::ProviderError(transfer.failure->type, transfer.failure->message);
  return std::nullopt;
}

}  // namespace llm_benchmark
