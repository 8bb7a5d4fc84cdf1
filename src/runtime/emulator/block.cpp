#include "runtime/emulator/block.h"

#include <signal.h>
#include <sys/mman.h>
#include <ucontext.h>

#include <algorithm>
#include <boost/context/detail/fcontext.hpp>
#include <cmath>
#include <numeric>

#include "base/error.h"

namespace croton::runtime::emulator {
namespace {

namespace context = boost::context::detail;

constexpr std::size_t page = 4096, signal_stack_bytes = 64 << 10;
constexpr std::uint32_t warp = 32;

enum class State : std::uint8_t { ready, at_barrier, at_exchange, ended };

struct Fiber {
  context::fcontext_t context = nullptr;
  State state = State::ready;
  int line = 0, bits = 0;
  std::uint64_t value = 0;
};

Threads* running = nullptr;  // the lock of the process guards it

// A fixed sequence: the same shuffle on every machine.
std::uint64_t next_random(std::uint64_t& state) {
  state = state * 6364136223846793005u + 1442695040888963407u;
  return state >> 33;
}

}  // namespace

std::vector<std::uint32_t> order_of(std::uint32_t count, std::uint64_t seed) {
  std::vector<std::uint32_t> order(count);
  std::iota(order.begin(), order.end(), 0u);
  if (seed == 1) std::reverse(order.begin(), order.end());
  if (seed > 1)
    for (std::uint32_t k = count; k > 1; --k) std::swap(order[k - 1], order[next_random(seed) % k]);
  return order;
}

class Threads {
 public:
  ~Threads() {
    for (void* stack : stacks_) munmap(stack, stack_bytes + page);
    if (signal_stack_ != nullptr) munmap(signal_stack_, signal_stack_bytes);
  }

  Stop run(Machine& machine, Entry entry, const void* parameters, std::uint32_t blocks, std::uint32_t threads,
           std::uint64_t seed, void (*start_block)(void*), void* of_start) {
    machine_ = &machine;
    entry_ = entry;
    parameters_ = parameters;
    stop_ = {};
    make_stacks(threads);
    lanes_ = order_of(std::min(threads, warp), seed);
    running = this;
    const Handlers handlers(*this);
    for (const std::uint32_t block : order_of(blocks, seed)) {
      machine.block = block;
      intervals_ = 0;
      for (Fold& f : folds_) f.known = true;
      start_block(of_start);
      run_block(threads);
      if (stop_.kind != Stop::Kind::none) break;
    }
    running = nullptr;
    return std::move(stop_);
  }

  // ---- called by fibers
  void wait(State state, int line) {
    Fiber& fiber = fibers_[machine_->thread];
    fiber.state = state;
    fiber.line = line;
    leave();
  }
  std::uint64_t exchange(std::uint64_t x, int bits, int line) {
    Fiber& fiber = fibers_[machine_->thread];
    fiber.value = x;
    fiber.bits = bits;
    wait(State::at_exchange, line);
    return fiber.value;
  }
  void put(int slot, std::uint64_t x, std::uint64_t (*step)(std::uint64_t, std::uint64_t)) {
    Fold& fold = folds_[static_cast<std::size_t>(slot)];
    fold.step = step;
    fold.known = false;
    fold.values.resize(fibers_.size());
    fold.values[machine_->thread] = x;
  }
  // The tree of prelude_gpu.h: in each warp by halves, then the warps by neighbours.
  std::uint64_t folded(int slot) {
    Fold& fold = folds_[static_cast<std::size_t>(slot)];
    if (fold.known) return fold.values[0];
    std::uint64_t* const v = fold.values.data();
    const std::size_t threads = fold.values.size();
    for (std::size_t first = 0; first < threads; first += warp)
      for (std::size_t half = warp / 2; half > 0; half /= 2)
        for (std::size_t k = first; k < first + half; ++k) v[k] = fold.step(v[k], v[k + half]);
    for (std::size_t apart = warp; apart < threads; apart *= 2)
      for (std::size_t k = 0; k < threads; k += 2 * apart) v[k] = fold.step(v[k], v[k + apart]);
    fold.known = true;
    return v[0];
  }
  [[noreturn]] void stop_with(Stop stop) {
    stop_ = std::move(stop);
    stop_.block = machine_->block;
    stop_.thread = machine_->thread;
    leave();
    std::abort();  // nobody comes back to a stopped fiber
  }
  std::uint32_t intervals() const { return intervals_; }

