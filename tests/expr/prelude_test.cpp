// The words of the C++ dialect: integers and their edges, casts, masks, memory, folds, each as lanes and as scalars.
#include <sys/mman.h>

#include <cmath>
#include <cstring>
#include <limits>
#include <random>

#include "base/dtype.h"
#include "catch.h"
#include "expr/measured.h"

using namespace croton;
using namespace measured;

namespace {

struct CName {
  DType dtype;
  const char* name;
};
constexpr CName c_types[] = {{int8, "i8"},     {int16, "i16"},   {int32, "i32"},  {int64, "i64"},   {uint8, "u8"},
                             {uint16, "u16"},  {uint32, "u32"},  {uint64, "u64"}, {float16, "f16"}, {bfloat16, "bf16"},
                             {float32, "f32"}, {float64, "f64"}, {boolean, "b8"}};

std::vector<std::string_view> integer_functions() {
  std::vector<std::string_view> names;
  for (const auto& f : expr::all_functions())
    if (f.natural && f.name != "select") names.push_back(f.name);
  return names;
}

bool takes(const expr::ScalarFunction& f, DType d) {
  return is_int(d) && (f.takes != expr::Takes::words || d == uint64);
}

/// NAME_TYPE(n, out, a, b, c) over vectors and NAME_TYPE_scalar over elements, for every integer function and type.
std::string integer_text() {
  const auto names = integer_functions();
  std::string text = expr::kernel_source(names);
  for (const std::string_view n : names) {
    const auto& f = expr::function(n);
    for (const auto& [dtype, t] : c_types) {
      if (!takes(f, dtype)) continue;
      std::string lanes, elements;
      for (int i = 0; i < f.arity; ++i) {
        lanes += fmt::format("{}load<L>(p{} + i)", i ? ", " : "", i);
        elements += fmt::format("{}p{}[i]", i ? ", " : "", i);
      }
      text += fmt::format(
          "extern \"C\" void {0}_{1}(i64 n, {1}* out, const {1}* p0, const {1}* p1, const {1}* p2) {{ constexpr int L "
          "= "
          "CROTON_VECTOR_BYTES / sizeof({1}); for (i64 i = 0; i < n; i += L) store(out + i, cast<{1}>({2}({3}))); }}\n"
          "extern \"C\" void {0}_{1}_scalar(i64 n, {1}* out, const {1}* p0, const {1}* p1, const {1}* p2) {{ for (i64 "
          "i = 0; i < "
          "n; ++i) out[i] = ({1}){2}({4}); }}\n",
          f.name, t, f.spelling, lanes, elements);
    }
  }
  return text;
}

template <class T>
std::vector<T> integers(unsigned seed) {
  using L = std::numeric_limits<T>;
  std::mt19937_64 random(seed);
  std::vector<T> x;
  while (x.size() < 4096) {
    const auto r = random();
    switch (random() % 4) {
      case 0: x.push_back(static_cast<T>(r)); break;
      case 1: x.push_back(static_cast<T>(static_cast<std::int64_t>(r % 21) - 10)); break;
      case 2: x.push_back(r & 1 ? L::max() : L::min()); break;
      default: x.push_back(static_cast<T>(r % (8 * sizeof(T) + 3)));
    }
  }
  return x;
}

template <class T>
std::size_t wrong_integers(const expr::ScalarFunction& f, const Unit& unit, const std::string& symbol) {
  using Wide = std::conditional_t<std::is_signed_v<T>, std::int64_t, std::uint64_t>;
  const auto a = integers<T>(1), b = integers<T>(2), c = integers<T>(3);
  std::vector<T> out(a.size());
  unit.symbol<void (*)(long, T*, const T*, const T*, const T*)>(symbol)(static_cast<long>(a.size()), out.data(),
                                                                        a.data(), b.data(), c.data());
  std::size_t wrong = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    const Wide v[] = {a[i], b[i], c[i]};
    if constexpr (std::is_signed_v<T>)
      wrong += out[i] != static_cast<T>(f.integer(v));
    else
      wrong += out[i] != static_cast<T>(f.natural(v));
  }
  return wrong;
}

