// The page's files: embedded and from a folder, and nothing from outside of it.
#include "dashboard/asset_server.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

namespace ltb::dashboard {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

constexpr unsigned char kIndex[] = {'<', 'p', '>'};
constexpr unsigned char kApp[] = {'1', ';'};
constexpr std::array<EmbeddedAsset, 2> kAssets{{
    {"/index.html", "text/html; charset=utf-8", "\"aa\"", kIndex, sizeof kIndex},
    {"/app.js", "text/javascript; charset=utf-8", "\"bb\"", kApp, sizeof kApp},
}};

class Assets : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (fs::temp_directory_path() / "ltb-assets-XXXXXX").string();
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    root_ = pattern;
    fs::create_directories(root_ / "page/sub");
    write("page/app.js", "2;");
    write("page/sub/deep.css", "p{}");
    write("secret.txt", "secret");
    write("page-other/x.js", "other");
  }
  void TearDown() override { fs::remove_all(root_); }

  void write(const std::string& name, const std::string& text) {
    fs::create_directories((root_ / name).parent_path());
    std::ofstream(root_ / name) << text;
  }
  [[nodiscard]] std::string page() const { return (root_ / "page").string(); }

  fs::path root_;
};

net::Response get(const AssetServer& server, const std::string& path, const std::string& tag = "") {
  net::Request request;
  request.method = "GET";
  request.path = path;
  if (!tag.empty()) request.headers.emplace_back("If-None-Match", tag);
  return server.answer(request);
}

std::string header(const net::Response& response, std::string_view name) {
  for (const auto& [key, value] : response.headers) {
    if (key == name) return value;
  }
  return "absent";
}

std::string body(const net::Response& response) {
  return response.body ? *response.body : "";
}

TEST_F(Assets, TheRootIsTheIndexPage) {
  const AssetServer server(kAssets, "");
  const net::Response response = get(server, "/");

  EXPECT_EQ(response.status, 200u);
  EXPECT_EQ(body(response), "<p>");
  EXPECT_EQ(response.content_type, "text/html; charset=utf-8");
  EXPECT_EQ(header(response, "ETag"), "\"aa\"");
  EXPECT_EQ(header(response, "Cache-Control"), "no-cache");
  EXPECT_EQ(header(response, "X-Frame-Options"), "DENY");
  EXPECT_EQ(header(response, "Referrer-Policy"), "no-referrer");
  EXPECT_EQ(header(response, "Content-Security-Policy"),
            "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
            "connect-src 'self' ws: wss:; base-uri 'none'; frame-ancestors 'none'");
}

TEST_F(Assets, AKnownETagIsAnsweredWith304) {
  const AssetServer server(kAssets, "");
  for (const char* tag : {"\"bb\"", "W/\"bb\"", "\"x\", \"bb\"", "*"}) {
    const net::Response response = get(server, "/app.js", tag);
    EXPECT_EQ(response.status, 304u) << tag;
    EXPECT_EQ(body(response), "") << tag;
    EXPECT_EQ(header(response, "ETag"), "\"bb\"") << tag;
  }
  for (const char* tag : {"\"aa\"", "bb", "\"b\""})
    EXPECT_EQ(get(server, "/app.js", tag).status, 200u) << tag;
}

