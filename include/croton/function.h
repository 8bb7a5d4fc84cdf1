// function(inputs, outputs, updates): from a graph to something that can be called.
#pragma once
#include "croton/shared.h"

namespace croton {

// ---- what a function is made of
/// A shared variable, and what it becomes: {w, w - rate * dw}. The value has as many axes (ShapeError) and a dtype that
/// promotes to the variable's, int64 to float32, say (DTypeError); a bare number fills the variable.
struct Update {
  Shared target;
  Tensor value;
};
/// Pairs (shared, new value), all computed from the old values and written together after the outputs. A variable may
/// be in it once (function() throws GraphError).
class Updates {
 public:
  Updates();
  Updates(std::initializer_list<Update> l);
  Updates(const Updates&);
  Updates(Updates&&) noexcept;
  Updates& operator=(const Updates&);
  Updates& operator=(Updates&&) noexcept;
  ~Updates();
  /// Appends one pair, or all pairs of another list.
  void add(const Shared& s, const Tensor& t);
  Updates& operator+=(const Updates& o);
  auto begin() const { return v_.begin(); }
  auto end() const { return v_.end(); }
  std::size_t size() const { return v_.size(); }

 private:
  std::vector<Update> v_;
};
/// What is replaced (an input, a shared variable, any expression), and by what: of as many axes, of extent 1 in the
/// type where the variable broadcasts (ShapeError), and of a dtype that promotes to the variable's (DTypeError).
struct Given {
  Tensor variable;
  Tensor value;
};
/// Substitutions made before compiling: {{x, train_x[slice(i * n, (i + 1) * n)]}}.
class Givens {
 public:
  Givens();
  Givens(std::initializer_list<Given>);
  Givens(const std::vector<Given>&);
  Givens(const Givens&);
  Givens& operator=(const Givens&);
  ~Givens();
  const std::vector<Given>& list() const { return v_; }

 private:
  std::vector<Given> v_;
};
/// An input, perhaps with a default value, which is copied: In(lr, 0.1f). Inputs with defaults come last.
struct In {
  Tensor variable;
  Array value;
  bool has_default = false;
  In(const Tensor& t);
  In(const Shared&) = delete;  // a Shared is never an argument: it is known to the function, or replaced by givens
  In(const Tensor& t, const Array& v);
  template <Number N>
  In(const Tensor& t, N v) : In(t, Array::scalar(v)) {}
  In(const In&);
  ~In();
};
/// The inputs of a function, in the order of a call's arguments: {x, In(lr, 0.1f)}, x alone, or a vector<Tensor>.
class Inputs {
 public:
  Inputs();
  Inputs(std::initializer_list<In> l);
  Inputs(const Tensor& t);
  Inputs(const Shared&) = delete;  // a Shared is never an argument: it is known to the function, or replaced by givens
  Inputs(const std::vector<Tensor>& v);
  Inputs(const Inputs&);
  ~Inputs();
  const std::vector<In>& list() const { return v_; }

 private:
  std::vector<In> v_;
};

/// An output that may be borrowed: function(i, {Out(w[i], true), y}). An output that is a view of an input or of a
/// shared variable (or is one of them) is a copy, in memory of its own. With `borrow` it shares that memory, on any
/// device, and nothing is copied; an output that has to be computed is the same either way. A borrowed array is a value
/// all the same: while it is held, an update or set_value of the variable writes to other memory instead of in place
/// (so holding it costs memory), and writing to the array copies it first. It may have strides. Foreign memory alone is
/// as its owner leaves it: an argument made by Array::borrow, or a variable that keeps one (set_value with borrow). A
/// vector or span is lent for the call only, and copied.
struct Out {
  Tensor variable;
  bool borrow = false;
  Out(const Tensor& t, bool borrow = false);
  explicit Out(const Expr& e, bool borrow = false);  // a Shared in a list of outputs is written Out(w)
  Out(const Out&);
  ~Out();
};
/// A list of outputs to keep or to hand on: function(x, outputs.list()).
class Outputs {
 public:
  Outputs() = default;
  Outputs(std::initializer_list<Tensor> l) : v_(l) {}
  Outputs(const Tensor& t) : v_{t} {}
  Outputs(const std::vector<Tensor>& v) : v_(v) {}
  const std::vector<Tensor>& list() const { return v_; }

