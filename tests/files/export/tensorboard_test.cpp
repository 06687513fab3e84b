// SPDX-License-Identifier: Apache-2.0
// Sessions to the byte as TensorBoard's own messages are encoded, and which trials there are.
#include <gtest/gtest.h>

#include "brood/files/export.hpp"
#include "files/export/exported_run.hpp"
#include "files/export/hex.hpp"

namespace brood::files {
namespace {

std::vector<std::string> names(std::vector<ExportedFile> const& files) {
  std::vector<std::string> names;
  for (ExportedFile const& file : files)
    names.push_back(file.name);
  return names;
}

TEST(TensorBoard, HasASessionForEachMemberOfTheBestTrials) {
  constexpr char kFile[] = "events.out.tfevents.1700000000.brood.0.0";
  std::string const file(kFile);
  EXPECT_EQ(names(to_tensorboard(exported_run(), 100)),
            (std::vector<std::string>{file, "trial_0/fold_1_repeat_1/" + file,
                                      "trial_0/fold_2_repeat_1/" + file, "trial_1/" + file,
                                      "trial_2/" + file}));
  EXPECT_EQ(names(to_tensorboard(exported_run(), 1)).size(), 3u);
}

TEST(TensorBoard, HasSessionsAsHParamsEncodesThem) {
  RunRecord run;
  run.sweep.study.space.log_uniform("lr", 1e-5, 0.1);
  run.facts.started = "2023-11-14T22:13:20Z";
  run.facts.seconds = 60;
  run.result.metric = "loss";
  run.result.trials = {{.id = 7,
                        .state = TrialState::complete,
                        .epochs = 1,
                        .score = 0.5,
                        .config = {{"lr", 0.01}},
                        .rank = 1}};
  run.result.curves = {{7, 0, 0, 1, 0.5, 0.5, 0.5}};
  auto const files = to_tensorboard(run, 1);
  ASSERT_EQ(files.size(), 2u);
  std::string const session = hex(files[1].bytes);
  std::string const start =
      "0900000040fc54d9412a5c0a5a0a1c5f68706172616d735f2f73657373696f6e5f73746172745f696e666f42"
      "060801120212004a320a300a0768706172616d7312251a230a0f0a026c721209117b14ae47e17a843f220774"
      "7269616c5f372900000040fc54d941";
  std::string const end =
      "090000004ffc54d9412a420a400a1a5f68706172616d735f2f73657373696f6e5f656e645f696e666f420608"
      "01120212004a1a0a180a0768706172616d73120d220b0801110000004ffc54d941";
  EXPECT_NE(session.find(start + "d586f0b0"), std::string::npos) << session;
  EXPECT_NE(session.find(end + "ad23f2a3"), std::string::npos) << session;
  EXPECT_TRUE(session.ends_with("ad23f2a3"));
}

}  // namespace
}  // namespace brood::files
