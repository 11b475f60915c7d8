// Lines of an exposition, written into one buffer.
#pragma once

#include "support/number_text.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <utility>

namespace ltb::exporter {

/// Writes text and numbers into a string that is longer than its text until take(): the room of a
/// whole line is asked for once, and then filled without further questions.
class LineWriter {
 public:
  /// Room for what follows; `bytes` is the most it may be.
  void line(std::size_t bytes) {
    if (out_.size() - size_ < bytes) [[unlikely]]
      out_.resize(std::max(2 * out_.size(), size_ + bytes));
  }
  void text(std::string_view piece) noexcept { size_ += piece.copy(at(), piece.size()); }
  void character(char c) noexcept { out_[size_++] = c; }
  void number(double value) noexcept { advance_to(support::write_number(at(), value)); }
  void decimal(std::uint64_t value, unsigned decimals) noexcept {
    advance_to(support::write_decimal(at(), value, decimals));
  }
  /// Once more what was written between two positions.
  void again(std::size_t from, std::size_t to) noexcept {
    std::memcpy(at(), out_.data() + from, to - from);
    size_ += to - from;
  }
  [[nodiscard]] std::size_t position() const noexcept { return size_; }
  /// Drops what was written after a position.
  void back_to(std::size_t position) noexcept { size_ = position; }

  [[nodiscard]] std::string take() {
    out_.resize(size_);
    return std::move(out_);
  }

 private:
  [[nodiscard]] char* at() noexcept { return out_.data() + size_; }
  void advance_to(const char* end) noexcept { size_ = static_cast<std::size_t>(end - out_.data()); }

  std::string out_;
  std::size_t size_ = 0;
};

}  // namespace ltb::exporter
