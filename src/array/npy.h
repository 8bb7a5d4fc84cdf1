// The .npy format: a text header, then the elements. Shared by load_npy and the members of .npz.
#pragma once
#include "array/files.h"
#include "croton/array.h"

namespace croton {

/// What the header says of the elements.
struct NpyHeader {
  DType dtype = DType::float64;
  bool swapped = false;  ///< big-endian
  bool fortran_order = false;
  Extents shape;
};

/// Reads "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }": a grammar of strings, True, False and tuples of
/// numbers, nothing is evaluated. Throws FileError beginning with `label` and the byte's place in the file.
NpyHeader parse_npy_header(std::string_view text, const std::string& label, std::uint64_t offset);
/// Reads the whole source as one array; its size must be what the header says.
Array read_npy(ByteSource&);
/// Magic, version 1 and header of a row-major array, padded to 64 bytes. DTypeError for bfloat16, which .npy cannot
/// say.
std::string npy_head(const Array&, const std::string& verb);
/// Reads an archive whose members declare at most `limit` bytes together.
std::vector<std::pair<std::string, Array>> read_npz(const std::string& path, std::uint64_t limit);

}  // namespace croton
