// Answers for the page's files: embedded, or from a folder while developing.
#pragma once

#include "dashboard/embedded_assets.hpp"
#include "net/http.hpp"
#include "support/mutex.hpp"

#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace ltb::dashboard {

/// Any thread. A folder is read anew for each request; what is not in it comes from the embedded
/// files.
class AssetServer {
 public:
  /// `directory` may be empty. Throws std::invalid_argument when it is not a directory.
  AssetServer(std::span<const EmbeddedAsset> embedded, const std::string& directory);

  [[nodiscard]] net::Response answer(const net::Request& request) const;

 private:
  struct Asset {
    std::string content_type;
    std::string etag;
    std::shared_ptr<const std::string> bytes;
    std::shared_ptr<const std::string> gzip{};  // null: served as it is only
    bool is_embedded = false;
  };

  [[nodiscard]] std::optional<Asset> read_from_directory(std::string_view path) const
      LTB_EXCLUDES(mutex_);

  /// A file that is still being sent to somebody, so that all who ask for it share one copy.
  struct Sent {
    std::string etag;
    std::weak_ptr<const std::string> bytes;
  };

  std::map<std::string, Asset, std::less<>> embedded_;
  mutable support::Mutex mutex_;
  mutable std::map<std::string, Sent> sent_ LTB_GUARDED_BY(mutex_);
  std::string directory_;  // resolved, without a slash at its end; empty: none
};

/// Content-Security-Policy and its companions, for everything the page's port serves.
void add_security_headers(net::Response& response);

/// Whether an If-None-Match header names this ETag (RFC 9110, 13.1.2: weak comparison).
[[nodiscard]] bool etag_matches(std::string_view if_none_match, std::string_view etag) noexcept;

}  // namespace ltb::dashboard