/// cast_FROM_TO(n, out, in) and cast_FROM_TO_scalar for every pair.
std::string cast_text() {
  std::string text = expr::kernel_source({});
  for (const auto& [from, f] : c_types)
    for (const auto& [to, t] : c_types)
      text += fmt::format(
          "extern \"C\" void cast_{0}_{1}(i64 n, {1}* out, const {0}* p) {{ constexpr int L = CROTON_VECTOR_BYTES / "
          "(sizeof({0}) > "
          "sizeof({1}) ? sizeof({0}) : sizeof({1})); for (i64 i = 0; i < n; i += L) store(out + i, cast<{1}>(load<L>(p "
          "+ i))); "
          "}}\nextern \"C\" void cast_{0}_{1}_scalar(i64 n, {1}* out, const {0}* p) {{ for (i64 i = 0; i < n; ++i) "
          "out[i] = "
          "cast<{1}>(p[i]); }}\n",
          f, t);
  return text;
}

template <class T>
std::vector<T> cast_inputs() {
  std::vector<T> x;
  if constexpr (std::is_same_v<T, bool>)
    return {};
  else if constexpr (std::is_same_v<T, Float16> || std::is_same_v<T, BFloat16>)
    for (unsigned i = 0; i < 65536; i += 16) x.push_back({static_cast<std::uint16_t>(i + i / 16 % 16)});
  else if constexpr (std::is_floating_point_v<T>) {
    x = inputs<T>(3000, {-70000, 70000}, 5);
    for (const double v :
         {65504.0, 65519.9, 65520.0, 6.1e-5, 5.96e-8, 2.98e-8, 2.981e-8, 2147483647.0, 2147483648.0, 4294967296.0,
          9.2233720368547758e18, 1.8446744073709552e19, 1.00048828125, 1.00048828126, 255.5, -128.5, -129.0, 1e30})
      for (int s : {1, -1}) x.push_back(static_cast<T>(s * v));
    std::mt19937_64 random(6);  // of all sizes that integers have, with all bits in use
    for (int bits = 1; bits <= 65; ++bits)
      for (int i = 0; i < 8; ++i)
        x.push_back(static_cast<T>(std::ldexp(static_cast<double>(static_cast<std::int64_t>(random())), bits - 63)));
  } else
    x = integers<T>(9);
  x.resize(4096);
  return x;
}

/// What a cast means: through base/dtype.h.
template <class To, class From>
To expected(From x) {
  if constexpr (std::is_same_v<From, Float16> || std::is_same_v<From, BFloat16>)
    return expected<To>(to_float(x));
  else if constexpr (std::is_same_v<To, Float16> || std::is_same_v<To, BFloat16>) {
    // Integers beyond 2^53 lie far above what 16 bits tell apart.
    if constexpr (std::is_same_v<To, Float16>)
      return to_float16(static_cast<double>(x));
    else
      return to_bfloat16(static_cast<double>(x));
  } else if constexpr (std::is_same_v<To, bool>)
    return x != 0;
  else if constexpr (std::is_floating_point_v<From> && std::is_integral_v<To>)
    return saturate<To>(x);
  else
    return static_cast<To>(x);
}
template <class T>
bool same_value(T a, T b) {
  if constexpr (std::is_same_v<T, Float16> || std::is_same_v<T, BFloat16>)
    return same_value(to_float(a), to_float(b));
  else if constexpr (std::is_floating_point_v<T>)
    return std::isnan(a) ? std::isnan(b) : a == b && std::signbit(a) == std::signbit(b);
  else
    return a == b;
}

}  // namespace

