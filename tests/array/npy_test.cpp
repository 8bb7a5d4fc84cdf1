// .npy: what is written can be read, what is malformed is refused with the byte and the reason.
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <limits>

#include "array/access.h"
#include "array/files.h"
#include "array/npy.h"
#include "catch.h"
#include "message.h"
#include "scratch.h"

using namespace croton;

namespace {
constexpr const char* float_header = "{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }";

// The bytes of a file of the given version and header text, then `data_bytes` zeros.
std::string npy_bytes(std::string header, std::size_t data_bytes = 8, char version = 1, bool newline = true) {
  if (newline) header += '\n';
  std::string s = "\x93NUMPY";
  s += version;
  s += '\0';
  for (int i = 0; i < (version == 1 ? 2 : 4); ++i) s += static_cast<char>(header.size() >> (8 * i) & 0xff);
  return s + header + std::string(data_bytes, '\0');
}

// What load_npy says of these bytes, after `load_npy("..."): `.
std::string refusal(const std::string& bytes) {
  const Scratch scratch;
  const std::string path = scratch.write("x.npy", bytes);
  const std::string text = message<FileError>([&] { load_npy(path); });
  const std::string start = "load_npy(\"" + path + "\"): ";
  REQUIRE(text.substr(0, start.size()) == start);
  return text.substr(start.size());
}

Array loaded(const std::string& bytes) {
  const Scratch scratch;
  return load_npy(scratch.write("x.npy", bytes));
}
}  // namespace

TEST_CASE("every element type and shape comes back from .npy with the same bits") {
  const Scratch scratch;
  for (DType d : {boolean, int8, int16, int32, int64, uint8, uint16, uint32, uint64, float16, float32, float64})
    for (const Extents& shape :
         {Extents{}, Extents{3}, Extents{2, 3}, Extents{0}, Extents{2, 0, 5}, Extents{1, 1, 7}}) {
      Array a = Array::zeros(shape, d);
      for (Index i = 0; i < a.size(); ++i) set(a, i, static_cast<double>(i) * 1.5);
      save_npy(scratch / "x.npy", a);
      CHECK(bits_equal(load_npy(scratch / "x.npy"), a));
      CHECK((scratch.read("x.npy").size() - static_cast<std::size_t>(a.size()) * size_of(d)) % 64 == 0);
    }
}

TEST_CASE("a strided view is saved in row-major order") {
  const Scratch scratch;
  save_npy(scratch / "x.npy", Array{{1, 2}, {3, 4}}.T());
  CHECK(array_equal(load_npy(scratch / "x.npy"), Array{{1, 3}, {2, 4}}));
}

TEST_CASE("versions 1 to 3, any order of keys, spacing, double quotes and Python 2's long numbers are read") {
  for (char version : {'\1', '\2', '\3'}) CHECK(loaded(npy_bytes(float_header, 8, version)).shape() == Extents{2});
  const char* headers[] = {"{'shape': (2,), 'fortran_order': False, 'descr': '<f4'}",
                           "{\"descr\":\"<f4\",\"fortran_order\":False,\"shape\":(2,)}       ",
                           "{ 'descr' : '<f4' , 'fortran_order' : False , 'shape' : ( 2L , ) , }"};
  for (const char* header : headers) CHECK(loaded(npy_bytes(header)).shape() == Extents{2});
}

TEST_CASE("big-endian data is swapped, Fortran order turned into row-major, bool bytes made 0 or 1") {
  std::string big = npy_bytes("{'descr': '>i4', 'fortran_order': False, 'shape': (2,), }", 0);
  big += std::string("\0\0\0\1\0\0\1\0", 8);
  CHECK(array_equal(loaded(big), Array{1, 256}));
  std::string columns = npy_bytes("{'descr': '|u1', 'fortran_order': True, 'shape': (2, 3), }", 0);
  columns += std::string("\1\4\2\5\3\6", 6);
  CHECK(array_equal(loaded(columns).astype(int32), Array{{1, 2, 3}, {4, 5, 6}}));
  CHECK(is_contiguous(loaded(columns)));
  CHECK(array_equal(loaded(npy_bytes("{'descr': '|b1', 'fortran_order': False, 'shape': (2,), }", 0) + "\x02" + '\0'),
                    Array{true, false}));
}

