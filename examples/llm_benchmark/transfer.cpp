// One request inside libcurl: its options, and what its callbacks keep.

#include "transfer.hpp"

#include <algorithm>
#include <climits>
#include <new>
#include <string_view>
#include <utility>

namespace llm_benchmark {
namespace {

constexpr int kMostRedirects = 5;
constexpr int kTemporaryRedirect = 307;
constexpr int kPermanentRedirect = 308;
constexpr int kFirstFinalStatus = 200;
constexpr int kFirstRefusal = 400;

std::string lower(std::string_view text) {
  std::string result(text);
  std::ranges::transform(result, result.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  return result;
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && std::string_view(" \t\r\n").find(text.front()) != text.npos) {
    text.remove_prefix(1);
  }
  while (!text.empty() && std::string_view(" \t\r\n").find(text.back()) != text.npos) {
    text.remove_suffix(1);
  }
  return text;
}

long milliseconds(std::chrono::milliseconds time) {
  return static_cast<long>(std::clamp<std::int64_t>(time.count(), 1, LONG_MAX / 2));
}

/// A URL, parsed by libcurl as it will be used.
class ParsedUrl {
 public:
  explicit ParsedUrl(const std::string& url) : handle_(curl_url()) {
    is_good_ =
        handle_ != nullptr && curl_url_set(handle_, CURLUPART_URL, url.c_str(), 0) == CURLUE_OK;
  }
  ~ParsedUrl() { curl_url_cleanup(handle_); }
  ParsedUrl(const ParsedUrl&) = delete;
  ParsedUrl& operator=(const ParsedUrl&) = delete;

  [[nodiscard]] bool is_good() const { return is_good_; }
  [[nodiscard]] std::string part(CURLUPart which) const {
    char* text = nullptr;
    if (curl_url_get(handle_, which, &text, CURLU_DEFAULT_PORT) != CURLUE_OK) return {};
    std::string result(text);
    curl_free(text);
    return result;
  }
  void remove(CURLUPart which) { curl_url_set(handle_, which, nullptr, 0); }