TEST_CASE("integer functions wrap, never trap, and give NumPy's values at the edges, on every instruction set") {
  const std::string text = integer_text();
  for (const Isa& isa : isas()) {
    const Unit unit(text, isa);
    CHECK(unit.undefined() == "");
    for (const std::string_view name : integer_functions())
      for (const auto& [dtype, t] : c_types) {
        if (!takes(expr::function(name), dtype)) continue;
        visit_dtype(dtype, [&, name = name, t = t]<class T>(T) {
          if constexpr (std::is_integral_v<T> && !std::is_same_v<T, bool>)
            for (const char* form : {"", "_scalar"}) {
              INFO(name << " " << t << form << ", " << isa.bytes << " bytes");
              CHECK(wrong_integers<T>(expr::function(name), unit, fmt::format("{}_{}{}", name, t, form)) == 0);
            }
        });
      }
  }
}

namespace {

/// Pairs a, b: of any exponents, at most 2^40 apart, of any signs; multiples of b and their neighbours; the specials.
template <class T>
std::pair<std::vector<T>, std::vector<T>> dividends_and_divisors() {
  std::pair<std::vector<T>, std::vector<T>> pairs;
  std::mt19937_64 random(7);
  const auto number = [&](int exponent) {
    const double share = 1 + std::ldexp(static_cast<double>(random() >> 12), -52);
    return std::ldexp(static_cast<T>(random() % 2 ? share : -share), exponent);
  };
  const auto add = [&](T a, T b) { pairs.first.push_back(a), pairs.second.push_back(b); };
  for (int k = 0; k < 20000; ++k) {
    const T b = number(static_cast<int>(random() % 20) - 10), many = static_cast<T>(random() % (1u << (1 + k % 22)));
    add(std::ldexp(number(0), std::ilogb(b) + k % 40 - 3), b);
    for (const T a : {many * b, std::nextafter(many * b, T(0)), std::nextafter(many * b, T(1e30))})
      add(a, b), add(-a, b);
  }
  using Limits = std::numeric_limits<T>;
  const T specials[] = {0,
                        -T(0),
                        1,
                        -3,
                        Limits::infinity(),
                        -Limits::infinity(),
                        Limits::quiet_NaN(),
                        Limits::max(),
                        Limits::min(),
                        -Limits::denorm_min(),
                        5 * Limits::denorm_min()};
  for (const T a : specials)
    for (const T b : specials) add(a, b);
  while (pairs.first.size() % 64 != 0) add(1, 1);
  return pairs;
}

/// Python's a % b, from C's exact remainder.
template <class T>
T python_remainder(T a, T b) {
  const T r = std::fmod(a, b);
  if (std::isnan(r)) return r;
  return r == 0 ? std::copysign(T(0), b) : (r < 0) != (b < 0) ? r + b : r;
}

template <class T>
void check_remainders(const Unit& unit, const char* type) {
  const auto [a, b] = dividends_and_divisors<T>();
  using Function = void (*)(long, T*, const T*, const T*, const T*);
  for (const char* form : {"", "_scalar"}) {
    std::vector<T> r(a.size()), q(a.size());
    unit.symbol<Function>(fmt::format("mod_{}{}", type, form))(static_cast<long>(a.size()), r.data(), a.data(),
                                                               b.data(), nullptr);
    unit.symbol<Function>(fmt::format("floor_div_{}{}", type, form))(static_cast<long>(a.size()), q.data(), a.data(),
                                                                     b.data(), nullptr);
    std::size_t wrong = 0;
    for (std::size_t i = 0; i < a.size(); ++i) {
      const T wanted = python_remainder(a[i], b[i]);
      const bool same =
          std::isnan(wanted) ? std::isnan(r[i]) : r[i] == wanted && std::signbit(r[i]) == std::signbit(wanted);
      const long double exact = std::round((static_cast<long double>(a[i]) - std::fmod(a[i], b[i])) / b[i]) -
                                (std::fmod(a[i], b[i]) != 0 && (a[i] < 0) != (b[i] < 0) ? 1 : 0);
      const bool few = std::abs(exact) < 0x1p20L;  // NaN: no
      if (!same || (few && q[i] != static_cast<T>(exact))) wrong++;
    }
    INFO(type << form);
    CHECK(wrong == 0);
  }
}

}  // namespace

