// The form of a cache entry in its file: a header of fixed size, then the compiled code.
#pragma once
#include "runtime/cache.h"

namespace croton::runtime {

struct EntryHeader {
  static constexpr std::uint64_t right_magic = 0x32656863'61434e43;  // "CNCache2"
  std::uint64_t magic = right_magic;
  std::uint64_t payload_bytes = 0;
  std::array<std::uint64_t, 4> key{};
  std::array<std::uint64_t, 2> digest{};
  std::array<char, 64> name{};
};
static_assert(sizeof(EntryHeader) == 128);

EntryHeader entry_header(const CacheKey&, std::string_view name, std::span<const std::byte> payload);

/// Whether a file of that many bytes can be the entry that its header says it is.
bool plausible(const EntryHeader&, std::int64_t file_bytes);

enum class EntryState { good, other_key, damaged };
/// Whether a file's bytes are a whole, undamaged entry of that key.
EntryState check_entry(std::span<const std::byte> file, const CacheKey&);

}  // namespace croton::runtime
