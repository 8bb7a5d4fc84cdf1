// CudaDriver on a real GPU. Where there is none each test says that it is skipped, and why.
#include <array>
#include <cmath>
#include <numeric>

#include "real_gpu.h"

using namespace croton;
using namespace croton::runtime;
using namespace croton::runtime::cuda;

namespace {

const Source saxpy = {.text = R"(
extern "C" __global__ void saxpy(float* y, const float* x, float a, int n) {
  extern __shared__ float s[];
  const int i = (int)(blockIdx.x * blockDim.x + threadIdx.x);
  s[threadIdx.x] = i < n ? x[i] : 0.0f;
  __syncthreads();
  if (i < n) y[i] = fmaf(a, s[threadIdx.x], y[i]);
}
extern "C" __global__ void astray(float* y) { y[1ull << 40] = 1.0f; }
)",
                      .entries = {"saxpy", "astray"},
                      .name = "gpu_test"};
struct SaxpyArgs {
  void *y, *x;
  float a;
  int n;
};

std::vector<float> counting(std::size_t n) {
  std::vector<float> v(n);
  std::iota(v.begin(), v.end(), 0.f);
  return v;
}

template <class T>
void* on_device(gpu::Driver& d, const std::vector<T>& v) {
  void* const p = d.allocate(v.size() * sizeof(T));
  d.to_device(p, v.data(), v.size() * sizeof(T));
  return p;
}
template <class T>
std::vector<T> from_device(gpu::Driver& d, const void* p, std::size_t n) {
  std::vector<T> v(n);
  d.to_host(v.data(), p, n * sizeof(T));
  return v;
}

void launch_saxpy(gpu::Driver& d, gpu::Function f, const SaxpyArgs& args, std::size_t shared = 1024) {
  d.launch(f, {.grid = static_cast<unsigned>((args.n + 255) / 256), .block = 256, .shared_bytes = shared},
           std::as_bytes(std::span(&args, 1)), {});
}

template <class T>
void check_products(gpu::Driver& d, DType dtype) {
  const Index m = 70, n = 33, k = 129, batch = 2;
  for (const int transposes : {0, 1, 2, 3}) {
    const bool ta = (transposes & 1) != 0, tb = (transposes & 2) != 0;
    const Index lda = (ta ? m : k) + 3, ldb = (tb ? k : n) + 1, ldc = n + 2;
    const Index rows_a = ta ? k : m, rows_b = tb ? n : k;
    std::vector<T> a(static_cast<std::size_t>(batch * rows_a * lda)), b(static_cast<std::size_t>(batch * rows_b * ldb)),
        c(static_cast<std::size_t>(batch * m * ldc), T(7));
    // small whole numbers: every order of summation gives the same
    for (std::size_t i = 0; i < a.size(); ++i) a[i] = static_cast<T>(static_cast<int>(i * 7 % 11) - 5);
    for (std::size_t i = 0; i < b.size(); ++i) b[i] = static_cast<T>(static_cast<int>(i * 5 % 13) - 6);
    void* const to = on_device(d, c);
    d.gemm({.dtype = dtype,
            .transpose_a = ta,
            .transpose_b = tb,
            .m = m,
            .n = n,
            .k = k,
            .alpha = 1,
            .a = on_device(d, a),
            .lda = lda,
            .b = on_device(d, b),
            .ldb = ldb,
            .beta = 1,
            .c = to,
            .ldc = ldc,
            .batch = batch,
            .stride_a = rows_a * lda,
            .stride_b = rows_b * ldb,
            .stride_c = m * ldc});
    const std::vector<T> found = from_device<T>(d, to, c.size());
    for (Index g = 0; g < batch; ++g) {
      for (Index i = 0; i < m; ++i) {
        for (Index j = 0; j < n; ++j) {
          T sum = 7;
          for (Index q = 0; q < k; ++q) {
            sum += a[static_cast<std::size_t>(g * rows_a * lda + (ta ? q * lda + i : i * lda + q))] *
                   b[static_cast<std::size_t>(g * rows_b * ldb + (tb ? j * ldb + q : q * ldb + j))];
          }
          if (found[static_cast<std::size_t>(g * m * ldc + i * ldc + j)] != sum) {
            FAIL("element " << i << ", " << j << " of product " << g << " with transposes " << transposes);
          }
        }
      }
    }
  }
}

}  // namespace

TEST_CASE("on a GPU: a kernel compiled by NVRTC computes what it says, with shared memory above 48 KiB too", "[gpu]") {
  const auto d = real_gpu();
  if (d == nullptr) return;
  WARN(d->versions());
  const auto code = d->load(d->compile(saxpy), saxpy);
  const int n = 100'003;
  const std::vector<float> x = counting(static_cast<std::size_t>(n));
  const SaxpyArgs args{on_device(*d, x), on_device(*d, x), 2.f, n};
  launch_saxpy(*d, code->function("saxpy"), args);
  launch_saxpy(*d, code->function("saxpy"), args, std::min<std::size_t>(d->properties().shared_bytes_opt_in, 64 << 10));
  const std::vector<float> y = from_device<float>(*d, args.y, x.size());
  bool is_right = true;
  for (std::size_t i = 0; i < x.size(); ++i) is_right = is_right && y[i] == 5.f * x[i];
  CHECK(is_right);
}