TEST_F(Assets, ACompressedFileGoesToThoseWhoTakeItUnderATagOfItsOwn) {
  const std::array<EmbeddedAsset, 1> assets{{{"/app.js", "text/javascript; charset=utf-8", "\"bb\"",
                                              kApp, sizeof kApp, kIndex, sizeof kIndex}}};
  const AssetServer server(assets, "");
  const auto answer = [&](const std::string& accept, const std::string& tag = "") {
    net::Request request;
    request.path = "/app.js";
    if (!accept.empty()) request.headers.emplace_back("Accept-Encoding", accept);
    if (!tag.empty()) request.headers.emplace_back("If-None-Match", tag);
    return server.answer(request);
  };

  const net::Response compressed = answer("br, gzip;q=0.5");
  EXPECT_EQ(body(compressed), "<p>");
  EXPECT_EQ(header(compressed, "Content-Encoding"), "gzip");
  EXPECT_EQ(header(compressed, "ETag"), "\"bb-gzip\"");
  EXPECT_EQ(header(compressed, "Vary"), "Accept-Encoding");
  EXPECT_EQ(compressed.content_type, "text/javascript; charset=utf-8");

  const net::Response plain = answer("");
  EXPECT_EQ(body(plain), "1;");
  EXPECT_EQ(header(plain, "Content-Encoding"), "absent");
  EXPECT_EQ(header(plain, "ETag"), "\"bb\"");
  EXPECT_EQ(header(plain, "Vary"), "Accept-Encoding");

  EXPECT_EQ(answer("gzip", "\"bb-gzip\"").status, 304u);
  EXPECT_EQ(header(answer("gzip", "\"bb-gzip\""), "Vary"), "Accept-Encoding");
  EXPECT_EQ(answer("gzip", "\"bb\"").status, 200u);
  EXPECT_EQ(answer("", "\"bb-gzip\"").status, 200u);
}

TEST_F(Assets, AFileOfTheFolderHidesTheCompressedOneToo) {
  const std::array<EmbeddedAsset, 1> assets{{{"/app.js", "text/javascript; charset=utf-8", "\"bb\"",
                                              kApp, sizeof kApp, kIndex, sizeof kIndex}}};
  const AssetServer server(assets, page());
  net::Request request;
  request.path = "/app.js";
  request.headers.emplace_back("Accept-Encoding", "gzip");

  EXPECT_EQ(body(server.answer(request)), "2;");
}

TEST_F(Assets, AnUnknownFileIsA404ThatEscapesItsName) {
  const net::Response response = get(AssetServer(kAssets, ""), "/no\n<b>");

  EXPECT_EQ(response.status, 404u);
  EXPECT_EQ(body(response), "no such file: /no\\n<b>\n");
  EXPECT_EQ(response.content_type, "text/plain; charset=utf-8");
  EXPECT_EQ(header(response, "X-Frame-Options"), "DENY");
}

TEST_F(Assets, ABuildWithoutThePageSaysSo) {
  const net::Response response = get(AssetServer({}, ""), "/");

  EXPECT_EQ(response.status, 404u);
  EXPECT_THAT(body(response), HasSubstr("LTB_EMBED_DASHBOARD=OFF"));
}

TEST_F(Assets, TheFolderComesFirstFileByFile) {
  const AssetServer server(kAssets, page());

  EXPECT_EQ(body(get(server, "/app.js")), "2;");
  EXPECT_EQ(get(server, "/app.js").content_type, "text/javascript; charset=utf-8");
  EXPECT_EQ(body(get(server, "/")), "<p>");
  EXPECT_EQ(body(get(server, "/sub/deep.css")), "p{}");
  EXPECT_EQ(get(server, "/app.js", header(get(server, "/app.js"), "ETag")).status, 304u);
}

TEST_F(Assets, AllWhoAreSentAFileShareOneCopyOfIt) {
  const AssetServer server(kAssets, page());
  const net::Response first = get(server, "/app.js");
  const net::Response second = get(server, "/app.js");
  EXPECT_EQ(first.body, second.body);
  write("page/app.js", "changed;");
  EXPECT_EQ(body(get(server, "/app.js")), "changed;");
  EXPECT_EQ(body(first), "2;");
}

TEST_F(Assets, AChangedFileIsSeenAtOnce) {
  const AssetServer server(kAssets, page());
  const std::string tag = header(get(server, "/app.js"), "ETag");
  write("page/app.js", "changed;");

  const net::Response response = get(server, "/app.js", tag);

  EXPECT_EQ(response.status, 200u);
  EXPECT_EQ(body(response), "changed;");
}

