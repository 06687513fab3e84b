// SPDX-License-Identifier: Apache-2.0
// The narrow interface between the study and a device. Ranges, never single members: one call is
// one submission. Nothing here names a device; the CPU and the CUDA backend implement it.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "brood/member.hpp"
#include "brood/scheduler.hpp"
#include "brood/table.hpp"

namespace brood {

struct Member;     // a described configuration: core/member.hpp
struct Admission;  // a member on its way in: backend/admission.hpp

using Slot = int;

// What a backend says of itself and its device.
struct BackendInfo {
  std::string name;               // "cpu", "cuda"
  std::string device;             // "AMD EPYC ..., avx512, 2 threads"
  std::string precision;          // "fp32"
  std::int64_t memory_bytes = 0;  // what members may take together
  int parallel_members = 1;       // how many train at the same time
};

// Yes, or the reason why not.
struct Support {
  bool yes = true;
  std::string reason;
  explicit operator bool() const { return yes; }
};

// How a backend would submit the training of some members at once.
struct Submission {
  int launches = 0;  // of kernels, for an epoch; 0 on the CPU
  // Members whose tensors lie in the same place.
  struct Group {
    std::string layout;  // where tensors lie: "resident", "weights in L2", ...
    int members = 0;
  };
  std::vector<Group> groups;  // by layout; none on the CPU
  double work = 0;            // needed flops of an epoch of all of them
  double shared_bytes = 0;    // of shared memory that its products read, at least; 0 on the CPU
  double busy_share = 1;      // of the device, while they train for as many epochs each; predicted
  double seconds = 0;         // that an epoch of all of them takes; 0: not predicted
};

// How far a member is to train.
struct TrainOrder {
  Slot slot = 0;
  int until_epoch = 0;            // trains from where it is to here; at most its `epochs`
  int evaluate_every_epochs = 1;  // also evaluates at until_epoch; 0: only there
};

// From where to where a member's state is copied.
struct SlotCopy {
  Slot from = 0, to = 0;  // both admitted, same network shape, optimizer and options
};

// Of one output of a member's predictions over some rows: pairs of a row that has the class (or
// label) and one that has not.
struct OrderedPairs {
  std::int64_t with = 0, without = 0;  // rows
  std::int64_t twice_in_order = 0;     // pairs: 2 for one that is predicted in order, 1 for a tie
  std::int64_t defined = 1;            // 0: a prediction is not a number
};

// A device: tables are loaded on it, and each member lives in a slot of its own.
class Backend {
 public:
  virtual ~Backend() = default;

  virtual BackendInfo info() const = 0;

  // ---- by names and values: what is below, of a config that is described first

  // Whether members of this config can be trained on a table of this shape. Throws nothing.
  Support supports(Config const& config, TableShape const& shape, std::int64_t train_rows) const;
  // Bytes that a member takes while it is resident. Throws UsageError for a bad config.
  std::int64_t bytes(Config const& config, TableShape const& shape, std::int64_t train_rows) const;
  // What training members of these configs together would be; each of them is supported.
  Submission plan(std::span<Config const> configs, TableShape const& shape,
                  std::int64_t train_rows) const;
  // Makes members resident and draws their initial weights, but those that they start from. Throws
  // UsageError with the problems of every bad spec.
  std::vector<Slot> admit(std::span<MemberSpec const> specs);

  // ---- what a backend does

  virtual Support supports(Member const& member) const = 0;
  virtual std::int64_t bytes(Member const& member) const = 0;
  virtual Submission plan(std::span<Member const> members) const = 0;

  // Copies a table to the device, once; members refer to it by the id. Waits.
  virtual TableId load(Table const& table) = 0;
  virtual void unload(TableId table) = 0;

  // Of a table that is loaded. Throw UsageError for any other.
  virtual TableShape shape(TableId table) const = 0;
  virtual std::int64_t rows(TableId table) const = 0;

  // Makes members that it supports resident, as admit() says.
  virtual std::vector<Slot> make_resident(std::span<Admission const> members) = 0;
  virtual void release(std::span<Slot const> slots) = 0;

  // Advances members; the slots of one call are distinct. A member that is complete, stopped or
  // diverged is left alone. May return before the work is done.
  virtual void train(std::span<TrainOrder const> orders) = 0;

  // Waits for the work submitted so far.
  virtual std::vector<MemberMetrics> metrics(std::span<Slot const> slots) = 0;

  // Predictions of each slot on rows of its own table, or on rows of `x` (NaN is missing).
  // out: (slots, rows, outputs): class probabilities, label probabilities, or values in the
  // user's units; for two classes with bce, two columns all the same. Waits.
  virtual void forward(std::span<Slot const> slots, std::span<std::int32_t const> rows,
                       std::span<float> out) = 0;
  virtual void forward(std::span<Slot const> slots, Matrix x, std::span<float> out) = 0;

  // The sums of each slot's predictions over rows of its own table, as training records them over
  // its evaluation rows; `train_loss` is NaN. With the weights that predict. Waits.
  virtual std::vector<Evaluation> evaluate(std::span<Slot const> slots,
                                           std::span<std::int32_t const> rows) = 0;

  // For the area under the ROC curve, of each slot's predictions over rows of its own table: for
  // every output in turn, of two classes for the second alone. Empty where the backend does not
  // count them: count those of forward(). Waits.
  virtual std::vector<OrderedPairs> ordered_pairs(std::span<Slot const> /*slots*/,
                                                  std::span<std::int32_t const> /*rows*/) {
    return {};
  }

  // As survivors() of scheduler.hpp, on the device where that is faster. Waits.
  virtual std::vector<int> rank(std::vector<Ranked> trials, int keep, bool maximize) = 0;

  // Copies weights, moments and progress; the target keeps its own hyperparameters and seed.
  virtual void clone(std::span<SlotCopy const> copies) = 0;

  virtual std::vector<MemberImage> save(std::span<Slot const> slots) = 0;
  // Each slot must have been admitted with the spec that the image was trained with.
  virtual void restore(std::span<Slot const> slots, std::span<MemberImage const> images) = 0;

  // The weights that predict: averaged ones if the member keeps an average, the best ones if it
  // has patience and was evaluated.
  virtual std::vector<std::vector<LayerWeights>> weights(std::span<Slot const> slots) = 0;
};

}  // namespace brood
