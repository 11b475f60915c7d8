// Runs a fuzz target over the files of a folder, for compilers without libFuzzer.
//
// Usage: fuzz_<target>_replay FOLDER|FILE ...   Exits 1 when there was nothing to run.
#include "fuzz/support.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <vector>

namespace {

namespace files = std::filesystem;

std::vector<files::path> inputs_of(int count, char** arguments) {
  std::vector<files::path> found;
  for (int i = 1; i < count; ++i) {
    if (files::is_directory(arguments[i])) {
      for (const auto& entry : files::directory_iterator(arguments[i])) found.push_back(entry);
    } else {
      found.emplace_back(arguments[i]);
    }
  }
  std::sort(found.begin(), found.end());
  return found;
}

}  // namespace

int main(int count, char** arguments) {
  const auto inputs = inputs_of(count, arguments);
  for (const auto& path : inputs) {
    std::ifstream file(path, std::ios::binary);
    const std::vector<char> bytes{std::istreambuf_iterator<char>(file), {}};
    if (!file) {
      std::fprintf(stderr, "cannot read %s\n", path.c_str());
      return 1;
    }
    // An abort leaves no other trace of which input it was.
    std::printf("%s\n", path.filename().c_str());
    std::fflush(stdout);
    LLVMFuzzerTestOneInput(reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size());
  }
  std::printf("%zu inputs replayed\n", inputs.size());
  return inputs.empty() ? 1 : 0;
}
