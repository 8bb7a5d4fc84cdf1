#include "runtime/cuda/cubin.h"

#include <elf.h>

#include <cstring>
#include <map>

#include "base/error.h"

namespace croton::runtime::cuda {
namespace {

// .nv.info is a list of records: a byte for the form, one for the meaning, two for a size or a small value.
enum : unsigned { form_sized = 4 };
enum : unsigned { frame_size = 0x11, min_stack_size = 0x12, register_count = 0x2f };

[[noreturn]] void refuse(std::string_view what) { fail<CompileError>("this is no whole cubin: {}", what); }

// Reading that never leaves the bytes, whatever the file says.
class Elf {
 public:
  explicit Elf(std::span<const std::byte> bytes) : bytes_(bytes) {
    header_ = at<Elf64_Ehdr>(0);
    if (!is_cubin(bytes) || header_.e_ident[EI_CLASS] != ELFCLASS64) refuse("it is no 64-bit ELF file");
    if (header_.e_shentsize != sizeof(Elf64_Shdr)) refuse("its section headers have another size");
    for (std::size_t i = 0; i < header_.e_shnum; ++i)
      sections_.push_back(at<Elf64_Shdr>(header_.e_shoff + i * sizeof(Elf64_Shdr)));
  }

  template <class T>
  T at(std::uint64_t place) const {
    if (place > bytes_.size() || bytes_.size() - place < sizeof(T)) refuse("it ends too early");
    T value;
    std::memcpy(&value, bytes_.data() + place, sizeof value);
    return value;
  }

  std::span<const Elf64_Shdr> sections() const { return sections_; }
  std::string name(const Elf64_Shdr& s) const { return text(header_.e_shstrndx, s.sh_name); }

  std::string text(std::size_t table, std::uint64_t from) const {
    if (table >= sections_.size()) refuse("it has no table of names");
    const Elf64_Shdr& s = sections_[table];
    std::string word;
    for (std::uint64_t i = from; i < s.sh_size; ++i) {
      const char letter = at<char>(s.sh_offset + i);
      if (letter == 0) return word;
      word += letter;
    }
    refuse("a name has no end");
  }

 private:
  std::span<const std::byte> bytes_;
  Elf64_Ehdr header_{};
  std::vector<Elf64_Shdr> sections_;
};

struct Symbols {
  std::vector<std::string> names;
  std::vector<bool> is_kernel;
};

// Kernels are global functions; device functions that were not inlined are local ones.
Symbols symbols_of(const Elf& elf) {
  Symbols found;
  for (const Elf64_Shdr& s : elf.sections()) {
    if (s.sh_type != SHT_SYMTAB) continue;
    for (std::uint64_t i = 0; i + sizeof(Elf64_Sym) <= s.sh_size; i += sizeof(Elf64_Sym)) {
      const auto symbol = elf.at<Elf64_Sym>(s.sh_offset + i);
      found.names.push_back(elf.text(s.sh_link, symbol.st_name));
      found.is_kernel.push_back(ELF64_ST_TYPE(symbol.st_info) == STT_FUNC &&
                                ELF64_ST_BIND(symbol.st_info) == STB_GLOBAL);
    }
  }
  return found;
}

// Registers and stack of every function, by number of its symbol.
void read_info(const Elf& elf, const Elf64_Shdr& s, std::map<unsigned, KernelNeeds>& needs) {
  for (std::uint64_t i = 0; i + 4 <= s.sh_size;) {
    const auto form = elf.at<unsigned char>(s.sh_offset + i), meaning = elf.at<unsigned char>(s.sh_offset + i + 1);
    const std::uint64_t size = form == form_sized ? elf.at<std::uint16_t>(s.sh_offset + i + 2) : 0;
    if (size >= 8) {
      const auto symbol = elf.at<std::uint32_t>(s.sh_offset + i + 4),
                 value = elf.at<std::uint32_t>(s.sh_offset + i + 8);
      if (meaning == register_count) needs[symbol].registers = value;
      // the smallest stack counts what callees need too
      if (meaning == frame_size || meaning == min_stack_size)
        needs[symbol].stack_bytes = std::max(needs[symbol].stack_bytes, value);
    }
    i += 4 + size;
  }
}

}  // namespace

bool is_cubin(std::span<const std::byte> image) {
  return image.size() >= SELFMAG && std::memcmp(image.data(), ELFMAG, SELFMAG) == 0;
}

std::vector<KernelNeeds> kernel_needs(std::span<const std::byte> cubin) {
  const Elf elf(cubin);
  const Symbols symbols = symbols_of(elf);
  std::map<unsigned, KernelNeeds> by_symbol;
  std::map<std::string, unsigned> shared;
  for (const Elf64_Shdr& s : elf.sections()) {
    const std::string name = elf.name(s);
    if (name == ".nv.info") read_info(elf, s, by_symbol);
    constexpr std::string_view shared_of = ".nv.shared.";
    if (name.starts_with(shared_of)) shared[name.substr(shared_of.size())] = static_cast<unsigned>(s.sh_size);
  }
  std::vector<KernelNeeds> kernels;
  for (auto& [symbol, needs] : by_symbol) {
    if (symbol >= symbols.names.size() || !symbols.is_kernel[symbol]) continue;
    needs.name = symbols.names[symbol];
    if (const auto found = shared.find(needs.name); found != shared.end()) needs.shared_bytes = found->second;
    kernels.push_back(needs);
  }
  return kernels;
}

}  // namespace croton::runtime::cuda