TEST_CASE("on a GPU: a captured graph gives on every launch what eager work gives", "[gpu]") {
  const auto d = real_gpu();
  if (d == nullptr) return;
  const auto code = d->load(d->compile(saxpy), saxpy);
  const SaxpyArgs args{on_device(*d, std::vector<float>(1000)), on_device(*d, counting(1000)), 1.f, 1000};
  d->begin_capture();
  launch_saxpy(*d, code->function("saxpy"), args);
  launch_saxpy(*d, code->function("saxpy"), args);
  const auto graph = d->end_capture();
  CHECK(from_device<float>(*d, args.y, 1000)[999] == 0);
  for (int i = 0; i < 3; ++i) graph->launch();
  CHECK(from_device<float>(*d, args.y, 1000)[999] == 6 * 999);
  const Ticket end = d->mark();
  d->wait(end);
  CHECK(d->reached(end));
}

TEST_CASE("on a GPU: a graph whose pieces run side by side gives on every launch what eager work gives", "[gpu]") {
  const auto d = real_gpu();
  if (d == nullptr) return;
  const auto code = d->load(d->compile(saxpy), saxpy);
  const gpu::Function f = code->function("saxpy");
  const int n = 1 << 20;
  const std::size_t count = n, bytes = count * sizeof(float);
  void* const x = on_device(*d, counting(count));
  std::array<void*, 6> y{};
  for (void*& each : y) each = on_device(*d, std::vector<float>(count, 1.f));
  // y[3] = 1 * x
  const Gemm product{
      .dtype = float32, .m = 1, .n = n, .k = 1, .a = y[5], .lda = 1, .b = x, .ldb = n, .c = y[3], .ldc = n};
  d->prepare(product);
  const auto piece = [&](std::initializer_list<int> waits_for) {
    d->begin_piece(std::span(waits_for.begin(), waits_for.size()));
  };
  d->begin_capture();
  piece({});
  d->zero(y[0], bytes);
  piece({0});
  launch_saxpy(*d, f, {y[0], x, 1.f, n});  // y[0] = x
  for (const std::size_t k : {1ul, 2ul, 4ul}) {
    piece({1});
    d->copy(y[k], y[0], bytes);
  }
  piece({1});
  d->gemm(product);
  piece({5, 4, 3, 2});
  launch_saxpy(*d, f, {y[4], y[1], 2.f, n});
  piece({6});
  launch_saxpy(*d, f, {y[4], y[2], 4.f, n});
  piece({7});
  launch_saxpy(*d, f, {y[4], y[3], 8.f, n});
  const auto graph = d->end_capture();
  for (int i = 0; i < 20; ++i) {
    for (const std::size_t k : {0ul, 1ul, 2ul, 3ul, 4ul}) d->zero(y[k], bytes);
    graph->launch();
    const std::vector<float> found = from_device<float>(*d, y[4], count);
    bool is_right = true;
    for (std::size_t k = 0; k < count; ++k) is_right = is_right && found[k] == 15.f * static_cast<float>(k);
    CHECK(is_right);
  }
}

TEST_CASE("on a GPU: products of float32 and float64, transposed or not, in batches, with longer rows", "[gpu]") {
  const auto d = real_gpu();
  if (d == nullptr) return;
  try {
    check_products<float>(*d, float32);
    check_products<double>(*d, float64);
  } catch (const DeviceError& e) {
    if (!has(e.what(), "no cuBLASLt")) throw;
    WARN("skipped: " << e.what());
  }
}

TEST_CASE("on a GPU: large transfers come back as they went, both ways through pinned memory", "[gpu]") {
  const auto d = real_gpu();
  if (d == nullptr) return;
  std::vector<float> v = counting(5'000'011);
  void* const p = on_device(*d, v);
  v.assign(v.size(), -1.f);
  CHECK(from_device<float>(*d, p, v.size()) == counting(5'000'011));
}

TEST_CASE("on a GPU: out of memory is told as such, and what fits is still given", "[gpu]") {
  const auto d = real_gpu();
  if (d == nullptr) return;
  CHECK_THROWS_AS(d->allocate(d->properties().memory_bytes * 2), OutOfMemory);
  void* const p = d->allocate(1 << 20);
  d->zero(p, 1 << 20);
  CHECK_NOTHROW(d->synchronize());
  gpu::CudaOptions capped = gpu::CudaOptions::from(*config_snapshot());
  capped.pool_cap = 64 << 20;
  CudaDriver small(capped, 0);
  CHECK_THROWS_AS(small.allocate(256 << 20), OutOfMemory);
  CHECK_NOTHROW(small.allocate(8 << 20));
}

TEST_CASE("on a GPU: an illegal address names its kernel, and every later call repeats it", "[gpu]") {
  // it ends the GPU's work for a whole process, so a child does it, which must come before this process opens the GPU
  if (!can_fork || forked_after_opening()) return;
  const pid_t child = in_child([] {
    std::unique_ptr<CudaDriver> d;
    try {
      d = std::make_unique<CudaDriver>(gpu::CudaOptions::from(*config_snapshot()), 0);
    } catch (const DeviceError&) { return true; }  // no GPU, or this process has opened it: another run shows it
    const auto code = d->load(d->compile(saxpy), saxpy);
    void* const p = d->allocate(4);
    d->launch(code->function("astray"), {.grid = 1, .block = 1, .shared_bytes = 0}, std::as_bytes(std::span(&p, 1)),
              {});
    const std::string first = error_of<DeviceError>([&] { d->synchronize(); });
    return has(first, "at fault: kernel astray of gpu_test") && error_of<DeviceError>([&] { d->zero(p, 4); }) == first;
  });
  CHECK(ended_well(child));
}
