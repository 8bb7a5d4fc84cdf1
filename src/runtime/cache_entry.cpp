#include "runtime/cache_entry.h"

#include <fmt/format.h>
#define XXH_INLINE_ALL
#include <xxhash.h>

#include <algorithm>
#include <cstring>

namespace croton::runtime {
namespace {

std::array<std::uint64_t, 2> words(XXH128_hash_t h) { return {h.high64, h.low64}; }

std::array<std::uint64_t, 2> digest_of(EntryHeader header, std::span<const std::byte> payload) {
  header.digest = {};
  const std::array<std::uint64_t, 2> head = words(XXH3_128bits(&header, sizeof header));
  return words(XXH3_128bits_withSeed(payload.data(), payload.size(), head[0] ^ head[1]));
}

}  // namespace

std::string CacheKey::text() const { return fmt::format("{:016x}{:016x}", words[0], words[1]); }

std::string_view cache_world() {
#if defined(__x86_64__) && defined(__ILP32__)
#define CROTON_ARCHITECTURE "x32"
#elif defined(__x86_64__)
#define CROTON_ARCHITECTURE "x86_64"
#elif defined(__aarch64__)
#define CROTON_ARCHITECTURE "aarch64"
#else
#define CROTON_ARCHITECTURE "another architecture"
#endif
  static_assert(sizeof(void*) == 4 || sizeof(void*) == 8);
  return sizeof(void*) == 8 ? "croton " CROTON_VERSION ", " CROTON_ARCHITECTURE ", 64-bit pointers"
                            : "croton " CROTON_VERSION ", " CROTON_ARCHITECTURE ", 32-bit pointers";
}

CacheKey cache_key(std::span<const std::string_view> parts, std::string_view world) {
  std::string all(world);
  for (const std::string_view part : parts) {
    const std::uint64_t length = part.size();  // so that no two lists run together
    all.append(reinterpret_cast<const char*>(&length), sizeof length);
    all.append(part);
  }
  const auto first = words(XXH3_128bits(all.data(), all.size()));
  const auto second = words(XXH3_128bits_withSeed(all.data(), all.size(), 0x43726f746f6eULL));
  return {{first[0], first[1], second[0], second[1]}};
}

EntryHeader entry_header(const CacheKey& key, std::string_view name, std::span<const std::byte> payload) {
  EntryHeader header;
  header.payload_bytes = payload.size();
  header.key = key.words;
  name.copy(header.name.data(), header.name.size() - 1);
  header.digest = digest_of(header, payload);
  return header;
}

bool plausible(const EntryHeader& header, std::int64_t file_bytes) {
  const auto payload = static_cast<std::uint64_t>(file_bytes) - sizeof header;
  return header.magic == EntryHeader::right_magic && file_bytes >= static_cast<std::int64_t>(sizeof header) &&
         header.payload_bytes == payload;
}

EntryState check_entry(std::span<const std::byte> file, const CacheKey& key) {
  EntryHeader header;
  if (file.size() < sizeof header) return EntryState::damaged;
  std::memcpy(&header, file.data(), sizeof header);
  const auto payload = file.subspan(sizeof header);
  if (header.magic != EntryHeader::right_magic || header.payload_bytes != payload.size() ||
      header.digest != digest_of(header, payload)) {
    return EntryState::damaged;
  }
  return header.key == key.words ? EntryState::good : EntryState::other_key;
}

}  // namespace croton::runtime
