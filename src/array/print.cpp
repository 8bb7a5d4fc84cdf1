// Arrays as text, by NumPy's rules: one format for all elements, found from those that are shown.
#include <algorithm>
#include <charconv>
#include <cmath>
#include <ostream>

#include "array/body.h"
#include "base/dtype.h"
#include "base/error.h"

namespace croton {

namespace {
constexpr Index threshold = 1000, edge_items = 3;
constexpr std::size_t line_width = 75;
constexpr int precision = 8;

// ---- floats
struct Decimal {
  std::string sign, digits;  // d.ddd x 10^exponent, no zeros at the end
  int exponent = 0;
};

Decimal parse_scientific(std::string_view text) {
  Decimal d;
  if (text.front() == '-') {
    d.sign = "-";
    text.remove_prefix(1);
  }
  const auto e = text.find('e');
  for (char c : text.substr(0, e))
    if (c != '.') d.digits += c;
  while (d.digits.size() > 1 && d.digits.back() == '0') d.digits.pop_back();
  const std::size_t sign = text[e + 1] == '+' ? 1 : 0;
  std::from_chars(text.data() + e + 1 + sign, text.data() + text.size(), d.exponent);
  return d;
}

template <class F, class... Format>
std::string chars(F x, Format... format) {
  char buffer[512];
  return {buffer, std::to_chars(buffer, buffer + sizeof buffer, x, format...).ptr};
}

bool same_value(float a, float b) { return std::bit_cast<std::uint32_t>(a) == std::bit_cast<std::uint32_t>(b); }
float round_trip(Float16, double x) { return to_float(to_float16(x)); }
float round_trip(BFloat16, double x) { return to_float(to_bfloat16(x)); }

// The fewest digits that read back as the same number.
template <class F>
Decimal shortest(F x) {
  return parse_scientific(chars(x, std::chars_format::scientific));
}
template <class Half>
requires(std::same_as<Half, Float16> || std::same_as<Half, BFloat16>) Decimal shortest(Half h) {
  const float x = to_float(h);
  for (int places = 0;; ++places) {
    const std::string text = chars(x, std::chars_format::scientific, places);
    double read = 0;
    std::from_chars(text.data(), text.data() + text.size(), read);
    if (places == 9 || same_value(round_trip(h, read), x)) return parse_scientific(text);
  }
}

float widened(Float16 h) { return to_float(h); }
float widened(BFloat16 h) { return to_float(h); }
float widened(float x) { return x; }
double widened(double x) { return x; }

struct Parts {
  std::string whole, fraction, exponent;  // "-12" "5" "+03"
};

std::string exponent_text(int e) { return fmt::format("{}{:02}", e < 0 ? '-' : '+', std::abs(e)); }

template <class T>
Parts scientific(T value, int places) {
  Decimal d = shortest(value);
  if (static_cast<int>(d.digits.size()) > places + 1)
    d = parse_scientific(chars(widened(value), std::chars_format::scientific, places));
  return {d.sign + d.digits[0], d.digits.substr(1), exponent_text(d.exponent)};
}

// "1.50e+003": as many digits of the exact value and of the exponent as the widest element has.
template <class F>
std::string with_exponent(F x, std::size_t places, std::size_t exponent_size) {
  const std::string text = chars(x, std::chars_format::scientific, static_cast<int>(places));
  const auto e = text.find('e');
  const std::string zeros(exponent_size - (text.size() - e - 1), '0');
  return text.substr(0, e) + (places == 0 ? "." : "") + text.substr(e, 2) + zeros + text.substr(e + 2);
}

// `places` digits after the point at most; negative: as many as there are.
template <class T>
Parts positional(T value, int places) {
  Decimal d = shortest(value);
  const int size = static_cast<int>(d.digits.size());
  if (places >= 0 && size - 1 - d.exponent > places) {
    const std::string text = chars(widened(value), std::chars_format::fixed, places);
    const auto point = text.find('.');
    std::string fraction = text.substr(point + 1);
    fraction.erase(fraction.find_last_not_of('0') + 1);
    return {text.substr(0, point), fraction, ""};
  }
  if (d.exponent < 0)
    return {d.sign + "0", d.digits == "0" ? "" : std::string(static_cast<std::size_t>(-d.exponent - 1), '0') + d.digits,
            ""};
  d.digits.append(static_cast<std::size_t>(std::max(0, d.exponent + 1 - size)), '0');
  const auto point = static_cast<std::size_t>(d.exponent) + 1;
  return {d.sign + d.digits.substr(0, point), d.digits.substr(point), ""};
}

// From here on numbers count as too large for plain digits: 10^(the type's decimal digits), at most 10^8.
double plain_limit(DType d) { return d == DType::float64 ? 1e8 : d == DType::float32 ? 1e6 : 1e3; }

template <class F>
bool wants_exponents(const std::vector<F>& finite, DType dtype) {
  F largest = 0, smallest = std::numeric_limits<F>::infinity();
  for (F x : finite) {
    if (x == 0) continue;
    largest = std::max(largest, std::fabs(x));
    smallest = std::min(smallest, std::fabs(x));
  }
  return largest != 0 && (static_cast<double>(largest) >= plain_limit(dtype) ||
                          static_cast<double>(smallest) < 0.0001 || largest / smallest > F{1000});
}

std::string padded_left(const std::string& text, std::size_t width) {
  return text.size() < width ? std::string(width - text.size(), ' ') + text : text;
}

template <class T>
std::vector<std::string> float_words(const std::vector<T>& values, DType dtype) {
  std::vector<decltype(widened(T{}))> finite;
  for (T v : values)
    if (std::isfinite(widened(v))) finite.push_back(widened(v));
  const bool exponents = wants_exponents(finite, dtype);
  std::vector<Parts> parts;
  std::size_t whole = 0, fraction = 0, exponent = 0;
  for (T v : values) {
    if (!std::isfinite(widened(v))) {
      parts.emplace_back();
      continue;
    }
    parts.push_back(exponents ? scientific(v, precision) : positional(v, precision));
    whole = std::max(whole, parts.back().whole.size());
    fraction = std::max(fraction, parts.back().fraction.size());
    exponent = std::max(exponent, parts.back().exponent.size());
  }
  // what follows the point: digits, and "e+03" where there are exponents
  const std::size_t tail = fraction + (exponents ? exponent + 1 : 0);
  for (T v : values)
    if (!std::isfinite(widened(v))) {
      const std::size_t size = std::isinf(widened(v)) && widened(v) < 0 ? 4 : 3;
      whole = std::max(whole, size > tail + 1 ? size - tail - 1 : 0);
    }
  std::vector<std::string> words;
  for (std::size_t i = 0; i < values.size(); ++i) {
    const auto x = widened(values[i]);
    const Parts& p = parts[i];
    if (std::isnan(x))
      words.push_back(padded_left("nan", whole + 1 + tail));
    else if (std::isinf(x))
      words.push_back(padded_left(x < 0 ? "-inf" : "inf", whole + 1 + tail));
    else if (exponents)
      words.push_back(padded_left(with_exponent(x, fraction, exponent), whole + 1 + tail));
    else
      words.push_back(padded_left(p.whole, whole) + "." + p.fraction + std::string(fraction - p.fraction.size(), ' '));
  }
  return words;
}

// ---- words for the elements that are shown
template <class T>
std::vector<std::string> words_for(const std::vector<T>& values, DType dtype) {
  if constexpr (std::same_as<T, bool>) {
    std::vector<std::string> words;
    words.reserve(values.size());
    for (bool b : values) words.push_back(b ? " True" : "False");
    return words;
  } else if constexpr (std::is_integral_v<T>) {
    std::vector<std::string> words;
    words.reserve(values.size());
    std::size_t width = 0;
    for (T v : values) {
      words.push_back(std::to_string(v));
      width = std::max(width, words.back().size());
    }
    for (std::string& w : words) w = padded_left(w, width);
    return words;
  } else {
    return float_words(values, dtype);
  }
}

struct Shown {
  bool summarised = false;
  Extents shape;
  bool cut(std::size_t axis) const { return summarised && shape[axis] > 2 * edge_items; }
  // calls f(index) for the visible indices of an axis
  template <class F>
  void each(std::size_t axis, F&& f) const {
    for (Index i = 0; i < shape[axis]; ++i) {
      if (cut(axis) && i == edge_items) i = shape[axis] - edge_items;
      f(i);
    }
  }
};

void collect(const Shown& shown, const Extents& strides, std::size_t axis, Index offset, std::vector<Index>& offsets) {
  if (axis == shown.shape.size()) return offsets.push_back(offset);
  shown.each(axis, [&](Index i) { collect(shown, strides, axis + 1, offset + i * strides[axis], offsets); });
}

// ---- layout
class Layout {
 public:
  Layout(const Shown& shown, const std::vector<std::string>& words) : shown_(shown), next_(words.begin()) {}
  std::string text() { return block(0, " ", line_width); }