 private:
  std::vector<Tensor> v_;
};

/// How a function runs: FAST_RUN generates code and has it compiled; FAST_COMPILE runs the reference evaluator, which
/// is slow and needs no compiler. Both compute the same. from_config: as the configuration key `mode` says. Theano's
/// DebugMode and NanGuardMode do not exist yet (ConfigError).
enum class Mode : std::uint8_t { from_config, FAST_RUN, FAST_COMPILE, DebugMode, NanGuardMode };
/// What to do about an unused input: a GraphError, a warning on stderr, nothing. from_config: what the configuration
/// key `on_unused_input` says.
enum class Report : std::uint8_t { from_config, raise, warn, ignore };
/// In Theano's own order; each member has a default.
struct FunctionOptions {
  Mode mode = Mode::from_config;
  Updates updates = {};
  Givens givens = {};
  /// Leaves out the updates that shared variables bring along by themselves: the states of random streams.
  bool no_default_updates = false;
  /// What errors, profiles and dumps call it; "function" where it is empty.
  std::string_view name = {};
  /// Arguments that would lose digits are converted (as Array::astype does) instead of refused with a DTypeError. The
  /// configuration key of the same name does so for every function.
  bool allow_input_downcast = false;
  /// Measures each call and each kernel, for FunctionBase::profile(). So does the configuration key of that name.
  bool profile = false;
  /// An input that no output and no update needs.
  Report on_unused_input = Report::from_config;
};

/// A borrowed view of one argument; lives for the call. An Array, a bare number, or a vector or span (one axis). Floats
/// go into an input of their dtype or a wider float, integers and bools into one that holds each of them exactly; the
/// rest is a DTypeError of the call. A bare number is rounded for a float input, and exact for an integer.
class Argument {
 public:
  Argument(const Array& a) : array_(&a) {}
  template <Number N>
  Argument(N v) : weak_(v), is_number_(true) {}
  template <std::same_as<bool> B>
  Argument(B v) : weak_(v ? 1 : 0), is_number_(true), dtype_(DType::boolean) {}
  template <Element T>
    requires(!std::same_as<T, bool>)
  Argument(const std::vector<T>& v) : data_(v.data()), count_(v.size()), dtype_(dtype_of<T>()) {}
  template <class T, std::size_t E>
    requires Element<std::remove_const_t<T>>
  Argument(std::span<T, E> v) : data_(v.data()), count_(v.size()), dtype_(dtype_of<std::remove_const_t<T>>()) {}
  /// Two axes; the call gathers the rows. Rows of unequal length are a ShapeError.
  template <Element T>
  Argument(const std::vector<std::vector<T>>& rows) : data_(&rows), gather_(&gather<std::vector<std::vector<T>>>) {}
  /// Its bits are gathered too.
  Argument(const std::vector<bool>& v) : data_(&v), gather_(&gather<std::vector<bool>>) {}
  Argument(const Expr&) = delete;  // a function is called with values; to substitute a Tensor use givens

  const Array* array() const { return array_; }
  bool is_number() const { return is_number_; }
  const Weak& weak() const { return weak_; }
  const void* data() const { return data_; }
  std::size_t count() const { return count_; }
  DType dtype() const { return dtype_; }
  /// Values that do not lie side by side, as one Array.
  bool is_apart() const { return gather_ != nullptr; }
  Array gathered() const { return gather_(data_); }

 private:
  template <class Values>
  static Array gather(const void* values) {
    return Array(*static_cast<const Values*>(values));
  }
  const Array* array_ = nullptr;
  const void* data_ = nullptr;
  Array (*gather_)(const void*) = nullptr;
  std::size_t count_ = 0;
  Weak weak_{0};
  bool is_number_ = false;
  DType dtype_ = DType::float64;
};

/// FunctionOf<dynamic> has as many results as the vector of outputs that it was made of.
inline constexpr std::size_t dynamic = static_cast<std::size_t>(-1);

/// A compiled function: const and re-entrant, any thread may call it; copies share it.
class FunctionBase {
 public:
  FunctionBase();
  FunctionBase(const FunctionBase&);
  FunctionBase(FunctionBase&&) noexcept;
  FunctionBase& operator=(const FunctionBase&);
  FunctionBase& operator=(FunctionBase&&) noexcept;
  ~FunctionBase();

