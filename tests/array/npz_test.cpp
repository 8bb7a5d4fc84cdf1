// .npz: archives come back whole; broken, lying and hostile ones are refused by name.
#include <zip.h>

#include <filesystem>

#include "array/access.h"
#include "array/npy.h"
#include "catch.h"
#include "message.h"
#include "scratch.h"

using namespace croton;

namespace {
struct RawMember {
  std::string name, data;
  std::uint32_t declared = 0;  // 0: the true size
  bool right_checksum = true;
  std::uint16_t flags = 0, method = 0;
  bool wide = false;  // sizes stand in a zip64 field
  std::uint64_t wide_size = 0, wide_packed = 0;
};

std::uint32_t checksum(const std::string& s) {
  std::uint32_t c = ~0u;
  for (char ch : s) {
    c ^= static_cast<unsigned char>(ch);
    for (int i = 0; i < 8; ++i) c = c >> 1 ^ (c & 1 ? 0xedb88320u : 0);
  }
  return ~c;
}

std::string little(std::uint64_t n, int bytes) {
  std::string s;
  for (int i = 0; i < bytes; ++i) s += static_cast<char>(n >> (8 * i) & 0xff);
  return s;
}

// A zip archive written field by field, so that its fields may lie.
std::string zip_bytes(const std::vector<RawMember>& members) {
  std::string all, directory;
  for (const RawMember& m : members) {
    const std::uint64_t beyond = 0xffffffff, declared = m.wide ? beyond : m.declared ? m.declared : m.data.size();
    const std::string more =
        m.wide ? little(1, 2) + little(16, 2) + little(m.wide_size, 8) + little(m.wide_packed, 8) : "";
    const std::string common = little(20, 2) + little(m.flags, 2) + little(m.method, 2) + little(0, 2) +
                               little(0x21, 2) + little(checksum(m.data) ^ (m.right_checksum ? 0u : 1u), 4) +
                               little(m.wide ? beyond : m.data.size(), 4) + little(declared, 4) +
                               little(m.name.size(), 2) + little(more.size(), 2);
    directory +=
        "PK\1\2" + little(20, 2) + common + little(0, 8) + little(0, 2) + little(all.size(), 4) + m.name + more;
    all += "PK\3\4" + common + m.name + more + m.data;
  }
  const std::string n = little(members.size(), 2);
  return all + directory + "PK\5\6" + little(0, 4) + n + n + little(directory.size(), 4) + little(all.size(), 4) +
         little(0, 2);
}

std::string npy_of(const Array& a) {
  const std::string head = npy_head(a, "test");
  return head +
         std::string(reinterpret_cast<const char*>(data(a)), static_cast<std::size_t>(a.size()) * size_of(a.dtype()));
}

// What load_npz says of these bytes, after `load_npz("..."): `.
std::string refusal(const std::string& bytes) {
  const Scratch scratch;
  const std::string path = scratch.write("x.npz", bytes);
  const std::string text = message<FileError>([&] { load_npz(path); });
  const std::string start = "load_npz(\"" + path + "\"): ";
  REQUIRE(text.substr(0, start.size()) == start);
  CHECK(scratch.names() == std::vector<std::string>{"x.npz"});
  return text.substr(start.size());
}

const Array sample{1, 2, 3};
}  // namespace

TEST_CASE("arrays come back from .npz by name, in the order they were given") {
  const Scratch scratch;
  const std::string path = scratch / "m.npz";
  save_npz(path, {{"W1", Array{{1.f, 2.f}, {3.f, 4.f}}}, {"b1", Array{true, false}}, {"empty", Array()}});
  const Npz m = load_npz(path);
  CHECK(m.names() == std::vector<std::string>{"W1", "b1", "empty"});
  CHECK(m.has("b1"));
  CHECK_FALSE(m.has("b1.npy"));
  CHECK(bits_equal(m["W1"], Array{{1.f, 2.f}, {3.f, 4.f}}));
  CHECK(bits_equal(m["b1"], Array{true, false}));
  CHECK(bits_equal(m["empty"], Array()));
  const std::vector<std::pair<std::string, Array>> more{{"x", sample}};
  save_npz(path, more);
  CHECK(load_npz(path).names() == std::vector<std::string>{"x"});
  save_npz(path, {});
  CHECK(load_npz(path).names().empty());
}

TEST_CASE("equal arrays make equal .npz files") {
  const Scratch scratch;
  save_npz(scratch / "a.npz", {{"x", sample}});
  save_npz(scratch / "b.npz", {{"x", sample}});
  CHECK(scratch.read("a.npz") == scratch.read("b.npz"));
}

