// Convolutions and pooling, made of windows, products and folds: no op of their own, and so no gradient to write.
#include <algorithm>
#include <limits>

#include "base/dtype.h"
#include "base/error.h"
#include "croton/nn.h"
#include "croton/numpy.h"
#include "graph/walk.h"
#include "ops/contract.h"
#include "ops/extents.h"
#include "ops/pointwise.h"
#include "ops/registry.h"
#include "ops/windows.h"

namespace croton {
namespace {

using Numbers = std::vector<Index>;

bool is_number(const Tensor& t, Index n) {
  return node(t).kind == NodeKind::constant && static_integers(t)->at(0) == n;
}
bool is_zero(const Tensor& t) { return is_number(t, 0); }

/// An extent that the type says, as far as one can reckon with it; -1 where it says nothing.
Index known(const Tensor& x, int axis) { return type(x).shape[static_cast<std::size_t>(axis)]; }

/// Everything about windows along some axes of a tensor. Padding that is not a number, and the extents that it depends
/// on, are int64 scalars.
class Windows {
 public:
  Windows(std::string_view name, std::vector<int> axes, std::vector<Tensor> sizes, const Extents& stride,
          const Extents& dilation, Where w)
      : name_(name),
        axes_(std::move(axes)),
        sizes_(std::move(sizes)),
        stride_(ops::one_an_axis(name, "stride", stride, axes_.size(), w)),
        dilation_(ops::one_an_axis(name, "dilation", dilation, axes_.size(), w)),
        before_(axes_.size(), ops::integer(0, w)),
        after_(before_),
        w_(w) {}

  std::size_t count() const { return axes_.size(); }
  int axis(std::size_t i) const { return axes_[i]; }
  const Numbers& stride() const { return stride_; }
  const Numbers& dilation() const { return dilation_; }
  const std::vector<Tensor>& sizes() const { return sizes_; }
  const Tensor& before(std::size_t i) const { return before_[i]; }
  const Tensor& after(std::size_t i) const { return after_[i]; }
  bool pads() const {
    return !std::all_of(before_.begin(), before_.end(), is_zero) || !std::all_of(after_.begin(), after_.end(), is_zero);
  }

  /// How far a window reaches beyond its first element.
  Tensor span(std::size_t i) const { return ops::settled((sizes_[i] - 1) * dilation_[i], w_); }

  /// What `p` says; of "same", so much in all as `total` gives for an axis.
  template <class Total>
  void set_padding(const Padding& p, const Total& total) {
    const auto& widths = p.widths();
    if (p.kind() == Padding::Kind::numbers && widths.size() > 1 && widths.size() != axes_.size())
      fail_at<ShapeError>(w_, "{}: {} paddings for {} axes", name_, widths.size(), axes_.size());
    for (std::size_t i = 0; i < axes_.size(); ++i) {
      if (p.kind() == Padding::Kind::numbers && !widths.empty()) {
        const auto [before, after] = widths[widths.size() == 1 ? 0 : i];
        if (before < 0 || after < 0)
          fail_at<ShapeError>(w_, "{}: a padding of {} and {}; it is not negative", name_, before, after);
        before_[i] = ops::integer(before, w_), after_[i] = ops::integer(after, w_);
      } else if (p.kind() == Padding::Kind::full) {
        before_[i] = after_[i] = span(i);
      } else if (p.kind() == Padding::Kind::half) {
        before_[i] = after_[i] = ops::settled(floor_divide(span(i), 2, w_), w_);
      } else if (p.kind() == Padding::Kind::same) {
        const Tensor all = ops::settled(total(i), w_);
        before_[i] = ops::settled(floor_divide(all, 2, w_), w_);
        after_[i] = ops::settled(all - before_[i], w_);
      }
    }
  }

  /// "same" in front of windows: what x of ceil(n / stride) windows lacks.
  void pad_for(const Tensor& x, const Padding& p) {
    set_padding(p, [&](std::size_t i) {
      const Tensor n = ops::extent(x, axes_[i], w_);
      return maximum(floor_divide(n - 1, stride_[i], w_) * stride_[i] + span(i) + 1 - n, 0, w_);
    });
  }