 private:
  std::string block(std::size_t axis, const std::string& indent, std::size_t width) {
    const std::string inside =
        axis + 1 == shown_.shape.size() ? row(axis, indent, width - 1) : rows(axis, indent, width);
    return "[" + inside.substr(indent.size()) + "]";
  }

  std::string row(std::size_t axis, const std::string& indent, std::size_t width) {
    std::string done, line = indent;
    const auto add = [&](const std::string& word) {
      if (line.size() + word.size() > width && line.size() > indent.size()) {
        line.erase(line.find_last_not_of(' ') + 1);
        done += line + "\n";
        line = indent;
      }
      line += word;
    };
    shown_.each(axis, [&](Index i) {
      if (i != 0) line += " ";
      if (shown_.cut(axis) && i == shown_.shape[axis] - edge_items) {
        add("...");
        line += " ";
      }
      add(*next_++);
    });
    return done + line;
  }

  std::string rows(std::size_t axis, const std::string& indent, std::size_t width) {
    std::string done;
    const std::string newlines(shown_.shape.size() - axis - 1, '\n');
    shown_.each(axis, [&](Index i) {
      if (i != 0) done += newlines;
      if (shown_.cut(axis) && i == shown_.shape[axis] - edge_items) done += indent + "..." + newlines;
      done += indent + block(axis + 1, indent + " ", width - 1);
    });
    return done;
  }

