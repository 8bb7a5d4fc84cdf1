// Products of views: each way to go, on every instruction set of this machine, with forbidden memory behind everything.
#include <sys/mman.h>

#include <algorithm>
#include <cmath>
#include <cstring>

#include "base/dtype.h"
#include "catch.h"
#include "expr/measured.h"
#include "print/printer.h"
#include "print/product.h"
#include "runtime/strided.h"

namespace croton::runtime {
namespace {

using measured::Isa;
using Along = tile::StridedProduct::Along;

/// So many bytes that end where nothing may be read or written.
class Guarded {
 public:
  explicit Guarded(std::size_t bytes) : pages_((bytes + page - 1) / page * page) {
    memory_ =
        static_cast<char*>(mmap(nullptr, pages_ + page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    REQUIRE(mprotect(memory_ + pages_, page, PROT_NONE) == 0);
    data_ = memory_ + pages_ - bytes;
  }
  ~Guarded() { munmap(memory_, pages_ + page); }
  Guarded(const Guarded&) = delete;
  Guarded& operator=(const Guarded&) = delete;
  char* data() const { return data_; }

 private:
  static constexpr std::size_t page = 4096;
  std::size_t pages_;
  char *memory_ = nullptr, *data_ = nullptr;
};

Index elements(const Shape& s) {
  Index n = 1;
  for (const Index e : s) n *= e;
  return n;
}

Place place(DType d, const Shape& shape) {
  Place p;
  p.dtype = d;
  p.shape = shape;
  p.strides.assign(shape.size(), 1);
  for (std::size_t i = shape.size(); i-- > 1;) p.strides[i - 1] = p.strides[i] * shape[i];
  return p;
}

struct Sizes {
  Index images, channels, filters, height, width, stride;
};
constexpr Index window[2] = {3, 2};

/// Windows of images, as a view of them.
Place windows(DType d, const Sizes& s) {
  Place p = place(d, {s.images, s.channels, s.height, s.width});
  p.shape[2] = s.height - window[0] + 1;
  p.shape[3] = (s.width - window[1]) / s.stride + 1;
  const Index row = p.strides[2];
  p.strides[3] = s.stride;
  p.shape.insert(p.shape.end(), {window[0], window[1]});
  p.strides.insert(p.strides.end(), {row, 1});
  return p;
}

/// The sum over all of `terms` from one on.
double sum(const std::vector<Along>& terms, std::size_t next, std::span<const Place> places, const double* a,
           const double* b) {
  if (next == terms.size()) return *a * *b;
  const Along& x = terms[next];
  double total = 0;
  for (Index i = 0; i < places[0].shape[static_cast<std::size_t>(x.a)]; ++i)
    total += sum(terms, next + 1, places, a + i * places[0].strides[static_cast<std::size_t>(x.a)],
                 b + i * places[1].strides[static_cast<std::size_t>(x.b)]);
  return total;
}

template <class T>
void check(const measured::Unit& unit, const Isa& isa, const tile::StridedProduct& product,
           const std::vector<Place>& places, std::size_t elements_of_b) {
  const DType d = places[0].dtype;
  const auto filled = [](std::size_t n, int salt) {
    std::vector<double> r(n);
    for (std::size_t i = 0; i < n; ++i) r[i] = std::sin(1.7 * static_cast<double>(i) + salt);
    return r;
  };
  const std::vector<double> a = filled(static_cast<std::size_t>(elements(places[0].shape)), 1),
                            b = filled(elements_of_b, 2);
  const auto out_elements = static_cast<std::size_t>(elements(places[2].shape));
  const std::vector<double> bias =
      filled(product.bias < 0 ? 0 : static_cast<std::size_t>(elements(places[3].shape)), 3);
  const Guarded at_a(a.size() * sizeof(T)), at_b(b.size() * sizeof(T)), at_out(out_elements * sizeof(T)),
      at_bias(bias.size() * sizeof(T));
  for (std::size_t i = 0; i < bias.size(); ++i) reinterpret_cast<T*>(at_bias.data())[i] = static_cast<T>(bias[i]);
  for (std::size_t i = 0; i < a.size(); ++i) reinterpret_cast<T*>(at_a.data())[i] = static_cast<T>(a[i]);
  for (std::size_t i = 0; i < b.size(); ++i) reinterpret_cast<T*>(at_b.data())[i] = static_cast<T>(b[i]);
  Target target;
  target.vector_bytes = isa.bytes;
  PlannedLaunch l = strided_launch(product, places, 0, target);
  const Guarded scratch(l.scratch_bytes);
  const Guarded words(l.words.size() * sizeof(std::int64_t));
  const char* const pointers[] = {at_a.data(), at_b.data(), at_out.data(), at_bias.data()};
  for (const auto& [word, buffer] : l.pointers)
    l.words[static_cast<std::size_t>(word)] =
        reinterpret_cast<std::int64_t>(pointers[static_cast<std::size_t>(buffer)]);
  std::memcpy(words.data(), l.words.data(), l.words.size() * sizeof(std::int64_t));
  const auto run = unit.symbol<ChunkFunction>(print::entry_name(static_cast<std::size_t>(l.kernel)));
  for (long chunk = l.chunks; chunk-- > 0;) run(words.data(), chunk, scratch.data());
  // element by element of the result, whose axes are those of batch, rows and columns
  std::vector<Along> axes = product.batch;
  axes.insert(axes.end(), product.rows.begin(), product.rows.end());
  axes.insert(axes.end(), product.columns.begin(), product.columns.end());
  for (Index i = 0; i < elements(places[2].shape); ++i) {
    Index in_a = 0, in_b = 0;
    for (const Along& x : axes) {
      const auto o = static_cast<std::size_t>(x.out);
      const Index e = i / places[2].strides[o] % places[2].shape[o];
      if (x.a >= 0) in_a += e * places[0].strides[static_cast<std::size_t>(x.a)];
      if (x.b >= 0) in_b += e * places[1].strides[static_cast<std::size_t>(x.b)];
    }
    double want = sum(product.terms, 0, places, a.data() + in_a, b.data() + in_b);
    const auto along = static_cast<std::size_t>(std::max(product.bias_along, 0));
    if (product.bias >= 0)
      want += bias[static_cast<std::size_t>(i / places[2].strides[along] % places[2].shape[along])];
    if (product.relu) want = std::max(want, 0.0);
    const auto got = static_cast<double>(reinterpret_cast<const T*>(at_out.data())[i]);
    if (!(std::abs(got - want) <= (d == float32 ? 1e-4 : 1e-11) * (1 + std::abs(want))))
      FAIL("element " << i << ": " << got << " is not " << want << ", way " << l.kernel << ", " << isa.bytes
                      << " bytes");
  }
}

}  // namespace

TEST_CASE("a product of views is right each way, on every instruction set, and touches nothing beyond its operands") {
  bool went[print::product_ways] = {};
  for (const Isa& isa : measured::isas())
    for (const DType d : {float32, float64}) {
      Target target;
      target.vector_bytes = isa.bytes;
      const measured::Unit unit(print::product_unit(d, target), isa);
      CHECK(unit.undefined() == "");
      for (const Sizes& s :
           {Sizes{1, 1, 1, 3, 2, 1}, Sizes{2, 3, 5, 4, 7, 1}, Sizes{1, 2, 9, 5, 9, 2}, Sizes{2, 5, 8, 3, 17, 1},
            Sizes{1, 3, 33, 4, 18, 1}, Sizes{3, 2, 40, 4, 25, 1}, Sizes{2, 1, 3, 6, 50, 2}, Sizes{1, 4, 7, 3, 51, 1},
            Sizes{2, 90, 9, 4, 6, 1}, Sizes{1, 3, 2, 70, 66, 1}, Sizes{1, 2, 1050, 4, 5, 1}, Sizes{5, 200, 70, 5, 6, 1},
            Sizes{1, 0, 5, 4, 7, 1}}) {
        INFO(name_of(d) << ", " << s.images << " x " << s.channels << " x " << s.height << " x " << s.width << ", "
                        << s.filters << " filters, stride " << s.stride);
        const Place seen = windows(d, s);
        const Place filters = place(d, {s.filters, s.channels, window[0], window[1]});
        const Place made = place(d, {s.images, s.filters, seen.shape[2], seen.shape[3]});
        const auto b = static_cast<std::size_t>(s.images * s.channels * s.height * s.width);
        const tile::StridedProduct forward{.a = 0,
                                           .b = 1,
                                           .out = 2,
                                           .batch = {{-1, 0, 0}},
                                           .rows = {{0, -1, 1}},
                                           .columns = {{-1, 2, 2}, {-1, 3, 3}},
                                           .terms = {{1, 1, -1}, {2, 4, -1}, {3, 5, -1}}};
        tile::StridedProduct biased = forward;
        biased.bias = 3, biased.bias_along = 1, biased.relu = s.images > 1;
        const tile::StridedProduct of_filters{.a = 0,
                                              .b = 1,
                                              .out = 2,
                                              .rows = {{1, -1, 0}},
                                              .columns = {{-1, 1, 1}, {-1, 4, 2}, {-1, 5, 3}},
                                              .terms = {{0, 0, -1}, {2, 2, -1}, {3, 3, -1}}};
        tile::StridedProduct sums = of_filters;
        sums.bias = 3, sums.bias_along = 0, sums.relu = s.images > 1;
        const Place bias = place(d, {s.filters});
        for (const auto& [product, places] : {std::pair{forward, std::vector{filters, seen, made}},
                                              std::pair{biased, std::vector{filters, seen, made, bias}},
                                              std::pair{of_filters, std::vector{made, seen, filters}},
                                              std::pair{sums, std::vector{made, seen, filters, bias}}}) {
          went[strided_launch(product, places, 0, target).kernel] = true;
          if (d == float32)
            check<float>(unit, isa, product, places, b);
          else
            check<double>(unit, isa, product, places, b);
        }
      }
    }
  CHECK(std::all_of(std::begin(went), std::end(went), [](bool w) { return w; }));
}

}  // namespace croton::runtime