  /// ShapeError where types say that not even one window lies in x and its padding.
  void refuse_too_large(const Tensor& x) const {
    for (std::size_t i = 0; i < axes_.size(); ++i) {
      const Index n = known(x, axes_[i]);
      const auto size = static_integers(sizes_[i]), before = static_integers(before_[i]),
                 behind = static_integers(after_[i]);
      if (n < 0 || !size || !before || !behind) continue;
      const Index padding = before->at(0) + behind->at(0), needed = (size->at(0) - 1) * dilation_[i] + 1;
      if (needed > n + padding)
        fail_at<ShapeError>(w_, "{}: a window of {} elements{} along axis {} of {} {} needs {}, and there are {}{}",
                            name_, size->at(0), dilation_[i] > 1 ? fmt::format(" with dilation {}", dilation_[i]) : "",
                            axes_[i], formula(x), text(type(x)), needed, n,
                            padding > 0 ? fmt::format(" and a padding of {}", padding) : "");
    }
  }

  /// A last window that reaches beyond the end of what is padded so far gets what it lacks. It begins before x ends.
  void reach_beyond(const Tensor& x) {
    for (std::size_t i = 0; i < axes_.size(); ++i) {
      const Tensor n = ops::extent(x, axes_[i], w_), left = n + before_[i] + after_[i] - span(i) - 1;
      const Tensor steps = -floor_divide(-left, stride_[i], w_);
      const Tensor last = minimum(steps, floor_divide(n + before_[i] - 1, stride_[i], w_), w_);
      beyond_.push_back(ops::settled(maximum(last * stride_[i] - left, 0, w_), w_));
    }
  }

  /// x between zeros: first along the last axis, whose elements lie side by side, while x is smallest.
  Tensor padded(Tensor x) const {
    for (std::size_t i = axes_.size(); i-- > 0;) {
      const Tensor more = behind(i);
      if (is_zero(before_[i]) && is_zero(more)) continue;
      const Tensor n = ops::settled(ops::extent(x, axes_[i], w_) + before_[i] + more, w_);
      x = ops::among_zeros(x, axes_[i], n, before_[i], 1, w_);
    }
    return x;
  }

  /// Where along an axis of padded(x) elements are x's own, or, `all`, its own and padding's, as opposed to what
  /// reach_beyond() has added; that axis alone.
  Tensor is_own(const Tensor& x, std::size_t i, bool all) const {
    const Tensor n = ops::extent(x, axes_[i], w_), at = arange(n + before_[i] + behind(i), w_);
    if (all) return at < n + before_[i] + after_[i];
    return (at >= before_[i]) & (at < n + before_[i]);
  }
  bool reaches_beyond() const { return !std::all_of(beyond_.begin(), beyond_.end(), is_zero); }

  /// New axes for the elements of each window, last.
  Tensor of(const Tensor& x) const { return ops::windows_of(x, axes_, sizes_, stride_, dilation_, w_); }
  /// The same along one axis of a tensor that has no other.
  Tensor along(const Tensor& x, std::size_t i) const {
    return ops::windows_of(x, {0}, {sizes_[i]}, {stride_[i]}, {dilation_[i]}, w_);
  }

 private:
  Tensor behind(std::size_t i) const { return beyond_.empty() ? after_[i] : ops::settled(after_[i] + beyond_[i], w_); }

  std::string_view name_;
  std::vector<int> axes_;
  std::vector<Tensor> sizes_;
  Numbers stride_, dilation_;
  std::vector<Tensor> before_, after_, beyond_ = {};
  Where w_;
};

// ---- convolutions
/// The operands of a convolution along so many spatial axes, in one dtype, checked as far as types go.
struct Convolved {
  std::string_view name;
  Tensor input, filters;
  int spatial;
  Index groups;
  Where w;

  Convolved(std::string_view name, const Operand& of, const Operand& with, int spatial, Index groups, bool flip,
            bool transposed, Where w)
      : name(name), input(of.get()), filters(with.get()), spatial(spatial), groups(groups), w(w) {
    const Tensor both[] = {input, filters};
    refuse_empty(name, both, w);
    const DType d = ops::common_dtype(name, both, w);
    if (d == boolean) fail_at<DTypeError>(w, "{}: {} and {} are bools", name, formula(input), formula(filters));
    check("the input", input, transposed ? "(N, O, spatial axes)" : "(N, C, spatial axes)");
    check("the filters", filters, "(O, C / groups, spatial axes)");
    check_channels(transposed);
    input = ops::converted(input, d, w), filters = ops::converted(filters, d, w);
    for (int i = 0; flip && i < spatial; ++i) filters = croton::flip(filters, 2 + i, w);
  }

