// function(), and what a Function answers.
#include <memory>
#include <utility>

#include "base/config.h"
#include "base/error.h"
#include "base/float_control.h"
#include "function/body.h"

namespace croton {
namespace {

bool is_reference(Mode mode, const Config& config, Where where) {
  switch (mode) {
    case Mode::from_config: return config.text("mode") == "FAST_COMPILE";
    case Mode::FAST_RUN: return false;
    case Mode::FAST_COMPILE: return true;
    case Mode::DebugMode:
    case Mode::NanGuardMode: break;
  }
  fail_at<ConfigError>(where, "function: mode {} does not exist yet; the modes are FAST_RUN and FAST_COMPILE",
                       mode == Mode::DebugMode ? "DebugMode" : "NanGuardMode");
}

/// The device of the configuration; its error begins with what asked for it: "/home/ada/.crotonrc:2".
runtime::Device& asked_for(const Config& config) {
  try {
    return runtime::device(config.text("device"));
  } catch (const DeviceError& e) {
    fail<DeviceError>("{}: {}", config.value(find_config_row("device")).source, e.what());
  }
}

Making how(const FunctionOptions& options, Where where) {
  const auto config = config_snapshot();
  Making m;
  m.config = config;
  m.check_nan = config->flag("check_nan");
  m.reference = is_reference(options.mode, *config, where) || m.check_nan;
  m.unsafe = config->flag("optimizer_unsafe");
  m.check = config->flag("check_ir");
  m.profile = options.profile || config->flag("profile");
  m.print_profile = config->flag("profile");
  m.dump = config->text("dump");
  if (!m.reference) m.device = &asked_for(*config);
  return m;
}

void drop(FunctionBase::Body* b) noexcept {
  if (b && b->count.fetch_sub(1, std::memory_order_acq_rel) == 1) delete b;
}

/// A frame for the length of a call; the arrays in it are let go of at the end.
class FrameLease {
 public:
  explicit FrameLease(FunctionBase::Body& b) : body_(b), frame_(b.spare.exchange(nullptr, std::memory_order_acquire)) {
    if (frame_) return;
    auto fresh = std::make_unique<Frame>();
    fresh->inputs.resize(b.recipe.inputs.size());
    fresh->kept.resize(b.recipe.inputs.size());
    frame_ = fresh.release();
  }
  ~FrameLease() {
    for (Array& a : frame_->inputs) a = Array();
    delete body_.spare.exchange(frame_, std::memory_order_acq_rel);  // one that another thread gave back
  }
  FrameLease(const FrameLease&) = delete;
  FrameLease& operator=(const FrameLease&) = delete;
  Frame& operator*() const { return *frame_; }

 private:
  FunctionBase::Body& body_;
  Frame* frame_;
};

}  // namespace

FunctionBase detail::make_function(const Inputs& inputs, std::span<const Tensor> outputs,
                                   const FunctionOptions& options, std::span<const Update> updates, Where where) {
  const std::vector<Out> plain(outputs.begin(), outputs.end());
  return make_function(inputs, plain, options, updates, where);
}

FunctionBase detail::make_function(const Inputs& inputs, std::span<const Out> outputs, const FunctionOptions& options,
                                   std::span<const Update> updates, Where where) {
  const ConfigInUse scope(config_snapshot());
  const FloatControl control;
  const Making making = how(options, where);
  auto* body = new FunctionBase::Body(make_recipe(inputs, outputs, options, updates, where), making);
  FunctionBase made(body);
  body->begin();
  return made;
}

FunctionBase::FunctionBase() = default;
FunctionBase::FunctionBase(Body* b) : body_(b) {}
FunctionBase::FunctionBase(const FunctionBase& o) : body_(o.body_) {
  if (body_) body_->count.fetch_add(1, std::memory_order_relaxed);
}
FunctionBase::FunctionBase(FunctionBase&& o) noexcept : body_(std::exchange(o.body_, nullptr)) {}
FunctionBase& FunctionBase::operator=(const FunctionBase& o) {
  FunctionBase copy(o);
  std::swap(body_, copy.body_);
  return *this;
}
FunctionBase& FunctionBase::operator=(FunctionBase&& o) noexcept {
  if (this != &o) drop(std::exchange(body_, std::exchange(o.body_, nullptr)));
  return *this;
}
FunctionBase::~FunctionBase() { drop(body_); }

FunctionBase::Body& FunctionBase::body() const {
  if (!body_)
    fail<GraphError>("an empty Function (declared, never assigned) was used: assign what function(...) returns");
  return *body_;
}

const std::string& FunctionBase::name() const { return body().recipe.name; }

std::string FunctionBase::source() const {
  Body& b = body();
  const std::lock_guard lock(b.mutex);
  std::string all;
  for (const auto& s : b.specialized) all += s->source();
  return all;
}

std::string FunctionBase::explain() const {
  Body& b = body();
  const std::lock_guard lock(b.mutex);
  std::string wanted, others;
  for (const auto& s : b.specialized) (s->was_wanted() ? wanted : others) += s->note() + s->explain();
  return wanted.empty() ? others : wanted;
}

std::string FunctionBase::profile() const { return body().profile_table(); }

void FunctionBase::compile(std::span<const Extents> shapes) const {
  Body& b = body();
  const Recipe& r = b.recipe;
  if (shapes.size() != r.inputs.size())
    fail_at<GraphError>(r.where, "{}.compile: {} shapes were given for {} inputs ({})", r.title(), shapes.size(),
                        r.inputs.size(), r.signature());
  for (std::size_t i = 0; i < shapes.size(); ++i)
    if (const int rank = type(r.inputs[i].variable).rank(); static_cast<std::size_t>(rank) != shapes[i].size())
      fail_at<ShapeError>(r.where, "{}.compile: shape {} has {} axes, {} is {}", r.title(), i + 1, shapes[i].size(),
                          describe(r.inputs[i].variable), text(type(r.inputs[i].variable)));
  const FloatControl control;
  std::vector<Array> inputs;
  for (std::size_t i = 0; i < shapes.size(); ++i)
    inputs.push_back(Array::zeros(shapes[i], r.inputs[i].variable.dtype()));
  b.with_specialized(inputs, [&](Specialized& s) { s.prepare(inputs); });
}

void FunctionBase::run(std::span<const Argument> in, std::span<Array> out) const {
  Body& b = body();
  if (out.size() != b.recipe.outputs.size())
    fail_at<GraphError>(b.recipe.where, "{} has {} outputs, {} places for them were given", b.recipe.title(),
                        b.recipe.outputs.size(), out.size());
  const FloatControl control(FloatControl::Runs::our_code);
  const FrameLease frame(b);
  b.take(in, *frame);
  b.call((*frame).inputs, out);
  b.keep(out, *frame);
}

std::vector<Array> FunctionBase::run_all(std::span<const Argument> in) const {
  std::vector<Array> out(body().recipe.outputs.size());
  run(in, out);
  return out;
}

}  // namespace croton
