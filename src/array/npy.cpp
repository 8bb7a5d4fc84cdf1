#include "array/npy.h"

#include <algorithm>
#include <cstring>

#include "array/access.h"
#include "base/error.h"

namespace croton {

namespace {
constexpr std::uint64_t longest_header = 65536;

template <class E, class... A>
[[noreturn]] void refuse(const ByteSource& s, std::uint64_t at, fmt::format_string<A...> text, A&&... a) {
  fail<E>("{}: at byte {}: {}", s.label, at, fmt::format(text, std::forward<A>(a)...));
}

NpyHeader read_header(ByteSource& s) {
  unsigned char start[8] = {};
  if (s.size < 10) refuse<FileError>(s, s.size, "the file ends after {} bytes; an .npy file begins with 10", s.size);
  s.read(start, sizeof start);
  if (std::memcmp(start, "\x93NUMPY", 6) != 0)
    refuse<FileError>(s, 0, "it does not begin with \\x93NUMPY: not an .npy file");
  if (start[6] < 1 || start[6] > 3 || start[7] != 0)
    refuse<FileError>(s, 6, "format version {}.{}; versions 1.0, 2.0 and 3.0 are read", int{start[6]}, int{start[7]});
  unsigned char count[4] = {};
  const std::size_t width = start[6] == 1 ? 2 : 4;
  if (s.left() < width) refuse<FileError>(s, s.offset, "the file ends inside the header's length");
  s.read(count, width);
  std::uint64_t length = 0;
  for (std::size_t i = width; i-- > 0;) length = length << 8 | count[i];
  if (length > longest_header)
    refuse<FileError>(s, 8, "the header is {} bytes long; at most {} are read", length, longest_header);
  if (length > s.left())
    refuse<FileError>(s, 8, "the header is {} bytes long, but {} bytes are left in the file", length, s.left());
  std::string text(static_cast<std::size_t>(length), '\0');
  const std::uint64_t at = s.offset;
  s.read(text.data(), text.size());
  return parse_npy_header(text, s.label, at);
}

// The bytes that the shape asks for. Empty axes do not excuse a product of the others that no memory could index.
std::uint64_t bytes_of(const NpyHeader& h, const ByteSource& s) {
  __extension__ using Wide = unsigned __int128;
  Wide bytes = size_of(h.dtype);
  bool none = false;
  for (Index n : h.shape) {
    none |= n == 0;
    if (n > 0) bytes *= static_cast<Wide>(n);
    if (bytes >> 63) refuse<FileError>(s, s.offset, "the shape {} means 2^63 bytes or more", shape_text(h.shape));
  }
  return none ? 0 : static_cast<std::uint64_t>(bytes);
}

void swap_bytes(std::byte* p, std::size_t element, Index n) {
  for (Index i = 0; i < n; ++i, p += element) std::reverse(p, p + element);
}
}  // namespace

Array read_npy(ByteSource& s) {
  const NpyHeader h = read_header(s);
  const std::uint64_t bytes = bytes_of(h, s);
  if (bytes != s.left())
    refuse<FileError>(s, s.offset, "{} needs {} bytes of data, but {} are there", type_text(h.dtype, h.shape), bytes,
                      s.left());
  Extents memory_shape = h.shape;
  if (h.fortran_order) std::reverse(memory_shape.begin(), memory_shape.end());
  Array a = empty(memory_shape, h.dtype);
  std::byte* to = mutable_data(a);
  s.read(to, static_cast<std::size_t>(bytes));
  if (h.swapped) swap_bytes(to, size_of(h.dtype), a.size());
  if (h.dtype == DType::boolean)  // other bytes than 0 and 1 are no bool in C++
    std::transform(to, to + bytes, to, [](std::byte b) { return std::byte{b != std::byte{0}}; });
  return h.fortran_order ? contiguous(a.T()) : a;
}

Array load_npy(std::string_view path) {
  InputFile file(std::string(path), fmt::format("load_npy(\"{}\")", path));
  ByteSource source = file.source();
  return read_npy(source);
}

void save_npy(std::string_view path, const Array& array) {
  const std::string verb = fmt::format("save_npy(\"{}\")", path);
  const Array rows = contiguous(array);
  const std::string head = npy_head(rows, verb);
  Replacement file(std::string(path), verb);
  write_file(file.temp(), verb, head, data(rows), static_cast<std::size_t>(rows.size()) * size_of(rows.dtype()));
  file.commit();
}

}  // namespace croton
