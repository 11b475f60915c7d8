// From a request target to a file of the page: whatever the target, nothing outside of the folder
// is served.
#include "dashboard/asset_server.hpp"
#include "fuzz/support.hpp"
#include "net/target.hpp"

#include <unistd.h>

#include <filesystem>
#include <fstream>

namespace {

using namespace ltb::fuzz;
namespace files = std::filesystem;

constexpr std::string_view kSecret = "outside of the folder";
constexpr unsigned char kEmbedded[] = "embedded";

// page/ with files and links, some of which lead to the secret beside it.
class Folder {
 public:
  Folder() {
    std::string name = (files::temp_directory_path() / "ltb-fuzz-XXXXXX").string();
    require(::mkdtemp(name.data()) != nullptr, "a folder for the page can be made");
    root_ = name;
    files::create_directories(root_ / "page" / "sub");
    write("secret.txt", kSecret);
    files::create_directories(root_ / "page-of-others");
    write("page-of-others/x.txt", kSecret);
    write("page/index.html", "inside");
    write("page/a.txt", "inside");
    write("page/sub/b.txt", "inside");
    files::create_symlink("../secret.txt", root_ / "page" / "link.txt");
    files::create_directory_symlink("..", root_ / "page" / "up");
    files::create_symlink("a.txt", root_ / "page" / "own.txt");
  }
  ~Folder() {
    std::error_code ignored;
    files::remove_all(root_, ignored);
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  [[nodiscard]] std::string page() const { return (root_ / "page").string(); }

 private:
  void write(const char* name, std::string_view text) const {
    std::ofstream(root_ / name, std::ios::binary) << text;
  }
  files::path root_;
};

ltb::dashboard::AssetServer make_server(const Folder& folder) {
  static const ltb::dashboard::EmbeddedAsset kAssets[] = {
      {"/app.js", "text/javascript", "\"1\"", kEmbedded, sizeof kEmbedded - 1}};
  return {kAssets, folder.page()};
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const Folder folder;
  static const ltb::dashboard::AssetServer server = make_server(folder);
  const auto target = ltb::net::split_target(as_text(data, size));
  if (!target) return 0;
  require(target->path.starts_with('/'), "a path starts with a slash");
  require(target->path.find('\0') == std::string::npos, "a path holds no NUL");
  ltb::net::Request request;
  request.method = "GET";
  request.target = as_text(data, size);
  request.path = target->path;
  const ltb::net::Response response = server.answer(request);
  if (response.status == 404) {
    require(is_printable(*response.body), "a refusal is readable");
    return 0;
  }
  require(response.status == 200, "a file is served or it is not there");
  require(*response.body == "inside" || *response.body == "embedded",
          "only files of the folder and embedded ones are served");
  return 0;
}