  // ---- faults
  bool is_inside() const { return inside_; }
  void note_fault(int signal, const void* address) {
    const auto* const guard = static_cast<const std::byte*>(stacks_[machine_->thread]);
    const auto* const at = static_cast<const std::byte*>(address);
    stop_.kind = at >= guard && at < guard + page ? Stop::Kind::overflow : Stop::Kind::fault;
    stop_.block = machine_->block;
    stop_.thread = machine_->thread;
    stop_.signal = signal;
    stop_.address = address;
  }
  /// Of the thread that runs, for one more call: what it has there it never sees again.
  std::uintptr_t top_of_stack() const {
    return reinterpret_cast<std::uintptr_t>(stacks_[machine_->thread]) + page + stack_bytes;
  }
  // It runs where abandoned frames lie, which AddressSanitizer would take for what it must not touch.
  [[noreturn]] __attribute__((no_sanitize("address"))) static void after_fault() {
    running->inside_ = false;
    running->scheduler_ = context::jump_fcontext(running->scheduler_, nullptr).fctx;
    std::abort();  // nobody comes back
  }

 private:
  static void begin(context::transfer_t from) {
    running->scheduler_ = from.fctx;
    running->entry_(running->parameters_);
    running->fibers_[running->machine_->thread].state = State::ended;
    running->leave();
  }

  void leave() {
    inside_ = false;
    scheduler_ = context::jump_fcontext(scheduler_, nullptr).fctx;
  }

  void enter(std::uint32_t thread) {
    machine_->thread = thread;
    inside_ = true;
    fibers_[thread].context = context::jump_fcontext(fibers_[thread].context, nullptr).fctx;
  }

  void make_stacks(std::uint32_t threads) {
    while (stacks_.size() < threads) {
      void* const stack = mmap(nullptr, stack_bytes + page, PROT_READ | PROT_WRITE,
                               MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_STACK, -1, 0);
      if (stack == MAP_FAILED)
        fail<DeviceError>("device=emulator: no memory for the stack of thread {}", stacks_.size());
      mprotect(stack, page, PROT_NONE);
      stacks_.push_back(stack);
    }
    fibers_.resize(threads);
  }

  void run_block(std::uint32_t threads) {
    for (std::uint32_t t = 0; t < threads; ++t) {
      char* const top = static_cast<char*>(stacks_[t]) + page + stack_bytes;
      fibers_[t] = {.context = context::make_fcontext(top, stack_bytes, begin)};
    }
    for (;;) {
      for (std::uint32_t first = 0; first < threads; first += warp) {
        run_warp(first, std::min(warp, threads - first));
        if (stop_.kind != Stop::Kind::none) return;
      }
      const auto in = [&](State s) {
        return static_cast<std::uint32_t>(
            std::count_if(fibers_.begin(), fibers_.end(), [s](const Fiber& f) { return f.state == s; }));
      };
      if (in(State::ended) == threads) return;
      const bool together =
          in(State::at_barrier) == threads &&
          std::all_of(fibers_.begin(), fibers_.end(), [&](const Fiber& f) { return f.line == fibers_[0].line; });
      if (!together) return diverged("threads of a block wait at a barrier that others do not come to");
      ++intervals_;
      for (Fiber& f : fibers_) f.state = State::ready;
    }
  }