TEST_CASE("a file that is no .npy file, or of a format to come, is refused") {
  CHECK(refusal("") == "at byte 0: the file ends after 0 bytes; an .npy file begins with 10");
  CHECK(refusal("\x93NUM") == "at byte 4: the file ends after 4 bytes; an .npy file begins with 10");
  CHECK(refusal("not a NumPy file") == "at byte 0: it does not begin with \\x93NUMPY: not an .npy file");
  CHECK(refusal(npy_bytes(float_header, 8, 4)) == "at byte 6: format version 4.0; versions 1.0, 2.0 and 3.0 are read");
  CHECK(refusal(std::string("\x93NUMPY\2\0\1\0", 10)) == "at byte 8: the file ends inside the header's length");
}

TEST_CASE("a header longer than the file or than 64 KB is refused before memory is asked for") {
  std::string s = npy_bytes(float_header);
  s[8] = '\xff';
  s[9] = '\xff';
  CHECK(refusal(s) == "at byte 8: the header is 65535 bytes long, but 66 bytes are left in the file");
  s = npy_bytes(float_header, 8, 2);
  for (std::size_t i = 8; i < 12; ++i) s[i] = '\xff';
  CHECK(refusal(s) == "at byte 8: the header is 4294967295 bytes long; at most 65536 are read");
}

TEST_CASE("a malformed header is refused at its byte") {
  const std::pair<std::string, const char*> cases[] = {
      {"", "at byte 10: the header has \"\\n\" where '{' is needed"},
      {"{'descr': '<f4', 'fortran_order': False, ", "at byte 51: the header needs a string in quotes here"},
      {"{'descr': '<f4', 'fortran_order': False}", "at byte 10: the header has no key 'shape'"},
      {"{'descr': '<f4', 'shape': (2,)}", "at byte 10: the header has no key 'fortran_order'"},
      {"{'fortran_order': False, 'shape': (2,)}", "at byte 10: the header has no key 'descr'"},
      {"{'descr': '<f4', 'descr': '<f4', 'fortran_order': False, 'shape': (2,)}",
       "at byte 27: the key 'descr' stands twice"},
      {"{'descr': '<f4', 'fortran_order': False, 'shape': (2,), 'x': 1}",
       "at byte 66: the key 'x' is unknown; the header has 'descr', 'fortran_order' and 'shape'"},
      {"{'descr': '<f4', 'fortran_order': 0, 'shape': (2,)}", "at byte 44: fortran_order must be True or False"},
      {"{'descr': '<f4' 'fortran_order': False, 'shape': (2,)}",
       "at byte 26: the header has \"'\" where ',' is needed"},
      {"{'descr': '<f4', 'fortran_order': False, 'shape': (2,)} import os",
       "at byte 66: the header goes on after its closing brace"},
      {"{'descr': '<f4", "at byte 20: a string of the header has no end"},
      {"{'descr': '\\x3cf4', 'fortran_order': False, 'shape': (2,)}",
       "at byte 20: a string of the header has a backslash"},
  };
  for (const auto& [header, text] : cases) CHECK(refusal(npy_bytes(header)) == text);
  CHECK(refusal(npy_bytes(float_header, 0, 1, false)) == "at byte 67: the header does not end with a newline");
}