TEST_CASE("remainders of floats are exact, and whole quotients too, whatever their size, on every instruction set") {
  const std::vector<std::string_view> names = {"mod", "floor_div"};
  std::string text = expr::kernel_source(names);
  for (const std::string_view name : names)
    for (const char* type : {"f32", "f64"})
      text += fmt::format(
          "extern \"C\" void {0}_{1}(i64 n, {1}* out, const {1}* a, const {1}* b, const {1}*) {{ constexpr int L = "
          "CROTON_VECTOR_BYTES / sizeof({1}); for (i64 i = 0; i < n; i += L) store(out + i, {0}(load<L>(a + i), "
          "load<L>(b + i))); }}\n"
          "extern \"C\" void {0}_{1}_scalar(i64 n, {1}* out, const {1}* a, const {1}* b, const {1}*) {{ for (i64 i = "
          "0; i < n; ++i) out[i] = {0}(a[i], b[i]); }}\n",
          name, type);
  for (const Isa& isa : isas()) {
    INFO(isa.bytes << " bytes");
    const Unit unit(text, isa);
    check_remainders<float>(unit, "f32");
    check_remainders<double>(unit, "f64");
  }
}

TEST_CASE("casts between all element types agree with base/dtype, as lanes and as scalars") {
  const std::string text = cast_text();
  std::vector<Isa> all = isas();
  all.push_back({all[0].bytes, all[0].flags + " -O0"});  // where g++ 12 has its own troubles
  for (const Isa& isa : all) {
    const Unit unit(text, isa);
    CHECK(unit.undefined() == "");
    for (const auto& from : c_types)
      for (const auto& to : c_types)
        visit_dtype(from.dtype, [&]<class From>(From) {
          if constexpr (!std::is_same_v<From, bool>)
            visit_dtype(to.dtype, [&]<class To>(To) {
              const auto x = cast_inputs<From>();
              const std::unique_ptr<To[]> y(new To[x.size()]);
              for (const char* form : {"", "_scalar"}) {
                unit.symbol<void (*)(long, To*, const From*)>(fmt::format("cast_{}_{}{}", from.name, to.name, form))(
                    static_cast<long>(x.size()), y.get(), x.data());
                std::size_t wrong = 0, first = 0;
                for (std::size_t i = x.size(); i-- > 0;)
                  if (!same_value(y[i], expected<To>(x[i]))) ++wrong, first = i;
                INFO(from.name << " to " << to.name << form << ", " << isa.bytes << " bytes, first wrong at " << first);
                CHECK(wrong == 0);
              }
            });
        });
  }
}

