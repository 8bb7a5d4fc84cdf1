// CROTON_FLAGS=dump=DIR: what each pass made of a function, as numbered files in a folder of the function's own.
#pragma once
#include <functional>
#include <span>
#include <string>
#include <string_view>

#include "croton/tensor.h"

namespace croton {

class Dump {
 public:
  /// Makes DIR/NNN_name, NNN counting the functions of the process; does nothing where `folder` is empty. FileError,
  /// with the path and the reason, where that cannot be.
  Dump(const std::string& folder, std::string_view function);
  bool on() const { return !path_.empty(); }
  /// Writes NN_pass.graph.txt.
  void graph(std::string_view pass, std::span<const Tensor>);
  /// Writes NN_file.
  void text(std::string_view file, const std::function<std::string()>&);

 private:
  std::string path_;
  int next_ = 0;
};

}  // namespace croton
