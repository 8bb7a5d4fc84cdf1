// What the buffers of a program are in a call: arguments, shared variables, constants, results, memory between steps,
// and views of them.
#pragma once
#include <span>
#include <string>
#include <vector>

#include "runtime/device.h"
#include "runtime/plan.h"
#include "runtime/storage.h"
#include "runtime/update_target.h"

namespace croton::runtime {

struct Given;
struct Workspace;

class Bindings {
 public:
  /// Uploads the constants. The program outlives it. `inputs`: the leaves that calls bring, in their order; `shared`:
  /// all variables that the program reads or updates; `name`: the function's, for errors.
  Bindings(const tile::Program&, std::span<const Tensor> inputs, std::span<const Tensor> shared,
           std::span<const UpdateTarget> updates, Device&, std::string name);

  /// Memory that stays as long as the workspace lives.
  void allocate(Workspace&) const;
  /// Points every buffer to what this call brings. `out`: an Array for each result that is no update's.
  void point(Workspace&, std::span<const Array> in, std::span<Array> out);
  /// The same for a call of a series: everything lies where the caller says, on the host; shared variables where the
  /// call before had them.
  void point(Workspace&, std::span<const std::byte* const> in, std::span<std::byte* const> results) const;
  void point_shared(Workspace&) const;
  /// Results stay on the device until the host reads them.
  void hand_out(Workspace&, std::span<Array> out) const;
  /// After everything that can fail: the new values of shared variables take the old ones' place together.
  void commit(Workspace&) noexcept;

  /// Which updates are written where the old value lies.
  const std::vector<bool>& written_in_place() const { return written_in_place_; }
  /// By buffer, for reports.
  const std::vector<std::string>& names() const { return names_; }
  const std::vector<SharedStorage*>& shared() const { return shared_; }

 private:
  void find_leaves(std::span<const Tensor> inputs, std::span<const Tensor> shared);
  void upload_constants();
  void point_views(Workspace&) const;
  void give_each_its_own(Workspace&) const;
  void* memory_to_give(Given&, int buffer, const Place&) const;
  Buffer memory_for(int buffer, const Place&) const;
  void* argument_memory(std::size_t input, const Array&, Workspace&) const;
  void* update_memory(std::size_t update, const Place&, Workspace&);

  struct Update {
    SharedStorage* of;
    int buffer;  // of the new value
  };

  const tile::Program& program_;
  Device& device_;
  std::string name_;
  bool on_host_, separate_, fresh_;
  std::vector<bool> written_in_place_;
  std::vector<int> update_of_result_;  // -1: goes back to the caller
  std::vector<Update> updates_;
  std::vector<SharedStorage*> shared_;
  std::vector<int> input_buffers_, shared_buffers_;  // by leaf; -1: not read
  std::vector<Buffer> constants_;                    // by buffer
  std::vector<std::string> names_;
};

}  // namespace croton::runtime