TEST_CASE("masked loads and stores never touch what lies beyond the first n lanes") {
  const std::string text = expr::kernel_source({}) + R"(
extern "C" void copy_f32(const f32* p, f32* q, i64 n) { constexpr int L = CROTON_VECTOR_BYTES / 4; store_n(q, load_n<L>(p, n), n); }
extern "C" void copy_f64(const f64* p, f64* q, i64 n) { constexpr int L = CROTON_VECTOR_BYTES / 8; store_n(q, load_n<L>(p, n), n); }
extern "C" void copy_b8(const b8* p, b8* q, i64 n) { constexpr int L = CROTON_VECTOR_BYTES / 4; store_n(q, not_(not_(load_n<L>(p, n))), n); }
extern "C" void copy_i16(const i16* p, i16* q, i64 n) { constexpr int L = CROTON_VECTOR_BYTES / 4; store_n(q, load_n<L>(p, n), n); }
extern "C" f32 rest_f32(const f32* p, i64 n) { constexpr int L = CROTON_VECTOR_BYTES / 4; return hsum(load_n<L>(p, n)); }
)";
  const std::size_t page = 4096;
  auto* memory =
      static_cast<unsigned char*>(mmap(nullptr, 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
  REQUIRE(mprotect(memory + page, page, PROT_NONE) == 0);
  for (const Isa& isa : isas()) {
    const Unit unit(text, isa);
    CHECK(unit.undefined() == "");
    for (const auto& [name, size] : {std::pair{"copy_f32", 4}, {"copy_f64", 8}, {"copy_b8", 1}, {"copy_i16", 2}}) {
      const int lanes = size == 8 ? isa.bytes / 8 : isa.bytes / 4;
      for (int n = 0; n <= lanes; ++n) {
        const std::size_t bytes = static_cast<std::size_t>(n) * static_cast<std::size_t>(size);
        unsigned char* at = memory + page - bytes;  // ends at the forbidden page
        for (std::size_t i = 0; i < bytes; ++i)
          at[i] = size == 1 ? static_cast<unsigned char>(i & 1) : static_cast<unsigned char>(i + 1);
        std::vector<unsigned char> out(bytes + 64, 0xee);
        unit.symbol<void (*)(const void*, void*, long)>(name)(at, out.data(), n);
        INFO(name << " n = " << n << ", " << isa.bytes << " bytes");
        CHECK(std::memcmp(out.data(), at, bytes) == 0);
        CHECK(std::all_of(out.begin() + static_cast<std::ptrdiff_t>(bytes), out.end(),
                          [](unsigned char c) { return c == 0xee; }));
        unit.symbol<void (*)(const void*, void*, long)>(name)(std::vector<unsigned char>(out).data(), at, n);
      }
    }
    const float ones[64] = {1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1};
    CHECK(unit.symbol<float (*)(const float*, long)>("rest_f32")(ones, 3) == 3);  // the others are 0
  }
  munmap(memory, 2 * page);
}

TEST_CASE("the folds of many vectors are the fold of each, bit for bit, in their order") {
  const auto of = [](int vectors, const char* each) {
    std::string list;
    for (int k = 0; k < vectors; ++k) list += fmt::format("{}{}", k ? ", " : "", fmt::format(fmt::runtime(each), k));
    return list;
  };
  for (const Isa& isa : isas())
    for (const auto& [type, size] : {std::pair{"f32", 4}, {"f64", 8}})
      for (int vectors = isa.bytes / size; vectors >= 2 && vectors * size >= 8; vectors /= 2)
        for (const char* fold : {"hsum", "hprod", "hmax", "hmin"}) {
          INFO(fold << " of " << vectors << " vectors of " << type << ", " << isa.bytes << " bytes");
          const std::string text = expr::kernel_source({}) +
                                   fmt::format(R"(
constexpr int L = CROTON_VECTOR_BYTES / sizeof({0});
extern "C" void together(const {0}* p, {0}* q) {{ store(q, {1}_rows({2})); }}
extern "C" void apart(const {0}* p, {0}* q) {{ store(q, pack<L>({3})); }}
extern "C" void lanes_of_it(const {0}* p, {0}* q) {{ {4} }}
)",
                                               type, fold, of(vectors, "load<L>(p + {} * L)"),
                                               of(vectors, (fold + std::string("(load<L>(p + {} * L))")).c_str()), [&] {
                                                 std::string all;
                                                 for (int k = 0; k < vectors; ++k)
                                                   all += fmt::format("q[{0}] = lane(load<L>(p), {0}); ", k);
                                                 return all;
                                               }());
          const Unit unit(text, isa);
          std::vector<double> memory(256), one(32, 7), other(32, 7), few(32, 7);
          for (std::size_t i = 0; i < memory.size(); ++i) {
            const double x = 0.37 + 0.011 * static_cast<double>(i * i % 97);
            if (size == 4) reinterpret_cast<float*>(memory.data())[i] = static_cast<float>(x);
            if (size == 8) memory[i] = x;
          }
          using Move = void (*)(const void*, void*);
          unit.symbol<Move>("together")(memory.data(), one.data());
          unit.symbol<Move>("apart")(memory.data(), other.data());
          unit.symbol<Move>("lanes_of_it")(memory.data(), few.data());
          CHECK(std::memcmp(one.data(), other.data(), static_cast<std::size_t>(isa.bytes)) == 0);
          CHECK(std::memcmp(few.data(), memory.data(), static_cast<std::size_t>(vectors * size)) == 0);
        }
}

