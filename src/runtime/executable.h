// A rewritten graph, ready to run on one device: tile programs, their modules, and a plan for each signature of shapes.
#pragma once
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "graph/walk.h"
#include "runtime/device.h"
#include "runtime/shapes.h"
#include "runtime/update_target.h"

namespace croton::runtime {

class SharedStorage;
struct Workspace;

class Executable {
 public:
  /// `results`: primitives only (rewrite::run has been there), first what the caller wants back, then the updates'
  /// values. `inputs`: the input leaves, in the order in which run() is given their values.
  Executable(std::vector<Tensor> results, std::vector<Tensor> inputs, std::vector<UpdateTarget> updates, Device&,
             std::string name);
  ~Executable();
  Executable(const Executable&) = delete;
  Executable& operator=(const Executable&) = delete;

  /// Runs once. `inputs` have the leaves' dtypes and ranks. The caller holds the words of every shared leaf:
  /// exclusively those that are updated, and, the first time, all of them. `outputs` (as many as results that are no
  /// update's) are assigned; an Array there that nobody else holds, of the right dtype and shape, is written in place.
  /// Shapes that do not fit are a ShapeError, an index out of range an IndexError; then nothing has been updated.
  /// Re-entrant: each call has a workspace of its own.
  void run(std::span<const Array> inputs, std::span<Array> outputs);
  /// Compiles the kernels; run() does, where nobody has. Throws CompileError.
  void load();
  /// `check` refuses, by throwing, shapes of the leaves that the graph would take: before a plan is made for them. To
  /// be set before anything runs.
  void set_check(std::function<void(const Shapes&, const Integers&)> check);
  /// Makes the plan for inputs of these shapes.
  void prepare(std::span<const Array> inputs);
  /// Whether plans depend on the values of an input, which the host reads then.
  bool decides_shapes(const Tensor& input) const;
  /// Those that run() reads or updates. It moves one that is not on the device yet; then the caller takes every word
  /// exclusively.
  const std::vector<SharedStorage*>& shared_variables() const;

  /// The generated source of every kernel compiled so far.
  std::string source() const;
  /// The same kernels without the prelude, for reading: each with what it computes above it and the user's names and
  /// lines beside its arguments.
  std::vector<std::string> kernels_to_read() const;
  /// The loop nest of each kernel. (Both for positions of 32 bits: longer axes have a program of their own, made then.)
  std::vector<std::string> nests() const;
  /// The program, why neighbours were not fused, how updates are written, and, once a plan has been made, bytes moved
  /// and operations of each step at the shapes of the last one.
  std::string explain() const;
  /// How often each step ran and how long it took, where profiling is on: label, calls, seconds.
  struct StepTime {
    std::string label;
    std::uint64_t calls = 0;
    double seconds = 0;
  };
  void set_profiling(bool on);
  std::vector<StepTime> step_times() const;
  /// The steps of every run: kernel launches, library and host calls.
  int launches_per_run() const;

  /// Runs one after another on arguments of the same shapes, given by where they lie, and to results whose place is
  /// given too: a loop's steps. Only where has_series() says so: the host addresses the device's memory, and nothing is
  /// updated or checked. The words are held as for run(), from the first to the last.
  class Series;
  bool has_series() const;

 private:
  struct Body;
  std::unique_ptr<Body> body_;
};

class Executable::Series {
 public:
  /// `inputs`: the first ones; integers that decide shapes stay what they are.
  Series(Executable&, std::span<const Array> inputs);
  ~Series();
  Series(const Series&) = delete;
  Series& operator=(const Series&) = delete;
  Extents shape(std::size_t result) const;
  /// Row-major; no result lies where an input does.
  void run(std::span<const std::byte* const> inputs, std::span<std::byte* const> results);

 private:
  Body& body_;
  std::unique_ptr<Workspace> workspace_;
};

}  // namespace croton::runtime
