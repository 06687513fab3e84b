// SPDX-License-Identifier: Apache-2.0
// What a device runs of the kernels' code: newer devices may run code of an architecture that knows
// no clusters, and some find none that they can run.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "backend/rows.hpp"
#include "brood/error.hpp"
#include "cuda/cuda_backend.hpp"
#include "emulation/device_under_test.hpp"
#include "emulation/emulation.hpp"
#include "member_case.hpp"
#include "same.hpp"
#include "support/fixtures.hpp"

namespace brood {
namespace {

class Code : public ::testing::Test {
 protected:
  void TearDown() override {
    emulation::limits = limits_;
    emulation::code_architecture = 90;
  }

  // A few networks of batches that several blocks can share, trained; and the barriers of clusters.
  std::vector<MemberImage> trained(int architecture, int shared_kb, int code) {
    emulation::limits.architecture = architecture;
    emulation::limits.shared_bytes_block = shared_kb * 1024;
    emulation::code_architecture = code;
    emulation::counters = {};
    auto const backend = cuda::make_backend(cuda::device_under_test(), cuda::Precision::tf32, {});
    MemberCase c{"few", fixtures::blobs(200, 5, 3),
                 Config{{"hidden", std::vector<std::int64_t>{8}}}};
    c.config.set("batch_size", std::int64_t{64});
    MemberSpec spec;
    spec.config = c.config;
    spec.table = backend->load(c.data.table());
    spec.train_rows = c.train_rows();
    spec.eval_rows = c.eval_rows();
    std::vector<TrainOrder> orders;
    for (auto const slot : backend->admit(std::vector<MemberSpec>(3, spec)))
      orders.push_back({slot, 2, 1});
    backend->train(orders);
    std::vector<Slot> slots;
    for (auto const& order : orders)
      slots.push_back(order.slot);
    return backend->save(slots);
  }

 private:
  cuda::DeviceLimits const limits_ = emulation::limits;
};

// PTX of compute_80 on a Blackwell device: the device has room for clusters, the code has none.
TEST_F(Code, OfAnOlderArchitectureGetsNoClustersOnANewerDevice) {
  auto const with = trained(90, 227, 90);
  EXPECT_GT(emulation::counters.cluster_barriers, 0);
  for (auto const& [architecture, shared_kb] : {std::pair{100, 227}, std::pair{120, 99}}) {
    auto const without = trained(architecture, shared_kb, 80);
    EXPECT_EQ(emulation::counters.cluster_barriers, 0) << architecture;
    for (std::size_t i = 0; i < with.size(); ++i)
      expect_same(with[i], without[i], std::to_string(architecture));
    trained(architecture, shared_kb, 90);
    EXPECT_GT(emulation::counters.cluster_barriers, 0) << architecture;
  }
}

TEST_F(Code, ThatIsMissingIsSaidWhenADeviceIsOpened) {
  try {
    trained(120, 99, 0);
    FAIL() << "opened";
  } catch (DeviceError const& error) {
    std::string const text = error.what();
    EXPECT_NE(text.find("no code for compute capability 12.0"), std::string::npos) << text;
    EXPECT_NE(text.find("CMAKE_CUDA_ARCHITECTURES"), std::string::npos) << text;
    EXPECT_NE(text.find("use cpu"), std::string::npos) << text;
  }
}

}  // namespace
}  // namespace brood
