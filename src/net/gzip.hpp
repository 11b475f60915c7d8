// gzip in slices, so that a large answer lets other work run in between.
#pragma once

#include <memory>
#include <string>

namespace ltb::net {

/// Compresses one text at the fastest level. Distinct objects: safe. Shared objects: unsafe.
/// Source: RFC 1952.
class GzipEncoder {
 public:
  /// `text` must not be null. Throws std::bad_alloc.
  explicit GzipEncoder(std::shared_ptr<const std::string> text);
  ~GzipEncoder();
  GzipEncoder(const GzipEncoder&) = delete;
  GzipEncoder& operator=(const GzipEncoder&) = delete;

  /// Compresses the next kSlice bytes of the text; true when the whole is done. Throws
  /// std::bad_alloc.
  bool step();
  /// The result; once, after step() said true.
  [[nodiscard]] std::string take() noexcept;

  /// Bytes of text that one step takes: well below a millisecond of work.
  static constexpr std::size_t kSlice = std::size_t{64} * 1024;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace ltb::net