  /// The option `name`; "" where there was none.
  const std::string& name() const;
  /// The generated source (every kernel compiled so far).
  std::string source() const;
  /// Regions, kernels, bytes moved, and why neighbours were not fused; once there were calls, of what they ran.
  std::string explain() const;
  /// A table of where the time of the calls went (collected where the option or the config key `profile` asks for it).
  std::string profile() const;
  /// Compiles and plans for arguments of these shapes, one an input, now instead of at the first call. GraphError for
  /// another count of shapes, ShapeError for shapes that do not fit.
  void compile(std::span<const Extents> shapes) const;
  /// The same with the shapes in braces: f.compile({{32, 784}}).
  void compile(std::initializer_list<Extents> shapes) const { compile(std::span(shapes.begin(), shapes.size())); }
  /// The call (see FunctionOf) without allocation: out holds the outputs; an Array in it of the right dtype and shape
  /// that nobody shares is reused.
  void run(std::span<const Argument> in, std::span<Array> out) const;

  struct Body;
  explicit FunctionBase(Body*);

 protected:
  std::vector<Array> run_all(std::span<const Argument> in) const;
  Body& body() const;

 private:
  Body* body_ = nullptr;
};

/// How many results a function has is part of its type: N = 1 returns an Array, N = 0 nothing, N an std::array,
/// `dynamic` a vector.
template <std::size_t N>
class FunctionOf : public FunctionBase {
 public:
  using FunctionBase::FunctionBase;
  FunctionOf() = default;
  explicit FunctionOf(FunctionBase&& b) : FunctionBase(static_cast<FunctionBase&&>(b)) {}
  /// An argument for each input, in their order; those with defaults may be left out at the end. GraphError for another
  /// count, ShapeError and DTypeError for an argument that does not fit its input, IndexError for an index out of
  /// range: no shared variable has changed then.
  template <std::convertible_to<Argument>... A>
  auto operator()(const A&... a) const {
    const std::array<Argument, sizeof...(A)> in{Argument(a)...};
    return call(in);
  }
  /// The same with the arguments as a list.
  auto operator()(const std::vector<Array>& arguments) const {
    return call(std::vector<Argument>(arguments.begin(), arguments.end()));
  }

