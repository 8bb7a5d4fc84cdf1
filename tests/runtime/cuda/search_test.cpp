// The order in which folders are searched, and what is said of the files there.
#include "runtime/cuda/search.h"

#include <algorithm>
#include <filesystem>

#include "cuda_fixture.h"

using namespace croton;
using namespace croton::runtime;
using namespace croton::runtime::cuda;

namespace {

namespace fs = std::filesystem;

// A folder full of toolkits and wheels, removed at the end.
struct Tree {
  TemporaryFolder folder;
  std::string top = folder.path() + "/tree";
  ~Tree() { fs::remove_all(top); }
  std::string make(const std::string& path) const {
    fs::create_directories(top + "/" + path);
    return top + "/" + path;
  }
};

std::vector<std::string> folders_of(const SearchRoots& roots, std::string_view title) {
  for (const SearchPlace& place : search_places(roots)) {
    if (place.title.starts_with(title)) return place.folders;
  }
  return {};
}

SearchRoots nothing() {
  SearchRoots roots;
  roots.loader = false;
  roots.system = "/no/such/system";
  return roots;
}

}  // namespace

TEST_CASE("places are searched in this order: cuda.root, CUDA_HOME, CUDA_PATH, the loader, /usr/local, wheels") {
  const SearchRoots roots{.root = "/a", .cuda_home = "/b", .cuda_path = "/c", .site_packages = {}};
  std::vector<std::string> titles;
  for (const SearchPlace& place : search_places(roots))
    titles.push_back(place.title.substr(0, place.title.find_first_of("( ")));
  CHECK(titles == std::vector<std::string>{"cuda.root=/a", "CUDA_HOME=/b", "CUDA_PATH=/c", "the",
                                           "/usr/local/cuda*/lib64", "pip's"});
}

TEST_CASE("cuda.root may be the toolkit, its bin, its lib64, a folder of libraries or a Python environment") {
  const Tree tree;
  const std::string lib64 = tree.make("cuda/lib64");
  tree.make("cuda/bin");
  for (const char* written : {"cuda", "cuda/", "cuda/bin", "cuda/bin/", "cuda/lib64"}) {
    SearchRoots roots = nothing();
    roots.root = tree.top + "/" + written;
    const auto folders = folders_of(roots, "cuda.root");
    INFO(written);
    REQUIRE_FALSE(folders.empty());
    CHECK(folders.front() == lib64);
  }
  SearchRoots roots = nothing();
  roots.root = tree.make("libraries");
  CHECK(folders_of(roots, "cuda.root") == std::vector<std::string>{roots.root});
  const std::string old = tree.make("env/lib/python3.11/site-packages/nvidia/cuda_nvrtc/lib"),
                    now = tree.make("env/lib/python3.11/site-packages/nvidia/cu13/lib");
  roots.root = tree.top + "/env";
  const auto folders = folders_of(roots, "cuda.root");
  REQUIRE(folders.size() >= 2);
  CHECK(folders[folders.size() - 2] == now);
  CHECK(folders.back() == old);
}

TEST_CASE("the newest toolkit of /usr/local comes first, after the one that is linked as cuda") {
  const Tree tree;
  SearchRoots roots = nothing();
  roots.system = tree.top;
  const std::string linked = tree.make("cuda/lib64"), older = tree.make("cuda-12.4/lib64"),
                    newer = tree.make("cuda-13.0/lib64");
  CHECK(folders_of(roots, tree.top) == std::vector<std::string>{linked, newer, older});
}

TEST_CASE("wheels are found in the environments that Python itself would use") {
  const Tree tree;
  const std::string packages = tree.make("venv/lib/python3.12/site-packages"), more = tree.make("more");
  const Variable environment("VIRTUAL_ENV", tree.top + "/venv"), path("PYTHONPATH", more);
  const SearchRoots roots = SearchRoots::of_process("");
  REQUIRE(roots.site_packages.size() >= 2);
  CHECK(roots.site_packages[0] == packages);
  CHECK(std::find(roots.site_packages.begin(), roots.site_packages.end(), more) != roots.site_packages.end());
}

TEST_CASE("a library of the driver's major is taken before an older one") {
  CHECK(library_names("libnvrtc", 14) ==
        std::vector<std::string>{"libnvrtc.so.14", "libnvrtc.so.13", "libnvrtc.so.12"});
  CHECK(library_names("libnvrtc", 12) == std::vector<std::string>{"libnvrtc.so.12"});
}

TEST_CASE("a library that is newer than the driver is not taken, and named") {
  const Tree tree;
  SearchRoots roots = nothing();
  roots.root = tree.make("cuda/lib64");
  write_file(roots.root + "/libnvrtc.so.13", {});
  const OpenedLibrary none =
      open_library(library_names("libnvrtc", 12), search_places(roots), newer_library_names("libnvrtc", 12));
  CHECK(none.handle == nullptr);
  CHECK(has(none.looked, "\n  there is " + roots.root + "/libnvrtc.so.13, which is newer than the driver"));
}

TEST_CASE("a damaged library is passed over, and its fault told where no other is found") {
  const Tree tree;
  SearchRoots roots = nothing();
  roots.root = tree.make("cuda/lib64");
  const std::string text = "no library";
  write_file(roots.root + "/libnvrtc.so.13", std::as_bytes(std::span(text)));
  const OpenedLibrary none = open_library(library_names("libnvrtc", 13), search_places(roots));
  CHECK(none.handle == nullptr);
  CHECK(has(none.looked, "\n  cannot be opened: " + roots.root + "/libnvrtc.so.13: file too short"));
  roots.cuda_home = STAND_INS;
  const OpenedLibrary other = open_library(library_names("libnvrtc", 13), search_places(roots));
  CHECK(other.handle != nullptr);
  CHECK(other.path == STAND_INS "/libnvrtc.so.13");
}