  const Shown& shown_;
  std::vector<std::string>::const_iterator next_;
};

// str() of a NumPy scalar
template <class T>
std::string scalar_text(T v, DType dtype) {
  if constexpr (std::same_as<T, bool>)
    return v ? "True" : "False";
  else if constexpr (std::is_integral_v<T>)
    return std::to_string(v);
  else {
    const auto x = widened(v);
    if (std::isnan(x)) return "nan";
    if (std::isinf(x)) return x < 0 ? "-inf" : "inf";
    const double magnitude = std::fabs(static_cast<double>(x)),
                 limit = std::same_as<T, double> ? 1e16 : plain_limit(dtype);
    if (magnitude == 0 || (magnitude >= 1e-4 && magnitude < limit)) {
      const Parts p = positional(v, -1);
      return p.whole + "." + (p.fraction.empty() ? "0" : p.fraction);
    }
    const Parts p = scientific(v, 40);
    return p.whole + (p.fraction.empty() ? "" : "." + p.fraction) + "e" + p.exponent;
  }
}

template <class T>
std::string array_text(const Array& a) {
  const Shown shown{a.size() > threshold, a.shape()};
  std::vector<Index> offsets;
  collect(shown, strides(a), 0, 0, offsets);
  std::vector<T> values;
  values.reserve(offsets.size());
  for (Index offset : offsets) values.push_back(data_as<T>(a)[offset]);
  return Layout(shown, words_for(values, a.dtype())).text();
}
}  // namespace

std::string element_text(const Array& scalar) {
  return visit_dtype(scalar.dtype(), [&]<class T>(T) { return scalar_text(*data_as<T>(scalar), scalar.dtype()); });
}

std::ostream& operator<<(std::ostream& out, const Array& a) {
  if (a.size() == 0) return out << "[]";
  if (a.ndim() == 0) return out << element_text(a);
  return out << visit_dtype(a.dtype(), [&]<class T>(T) { return array_text<T>(a); });
}

}  // namespace croton