 private:
  CURLU* handle_;
  bool is_good_ = false;
};

}  // namespace

std::optional<Origin> origin_of(const std::string& url) {
  const ParsedUrl parsed(url);
  if (!parsed.is_good()) return std::nullopt;
  return Origin{lower(parsed.part(CURLUPART_SCHEME)), lower(parsed.part(CURLUPART_HOST)),
                parsed.part(CURLUPART_PORT)};
}

std::string shown_url(const std::string& url) {
  ParsedUrl parsed(url);
  if (!parsed.is_good()) return {};
  for (const CURLUPart part :
       {CURLUPART_USER, CURLUPART_PASSWORD, CURLUPART_QUERY, CURLUPART_FRAGMENT}) {
    parsed.remove(part);
  }
  Origin origin = origin_of(url).value_or(Origin{});
  const bool is_usual = (origin.scheme == "https" && origin.port == "443") ||
                        (origin.scheme == "http" && origin.port == "80");
  return origin.scheme + "://" + origin.host + (is_usual ? "" : ':' + origin.port) +
         parsed.part(CURLUPART_PATH);
}

Transfer::Transfer(HttpRequest sent, const Timeouts& limits, const std::string& ca_file)
    : request(std::move(sent)),
      timeouts(limits),
      origin(origin_of(request.url).value_or(Origin{})),
      easy(curl_easy_init()) {
  if (easy == nullptr) throw std::bad_alloc();
  set_options(ca_file);
}

Transfer::~Transfer() {
  curl_easy_cleanup(easy);
  curl_slist_free_all(headers_);
}

void Transfer::set_options(const std::string& ca_file) {
  const auto set = [this](CURLoption option, auto value) { curl_easy_setopt(easy, option, value); };
  set(CURLOPT_URL, request.url.c_str());
  set(CURLOPT_PROTOCOLS_STR, "http,https");
  set(CURLOPT_POST, 1L);
  set(CURLOPT_POSTFIELDS, request.body.c_str());
  set(CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request.body.size()));
  const auto add_header = [this](const std::string& line) {
    curl_slist* const longer = curl_slist_append(headers_, line.c_str());
    if (longer == nullptr) throw std::bad_alloc();
    headers_ = longer;
  };
  add_header("Content-Type: application/json");
  add_header("Expect:");  // A long prompt is not worth a round trip of its own.
  for (const auto& [name, value] : request.headers) {
    std::string line = name;
    line.append(": ").append(value);
    add_header(line);
  }
  set(CURLOPT_HTTPHEADER, headers_);
  set(CURLOPT_USERAGENT, "llm_benchmark");
  set(CURLOPT_ACCEPT_ENCODING, "");  // All that this libcurl decodes, and nothing else.
  set(CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_2TLS));
  set(CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
  char* bundle = nullptr;
  curl_easy_getinfo(easy, CURLINFO_CAINFO, &bundle);
  if (!ca_file.empty()) {
    set(CURLOPT_CAINFO, ca_file.c_str());  // The system's stay, as a folder of certificates.
  } else if (bundle != nullptr) {
    // Read once and kept, which libcurl does for a file alone; reading it for every connection
    // would hold up the pieces of other streams.
    set(CURLOPT_CAPATH, static_cast<char*>(nullptr));
  }
  set(CURLOPT_NOSIGNAL, 1L);
  set(CURLOPT_TCP_NODELAY, 1L);
  // The reader bounds the whole. libcurl's own 300 s would be shorter than a long --timeout.
  set(CURLOPT_CONNECTTIMEOUT_MS, milliseconds(timeouts.whole + std::chrono::minutes{1}));
  set(CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
#if LIBCURL_VERSION_NUM >= 0x075700
  set(CURLOPT_QUICK_EXIT, 1L);  // Ending a transfer does not wait for its name look-up.
#endif
  if (!request.streamed) {
    set(CURLOPT_MAXFILESIZE_LARGE, static_cast<curl_off_t>(kMaxAnswerBytes));
  }
  set(CURLOPT_ERRORBUFFER, error_text_.data());
  set(CURLOPT_PRIVATE, static_cast<void*>(this));
  set(CURLOPT_HEADERFUNCTION, &Transfer::on_header);
  set(CURLOPT_HEADERDATA, static_cast<void*>(this));
  set(CURLOPT_WRITEFUNCTION, &Transfer::on_body);
  set(CURLOPT_WRITEDATA, static_cast<void*>(this));
  set(CURLOPT_SOCKOPTFUNCTION, &Transfer::on_socket);
  set(CURLOPT_SOCKOPTDATA, static_cast<void*>(this));
  set(CURLOPT_PREREQFUNCTION, &Transfer::on_connected);
  set(CURLOPT_PREREQDATA, static_cast<void*>(this));
}

int Transfer::on_socket(void* self, curl_socket_t, curlsocktype) {
  static_cast<Transfer*>(self)->phase_ = Phase::Connect;
  return CURL_SOCKOPT_OK;
}

int Transfer::on_connected(void* self, char*, char*, int, int) {
  static_cast<Transfer*>(self)->phase_ = Phase::Read;
  return CURL_PREREQFUNC_OK;
}

std::size_t Transfer::on_header(char* data, std::size_t size, std::size_t count, void* self) {
  Transfer& transfer = *static_cast<Transfer*>(self);
  const std::string_view line = trimmed({data, size * count});
  try {
    if (line.starts_with("HTTP/")) {
      transfer
          .head_ = {};  // Of an interim answer, or of a request sent again: the last one counts.
    } else if (const std::size_t colon = line.find(':'); colon != line.npos) {
      transfer.head_.headers.emplace_back(lower(line.substr(0, colon)),
                                          trimmed(line.substr(colon + 1)));
    }
  } catch (const std::bad_alloc&) {
    return 0;
  }
  return size * count;
}

std::size_t Transfer::on_body(char* data, std::size_t size, std::size_t count, void* self) {
  try {
    return static_cast<Transfer*>(self)->take({data, size * count}) ? size * count : 0;
  } catch (const std::bad_alloc&) {
    return 0;
  }
}

void Transfer::end_of_head() {
  long status = 0;
  curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
  head_.status = static_cast<int>(status);
  reply.status = head_.status;
  reply.headers = head_.headers;
}

bool Transfer::take(std::string_view bytes) {
  const auto arrived = std::chrono::steady_clock::now();
  const std::lock_guard lock(mutex);
  if (!std::exchange(body_began, true)) end_of_head();
  const bool is_answer = is_success(reply.status);
  if ((is_answer ? waiting_bytes : reply.body.size()) + bytes.size() > kMaxAnswerBytes) {
    refusal_ = {ltb::ErrorType::Parse, is_answer ? "more than 16 MiB of the answer wait to be read"
                                                 : "the answer is larger than 16 MiB"};
    return false;
  }
  if (is_answer) {
    waiting_bytes += bytes.size();
    pieces.push_back({std::string(bytes), arrived});
  } else {
    reply.body += bytes;
  }
  changed.notify_all();  // Also for the timeouts, which change with the first byte.
  return true;
}

bool Transfer::wants_redirect(std::string& target) {
  char* url = nullptr;
  curl_easy_getinfo(easy, CURLINFO_REDIRECT_URL, &url);
  if (url == nullptr) return false;
  target = url;
  reply.redirect = shown_url(target);
  return (reply.status == kTemporaryRedirect || reply.status == kPermanentRedirect) &&
         origin_of(target) == origin && redirects_ < kMostRedirects;
}

bool Transfer::complete(CURLcode code) {
  const std::lock_guard lock(mutex);
  if (code == CURLE_OK) {
    if (!body_began) end_of_head();
    std::string target;
    if (wants_redirect(target)) {
      ++redirects_;
      reply = {};
      body_began = false;
      curl_easy_setopt(easy, CURLOPT_URL, target.c_str());
      return true;
    }
    if (reply.status < kFirstFinalStatus) {
      failure = {ltb::ErrorType::Parse,
                 "cannot read the answer: its status is " + std::to_string(reply.status)};
    }
  } else {
    if (!body_began) end_of_head();
    // A refusal is one, however much of its page came.
    const bool has_refused =
        !refusal_ && code != CURLE_FILESIZE_EXCEEDED && reply.status >= kFirstRefusal;
    if (!has_refused) failure = refusal_ ? *refusal_ : failure_of(code);
  }
  over = true;
  changed.notify_all();
  return false;
}

void Transfer::fail(TransferFailure why) {
  const std::lock_guard lock(mutex);
  if (over) return;
  failure = std::move(why);
  over = true;
  changed.notify_all();
}

}  // namespace llm_benchmark