TEST_CASE("a missing array is an error that names those that are there") {
  const Scratch scratch;
  const std::string path = scratch / "m.npz";
  save_npz(path, {{"W1", sample}, {"W2", sample}, {"b1", sample}, {"b2", sample}});
  CHECK(message<FileError>([&] { load_npz(path)["W"]; }) ==
        "load_npz(\"" + path + "\"): no array \"W\"; it holds: W1, W2, b1, b2");
}

TEST_CASE("NumPy's own archive of the tutorial's data is read") {
  const Npz moons = load_npz(CROTON_SOURCE_DIR "/tests/conformance/data/moons_reference.npz");
  CHECK(moons["X"].shape() == Extents{5000, 2});
  CHECK(moons["X"].dtype() == float32);
  CHECK(moons["y"].shape() == Extents{5000});
  CHECK(moons["y"].dtype() == int64);
  CHECK(moons["W1"].shape() == Extents{2, 1000});
  CHECK(moons["loss_float64"].at<double>(0) > 0);
  const Array y = moons["y"];
  Index ones = 0;
  for (std::int64_t label : y.values<std::int64_t>()) ones += label;
  CHECK(ones == 2500);
}

TEST_CASE("what is no archive, or half of one, is refused") {
  CHECK(refusal("no zip at all") == "not a whole zip archive: Not a zip archive");
  CHECK(refusal("") == "not a whole zip archive: Not a zip archive");
  const Scratch scratch;
  save_npz(scratch / "m.npz", {{"a", sample}, {"b", sample}});
  const std::string whole = scratch.read("m.npz");
  for (std::size_t n = 0; n < whole.size(); ++n)
    CHECK_THROWS_AS(load_npz(scratch.write("cut.npz", whole.substr(0, n))), FileError);
  CHECK(message<FileError>([&] { load_npz(scratch.path()); }) ==
        "load_npz(\"" + scratch.path() + "\"): it is a directory, not a file");
}

TEST_CASE("a bit that changed anywhere in an archive never gives other numbers") {
  const Scratch scratch;
  save_npz(scratch / "m.npz", {{"a", sample}});
  const std::string whole = scratch.read("m.npz");
  int refused = 0;
  for (std::size_t i = 0; i < whole.size(); ++i) {
    std::string changed = whole;
    changed[i] = static_cast<char>(changed[i] ^ 1 << i % 8);
    try {
      const Npz m = load_npz(scratch.write("changed.npz", changed));
      for (const std::string& name : m.names()) CHECK(bits_equal(m[name], sample));
    } catch (const FileError&) { ++refused; }
  }
  CHECK(refused > 200);
}

TEST_CASE("a wrong checksum is refused") {
  CHECK(refusal(zip_bytes({{.name = "a.npy", .data = npy_of(sample), .right_checksum = false}})) ==
        "member \"a.npy\": CRC error");
}

TEST_CASE("names are labels: folders, parents and roots in them reach no disk") {
  const Scratch scratch;
  const std::string path = scratch.write("x.npz", zip_bytes({{.name = "../../up.npy", .data = npy_of(sample)},
                                                             {.name = "/root.npy", .data = npy_of(sample)}}));
  const Npz m = load_npz(path);
  CHECK(m.names() == std::vector<std::string>{"../../up", "/root"});
  CHECK(scratch.names() == std::vector<std::string>{"x.npz"});
}

TEST_CASE("members of one name, that are encrypted, nested or oddly compressed are refused") {
  const std::string npy = npy_of(sample);
  CHECK(refusal(zip_bytes({{.name = "a.npy", .data = npy}, {.name = "a.npy", .data = npy}})) ==
        "two members have the name \"a.npy\"");
  CHECK(refusal(zip_bytes({{.name = "a.npy", .data = npy, .flags = 1}})) ==
        "member \"a.npy\": it is encrypted; encrypted members are not read");
  CHECK(refusal(zip_bytes({{.name = "inner.npz", .data = zip_bytes({})}})) ==
        "member \"inner.npz\" is not an .npy file");
  CHECK(refusal(zip_bytes({{.name = "a.npy", .data = npy, .method = 12}})) ==
        "member \"a.npy\": compression method 12; stored and deflated members are read");
  const Scratch scratch;
  CHECK(message<FileError>([&] {
          save_npz(scratch / "x.npz", {{"a", sample}, {"a", sample}});
        }) == "save_npz(\"" + (scratch / "x.npz") + "\"): two arrays have the name \"a\"");
}

