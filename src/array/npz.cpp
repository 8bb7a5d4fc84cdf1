// .npz: a zip of .npy files, read and written through libzip; members never touch the disk.
#include <zip.h>

#include <algorithm>
#include <memory>
#include <set>

#include "array/access.h"
#include "array/npy.h"
#include "base/cgroup.h"
#include "base/error.h"
#include "base/size_signal.h"

namespace croton {

namespace {
struct Discard {
  void operator()(zip_t* z) const { zip_discard(z); }
  void operator()(zip_file_t* f) const { zip_fclose(f); }
};
using Archive = std::unique_ptr<zip_t, Discard>;
using Member = std::unique_ptr<zip_file_t, Discard>;

constexpr zip_int64_t most_members = 65536;
constexpr std::uint64_t default_limit = std::uint64_t{64} << 30;
constexpr std::uint64_t deflate_ratio = 1032;  // DEFLATE cannot do better: one bit pair for 258 bytes
constexpr std::string_view suffix = ".npy";

std::string text_of(int code) {
  zip_error_t e;
  zip_error_init_with_code(&e, code);
  std::string text = zip_error_strerror(&e);
  zip_error_fini(&e);
  return text;
}

Archive open_archive(const std::string& path, const std::string& verb) {
  const InputFile regular(path, verb);  // libzip's own errors do not tell a directory from a broken archive
  int code = 0;
  Archive z(zip_open(path.c_str(), ZIP_RDONLY | ZIP_CHECKCONS, &code));
  // two members of one name: opened without the check, they can be named
  if (!z && code == ZIP_ER_EXISTS) z.reset(zip_open(path.c_str(), ZIP_RDONLY, &code));
  if (!z) fail<FileError>("{}: not a whole zip archive: {}", verb, text_of(code));
  return z;
}

zip_stat_t facts_of(zip_t* z, zip_uint64_t i, const std::string& verb) {
  zip_stat_t facts;
  zip_stat_init(&facts);
  constexpr zip_uint64_t needed = ZIP_STAT_NAME | ZIP_STAT_SIZE | ZIP_STAT_COMP_SIZE | ZIP_STAT_COMP_METHOD;
  if (zip_stat_index(z, i, 0, &facts) != 0 || (facts.valid & needed) != needed)
    fail<FileError>("{}: member {}: its entry cannot be read: {}", verb, i, zip_strerror(z));
  return facts;
}

// What can be known before anything is unpacked.
void check_member(const zip_stat_t& facts, const std::string& label) {
  if ((facts.valid & ZIP_STAT_ENCRYPTION_METHOD) && facts.encryption_method != ZIP_EM_NONE)
    fail<FileError>("{}: it is encrypted; encrypted members are not read", label);
  if (facts.comp_method != ZIP_CM_STORE && facts.comp_method != ZIP_CM_DEFLATE)
    fail<FileError>("{}: compression method {}; stored and deflated members are read", label, facts.comp_method);
  const std::uint64_t most = facts.comp_method == ZIP_CM_STORE ? facts.comp_size : facts.comp_size * deflate_ratio;
  if (facts.comp_size <= UINT64_MAX / deflate_ratio && facts.size > most)
    fail<FileError>("{}: {} bytes are declared, but its {} bytes in the archive cannot hold more than {}", label,
                    facts.size, facts.comp_size, most);
}

Array read_member(zip_t* z, zip_uint64_t i, const zip_stat_t& facts, const std::string& label) {
  const Member file(zip_fopen_index(z, i, 0));
  if (!file) fail<FileError>("{}: {}", label, zip_strerror(z));
  const auto take = [&](std::byte* to, std::size_t bytes) {
    std::size_t done = 0;
    while (done < bytes) {
      const zip_int64_t n = zip_fread(file.get(), to + done, bytes - done);
      if (n < 0) fail<FileError>("{}: {}", label, zip_error_strerror(zip_file_get_error(file.get())));
      if (n == 0) break;
      done += static_cast<std::size_t>(n);
    }
    return done;
  };
  ByteSource source{label, facts.size, 0, [&](std::byte* to, std::size_t bytes) {
                      if (take(to, bytes) != bytes)
                        fail<FileError>("{}: it unpacks to less than the declared {} bytes", label, facts.size);
                    }};
  Array a = read_npy(source);
  std::byte beyond;  // reading on to the end makes libzip compare the checksum
  if (take(&beyond, 1) != 0) fail<FileError>("{}: it unpacks to more than the declared {} bytes", label, facts.size);
  return a;
}

std::string array_name(std::string_view member, const std::string& verb) {
  if (!member.ends_with(suffix)) fail<FileError>("{}: member \"{}\" is not an .npy file", verb, member);
  return std::string(member.substr(0, member.size() - suffix.size()));
}
}  // namespace

std::vector<std::pair<std::string, Array>> read_npz(const std::string& path, std::uint64_t limit) {
  const std::string verb = fmt::format("load_npz(\"{}\")", path);
  const Archive z = open_archive(path, verb);
  const zip_int64_t members = zip_get_num_entries(z.get(), 0);
  if (members > most_members)
    fail<FileError>("{}: it has {} members; at most {} are read", verb, members, most_members);
  std::set<std::string> seen;
  std::uint64_t total = 0;
  for (zip_uint64_t i = 0; i < static_cast<zip_uint64_t>(members); ++i) {
    const zip_stat_t facts = facts_of(z.get(), i, verb);
    if (!seen.insert(array_name(facts.name, verb)).second)
      fail<FileError>("{}: two members have the name \"{}\"", verb, facts.name);
    check_member(facts, fmt::format("{}: member \"{}\"", verb, facts.name));
    if (facts.size > limit - total)
      fail<FileError>("{}: its members declare more than {} bytes together; that is the most that is read", verb,
                      limit);
    total += facts.size;
  }
  std::vector<std::pair<std::string, Array>> arrays;
  for (zip_uint64_t i = 0; i < static_cast<zip_uint64_t>(members); ++i) {
    const zip_stat_t facts = facts_of(z.get(), i, verb);
    arrays.emplace_back(array_name(facts.name, verb),
                        read_member(z.get(), i, facts, fmt::format("{}: member \"{}\"", verb, facts.name)));
  }
  return arrays;
}

Npz load_npz(std::string_view path) {
  Npz npz;
  npz.path_ = path;
  npz.arrays_ = read_npz(npz.path_, std::min(default_limit, available_bytes()));
  return npz;
}

Npz::Npz() = default;
Npz::Npz(const Npz&) = default;
Npz::Npz(Npz&&) noexcept = default;
Npz& Npz::operator=(const Npz&) = default;
Npz& Npz::operator=(Npz&&) noexcept = default;
Npz::~Npz() = default;

bool Npz::has(std::string_view name) const {
  return std::any_of(arrays_.begin(), arrays_.end(), [&](const auto& a) { return a.first == name; });
}

std::vector<std::string> Npz::names() const {
  std::vector<std::string> names;
  for (const auto& a : arrays_) names.push_back(a.first);
  return names;
}

Array Npz::operator[](std::string_view name) const {
  for (const auto& [held, array] : arrays_)
    if (held == name) return array;
  fail<FileError>("load_npz(\"{}\"): no array \"{}\"; it holds{}", path_, name,
                  arrays_.empty() ? " none" : fmt::format(": {}", fmt::join(names(), ", ")));
}

namespace {
using Named = std::pair<std::string_view, Array>;

void add_member(zip_t* z, std::string_view name, const std::string& head, const Array& rows, const std::string& verb) {
  const zip_buffer_fragment_t pieces[] = {
      {reinterpret_cast<zip_uint8_t*>(const_cast<char*>(head.data())), head.size()},  // only read from
      {reinterpret_cast<zip_uint8_t*>(const_cast<std::byte*>(data(rows))),
       static_cast<zip_uint64_t>(rows.size()) * size_of(rows.dtype())}};
  zip_source_t* source = zip_source_buffer_fragment(z, pieces, rows.size() == 0 ? 1 : 2, 0);
  const std::string member = fmt::format("{}{}", name, suffix);
  const zip_int64_t i = source ? zip_file_add(z, member.c_str(), source, ZIP_FL_ENC_UTF_8) : -1;
  if (i < 0) {
    if (source) zip_source_free(source);
    fail<FileError>("{}: member \"{}\": {}", verb, member, zip_strerror(z));
  }
  const auto index = static_cast<zip_uint64_t>(i);
  zip_set_file_compression(z, index, ZIP_CM_STORE, 0);
  zip_file_set_dostime(z, index, 0, 0x21, 0);  // 1 January 1980: equal arrays make equal files
}

// libzip writes no file for an archive without members; this is the end record of one.
constexpr std::string_view empty_archive("PK\5\6\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 22);

void save(const std::string& path, const std::vector<Named>& arrays) {
  const std::string verb = fmt::format("save_npz(\"{}\")", path);
  std::vector<std::string> heads;
  std::vector<Array> rows;
  std::set<std::string_view> seen;
  for (const auto& [name, array] : arrays) {
    if (!seen.insert(name).second) fail<FileError>("{}: two arrays have the name \"{}\"", verb, name);
    rows.push_back(contiguous(array));
    heads.push_back(npy_head(array, fmt::format("{}: {}", verb, name)));
  }
  Replacement file(path, verb);
  if (arrays.empty()) {
    write_file(file.temp(), verb, empty_archive, nullptr, 0);
    return file.commit();
  }
  int code = 0;
  Archive z(zip_open(file.temp().c_str(), ZIP_CREATE | ZIP_TRUNCATE, &code));
  if (!z) fail<FileError>("{}: cannot write there: {}", verb, text_of(code));
  for (std::size_t i = 0; i < arrays.size(); ++i) add_member(z.get(), arrays[i].first, heads[i], rows[i], verb);
  const NoSizeSignal guard;
  if (zip_close(z.get()) != 0)
    fail<FileError>("{}: writing failed: {}; the target is unchanged", verb, zip_strerror(z.get()));
  static_cast<void>(z.release());  // closed
  file.commit();
}
}  // namespace

void save_npz(std::string_view path, std::initializer_list<std::pair<std::string_view, Array>> arrays) {
  save(std::string(path), {arrays.begin(), arrays.end()});
}
void save_npz(std::string_view path, const std::vector<std::pair<std::string, Array>>& arrays) {
  save(std::string(path), {arrays.begin(), arrays.end()});
}

}  // namespace croton
