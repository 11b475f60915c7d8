#include "dashboard/asset_server.hpp"

#include "net/accept.hpp"
#include "support/utf8.hpp"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <stdexcept>
#include <utility>

namespace ltb::dashboard {
namespace {

constexpr std::size_t kMaxFileBytes = std::size_t{16} * 1024 * 1024;

constexpr std::array<std::pair<std::string_view, std::string_view>, 9> kContentTypes{{
    {".html", "text/html; charset=utf-8"},
    {".js", "text/javascript; charset=utf-8"},
    {".css", "text/css; charset=utf-8"},
    {".svg", "image/svg+xml"},
    {".json", "application/json"},
    {".map", "application/json"},
    {".png", "image/png"},
    {".ico", "image/x-icon"},
    {".txt", "text/plain; charset=utf-8"},
}};

std::string_view content_type_of(std::string_view path) noexcept {
  for (const auto& [extension, type] : kContentTypes) {
    if (path.ends_with(extension)) return type;
  }
  return "application/octet-stream";
}

std::optional<std::string> resolved(const std::string& path) {
  const std::unique_ptr<char, decltype(&::free)> real(::realpath(path.c_str(), nullptr), &::free);
  if (!real) return std::nullopt;
  return std::string(real.get());
}

class Descriptor {
 public:
  explicit Descriptor(int number) noexcept : number_(number) {}
  ~Descriptor() {
    if (number_ >= 0) ::close(number_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  [[nodiscard]] int get() const noexcept { return number_; }

 private:
  int number_;
};

// Nothing unless all `size` bytes can be read.
std::optional<std::string> read_all(int descriptor, std::size_t size) {
  std::string bytes(size, '\0');
  for (std::size_t done = 0; done < size;) {
    const ssize_t got = ::read(descriptor, bytes.data() + done, size - done);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return std::nullopt;
    done += static_cast<std::size_t>(got);
  }
  return bytes;
}

// A part of the path begins with a dot: ".env", ".git/config".
bool is_hidden(std::string_view path) noexcept {
  return path.find("/.") != std::string_view::npos;
}

std::string_view without_weak_mark(std::string_view tag) noexcept {
  return tag.starts_with("W/") ? tag.substr(2) : tag;
}

}  // namespace

AssetServer::AssetServer(std::span<const EmbeddedAsset> embedded, const std::string& directory) {
  const auto shared = [](const unsigned char* bytes, std::size_t size) {
    return std::make_shared<const std::string>(reinterpret_cast<const char*>(bytes), size);
  };
  for (const EmbeddedAsset& asset : embedded) {
    embedded_.emplace(asset.path,
                      Asset{std::string(asset.content_type), std::string(asset.etag),
                            shared(asset.bytes, asset.size),
                            asset.gzip ? shared(asset.gzip, asset.gzip_size) : nullptr, true});
  }
  if (directory.empty()) return;
  struct stat info {};
  const auto real = resolved(directory);
  if (!real || ::stat(real->c_str(), &info) != 0) {
    throw std::invalid_argument("dashboard_directory \"" + support::escape_for_log(directory) +
                                "\": " + std::strerror(errno) +
                                "\n  (give a folder with the page's files, or leave it empty)");
  }
  if (!S_ISDIR(info.st_mode)) {
    throw std::invalid_argument("dashboard_directory \"" + support::escape_for_log(directory) +
                                "\": it is not a directory"
                                "\n  (give a folder with the page's files, or leave it empty)");
  }
  directory_ = *real == "/" ? "" : *real;
}

// The path was decoded once by the server. Whatever dots, links or slashes it still holds, the
// resolved name decides: it must lie inside the folder. Hidden files are not served under any name.
std::optional<AssetServer::Asset> AssetServer::read_from_directory(std::string_view path) const {
  if (directory_.empty() || path.find('\0') != std::string_view::npos) return std::nullopt;
  if (is_hidden(path)) return std::nullopt;
  const auto real = resolved(directory_ + std::string(path));
  if (!real || !real->starts_with(directory_ + '/')) return std::nullopt;
  if (is_hidden(std::string_view(*real).substr(directory_.size()))) return std::nullopt;
  // The resolved name holds no link; should one be put in its place meanwhile, the last part at
  // least is not followed.
  const Descriptor file(::open(real->c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
  struct stat info {};
  if (file.get() < 0 || ::fstat(file.get(), &info) != 0 || !S_ISREG(info.st_mode)) {
    return std::nullopt;
  }
  const auto size = static_cast<std::size_t>(info.st_size);
  if (size > kMaxFileBytes) return std::nullopt;
  std::string etag = "\"" + std::to_string(size) + '-' + std::to_string(info.st_mtim.tv_sec) + '-' +
                     std::to_string(info.st_mtim.tv_nsec) + '"';
  const std::string type(content_type_of(*real));
  {
    const support::MutexLock lock(mutex_);
    const auto sent = sent_.find(*real);
    if (sent != sent_.end() && sent->second.etag == etag)
      if (auto bytes = sent->second.bytes.lock())
        return Asset{type, std::move(etag), std::move(bytes)};
  }
  auto read = read_all(file.get(), size);
  if (!read) return std::nullopt;
  auto bytes = std::make_shared<const std::string>(std::move(*read));
  const support::MutexLock lock(mutex_);
  std::erase_if(sent_, [](const auto& entry) { return entry.second.bytes.expired(); });
  sent_[*real] = {etag, bytes};
  return Asset{type, std::move(etag), std::move(bytes)};
}

net::Response AssetServer::answer(const net::Request& request) const {
  const std::string_view path =
      request.path == "/" ? "/index.html" : std::string_view(request.path);
  std::optional<Asset> asset = read_from_directory(path);
  if (!asset) {
    if (const auto found = embedded_.find(path); found != embedded_.end()) asset = found->second;
  }
  net::Response response;
  if (!asset) {
    response = net::Response::text(
        404, path == "/index.html"
                 ? "The dashboard page is not part of this build (LTB_EMBED_DASHBOARD=OFF).\n"
                   "Set LTB_DASHBOARD_DIRECTORY to a folder that has it; the numbers are at "
                   "/api/v1/overview.\n"
                 : "no such file: " + support::escape_for_log(request.path) + '\n');
  } else {
    const bool compressed =
        asset->gzip && net::accepts_gzip(request.list_header("accept-encoding"));
    // Other bytes, another tag: a strong ETag names one representation (RFC 9110, 8.8.3.3).
    if (compressed) asset->etag.insert(asset->etag.size() - 1, "-gzip");
    response.content_type = asset->content_type;
    response.with_header("ETag", asset->etag).with_header("Cache-Control", "no-cache");
    if (asset->gzip) response.with_header("Vary", "Accept-Encoding");
    if (etag_matches(request.list_header("if-none-match"), asset->etag)) {
      response.status = 304;
    } else {
      if (compressed) response.with_header("Content-Encoding", "gzip");
      response.body = compressed ? asset->gzip : asset->bytes;
      response.is_kept = asset->is_embedded;
    }
  }
  add_security_headers(response);
  return response;
}

void add_security_headers(net::Response& response) {
  response
      .with_header("Content-Security-Policy",
                   "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
                   "connect-src 'self' ws: wss:; base-uri 'none'; frame-ancestors 'none'")
      .with_header("X-Frame-Options", "DENY")
      .with_header("Referrer-Policy", "no-referrer");
}

bool etag_matches(std::string_view if_none_match, std::string_view etag) noexcept {
  while (!if_none_match.empty()) {
    const std::size_t comma = if_none_match.find(',');
    std::string_view tag = if_none_match.substr(0, comma);
    if_none_match.remove_prefix(comma == std::string_view::npos ? if_none_match.size() : comma + 1);
    const auto is_blank = [](char c) { return c == ' ' || c == '\t'; };
    while (!tag.empty() && is_blank(tag.front())) tag.remove_prefix(1);
    while (!tag.empty() && is_blank(tag.back())) tag.remove_suffix(1);
    if (tag == "*" || without_weak_mark(tag) == etag) return true;
  }
  return false;
}

}  // namespace ltb::dashboard