  void check(std::string_view what, const Tensor& x, std::string_view axes) const {
    if (x.ndim() != spatial + 2)
      fail_at<ShapeError>(w, "{}: {} {} is {}, with {} axes; it has {}: {}", name, what, formula(x), text(type(x)),
                          x.ndim(), spatial + 2, axes);
  }
  void check_channels(bool transposed) const {
    const std::string both = fmt::format("{} is {}, the filters {} are {}", formula(input), text(type(input)),
                                         formula(filters), text(type(filters)));
    if (groups < 1) fail_at<ShapeError>(w, "{}: {} groups; there is at least 1", name, groups);
    const Index c = known(input, 1), o = known(filters, 0), inner = known(filters, 1);
    if (o >= 0 && o % groups != 0)
      fail_at<ShapeError>(w, "{}: {}; {} filters do not make {} equal groups", name, both, o, groups);
    if (transposed && c >= 0 && o >= 0 && c != o)
      fail_at<ShapeError>(w, "{}: {}; the input has {} channels for {} filters", name, both, c, o);
    if (!transposed && c >= 0 && c % groups != 0)
      fail_at<ShapeError>(w, "{}: {}; {} channels do not make {} equal groups", name, both, c, groups);
    if (!transposed && c >= 0 && inner >= 0 && c / groups != inner)
      fail_at<ShapeError>(w, "{}: {}; a filter sees {} channels, the input has {} in each of {} group{}", name, both,
                          inner, c / groups, groups, groups == 1 ? "" : "s");
  }

  Windows windows(const Extents& stride, const Extents& dilation) const {
    std::vector<int> axes;
    std::vector<Tensor> sizes;
    for (int i = 0; i < spatial; ++i) {
      axes.push_back(2 + i);
      sizes.push_back(ops::extent(filters, 2 + i, w));
    }
    return {name, std::move(axes), std::move(sizes), stride, dilation, w};
  }

