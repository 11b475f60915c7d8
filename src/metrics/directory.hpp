// Finds an object by its names without a lock, and makes it once under one.
#pragma once

#include "support/mutex.hpp"

#include <algorithm>
#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace ltb::metrics {

/// Eight bytes at a time, inline: the standard library's hash and comparison are calls each, which
/// cost more than the work for names as short as these.
[[nodiscard]] inline std::uint64_t load_word(const char* at, std::size_t bytes) noexcept {
  std::uint64_t word = 0;
  if (bytes >= 8) {
    std::memcpy(&word, at, 8);
  } else if (bytes >= 4) {  // two halves that overlap
    std::uint32_t low = 0;
    std::uint32_t high = 0;
    std::memcpy(&low, at, 4);
    std::memcpy(&high, at + bytes - 4, 4);
    word = std::uint64_t{high} << 32 | low;
  } else {
    for (std::size_t i = 0; i < bytes; ++i) word = word << 8 | static_cast<unsigned char>(at[i]);
  }
  return word;
}

/// Calls visit(offset, bytes) for words that cover `size` bytes; the last may overlap the one
/// before.
template <typename Visit>
inline void for_words(std::size_t size, Visit&& visit) noexcept {
  std::size_t at = 0;
  for (; at + 8 < size; at += 8) visit(at, std::size_t{8});
  if (size >= 8) {
    visit(size - 8, std::size_t{8});
  } else if (size > 0) {
    visit(std::size_t{0}, size);
  }
}

/// For tables whose size is bounded, of names that the host chose: it spreads, and withstands
/// nobody.
[[nodiscard]] inline std::uint64_t hash_text(std::string_view text, std::uint64_t seed) noexcept {
  constexpr std::uint64_t kMultiplier = 0x9E3779B97F4A7C15u;
  std::uint64_t result = std::rotl(seed, 23) + text.size();
  for_words(text.size(), [&](std::size_t at, std::size_t bytes) {
    result = (std::rotl(result, 29) ^ load_word(text.data() + at, bytes)) * kMultiplier;
  });
  return result;
}

[[nodiscard]] inline bool equal_texts(std::string_view a, std::string_view b) noexcept {
  if (a.size() != b.size()) return false;
  std::uint64_t difference = 0;
  for_words(a.size(), [&](std::size_t at, std::size_t bytes) {
    difference |= load_word(a.data() + at, bytes) ^ load_word(b.data() + at, bytes);
  });
  return difference == 0;
}

/// An insert-only table from a few strings (a provider, a model) to a Value. Value has
/// `std::vector<std::string> key`.
///
/// find() takes no lock: it reads an open-addressing table whose slots go from empty to a pointer
/// once. A full table is replaced by a larger one; the old ones are kept until the end, since a
/// reader may still be in one (together they are smaller than the newest). Objects live as long as
/// the directory.
template <typename Value>
class Directory {
 public:
  using Key = std::span<const std::string_view>;

  Directory() {
    tables_.push_back(std::make_unique<Table>(64)), table_.store(tables_.back().get());
  }
  Directory(const Directory&) = delete;
  Directory& operator=(const Directory&) = delete;

  /// The object of this key, or nullptr. Any thread, wait-free.
  [[nodiscard]] Value* find(Key key) const noexcept {
    const Table& table = *table_.load(std::memory_order_acquire);
    for (std::size_t i = hash(key) & table.mask;; i = (i + 1) & table.mask) {
      // acquire: pairs with the release that published the finished object.
      Value* value = table.slots[i].load(std::memory_order_acquire);
      if (value == nullptr || same(*value, key)) return value;
    }
  }

  /// The object of this key; made by `make()` (a std::unique_ptr<Value> with the key set, or null
  /// to refuse) when there is none. Any thread; one at a time makes. Throws what `make` throws, and
  /// std::bad_alloc.
  template <typename Make>
  Value* find_or_make(Key key, Make&& make) {
    if (Value* value = find(key)) return value;
    support::MutexLock lock(mutex_);
    if (Value* value = find(key)) return value;
    if ((values_.size() + 1) * 2 > table_.load(std::memory_order_relaxed)->slots.size()) grow();
    // Room first, so that nothing can fail once the object is in the table; by doubling, so that
    // growing stays linear.
    if (values_.size() == values_.capacity())
      values_.reserve(std::max<std::size_t>(16, 2 * values_.size()));
    std::unique_ptr<Value> made = make();
    if (!made) return nullptr;
    Value* value = made.get();
    insert(*tables_.back(), value);
    values_.push_back(std::move(made));
    size_.store(values_.size(), std::memory_order_relaxed);
    return value;
  }

  [[nodiscard]] std::size_t size() const noexcept { return size_.load(std::memory_order_relaxed); }

  /// Every object made so far, in the order they were made.
  [[nodiscard]] std::vector<Value*> values() const {
    support::MutexLock lock(mutex_);
    std::vector<Value*> all;
    all.reserve(values_.size());
    for (const auto& value : values_) all.push_back(value.get());
    return all;
  }

 private:
  struct Table {
    explicit Table(std::size_t size) : slots(size), mask(size - 1) {}
    std::vector<std::atomic<Value*>> slots;  // at most half full, so a probe always ends
    std::size_t mask;
  };

  template <typename Parts>
  static std::size_t hash(const Parts& key) noexcept {
    std::uint64_t result = 0;
    for (const std::string_view part : key) result = hash_text(part, result);
    return static_cast<std::size_t>(result ^ (result >> 32));
  }
  static bool same(const Value& value, Key key) noexcept {
    if (value.key.size() != key.size()) return false;
    for (std::size_t i = 0; i < key.size(); ++i)
      if (!equal_texts(value.key[i], key[i])) return false;
    return true;
  }
  static void insert(Table& table, Value* value) noexcept {
    std::size_t i = hash(value->key) & table.mask;
    while (table.slots[i].load(std::memory_order_relaxed) != nullptr) i = (i + 1) & table.mask;
    table.slots[i].store(value, std::memory_order_release);
  }
  void grow() LTB_REQUIRES(mutex_) {
    auto larger = std::make_unique<Table>(tables_.back()->slots.size() * 2);
    for (const auto& value : values_) insert(*larger, value.get());
    tables_.push_back(std::move(larger));
    table_.store(tables_.back().get(), std::memory_order_release);
  }

  std::atomic<const Table*> table_{nullptr};
  std::atomic<std::size_t> size_{0};
  mutable support::Mutex mutex_;
  std::vector<std::unique_ptr<Table>> tables_ LTB_GUARDED_BY(mutex_);
  std::vector<std::unique_ptr<Value>> values_ LTB_GUARDED_BY(mutex_);
};

}  // namespace ltb::metrics
