#include "net/gzip.hpp"

#include <zlib.h>

#include <algorithm>
#include <new>
#include <utility>

namespace ltb::net {

// Not in place: zlib keeps a pointer to its stream.
struct GzipEncoder::State {
  explicit State(std::shared_ptr<const std::string> whole) : text(std::move(whole)) {
    constexpr int kGzip = 15 + 16;  // the largest window, and gzip's header and not zlib's
    if (deflateInit2(&stream, Z_BEST_SPEED, Z_DEFLATED, kGzip, 8, Z_DEFAULT_STRATEGY) != Z_OK)
      throw std::bad_alloc();
  }
  ~State() { deflateEnd(&stream); }
  State(const State&) = delete;
  State& operator=(const State&) = delete;

  std::shared_ptr<const std::string> text;
  std::size_t taken = 0;
  std::string out{};
  std::size_t made = 0;
  z_stream stream{};
};

GzipEncoder::GzipEncoder(std::shared_ptr<const std::string> text)
    : state_(std::make_unique<State>(std::move(text))) {}
GzipEncoder::~GzipEncoder() = default;

bool GzipEncoder::step() {
  auto& [text, taken, out, made, stream] = *state_;
  const std::size_t slice = std::min(kSlice, text->size() - taken);
  const bool is_last = taken + slice == text->size();
  // zlib does not write through next_in; its type is older than const.
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text->data() + taken));
  stream.avail_in = static_cast<uInt>(slice);
  taken += slice;
  int result = Z_OK;
  do {
    if (out.size() - made < kSlice / 4) out.resize(out.size() + kSlice / 2);
    stream.next_out = reinterpret_cast<Bytef*>(out.data() + made);
    stream.avail_out = static_cast<uInt>(out.size() - made);
    result = deflate(&stream, is_last ? Z_FINISH : Z_NO_FLUSH);
    made = out.size() - stream.avail_out;
  } while (stream.avail_in > 0 || (is_last && result == Z_OK));
  return is_last;
}

std::string GzipEncoder::take() noexcept {
  state_->out.resize(state_->made);
  return std::move(state_->out);
}

}  // namespace ltb::net