TEST_CASE("a malformed member is refused at its byte") {
  const std::string npy = npy_of(sample);
  CHECK(refusal(zip_bytes({{.name = "a.npy", .data = npy.substr(0, npy.size() - 1)}})) ==
        "member \"a.npy\": at byte 128: int32[3] needs 12 bytes of data, but 11 are there");
  CHECK(refusal(zip_bytes({{.name = "a.npy", .data = "?"}})) ==
        "member \"a.npy\": at byte 1: the file ends after 1 bytes; an .npy file begins with 10");
}

TEST_CASE("sizes that lie are refused before memory is asked for") {
  const std::string npy = npy_of(sample);
  CHECK(refusal(zip_bytes({{.name = "a.npy", .data = npy, .declared = 4000000000u}})) ==
        "member \"a.npy\": 4000000000 bytes are declared, but its 140 bytes in the archive cannot hold more than 140");
  CHECK(
      refusal(zip_bytes({{.name = "a.npy", .data = npy, .declared = 4000000000u, .method = 8}})) ==
      "member \"a.npy\": 4000000000 bytes are declared, but its 140 bytes in the archive cannot hold more than 144480");
}

TEST_CASE("sizes of 64 bits are read, and refused where they lie") {
  const std::string npy = npy_of(sample);
  const std::uint64_t n = npy.size();
  const auto archive = [&](std::uint64_t size, std::uint64_t packed, std::uint16_t method = 0) {
    return zip_bytes(
        {{.name = "a.npy", .data = npy, .method = method, .wide = true, .wide_size = size, .wide_packed = packed}});
  };
  const Scratch scratch;
  CHECK(array_equal(load_npz(scratch.write("x.npz", archive(n, n)))["a"], sample));
  for (const std::uint64_t size : {n - 1, n + 1, std::uint64_t{1} << 40, std::uint64_t{1} << 63, ~std::uint64_t{0}})
    for (const std::uint16_t method : {std::uint16_t{0}, std::uint16_t{8}})
      CHECK(refusal(archive(size, n, method)) != "");
  for (const std::uint64_t packed : {n + 1, std::uint64_t{1} << 40, std::uint64_t{1} << 63, ~std::uint64_t{0}})
    for (const std::uint64_t size : {n, packed})
      for (const std::uint16_t method : {std::uint16_t{0}, std::uint16_t{8}})
        CHECK(refusal(archive(size, packed, method)) != "");
}

namespace {
// An archive that libzip deflates: one member of so many zeros.
std::string deflated_zeros(const Scratch& scratch, Index n) {
  const std::string npy = npy_of(Array::zeros({n}, int8)), path = scratch / "zeros.npz";
  zip_t* z = zip_open(path.c_str(), ZIP_CREATE, nullptr);
  zip_file_add(z, "zeros.npy", zip_source_buffer(z, npy.data(), npy.size(), 0), 0);
  REQUIRE(zip_close(z) == 0);
  return path;
}
}  // namespace

TEST_CASE("deflated members are read, up to a limit on what they declare together") {
  const Scratch scratch;
  const std::string path = deflated_zeros(scratch, 10000000);
  CHECK(std::filesystem::file_size(path) < 20000);
  CHECK(load_npz(path)["zeros"].size() == 10000000);
  CHECK(message<FileError>([&] { read_npz(path, 1000000); }) ==
        "load_npz(\"" + path +
            "\"): its members declare more than 1000000 bytes together; that is the most that is read");
}

TEST_CASE("a deflated member whose declared size is wrong either way is refused") {
  const Scratch scratch;
  const std::string whole = scratch.read(std::filesystem::path(deflated_zeros(scratch, 1000)).filename());
  const std::string true_size = little(1128, 4);
  for (std::uint32_t lie : {1127u, 1129u}) {
    std::string bytes = whole;
    for (std::size_t at = bytes.find(true_size); at != std::string::npos; at = bytes.find(true_size, at + 4))
      bytes.replace(at, 4, little(lie, 4));
    CHECK(refusal(bytes).find("member \"zeros.npy\": ") == 0);
  }
}

TEST_CASE("an archive of too many members is refused") {
  const Scratch scratch;
  const std::string path = scratch / "many.npz";
  zip_t* z = zip_open(path.c_str(), ZIP_CREATE, nullptr);
  for (int i = 0; i <= 65536; ++i)
    zip_file_add(z, (std::to_string(i) + ".npy").c_str(), zip_source_buffer(z, nullptr, 0, 0), 0);
  REQUIRE(zip_close(z) == 0);
  CHECK(message<FileError>([&] { load_npz(path); }) ==
        "load_npz(\"" + path + "\"): it has 65537 members; at most 65536 are read");
}
