#include "runtime/cuda/search.h"

#include <dlfcn.h>
#include <fmt/format.h>
#include <link.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>

#include "base/error.h"
#include "base/listing.h"
#include "base/text.h"

namespace croton::runtime::cuda {
namespace {

namespace fs = std::filesystem;

std::string variable(const char* name) {
  const char* const value = std::getenv(name);
  return value != nullptr ? value : "";
}

bool is_folder(const std::string& path) {
  std::error_code ignored;
  return fs::is_directory(path, ignored);
}

bool is_there(const std::string& path) {
  std::error_code ignored;
  return fs::exists(path, ignored);
}

// The folders of `folder` whose names begin so, in order of their names.
std::vector<std::string> folders_in(const std::string& folder, std::string_view beginning) {
  std::vector<std::string> found;
  for_each_name(folder, [&](std::string_view name) {
    if (std::string path = fmt::format("{}/{}", folder, name); name.starts_with(beginning) && is_folder(path))
      found.push_back(std::move(path));
  });
  std::sort(found.begin(), found.end());
  return found;
}

void add_folder(std::vector<std::string>& folders, const std::string& folder) {
  if (is_folder(folder) && std::find(folders.begin(), folders.end(), folder) == folders.end())
    folders.push_back(folder);
}

// site-packages/nvidia/cu13/lib, .../cuda_nvrtc/lib, .../cublas/lib
void add_wheels(std::vector<std::string>& folders, const std::string& site_packages) {
  auto parts = folders_in(site_packages + "/nvidia", "");
  std::reverse(parts.begin(), parts.end());  // cu13 before the folders that wheels for CUDA 12 use
  std::stable_partition(parts.begin(), parts.end(),
                        [](const std::string& p) { return fs::path(p).filename().string().starts_with("cu1"); });
  for (const std::string& part : parts) add_folder(folders, part + "/lib");
}

std::vector<std::string> site_packages_of(const std::string& prefix) {
  std::vector<std::string> found;
  for (const std::string& python : folders_in(prefix + "/lib", "python3")) {
    add_folder(found, python + "/site-packages");
    add_folder(found, python + "/dist-packages");
  }
  std::reverse(found.begin(), found.end());
  return found;
}

// A root as people write it: the toolkit, its bin or lib64, a folder of libraries, a Python environment.
std::vector<std::string> library_folders(std::string root) {
  while (root.size() > 1 && root.back() == '/') root.pop_back();
  const fs::path path(root);
  if (path.filename() == "bin" || path.filename() == "lib64") root = path.parent_path();
  std::vector<std::string> folders;
  for (const char* inside : {"/lib64", "/lib", "/targets/x86_64-linux/lib", "/targets/sbsa-linux/lib",
                             "/lib/x86_64-linux-gnu", "/lib/aarch64-linux-gnu"}) {
    add_folder(folders, root + inside);
  }
  add_folder(folders, root);
  add_wheels(folders, root);
  for (const std::string& packages : site_packages_of(root)) add_wheels(folders, packages);
  return folders;
}

std::string path_of(void* library) {
  link_map* map = nullptr;
  if (dlinfo(library, RTLD_DI_LINKMAP, &map) != 0 || map == nullptr || map->l_name == nullptr) return {};
  std::error_code none;
  const fs::path real = fs::canonical(map->l_name, none);
  return none ? std::string(map->l_name) : real.string();
}

std::string loader_error() {
  const char* const text = dlerror();
  return text != nullptr ? text : "unknown";
}

// The loader's text where there is no such file at all; a file that does not open, or misses another, is worth telling.
bool says_not_there(const std::string& error, const std::string& name) {
  return error.starts_with(name + ": cannot open shared object file: No such");
}

}  // namespace

SearchRoots SearchRoots::of_process(std::string root) {
  SearchRoots roots;
  roots.root = std::move(root);
  roots.cuda_home = variable("CUDA_HOME");
  roots.cuda_path = variable("CUDA_PATH");
  for (const char* name : {"VIRTUAL_ENV", "CONDA_PREFIX"}) {
    if (const std::string prefix = variable(name); !prefix.empty()) {
      for (const std::string& folder : site_packages_of(prefix)) add_folder(roots.site_packages, folder);
    }
  }
  const std::string python_path = variable("PYTHONPATH"), home = variable("HOME");
  for (const std::string_view folder : split(python_path, ':')) {
    if (!folder.empty()) add_folder(roots.site_packages, std::string(folder));
  }
  for (const std::string& prefix :
       {home.empty() ? home : home + "/.local", std::string("/usr/local"), std::string("/usr")}) {
    if (prefix.empty()) continue;
    for (const std::string& folder : site_packages_of(prefix)) add_folder(roots.site_packages, folder);
  }
  add_folder(roots.site_packages, "/usr/lib/python3/dist-packages");
  return roots;
}

std::vector<SearchPlace> search_places(const SearchRoots& roots) {
  std::vector<SearchPlace> places;
  const auto add_root = [&](const std::string& title, const std::string& root) {
    if (!root.empty()) places.push_back({fmt::format("{}={}", title, root), library_folders(root), false});
  };
  add_root("cuda.root", roots.root);
  add_root("CUDA_HOME", roots.cuda_home);
  if (roots.cuda_path != roots.cuda_home) add_root("CUDA_PATH", roots.cuda_path);
  if (roots.loader) places.push_back({"the loader's own search (ld.so.conf, LD_LIBRARY_PATH)", {}, true});
  SearchPlace toolkits{fmt::format("{}/cuda*/lib64", roots.system), {}, false};
  auto versions = folders_in(roots.system, "cuda-");
  std::reverse(versions.begin(), versions.end());
  add_folder(toolkits.folders, roots.system + "/cuda/lib64");
  for (const std::string& version : versions) add_folder(toolkits.folders, version + "/lib64");
  places.push_back(std::move(toolkits));
  SearchPlace wheels{"pip's nvidia wheels (site-packages/nvidia/*/lib)", {}, false};
  for (const std::string& folder : roots.site_packages) add_wheels(wheels.folders, folder);
  places.push_back(std::move(wheels));
  return places;
}

OpenedLibrary open_library(const std::vector<std::string>& names, const std::vector<SearchPlace>& places,
                           const std::vector<std::string>& too_new) {
  OpenedLibrary opened;
  std::string in, damaged, newer;
  for (const SearchPlace& place : places) {
    in += fmt::format("\n    {}", place.title);
    if (!place.is_loader)
      in += place.folders.empty() ? ": no such folder" : fmt::format(": {}", fmt::join(place.folders, ", "));
    std::vector<std::string> candidates = place.is_loader ? names : std::vector<std::string>{};
    for (const std::string& folder : place.folders) {
      for (const std::string& name : names) {
        if (is_there(folder + "/" + name)) candidates.push_back(folder + "/" + name);
      }
      for (const std::string& name : too_new) {
        if (is_there(folder + "/" + name))
          newer += fmt::format("\n  there is {}/{}, which is newer than the driver", folder, name);
      }
    }
    for (const std::string& candidate : candidates) {
      opened.handle = dlopen(candidate.c_str(), RTLD_NOW | RTLD_LOCAL);
      if (opened.handle != nullptr) {
        opened.path = path_of(opened.handle);
        opened.title = place.title;
        return opened;
      }
      if (const std::string error = loader_error(); !says_not_there(error, candidate))
        damaged += fmt::format("\n  cannot be opened: {}", error);
    }
  }
  opened.looked = fmt::format("\n  looked for: {}\n  in:{}{}{}", fmt::join(names, ", "), in, damaged, newer);
  return opened;
}

std::vector<std::string> library_names(const std::string& stem, int newest_major) {
  std::vector<std::string> names;
  for (int major = newest_major; major >= 12; --major) names.push_back(fmt::format("{}.so.{}", stem, major));
  return names;
}

std::vector<std::string> newer_library_names(const std::string& stem, int newest_major) {
  return {fmt::format("{}.so.{}", stem, newest_major + 2), fmt::format("{}.so.{}", stem, newest_major + 1)};
}

void* find_symbol(void* library, const char* name) { return dlsym(library, name); }

}  // namespace croton::runtime::cuda
