// Where libraries of CUDA may be: the folders, in order, and opening the first of some names that is there. What was
// looked for, where, and what was found on the way is kept for the error text.
#pragma once
#include <string>
#include <vector>

namespace croton::runtime::cuda {

/// What the order is made from; `of_process` reads the environment.
struct SearchRoots {
  std::string root;                        ///< config key cuda.root; "" for none
  std::string cuda_home, cuda_path;        ///< the variables CUDA_HOME and CUDA_PATH; "" for none
  bool loader = true;                      ///< whether the system's own search is tried
  std::string system = "/usr/local";       ///< holds cuda, cuda-13.0, ...
  std::vector<std::string> site_packages;  ///< folders in which pip installs, the nearest first
  static SearchRoots of_process(std::string root);
};

/// One step of the order.
struct SearchPlace {
  std::string title;                 ///< "cuda.root=/opt/cuda", "the loader's own search", "pip's nvidia wheels"
  std::vector<std::string> folders;  ///< those that exist; the loader's own search has none
  bool is_loader = false;
};
std::vector<SearchPlace> search_places(const SearchRoots&);

struct OpenedLibrary {
  void* handle = nullptr;  ///< null where nothing was found; never closed, for libraries of CUDA do not survive that
  std::string path;        ///< resolved
  std::string title;       ///< of the place that had it
  std::string looked;      ///< "\n  looked for: ...\n  in ...", for error texts
};
/// The first of `names` in the first place that has one that opens. `too_new` are names whose presence is worth
/// telling.
OpenedLibrary open_library(const std::vector<std::string>& names, const std::vector<SearchPlace>&,
                           const std::vector<std::string>& too_new = {});

/// {"libnvrtc.so.13", "libnvrtc.so.12"} for major 13: the versions that a driver of that major takes, newest first.
std::vector<std::string> library_names(const std::string& stem, int newest_major);
/// {"libnvrtc.so.15", "libnvrtc.so.14"} for major 13.
std::vector<std::string> newer_library_names(const std::string& stem, int newest_major);

/// The address of a symbol; null where the library has none of that name.
void* find_symbol(void* library, const char* name);

}  // namespace croton::runtime::cuda
