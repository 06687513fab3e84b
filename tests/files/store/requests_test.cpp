// SPDX-License-Identifier: Apache-2.0
// Requests to the process that works in a run directory: asked, answered, and swept away by who
// opens the directory next.
#include "brood/files/requests.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <string>

#include "brood/error.hpp"
#include "brood/files/store.hpp"
#include "files/io/write_file.hpp"
#include "files/store/request_files.hpp"
#include "files/temporary_folder.hpp"

namespace brood::files {
namespace {

class Requests : public testing::Test {
 protected:
  Store store() const {
    return Store::create(directory_,
                         {.name = "blobs",
                          .config = "trials: 10\n",
                          .data_fingerprint = "00ff",
                          .command_line = "brood tune blobs.yaml",
                          .started = "2026-01-31T12:00:00Z"},
                         false);
  }
  TemporaryFolder folder_;
  std::string directory_ = folder_.path("run");
};

TEST_F(Requests, AreAskedAndAnsweredOnce) {
  Store own = store();
  EXPECT_TRUE(own.requests().empty());
  ask(directory_, {12});
  ask(directory_, {3});
  ask(directory_, {});
  ask(directory_, {3});
  EXPECT_EQ(own.requests(), (std::vector<Request>{{}, {3}, {12}}));
  EXPECT_EQ(take_answer(directory_, {3}), std::nullopt);
  own.answer({3}, {.granted = true, .text = "done"});
  EXPECT_FALSE(is_open(directory_, {3}));
  EXPECT_TRUE(is_open(directory_, {12}));
  auto const answer = take_answer(directory_, {3});
  ASSERT_TRUE(answer);
  EXPECT_TRUE(answer->granted);
  EXPECT_EQ(answer->text, "done");
  EXPECT_EQ(take_answer(directory_, {3}), std::nullopt);
  own.answer({}, {.granted = false, .text = ""});
  EXPECT_FALSE(take_answer(directory_, {})->granted);
  take_back(directory_, {12});
  EXPECT_TRUE(own.requests().empty());
}

TEST_F(Requests, AnAnswerToAnEarlierOneIsNotTaken) {
  Store own = store();
  ask(directory_, {3});
  own.answer({3}, {.granted = true, .text = "earlier"});
  ask(directory_, {3});
  EXPECT_EQ(take_answer(directory_, {3}), std::nullopt);
}

TEST_F(Requests, WhoOpensADirectoryBeginsWithoutAny) {
  {
    Store const own = store();
    ask(directory_, {});
    ask(directory_, {3});
    files::answer(directory_, {4}, {.granted = true, .text = "left"});
  }
  Store const next = Store::open(directory_);
  EXPECT_TRUE(next.requests().empty());
  EXPECT_EQ(take_answer(directory_, {4}), std::nullopt);
}

TEST_F(Requests, OtherNamesAreNone) {
  for (char const* const name : {".ask-stop", ".told-stop", ".ask-drop-0", ".told-drop-12"})
    EXPECT_TRUE(is_request_file(name)) << name;
  for (char const* const name :
       {".ask-", ".ask-drop-", ".ask-drop--1", ".ask-drop-1x", ".ask-drop-01",
        ".ask-drop-99999999999", "ask-stop", ".ask-stop2", ".asked", ""})
    EXPECT_FALSE(is_request_file(name)) << name;
  Store const own = store();
  write_new_file(directory_ + "/.ask-drop-x", "", "");
  EXPECT_TRUE(own.requests().empty());
}

TEST_F(Requests, WhoWorksInADirectory) {
  EXPECT_THROW(working_process(directory_), UsageError);
  std::filesystem::create_directory(directory_);
  EXPECT_THROW(working_process(directory_), UsageError);
  {
    Store const own = store();
    EXPECT_EQ(working_process(directory_), ::getpid());
  }
  EXPECT_EQ(working_process(directory_), std::nullopt);
  write_new_file(directory_ + "/lock", "123", "");  // of a process that was killed
  EXPECT_EQ(working_process(directory_), std::nullopt);
}

}  // namespace
}  // namespace brood::files