 private:
  auto call(std::span<const Argument> in) const {
    if constexpr (N == dynamic) return run_all(in);
    else if constexpr (N == 0) run(in, {});
    else {
      std::array<Array, N> out;
      run(in, out);
      if constexpr (N == 1) return Array(static_cast<Array&&>(out[0]));
      else return out;
    }
  }
};
/// A function of one result, and one of updates alone.
using Function = FunctionOf<1>;
using Procedure = FunctionOf<0>;

namespace detail {
template <class T>
concept OutputType = std::derived_from<T, Expr> || std::same_as<T, Out>;
FunctionBase make_function(const Inputs&, std::span<const Tensor>, const FunctionOptions&, std::span<const Update>, Where);
FunctionBase make_function(const Inputs&, std::span<const Out>, const FunctionOptions&, std::span<const Update>, Where);
template <std::size_t N, class T>
FunctionOf<N> make(const Inputs& i, std::span<const T> o, const FunctionOptions& f, std::span<const Update> u, Where w) {
  return FunctionOf<N>(make_function(i, o, f, u, w));
}
template <class T>
Function make_one(const Inputs& i, const T& output, const FunctionOptions& f, std::span<const Update> u, Where w) {
  const Out o(output);
  return make<1>(i, std::span<const Out>(&o, 1), f, u, w);
}
template <class T>
FunctionOf<dynamic> make_list(const Inputs& i, const std::vector<T>& outputs, const FunctionOptions& f,
                              std::span<const Update> u, Where w) {
  if constexpr (std::same_as<T, Tensor> || std::same_as<T, Out>) return make<dynamic>(i, std::span<const T>(outputs), f, u, w);
  else return make_list(i, std::vector<Tensor>(outputs.begin(), outputs.end()), f, u, w);
}
struct Nothing {};
}  // namespace detail

// The overloads with options stand first: a mistyped option is then the first candidate that the compiler explains. The
// types of outputs are deduced, so that `{}` in their place can only mean none: function({x}, {}, {{w, w + 1}}).

/// Compiles a function of inputs. How its outputs are written says what a call returns:
///
///     function({x}, y)                         one: an Array
///     function({x}, {y, Out(z)})               a list in braces, of Tensors or of Outs: std::array<Array, 2>
///     function({x}, outputs)                   a vector of Tensors or Outs: std::vector<Array>
///     function({x}, {.updates = {{w, w + 1}}}) none, but options: nothing
///
/// GraphError for an input that is missing, not needed (see on_unused_input), named twice, or no input but an
/// expression or a shared variable; for an empty handle; for a variable updated twice. ShapeError and DTypeError for
/// defaults, updates and givens that do not fit. DeviceError or CompileError where the device or compiler is not there.
template <detail::OutputType T>
Function function(const Inputs& i, const T& o, const FunctionOptions& f = {}, Where w = Where::here()) {
  return detail::make_one(i, o, f, {}, w);
}
template <std::size_t N>
FunctionOf<N> function(const Inputs& i, const Tensor (&o)[N], const FunctionOptions& f = {}, Where w = Where::here()) {
  return detail::make<N>(i, std::span<const Tensor>(o), f, {}, w);
}
template <std::size_t N>
FunctionOf<N> function(const Inputs& i, const Out (&o)[N], const FunctionOptions& f = {}, Where w = Where::here()) {
  return detail::make<N>(i, std::span<const Out>(o), f, {}, w);
}
template <detail::OutputType T>
FunctionOf<dynamic> function(const Inputs& i, const std::vector<T>& o, const FunctionOptions& f = {},
                             Where w = Where::here()) {
  return detail::make_list(i, o, f, {}, w);
}
inline Procedure function(const Inputs& i, const FunctionOptions& f, Where w = Where::here()) {
  return detail::make<0>(i, std::span<const Tensor>(), f, {}, w);
}
/// The same with updates in braces, before the options: function({x}, y, {{w, w - rate * dw}}, {.name = "train"}). With
/// `{}` for the outputs it returns nothing. Updates among the options are made too.
template <detail::OutputType T, std::size_t U>
Function function(const Inputs& i, const T& o, const Update (&u)[U], const FunctionOptions& f = {},
                  Where w = Where::here()) {
  return detail::make_one(i, o, f, u, w);
}
template <std::size_t N, std::size_t U>
FunctionOf<N> function(const Inputs& i, const Tensor (&o)[N], const Update (&u)[U], const FunctionOptions& f = {},
                       Where w = Where::here()) {
  return detail::make<N>(i, std::span<const Tensor>(o), f, u, w);
}
template <std::size_t N, std::size_t U>
FunctionOf<N> function(const Inputs& i, const Out (&o)[N], const Update (&u)[U], const FunctionOptions& f = {},
                       Where w = Where::here()) {
  return detail::make<N>(i, std::span<const Out>(o), f, u, w);
}
template <detail::OutputType T, std::size_t U>
FunctionOf<dynamic> function(const Inputs& i, const std::vector<T>& o, const Update (&u)[U], const FunctionOptions& f = {},
                             Where w = Where::here()) {
  return detail::make_list(i, o, f, u, w);
}
template <std::size_t U>
Procedure function(const Inputs& i, detail::Nothing, const Update (&u)[U], const FunctionOptions& f = {},
                   Where w = Where::here()) {
  return detail::make<0>(i, std::span<const Tensor>(), f, u, w);
}
/// The same with Updates, as optimizers make them: function({x, y}, loss, optimizers::adam(loss, {w, b})).
template <detail::OutputType T, std::same_as<Updates> U>
Function function(const Inputs& i, const T& o, const U& u, const FunctionOptions& f = {}, Where w = Where::here()) {
  return detail::make_one(i, o, f, {u.begin(), u.end()}, w);
}
template <std::size_t N, std::same_as<Updates> U>
FunctionOf<N> function(const Inputs& i, const Tensor (&o)[N], const U& u, const FunctionOptions& f = {},
                       Where w = Where::here()) {
  return detail::make<N>(i, std::span<const Tensor>(o), f, {u.begin(), u.end()}, w);
}
template <std::size_t N, std::same_as<Updates> U>
FunctionOf<N> function(const Inputs& i, const Out (&o)[N], const U& u, const FunctionOptions& f = {},
                       Where w = Where::here()) {
  return detail::make<N>(i, std::span<const Out>(o), f, {u.begin(), u.end()}, w);
}
template <detail::OutputType T, std::same_as<Updates> U>
FunctionOf<dynamic> function(const Inputs& i, const std::vector<T>& o, const U& u, const FunctionOptions& f = {},
                             Where w = Where::here()) {
  return detail::make_list(i, o, f, {u.begin(), u.end()}, w);
}
template <std::same_as<Updates> U>
Procedure function(const Inputs& i, detail::Nothing, const U& u, const FunctionOptions& f = {}, Where w = Where::here()) {
  return detail::make<0>(i, std::span<const Tensor>(), f, {u.begin(), u.end()}, w);
}

/// The value of an expression once: nothing is compiled, the reference evaluator runs. GraphError for an input that
/// givens do not replace: eval(y, {{x, Array{1.f, 2.f}}}).
Array eval(const Tensor&, const Givens& = {}, Where = Where::here());

}  // namespace croton