TEST_CASE("types that are not read are named, pickled objects are refused") {
  const std::pair<const char*, const char*> cases[] = {
      {"'|O'", "the type is '|O': pickled objects are not read"},
      {"'O'", "the type is 'O': pickled objects are not read"},
      {"[('a', '<f4')]", "records (structured types) are not read"},
      {"'<c8'", "the type is '<c8': complex numbers are not read; b1, i1 i2 i4 i8, u1 u2 u4 u8, f2 f4 f8 are"},
      {"'<U3'", "the type is '<U3': strings are not read; b1, i1 i2 i4 i8, u1 u2 u4 u8, f2 f4 f8 are"},
      {"'<M8[ns]'", "the type is '<M8[ns]': dates are not read; b1, i1 i2 i4 i8, u1 u2 u4 u8, f2 f4 f8 are"},
      {"'|V3'", "the type is '|V3': raw bytes are not read; b1, i1 i2 i4 i8, u1 u2 u4 u8, f2 f4 f8 are"},
      {"'<i3'", "the type is '<i3': elements of this type are not read; b1, i1 i2 i4 i8, u1 u2 u4 u8, f2 f4 f8 are"},
      {"''", "the type is '': elements of this type are not read; b1, i1 i2 i4 i8, u1 u2 u4 u8, f2 f4 f8 are"},
  };
  for (const auto& [descr, text] : cases)
    CHECK(refusal(npy_bytes(std::string("{'descr': ") + descr + ", 'fortran_order': False, 'shape': (2,), }")) ==
          std::string("at byte 20: ") + text);
}

TEST_CASE("shapes that are negative, too large, nested or no tuple are refused") {
  std::string axes;
  for (int i = 0; i < 1000; ++i) axes += "1, ";
  const std::pair<std::string, std::string> cases[] = {
      {"(-2,)", "at byte 61: the shape has a negative extent"},
      {"(9223372036854775808,)", "at byte 61: the shape has an extent of 2^63 or more"},
      {"(2)", "at byte 62: the shape must be a tuple of numbers; one axis is written (3,)"},
      {"2", "at byte 60: the shape must be a tuple of numbers, as (2, 3)"},
      {"[2]", "at byte 60: the shape must be a tuple of numbers, as (2, 3)"},
      {"((2,),)", "at byte 61: the shape must be a tuple of numbers, as (2, 3)"},
      {"(__import__('os').system('true'),)", "at byte 61: the shape must be a tuple of numbers, as (2, 3)"},
      {"(" + axes + ")", "at byte 157: the shape has more than 32 axes"},
  };
  for (const auto& [shape, text] : cases)
    CHECK(refusal(npy_bytes("{'descr': '<f4', 'fortran_order': False, 'shape': " + shape + "}")) == text);
  CHECK(refusal(npy_bytes("{'descr': '<f4', 'fortran_order': False, 'shape': (4294967296, 4294967296)}")) ==
        "at byte 86: the shape [4294967296, 4294967296] means 2^63 bytes or more");
  CHECK(refusal(npy_bytes("{'descr': '<f8', 'fortran_order': False, 'shape': (0, 4611686018427387904)}", 0)) ==
        "at byte 86: the shape [0, 4611686018427387904] means 2^63 bytes or more");
  CHECK(loaded(npy_bytes("{'descr': '|i1', 'fortran_order': False, 'shape': (0, 4611686018427387904)}", 0)).size() ==
        0);
}

TEST_CASE("data shorter or longer than the shape says is refused with both counts") {
  CHECK(refusal(npy_bytes(float_header, 7)) == "at byte 68: float32[2] needs 8 bytes of data, but 7 are there");
  CHECK(refusal(npy_bytes(float_header, 9)) == "at byte 68: float32[2] needs 8 bytes of data, but 9 are there");
}

TEST_CASE("a path without a file, a folder and a pipe are refused by name") {
  const Scratch scratch;
  const std::string pipe = scratch / "pipe";
  REQUIRE(::mkfifo(pipe.c_str(), 0600) == 0);
  CHECK(message<FileError>([] { load_npy("/nowhere/x.npy"); }) ==
        "load_npy(\"/nowhere/x.npy\"): cannot open it: No such file or directory");
  CHECK(message<FileError>([&] { load_npy(scratch.path()); }) ==
        "load_npy(\"" + scratch.path() + "\"): it is a directory, not a file");
  CHECK(message<FileError>([&] { load_npy(pipe); }) ==
        "load_npy(\"" + pipe + "\"): it is a device, pipe or socket, not a file");
}

