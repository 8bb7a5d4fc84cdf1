// Reading files in order and replacing files whole, with errors that name the file.
#pragma once
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace croton {

/// Bytes read in order: a file, or a member of an archive. `read` fills the buffer or throws.
struct ByteSource {
  std::string label;  ///< begins every error: load_npy("x.npy")
  std::uint64_t size = 0;
  std::uint64_t offset = 0;
  std::function<void(std::byte*, std::size_t)> fill;

  void read(void* to, std::size_t bytes) {
    fill(static_cast<std::byte*>(to), bytes);
    offset += bytes;
  }
  std::uint64_t left() const { return size - offset; }
};

/// "No such file or directory"
std::string system_text(int error_number);

/// An open regular file. FileError otherwise; `verb` is load_npy(...) and the like.
class InputFile {
 public:
  InputFile(const std::string& path, const std::string& verb);
  InputFile(const InputFile&) = delete;
  InputFile& operator=(const InputFile&) = delete;
  ~InputFile();
  ByteSource source();

 private:
  int fd_ = -1;
  std::string verb_;
  std::uint64_t size_ = 0;
};

/// Replaces a file whole: the new contents are written to temp(), a fresh empty file beside it, then flushed to disk
/// and renamed by commit(). Without a commit the old file stays as it was and the temporary one is removed. A symbolic
/// link keeps pointing, also where it leads to no file yet.
class Replacement {
 public:
  Replacement(const std::string& path, const std::string& verb);
  Replacement(const Replacement&) = delete;
  Replacement& operator=(const Replacement&) = delete;
  ~Replacement();
  const std::string& temp() const { return temp_; }
  void commit();

 private:
  [[noreturn]] void failed(std::string_view what, int error_number) const;
  std::string target_, temp_, verb_;
  int mode_ = -1;  // the old file's permissions
  bool done_ = false;
};

/// Fills the file with these bytes; FileError if not all can be written.
void write_file(const std::string& path, const std::string& verb, std::string_view head, const std::byte* body,
                std::size_t bytes);

}  // namespace croton