  // Until each of its threads waits for another warp, or has ended.
  void run_warp(std::uint32_t first, std::uint32_t count) {
    for (;;) {
      for (const std::uint32_t lane : lanes_) {
        if (lane >= count || fibers_[first + lane].state != State::ready) continue;
        enter(first + lane);
        if (stop_.kind != Stop::Kind::none) return;
      }
      const auto begin = fibers_.begin() + first, end = begin + count;
      const auto waits = [](const Fiber& f) { return f.state == State::at_exchange; };
      if (std::none_of(begin, end, waits)) return;
      const bool together = std::all_of(
          begin, end, [&](const Fiber& f) { return waits(f) && f.line == begin->line && f.bits == begin->bits; });
      if (!together) return diverged("threads of a warp wait for an exchange that others do not come to");
      std::uint64_t values[warp] = {};
      for (std::uint32_t k = 0; k < count; ++k) values[k] = fibers_[first + k].value;
      for (std::uint32_t k = 0; k < count; ++k) {
        Fiber& f = fibers_[first + k];
        const std::uint32_t other = static_cast<std::uint32_t>(f.bits < 0 ? ~f.bits : static_cast<int>(k) ^ f.bits);
        f.value = other < count ? values[other] : f.value;
        f.state = State::ready;
      }
    }
  }

  void diverged(const char* what) {
    stop_.kind = Stop::Kind::divergence;
    stop_.block = machine_->block;
    stop_.what = what;
    const auto how = [](const Fiber& f) -> std::string_view {
      switch (f.state) {
        case State::at_barrier: return "wait at a barrier";
        case State::at_exchange: return "wait for an exchange of their warp";
        case State::ended: return "have ended";
        case State::ready: break;
      }
      return "have not come so far";
    };
    for (std::uint32_t t = 0; t < fibers_.size(); ++t) {
      const Fiber& f = fibers_[t];
      const int line = f.state == State::at_barrier || f.state == State::at_exchange ? f.line : 0;
      if (!stop_.groups.empty() && stop_.groups.back().how == how(f) && stop_.groups.back().line == line)
        stop_.groups.back().last = t;
      else
        stop_.groups.push_back({t, t, how(f), line});
    }
  }

  // The signals of wrong accesses, caught for the life of a launch.
  class Handlers {
   public:
    explicit Handlers(Threads& threads) {
      if (threads.signal_stack_ == nullptr)
        threads.signal_stack_ =
            mmap(nullptr, signal_stack_bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);
      stack_t stack{};
      stack.ss_sp = threads.signal_stack_;
      stack.ss_size = signal_stack_bytes;
      sigaltstack(&stack, &stack_before_);
      struct sigaction action {};
      action.sa_sigaction = caught;
      action.sa_flags = SA_SIGINFO | SA_ONSTACK;
      sigemptyset(&action.sa_mask);
      for (std::size_t k = 0; k < std::size(signals); ++k) sigaction(signals[k], &action, &before_[k]);
    }
    ~Handlers() {
      for (std::size_t k = 0; k < std::size(signals); ++k) sigaction(signals[k], &before_[k], nullptr);
      sigaltstack(&stack_before_, nullptr);
    }
    Handlers(const Handlers&) = delete;
    Handlers& operator=(const Handlers&) = delete;

   private:
    static constexpr int signals[] = {SIGSEGV, SIGBUS, SIGFPE};
    static void caught(int signal, siginfo_t* info, void* machine_context) {
      if (running == nullptr || !running->is_inside()) {  // not ours: it happens again, with the handler that was here
        struct sigaction usual {};
        usual.sa_handler = SIG_DFL;
        sigaction(signal, &usual, nullptr);
        return;
      }
      running->note_fault(signal, info->si_code == SI_KERNEL ? nullptr : info->si_addr);
      // the kernel goes on in after_fault, at the top of its own stack, with the signal's mask as it was
      auto& registers = static_cast<ucontext_t*>(machine_context)->uc_mcontext;
#if defined(__x86_64__)
      registers.gregs[REG_RSP] = static_cast<greg_t>(running->top_of_stack()) - 8;  // as a call leaves it
      registers.gregs[REG_RIP] = reinterpret_cast<greg_t>(&Threads::after_fault);
#elif defined(__aarch64__)
      registers.sp = running->top_of_stack();
      registers.pc = reinterpret_cast<std::uintptr_t>(&Threads::after_fault);
#else
#error "the emulator knows no way out of a fault on this machine"
#endif
    }
    stack_t stack_before_{};
    struct sigaction before_[std::size(signals)]{};
  };