TEST_CASE("saving refuses bfloat16, folders, devices and missing folders") {
  const Scratch scratch;
  const Array a{1.f, 2.f};
  CHECK(message<DTypeError>([&] { save_npy("x.npy", a.astype(bfloat16)); }) ==
        "save_npy(\"x.npy\"): bfloat16[2] has no type in .npy; save a.astype(float32)");
  CHECK(message<FileError>([&] { save_npy(scratch.path(), a); }) ==
        "save_npy(\"" + scratch.path() + "\"): it is a directory");
  CHECK(message<FileError>([&] { save_npy("/dev/null", a); }) ==
        "save_npy(\"/dev/null\"): it is a device, pipe or socket, not a file");
  CHECK(message<FileError>([&] { save_npy("", a); }) == "save_npy(\"\"): the path is empty");
  CHECK(message<FileError>([&] { save_npy(scratch / "none/x.npy", a); }) ==
        "save_npy(\"" + scratch.path() + "/none/x.npy\"): cannot write there: No such file or directory");
}

TEST_CASE("a full disk leaves the old file whole and no temporary one") {
  const Scratch scratch;
  const std::string npy = scratch / "x.npy", npz = scratch / "x.npz";
  const Array old{1, 2, 3}, big = Array::zeros({100000});
  save_npy(npy, old);
  save_npz(npz, {{"old", old}});
  std::string npy_text, npz_text;
  {
    const FileSizeLimit limit(50000);
    npy_text = message<FileError>([&] { save_npy(npy, big); });
    npz_text = message<FileError>([&] { save_npz(npz, {{"big", big}}); });
  }
  CHECK(npy_text == "save_npy(\"" + npy + "\"): writing failed: File too large; the target is unchanged");
  CHECK(npz_text.find("writing failed: ") != std::string::npos);
  CHECK(npz_text.find("File too large") != std::string::npos);
  CHECK(array_equal(load_npy(npy), old));
  CHECK(array_equal(load_npz(npz)["old"], old));
  CHECK(scratch.names() == std::vector<std::string>{"x.npy", "x.npz"});
}

TEST_CASE("a link to no file yet is written through, and a file in the way of a temporary one is left alone") {
  const Scratch scratch;
  std::filesystem::create_directory(scratch / "there");
  std::filesystem::create_symlink("there/x.npy", scratch / "link.npy");
  save_npy(scratch / "link.npy", Array{1, 2});
  CHECK(std::filesystem::is_symlink(scratch / "link.npy"));
  CHECK(array_equal(load_npy(scratch / "there/x.npy"), Array{1, 2}));
  const Replacement one(scratch / "x.npy", "one"), two(scratch / "x.npy", "two");
  CHECK(one.temp() != two.temp());
  { const Replacement three(scratch / "x.npy", "three"); }
  CHECK(std::filesystem::exists(one.temp()));
}

TEST_CASE("a program killed while it saves leaves the old file or the new one") {
  const Scratch scratch;
  const std::string npy = scratch / "x.npy", npz = scratch / "x.npz";
  const Array old = Array::full({1000}, 1.0), fresh = Array::full({300000}, 2.0);
  save_npy(npy, old);
  save_npz(npz, {{"x", old}});
  for (const int microseconds : {0, 200, 500, 1000, 2000, 4000, 8000}) {
    const pid_t child = ::fork();
    if (child == 0)
      for (;;) {
        save_npy(npy, fresh);
        save_npz(npz, {{"x", fresh}});
      }
    ::usleep(static_cast<useconds_t>(microseconds));
    ::kill(child, SIGKILL);
    ::waitpid(child, nullptr, 0);
    for (const Array& x : {load_npy(npy), load_npz(npz)["x"]}) CHECK((array_equal(x, old) || array_equal(x, fresh)));
  }
}

TEST_CASE("saving keeps permissions and symbolic links, and may replace the file that was loaded") {
  const Scratch scratch;
  const std::string path = scratch / "x.npy", link = scratch / "link.npy";
  save_npy(path, Array{1, 2, 3});
  REQUIRE(::chmod(path.c_str(), 0640) == 0);
  std::filesystem::create_symlink(path, link);
  save_npy(link, load_npy(link).reshape({3, 1}));
  CHECK(std::filesystem::is_symlink(link));
  CHECK(load_npy(path).shape() == Extents{3, 1});
  struct stat facts = {};
  REQUIRE(::stat(path.c_str(), &facts) == 0);
  CHECK((facts.st_mode & 0777) == 0640);
}
