// The page's files as they were when the library was built; see cmake/embed_assets.cmake.
#pragma once

#include <cstddef>
#include <span>
#include <string_view>

namespace ltb::dashboard {

struct EmbeddedAsset {
  std::string_view path;  ///< "/app.js"
  std::string_view content_type;
  std::string_view etag;  ///< With its quotes.
  const unsigned char* bytes;
  std::size_t size;
  const unsigned char* gzip = nullptr;  ///< The same compressed; null when it is not.
  std::size_t gzip_size = 0;
};

/// Empty in a build without the page.
[[nodiscard]] std::span<const EmbeddedAsset> embedded_assets() noexcept;

}  // namespace ltb::dashboard
