#include <charconv>

#include "array/access.h"
#include "array/npy.h"
#include "base/error.h"

namespace croton {

namespace {
// "f4"; "" where .npy has no such type.
std::string_view code_of(DType d) {
  static constexpr std::string_view codes[] = {"b1", "i1", "i2", "i4", "i8", "u1", "u2",
                                               "u4", "u8", "f2", "",   "f4", "f8"};
  return codes[static_cast<std::size_t>(d)];
}

class HeaderParser {
 public:
  HeaderParser(std::string_view text, const std::string& label, std::uint64_t offset)
      : text_(text), label_(label), offset_(offset) {}

  NpyHeader parse() {
    expect('{');
    while (peek() != '}') {
      const std::size_t start = at_;
      const std::string key = string();
      expect(':');
      if (key == "descr")
        once(descr_, "descr", start), descr();
      else if (key == "fortran_order")
        once(order_, "fortran_order", start), header_.fortran_order = truth();
      else if (key == "shape")
        once(shape_, "shape", start), shape();
      else
        refuse(start, fmt::format("the key '{}' is unknown; the header has 'descr', 'fortran_order' and 'shape'", key));
      if (peek() != '}') expect(',');
    }
    ++at_;
    finish();
    return header_;
  }

 private:
  [[noreturn]] void refuse(std::size_t at, const std::string& reason) const {
    fail<FileError>("{}: at byte {}: {}", label_, offset_ + at, reason);
  }

  char peek() {
    while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\t')) ++at_;
    if (at_ == text_.size()) refuse(at_, "the header ends in the middle");
    return text_[at_];
  }

  void expect(char c) {
    const char found = peek();
    if (found != c)
      refuse(at_, fmt::format("the header has {:?} where '{}' is needed", std::string_view(&found, 1), c));
    ++at_;
  }

  std::string string() {
    const char quote = peek();
    if (quote != '\'' && quote != '"') refuse(at_, "the header needs a string in quotes here");
    const auto end = text_.find(quote, at_ + 1);
    if (end == std::string_view::npos) refuse(at_, "a string of the header has no end");
    const std::string_view s = text_.substr(at_ + 1, end - at_ - 1);
    if (s.find('\\') != std::string_view::npos) refuse(at_, "a string of the header has a backslash");
    at_ = end + 1;
    return std::string(s);
  }

  bool truth() {
    peek();
    for (const auto& [word, value] : {std::pair{std::string_view("True"), true}, {std::string_view("False"), false}})
      if (text_.substr(at_, word.size()) == word) {
        at_ += word.size();
        return value;
      }
    refuse(at_, "fortran_order must be True or False");
  }

  void shape() {
    if (peek() != '(') refuse(at_, "the shape must be a tuple of numbers, as (2, 3)");
    ++at_;
    while (peek() != ')') {
      if (header_.shape.size() == 32) refuse(at_, "the shape has more than 32 axes");
      header_.shape.add(extent());
      if (peek() == ')') {
        if (header_.shape.size() == 1) refuse(at_, "the shape must be a tuple of numbers; one axis is written (3,)");
      } else {
        expect(',');
      }
    }
    ++at_;
  }

  Index extent() {
    const char first = peek();
    if (first == '-') refuse(at_, "the shape has a negative extent");
    Index n = 0;
    const char* begin = text_.data() + at_;
    const auto [end, problem] = std::from_chars(begin, text_.data() + text_.size(), n);
    if (problem == std::errc::result_out_of_range) refuse(at_, "the shape has an extent of 2^63 or more");
    if (problem != std::errc{}) refuse(at_, "the shape must be a tuple of numbers, as (2, 3)");
    at_ += static_cast<std::size_t>(end - begin);
    if (at_ < text_.size() && text_[at_] == 'L') ++at_;  // Python 2 wrote long numbers as 3L
    return n;
  }

  void descr() {
    const char first = peek();
    const std::size_t start = at_;
    if (first == '[' || first == '(' || first == '{') refuse(start, "records (structured types) are not read");
    const std::string s = string();
    std::string_view rest = s;
    if (!rest.empty() && std::string_view("<>=|").find(rest[0]) != std::string_view::npos) {
      header_.swapped = rest[0] == '>';
      rest.remove_prefix(1);
    }
    const char kind = rest.empty() ? '\0' : rest[0];
    if (kind == 'O') refuse(start, fmt::format("the type is '{}': pickled objects are not read", s));
    if (rest == "?") rest = "b1";
    for (DType d : {boolean, int8, int16, int32, int64, uint8, uint16, uint32, uint64, float16, float32, float64})
      if (rest == code_of(d)) {
        header_.dtype = d;
        header_.swapped &= size_of(d) > 1;
        return;
      }
    const std::string_view what = kind == 'c'                  ? "complex numbers"
                                  : kind == 'S' || kind == 'U' ? "strings"
                                  : kind == 'a'                ? "strings"
                                  : kind == 'M' || kind == 'm' ? "dates"
                                  : kind == 'V'                ? "raw bytes"
                                                               : "elements of this type";
    refuse(start,
           fmt::format("the type is '{}': {} are not read; b1, i1 i2 i4 i8, u1 u2 u4 u8, f2 f4 f8 are", s, what));
  }

  void once(bool& seen, std::string_view key, std::size_t at) {
    if (seen) refuse(at, fmt::format("the key '{}' stands twice", key));
    seen = true;
  }

  void finish() {
    for (const auto& [seen, key] : {std::pair{descr_, "descr"}, {order_, "fortran_order"}, {shape_, "shape"}})
      if (!seen) refuse(0, fmt::format("the header has no key '{}'", key));
    while (at_ < text_.size() && text_[at_] == ' ') ++at_;
    if (at_ == text_.size()) refuse(at_, "the header does not end with a newline");
    if (at_ + 1 != text_.size() || text_[at_] != '\n') refuse(at_, "the header goes on after its closing brace");
  }

  std::string_view text_;
  const std::string& label_;
  std::uint64_t offset_;
  std::size_t at_ = 0;
  NpyHeader header_;
  bool descr_ = false, order_ = false, shape_ = false;
};
}  // namespace

NpyHeader parse_npy_header(std::string_view text, const std::string& label, std::uint64_t offset) {
  return HeaderParser(text, label, offset).parse();
}

std::string npy_head(const Array& a, const std::string& verb) {
  const std::string_view code = code_of(a.dtype());
  if (code.empty()) fail<DTypeError>("{}: {} has no type in .npy; save a.astype(float32)", verb, type_text(a));
  std::string shape;
  for (Index n : a.shape()) shape += fmt::format("{}{}", shape.empty() ? "" : " ", n) + ",";
  if (a.ndim() > 1) shape.pop_back();
  std::string text = fmt::format("{{'descr': '{}{}', 'fortran_order': False, 'shape': ({}), }}",
                                 size_of(a.dtype()) == 1 ? '|' : '<', code, shape);
  constexpr std::size_t before = 10;  // magic, version, length
  text.append((64 - (before + text.size() + 1) % 64) % 64, ' ');
  text += '\n';
  std::string head = "\x93NUMPY";
  head += '\x01';
  head += '\x00';
  head += static_cast<char>(text.size() & 0xff);
  head += static_cast<char>(text.size() >> 8);
  return head + text;
}

}  // namespace croton