TEST_CASE("folds, masks, strides and selects across lanes") {
  const std::string text = expr::kernel_source({}) + R"(
constexpr int L = CROTON_VECTOR_BYTES / 4;
typedef V<f32, L> X;
extern "C" f32 sum(const f32* p) { return hsum(load<L>(p)); }
extern "C" f32 product_(const f32* p) { return hprod(load<L>(p)); }
extern "C" f32 top(const f32* p) { return hmax(load<L>(p)); }
extern "C" f32 bottom(const f32* p) { return hmin(load<L>(p)); }
extern "C" bool any_above(const f32* p, f32 c) { return hany(gt(load<L>(p), splat<L>(c))); }
extern "C" bool all_above(const f32* p, f32 c) { return hall(gt(load<L>(p), splat<L>(c))); }
extern "C" void pick(const f32* p, const b8* c, f32* q) { store(q, select(and_(load<L>(c), first_lanes<L>(3)), load<L>(p), all<X>(-1))); }
extern "C" void every_third(const f32* p, f32* q) { store(q, gather<L>(p, 3)); scatter(q + 64, 2, gather_n<L>(p, 3, 2)); }
extern "C" void listed(const f32* p, f32* q) { store(q, gather_at(p, (V<i32, L>)(L - 1 - iota<i32, L>()))); }
extern "C" f64 mixed(const f32* p) { constexpr int H = L / 2; return hsum(select(lt(load<H>(p), all<V<f32, H>>(2)), cast<f64>(load<H>(p)), all<V<f64, H>>(0))); }
)";
  for (const Isa& isa : isas()) {
    const Unit unit(text, isa);
    const int lanes = isa.bytes / 4;
    INFO(isa.bytes << " bytes");
    std::vector<float> x(64), q(256, 7.0f);
    for (int i = 0; i < 64; ++i) x[static_cast<std::size_t>(i)] = static_cast<float>(i + 1);
    using Fold = float (*)(const float*);
    const int sum = lanes * (lanes + 1) / 2;
    CHECK(unit.symbol<Fold>("sum")(x.data()) == static_cast<float>(sum));
    CHECK(unit.symbol<Fold>("top")(x.data()) == static_cast<float>(lanes));
    CHECK(unit.symbol<Fold>("bottom")(x.data()) == 1);
    CHECK(unit.symbol<Fold>("product_")(x.data()) == Approx(std::tgamma(lanes + 1.0)));
    using Test = bool (*)(const float*, float);
    CHECK(unit.symbol<Test>("any_above")(x.data(), static_cast<float>(lanes) - 0.5f));
    CHECK_FALSE(unit.symbol<Test>("any_above")(x.data(), static_cast<float>(lanes)));
    CHECK(unit.symbol<Test>("all_above")(x.data(), 0.5f));
    CHECK_FALSE(unit.symbol<Test>("all_above")(x.data(), 1.0f));
    const bool c[64] = {true, false, true, true, true};
    unit.symbol<void (*)(const float*, const bool*, float*)>("pick")(x.data(), c, q.data());
    CHECK((q[0] == 1 && q[1] == -1 && q[2] == 3 && q[3] == -1));
    using Move = void (*)(const float*, float*);
    unit.symbol<Move>("every_third")(x.data(), q.data());
    CHECK((q[0] == 1 && q[1] == 4 && q[2] == 7 && q[3] == 10));
    CHECK((q[64] == 1 && q[65] == 7 && q[66] == 4 && q[68] == 4));
    unit.symbol<Move>("listed")(x.data(), q.data());
    CHECK((q[0] == static_cast<float>(lanes) && q[1] == static_cast<float>(lanes - 1)));
    CHECK(unit.symbol<double (*)(const float*)>("mixed")(x.data()) == 1);
    x[1] = std::nanf("");
    CHECK(std::isnan(unit.symbol<Fold>("top")(x.data())));
  }
}