  /// Axis `axis` of x as two, the groups first.
  Tensor grouped(const Tensor& x, int axis) const {
    if (groups == 1) return x;
    Dims dims{};
    for (int d = 0; d < x.ndim(); ++d) {
      if (d == axis) dims.list.emplace_back(groups);
      const Tensor n = ops::extent(x, d, w);
      dims.list.emplace_back(d == axis ? Dim(floor_divide(n, groups, w)) : Dim(n));
    }
    return reshape(x, dims, w);
  }
  /// The reverse.
  Tensor joined(const Tensor& x, int axis) const {
    if (groups == 1) return x;
    Dims dims{};
    for (int d = 0; d < x.ndim(); ++d) {
      if (d == axis + 1) continue;
      const Tensor n = ops::extent(x, d, w);
      dims.list.emplace_back(d == axis ? Dim(n * ops::extent(x, d + 1, w)) : Dim(n));
    }
    return reshape(x, dims, w);
  }
};

// Labels of axes: filters (group, out, in, inner...), images (n, group, channel, outer..., inner...).
enum Label : Index { group, out, in, n, inner, outer = inner + 3 };

Numbers labels(std::initializer_list<Label> first, const Convolved& c) {
  Numbers r(first.begin(), first.end());
  if (c.groups == 1) std::erase(r, Index{group});
  return r;
}
/// More labels, one for each of these spatial axes.
Numbers with(Numbers labels, Label first, const Numbers& axes) {
  for (const Index i : axes) labels.push_back(first + i);
  return labels;
}

Tensor convolved(const Convolved& c, const ConvOptions& options) {
  Windows windows = c.windows(options.stride, options.dilation);
  windows.pad_for(c.input, options.padding);
  windows.refuse_too_large(c.input);
  // groups before windows: a reshape of what lies in memory is free. Windows of one element are the input itself
  Tensor x = c.grouped(windows.padded(c.input), 1), filters = c.grouped(c.filters, 0);
  const int more = c.groups > 1 ? 1 : 0;
  std::vector<int> axes;
  std::vector<Tensor> sizes;
  Numbers stride, dilation, slid;
  for (std::size_t i = windows.count(); i-- > 0;) {
    if (is_number(windows.sizes()[i], 1) && windows.stride()[i] == 1) {
      filters = squeeze(filters, windows.axis(i) + more, c.w);
      continue;
    }
    slid.insert(slid.begin(), static_cast<Index>(i));
    axes.insert(axes.begin(), windows.axis(i) + more);
    sizes.insert(sizes.begin(), windows.sizes()[i]);
    stride.insert(stride.begin(), windows.stride()[i]);
    dilation.insert(dilation.begin(), windows.dilation()[i]);
  }
  const Numbers every = ops::counting(c.spatial);
  const Tensor y = ops::contracted(filters, ops::windows_of(x, axes, sizes, stride, dilation, c.w),
                                   with(labels({group, out, in}, c), inner, slid),
                                   with(with(labels({n, group, in}, c), outer, every), inner, slid),
                                   with(labels({n, group, out}, c), outer, every), c.w);
  return c.joined(y, 1);
}

Tensor transposed(const Convolved& c, const ConvTransposeOptions& options) {
  Windows windows = c.windows(options.stride, options.dilation);
  const auto count = static_cast<std::size_t>(c.spatial);
  Numbers more(count, 0);
  if (options.output_padding.size() > 1 && options.output_padding.size() != count)
    fail_at<ShapeError>(c.w, "{}: {} output paddings for {} axes", c.name, options.output_padding.size(), count);
  for (std::size_t i = 0; i < count && options.output_padding.size() > 0; ++i)
    more[i] = options.output_padding[options.output_padding.size() == 1 ? 0 : i];
  for (const Index m : more)
    if (m < 0) fail_at<ShapeError>(c.w, "{}: an output padding of {}; it is not negative", c.name, m);
  windows.set_padding(options.padding, [&](std::size_t i) {
    return maximum(windows.span(i) + 1 - windows.stride()[i] + more[i], 0, c.w);
  });
  const Numbers every = ops::counting(c.spatial);
  const Tensor seen =
      ops::contracted(c.grouped(c.filters, 0), c.grouped(c.input, 1), with(labels({group, out, in}, c), inner, every),
                      with(labels({n, group, out}, c), outer, every),
                      with(with(labels({n, group, in}, c), outer, every), inner, every), c.w);
  // (N, group, C / groups, m..., K...): groups and their channels become one axis before windows are folded
  Tensor y = c.joined(seen, 1);
  std::vector<int> axes;
  std::vector<Tensor> extents, first(count, ops::integer(0, c.w));
  for (std::size_t i = 0; i < count; ++i) {
    axes.push_back(windows.axis(i));
    const Tensor m = ops::extent(c.input, windows.axis(i), c.w);
    extents.push_back(ops::settled((m - 1) * windows.stride()[i] + windows.span(i) + (1 + more[i]), c.w));
  }
  y = ops::folded(y, axes, extents, first, windows.stride(), windows.dilation(), c.w);
  for (std::size_t i = 0; i < count; ++i) {
    const Tensor &before = windows.before(i), &after = windows.after(i);
    if (is_zero(before) && is_zero(after)) continue;
    y = ops::between(y, windows.axis(i), before, ops::settled(extents[i] - before - after, c.w), c.w);
  }
  return y;
}

Tensor convolution(std::string_view name, int spatial, const Operand& x, const Operand& filters,
                   const ConvOptions& options, Where where) {
  const WhereScope scope(where, name);
  return convolved({name, x, filters, spatial, options.groups, options.filter_flip, false, ambient(where)}, options);
}

Tensor transpose_of_convolution(std::string_view name, int spatial, const Operand& x, const Operand& filters,
                                const ConvTransposeOptions& options, Where where) {
  const WhereScope scope(where, name);
  return transposed({name, x, filters, spatial, options.groups, options.filter_flip, true, ambient(where)}, options);
}

// ---- pooling
struct Pooled {
  Tensor x;
  Windows windows;
};

Pooled pooled(std::string_view name, const Operand& of, const Extents& window, const PoolOptions& options, Where w) {
  const Tensor x = of.get();
  refuse_empty(name, {&x, 1}, w);
  const int count = static_cast<int>(window.size());
  if (count == 0 || x.ndim() < count)
    fail_at<ShapeError>(w, "{}: {} is {}; a window has one extent for each of the last axes, and here it has {}", name,
                        formula(x), text(type(x)), count);
  std::vector<int> axes;
  std::vector<Tensor> sizes;
  for (const Index size : ops::one_an_axis(name, "window's extent", window, window.size(), w)) {
    axes.push_back(x.ndim() - count + static_cast<int>(axes.size()));
    sizes.push_back(ops::integer(size, w));
  }
  const Extents& stride = options.stride.size() > 0 ? options.stride : window;
  Windows windows(name, std::move(axes), std::move(sizes), stride, options.dilation, w);
  windows.pad_for(x, options.padding);
  windows.refuse_too_large(x);
  if (options.ceil) windows.reach_beyond(x);
  return {x, std::move(windows)};
}

std::vector<int> last_axes(std::size_t count) {
  std::vector<int> axes;
  for (int i = static_cast<int>(count); i > 0; --i) axes.push_back(-i);
  return axes;
}

/// A vector along one axis of a tensor of that rank.
Tensor laid_along(const Tensor& v, int axis, int rank, Where w) {
  Numbers places(static_cast<std::size_t>(rank), -1);
  places[static_cast<std::size_t>(axis)] = 0;
  return ops::permuted(v, std::move(places), w);
}

Tensor least(DType d, Where w) {
  if (is_float(d)) return ops::converted(-std::numeric_limits<double>::infinity(), d, w);
  if (d == boolean || is_unsigned_int(d)) return ops::converted(0, d, w);
  return ops::converted(-(Index{1} << (8 * size_of(d) - 2)) * 2, d, w);
}

}  // namespace

Padding::Padding(const char* word, Where w) {
  const std::string_view name = word;
  if (name == "half")
    kind_ = Kind::half;
  else if (name == "full")
    kind_ = Kind::full;
  else if (name == "same")
    kind_ = Kind::same;
  else if (name != "valid")
    fail_at<GraphError>(w, "padding: \"{}\" is none of valid, half, full, same", name);
}
Padding::Padding(std::initializer_list<Index> widths) {
  for (const Index n : widths) widths_.push_back({n, n});
}

Tensor conv1d(const Operand& x, const Operand& filters, const ConvOptions& options, Where w) {
  return convolution("conv1d", 1, x, filters, options, w);
}
Tensor conv2d(const Operand& x, const Operand& filters, const ConvOptions& options, Where w) {
  return convolution("conv2d", 2, x, filters, options, w);
}
Tensor conv3d(const Operand& x, const Operand& filters, const ConvOptions& options, Where w) {
  return convolution("conv3d", 3, x, filters, options, w);
}
Tensor conv1d_transpose(const Operand& x, const Operand& filters, const ConvTransposeOptions& options, Where w) {
  return transpose_of_convolution("conv1d_transpose", 1, x, filters, options, w);
}
Tensor conv2d_transpose(const Operand& x, const Operand& filters, const ConvTransposeOptions& options, Where w) {
  return transpose_of_convolution("conv2d_transpose", 2, x, filters, options, w);
}
Tensor conv3d_transpose(const Operand& x, const Operand& filters, const ConvTransposeOptions& options, Where w) {
  return transpose_of_convolution("conv3d_transpose", 3, x, filters, options, w);
}

Tensor max_pool(const Operand& of, const Extents& window, const PoolOptions& options, Where where) {
  const WhereScope scope(where);
  const Where w = ambient(where);
  const auto [x, windows] = pooled("max_pool", of, window, options, w);
  Tensor seen = x;
  if (windows.pads() || windows.reaches_beyond()) {
    const DType d = x.dtype();
    seen = ops::converted(windows.padded(d == boolean ? ops::converted(x, int8, w) : x), d, w);
    for (std::size_t i = 0; i < windows.count(); ++i)
      seen = croton::where(laid_along(windows.is_own(x, i, false), windows.axis(i), x.ndim(), w), seen, least(d, w), w);
  }
  return max(windows.of(seen), Axes(last_axes(windows.count())), w);
}

Tensor avg_pool(const Operand& of, const Extents& window, const PoolOptions& options, bool include_padding,
                Where where) {
  const WhereScope scope(where);
  const Where w = ambient(where);
  const auto [given, windows] = pooled("avg_pool", of, window, options, w);
  const Tensor x = ops::converted(given, to_floating(given.dtype()), w);
  const Axes elements(last_axes(windows.count()));
  const Tensor seen = windows.of(windows.padded(x));
  if (include_padding ? !windows.reaches_beyond() : !windows.pads() && !windows.reaches_beyond())
    return mean(seen, elements, w);
  Tensor count;
  for (std::size_t i = 0; i < windows.count(); ++i) {
    const Tensor own = cast(windows.is_own(x, i, include_padding), x.dtype(), w);
    const Tensor along = laid_along(sum(windows.along(own, i), 1, w), windows.axis(i), x.ndim(), w);
    count = count.node() ? count * along : along;
  }
  return sum(seen, elements, w) / count;
}

}  // namespace croton