TEST_F(Assets, NothingOutsideTheFolderIsServed) {
  fs::create_symlink(root_ / "secret.txt", root_ / "page/link.txt");
  fs::create_directory_symlink(root_, root_ / "page/up");
  const AssetServer server(kAssets, page());
  for (const std::string& path :
       {std::string("/../secret.txt"), std::string("/sub/../../secret.txt"),
        std::string("/link.txt"), std::string("/up/secret.txt"), std::string("/../page-other/x.js"),
        std::string("//etc/passwd"), std::string("/sub"), std::string("/.."),
        std::string("/app.js\0.txt", 12), root_.string() + "/secret.txt",
        std::string("/%2e%2e/secret.txt"), std::string("/..\\secret.txt")}) {
    EXPECT_EQ(get(server, path).status, 404u) << path;
  }
}

TEST_F(Assets, HiddenFilesAreNotServedUnderAnyName) {
  write("page/.env", "KEY=secret");
  write("page/.git/config", "secret");
  write("page/sub/.hidden/x.txt", "secret");
  fs::create_symlink(".env", root_ / "page/visible.txt");
  fs::create_directory_symlink(".git", root_ / "page/git");
  const AssetServer server(kAssets, page());
  for (const char* path : {"/.env", "/.git/config", "/sub/.hidden/x.txt", "/visible.txt",
                           "/git/config", "/sub/../.env", "//.env", "/./app.js"}) {
    EXPECT_EQ(get(server, path).status, 404u) << path;
  }
}

TEST_F(Assets, AFolderBelowAHiddenOneIsAFolderLikeOthers) {
  write(".cache/page/app.js", "3;");

  EXPECT_EQ(body(get(AssetServer(kAssets, (root_ / ".cache/page").string()), "/app.js")), "3;");
}

TEST_F(Assets, LinksInsideTheFolderAreFine) {
  fs::create_symlink("app.js", root_ / "page/again.js");

  EXPECT_EQ(body(get(AssetServer(kAssets, page()), "/again.js")), "2;");
}

TEST_F(Assets, AFolderThatIsNoneIsRefusedByName) {
  const auto refusal = [](const std::string& directory) -> std::string {
    try {
      const AssetServer server(kAssets, directory);
    } catch (const std::invalid_argument& error) {
      return error.what();
    }
    return "accepted";
  };
  EXPECT_THAT(refusal((root_ / "absent").string()),
              HasSubstr("absent\": No such file or directory"));
  EXPECT_THAT(refusal((root_ / "secret.txt").string()), HasSubstr("it is not a directory"));
  EXPECT_EQ(refusal(page() + "/"), "accepted");
}

TEST(EmbeddedAssets, ThePageOfThisBuildIsWhole) {
  const AssetServer server(embedded_assets(), "");
  if (embedded_assets().empty()) GTEST_SKIP() << "built without the page";

  EXPECT_THAT(body(get(server, "/")), HasSubstr("<html"));
  EXPECT_EQ(get(server, "/app.js").status, 200u);
  EXPECT_EQ(get(server, "/app.css").content_type, "text/css; charset=utf-8");
  EXPECT_EQ(get(server, "/favicon.svg").content_type, "image/svg+xml");
  EXPECT_EQ(get(server, "/app.js.gz").status, 404u) << "no file, another form of one";
  for (const EmbeddedAsset& asset : embedded_assets()) {
    if (asset.path != "/app.js" && asset.path != "/app.css") continue;
    ASSERT_NE(asset.gzip, nullptr) << asset.path;
    EXPECT_LT(asset.gzip_size * 2, asset.size) << asset.path;
    EXPECT_EQ(asset.gzip[0], 0x1f) << asset.path;
    EXPECT_EQ(asset.gzip[1], 0x8b) << asset.path;
  }
}

TEST_F(Assets, TagsMayStandInSeveralHeadersAndBehindTabs) {
  const AssetServer server(kAssets, "");
  net::Request request;
  request.path = "/app.js";
  request.headers = {{"If-None-Match", "\"zz\",\t\"yy\""}};
  EXPECT_EQ(server.answer(request).status, 200u);
  request.headers.emplace_back("If-None-Match", "\"xx\",\t\"bb\"\t");
  EXPECT_EQ(server.answer(request).status, 304u);
}

}  // namespace
}  // namespace ltb::dashboard
