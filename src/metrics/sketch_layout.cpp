#include "metrics/sketch_layout.hpp"

#include <cmath>

namespace ltb::metrics {
namespace {

// 2^(i/32) with 63 bits behind the point, rounded down.
constexpr std::array<std::uint64_t, SketchLayout::kPerOctave> kRoots{
    0x8000000000000000, 0x82CD8698AC2BA1D7, 0x85AAC367CC487B14, 0x88980E8092DA8527,
    0x8B95C1E3EA8BD6E6, 0x8EA4398B45CD53C0, 0x91C3D373AB11C336, 0x94F4EFA8FEF70961,
    0x9837F0518DB8A96F, 0x9B8D39B9D54E5538, 0x9EF5326091A111AD, 0xA27043030C496818,
    0xA5FED6A9B15138EA, 0xA9A15AB4EA7C0EF8, 0xAD583EEA42A14AC6, 0xB123F581D2AC258F,
    0xB504F333F9DE6484, 0xB8FBAF4762FB9EE9, 0xBD08A39F580C36BE, 0xC12C4CCA66709456,
    0xC5672A115506DADD, 0xC9B9BD866E2F27A2, 0xCE248C151F8480E3, 0xD2A81D91F12AE45A,
    0xD744FCCAD69D6AF4, 0xDBFBB797DAF23755, 0xE0CCDEEC2A94E111, 0xE5B906E77C8348A8,
    0xEAC0C6E7DD24392E, 0xEFE4B99BDCDAF5CB, 0xF5257D152486CC2C, 0xFA83B2DB722A033A,
};

/// 10^9 * 2^(steps/32), rounded down. `steps` may be negative.
constexpr std::uint64_t nanoseconds_at(int steps) noexcept {
  constexpr int kPer = SketchLayout::kPerOctave;
  const int octave = steps >= 0 ? steps / kPer : -((kPer - 1 - steps) / kPer);
  const std::uint64_t root = kRoots[static_cast<std::size_t>(steps - octave * kPer)];
  // root * 10^9 in two words: a product of 94 bits.
  constexpr std::uint64_t kGiga = 1'000'000'000;
  const std::uint64_t low = (root & 0xFFFFFFFF) * kGiga;
  const std::uint64_t high = (root >> 32) * kGiga + (low >> 32);
  // high holds the bits from 2^-31 on; those below it only matter where they are kept.
  const int shift = 31 - octave;  // 13..51
  return shift >= 0 ? high >> shift : 0;
}

}  // namespace

constexpr SketchLayout::Tables SketchLayout::make_tables() noexcept {
  Tables tables;
  for (std::uint32_t i = 0; i < tables.upper.size(); ++i)
    tables.upper[i] =
        nanoseconds_at(kFirstOctave * static_cast<int>(kPerOctave) + static_cast<int>(i));
  std::uint32_t index = 0;
  for (std::size_t row = 0; row < tables.first.size(); ++row) {
    const auto exponent = static_cast<int>(row) + kFirstWidth - 1;
    for (std::uint64_t slice = 0; slice < tables.first[row].size(); ++slice) {
      const std::uint64_t start = ((std::uint64_t{1} << kSliceBits) + slice)
                                  << (exponent - kSliceBits);
      while (index + 1 < tables.upper.size() && tables.upper[index] < start) ++index;
      tables.first[row][slice] = static_cast<std::uint16_t>(index);
    }
  }
  return tables;
}

constinit const SketchLayout::Tables SketchLayout::kTables = SketchLayout::make_tables();

double SketchLayout::seconds_of(std::uint32_t index) noexcept {
  if (index == 0) return 0;
  const int upper = kFirstOctave * static_cast<int>(kPerOctave) + static_cast<int>(index);
  const double low = std::exp2((upper - 1) / static_cast<double>(kPerOctave));
  if (index >= kBuckets - 1) return low;
  const double high = std::exp2(upper / static_cast<double>(kPerOctave));
  return 2 * low * high / (low + high);
}

}  // namespace ltb::metrics