  struct Fold {
    std::uint64_t (*step)(std::uint64_t, std::uint64_t) = nullptr;
    bool known = true;
    std::vector<std::uint64_t> values = {};
  };
  Fold folds_[32];
  Machine* machine_ = nullptr;
  Entry entry_ = nullptr;
  const void* parameters_ = nullptr;
  context::fcontext_t scheduler_ = nullptr;
  std::vector<void*> stacks_;
  std::vector<Fiber> fibers_;
  std::vector<std::uint32_t> lanes_;
  void* signal_stack_ = nullptr;
  Stop stop_;
  std::uint32_t intervals_ = 0;
  volatile bool inside_ = false;
};

Multiprocessor::Multiprocessor() : threads_(std::make_unique<Threads>()) {}
Multiprocessor::~Multiprocessor() = default;

Stop Multiprocessor::run(Machine& machine, Entry entry, const void* parameters, std::uint32_t blocks,
                         std::uint32_t threads, std::uint64_t seed, void (*start_block)(void*), void* of_start) {
  return threads_->run(machine, entry, parameters, blocks, threads, seed, start_block, of_start);
}

namespace {

// With so many digits after the first.
double with_digits(double x, int digits) {
  if (x == 0 || !std::isfinite(x)) return x;
  int exponent = 0;
  const double m = std::frexp(x, &exponent);
  return std::ldexp(std::nearbyint(std::ldexp(m, digits + 1)), exponent - digits - 1);
}

// As inexact as the manual of the instructions allows (PTX ISA, "Floating Point Instructions"), so that what cannot
// bear it shows here already: ex2 and lg2 2^-22 (lg2 absolute near 1), tanh 2^-11, rsqrt 2^-22.9, sqrt 2^-23, rcp 1
// ulp, div 2 ulp.
float rough_result(int which, float a, float b) {
  const double x = a;
  switch (which) {
    case 0: return static_cast<float>(with_digits(std::exp2(x), 21));
    case 1: {
      const double l = std::log2(x);
      return static_cast<float>(x > 0.5 && x < 2 ? std::ldexp(std::nearbyint(std::ldexp(l, 21)), -21)
                                                 : with_digits(l, 21));
    }
    case 2: return static_cast<float>(with_digits(std::tanh(x), 10));
    case 3: return static_cast<float>(1 / x);
    case 4: return static_cast<float>(with_digits(std::sqrt(x), 22));
    case 5: return static_cast<float>(with_digits(1 / std::sqrt(x), 22));
    default: return static_cast<float>(with_digits(x / b, 22));
  }
}

}  // namespace

void Multiprocessor::fill_in(Machine& m) {
  m.barrier = [](int line) { running->wait(State::at_barrier, line); };
  m.exchange = [](std::uint64_t x, int bits, int line) { return running->exchange(x, bits, line); };
  m.put = [](int slot, std::uint64_t x, std::uint64_t (*step)(std::uint64_t, std::uint64_t)) {
    running->put(slot, x, step);
  };
  m.folded = [](int slot) { return running->folded(slot); };
  m.fused32 = [](float a, float b, float c) { return std::fma(a, b, c); };
  m.fused64 = [](double a, double b, double c) { return std::fma(a, b, c); };
  m.rough = rough_result;
}

void Multiprocessor::stop_with(Stop stop) { running->stop_with(std::move(stop)); }
std::uint32_t Multiprocessor::intervals() { return running->intervals(); }

}  // namespace croton::runtime::emulator
