// SPDX-License-Identifier: Apache-2.0
// Run directories: what is in the files, and that a directory is whole or not there, whatever was
// there before and whatever fails.
#include "brood/files/run_directory.hpp"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <limits>
#include <set>
#include <sstream>

#include "brood/error.hpp"
#include "files/io/json.hpp"
#include "files/io/write_file.hpp"
#include "files/saved_models.hpp"
#include "files/temporary_folder.hpp"

namespace brood::files {
namespace {

namespace fs = std::filesystem;

std::string text_of(fs::path const& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

void write_text(fs::path const& path, std::string const& text) {
  std::ofstream(path, std::ios::binary) << text;
}

// All names below a directory, sorted; directories end in a slash.
std::vector<std::string> tree(fs::path const& root) {
  std::vector<std::string> names;
  for (auto const& entry : fs::recursive_directory_iterator(root)) {
    names.push_back(entry.path().lexically_relative(root).string() +
                    (entry.is_directory() ? "/" : ""));
  }
  std::sort(names.begin(), names.end());
  return names;
}

std::vector<std::string> run_tree(std::string const& prefix) {
  std::vector<std::string> names;
  for (char const* const name :
       {"", "best/", "best/README.md", "best/config.yaml", "best/model.safetensors",
        "best/score.json", "config.yaml", "curves.csv", "report.html", "run.json", "trials.csv"}) {
    names.push_back(prefix + name);
  }
  return names;
}

Sweep small_sweep() {
  return parse_sweep(
      "data: {file: some.csv, target: y}\n"
      "seed: 18446744073709551615\n"
      "parameters:\n"
      "  hidden: {values: [[4, 3], [8]]}\n"
      "  lr: {min: 0.1, max: 0.5}\n"
      "  activation: {value: tanh}\n",
      "small.yaml");
}

Result small_result() {
  double const nan = std::numeric_limits<double>::quiet_NaN();
  auto const config = [](std::vector<std::int64_t> hidden, double lr) {
    return Config{{"hidden", std::move(hidden)}, {"lr", lr}, {"activation", "tanh"}};
  };
  Result result;
  result.trials = {{0, TrialState::pruned, 1, 0.25, config({4, 3}, 0.1)},
                   {1, TrialState::complete, 3, 0.875, config({8}, 1.0 / 3)},
                   {2, TrialState::diverged, 1, -nan, config({8}, 0.5)},
                   {3, TrialState::stopped, 2, 0.5, config({}, 0.5)}};
  std::uint64_t const seeds[] = {7, 8, 9, 18446744073709551615u};
  int const ranks[] = {3, 1, 0, 2};
  for (std::size_t i = 0; i < result.trials.size(); ++i) {
    result.trials[i].seed = seeds[i];
    result.trials[i].rank = ranks[i];
    result.trials[i].parameters = 31;
  }
  result.curves = {{0, 0, 0, 1, 0.5, 1.5, 0.25}, {2, 0, 1, 1, -nan, INFINITY, nan}};
  result.leaderboard = {1, 3, 0};
  result.best = 1;
  result.metric = "accuracy";
  result.maximize = true;
  result.valid = 0.875;
  result.test = 0.75;
  result.test_metrics = {{"accuracy", 0.75}, {"auc", std::nan("")}};
  result.member_epochs = 7;
  result.refit_epochs = 3;
  result.model = saved_model(Task::classification, "cross_entropy").model;
  return result;
}

RunFacts facts() {
  return {.command_line = "brood tune 'small one.yaml'",
          .data_fingerprint = "00ff",
          .backend = {.name = "cpu", .device = "a processor", .precision = "fp32"},
          .seconds = 1.5,
          .started = "2026-01-31T12:00:00Z",
          .events = 2,
          .ended = "complete"};
}

void write_run(std::string const& path, bool overwrite = false,
               Result const& result = small_result()) {
  write_run_directory(path, small_sweep(), result, encoding_of(Task::classification), facts(),
                      overwrite);
}

// A test has a folder of its own, and is in it.
class RunDirectory : public testing::Test {
 protected:
  void SetUp() override {
    before_ = fs::current_path();
    fs::current_path(root_);
  }
  void TearDown() override { fs::current_path(before_); }
  TemporaryFolder folder_;
  fs::path root_ = folder_.root(), before_;
};

TEST(TrialsCsv, HasALineForEachTrialAndAColumnForEachParameter) {
  EXPECT_EQ(trials_csv(small_result(), small_sweep().study.space),
            "trial,state,epochs,valid_accuracy,hidden,lr,activation,rank,parameters,seed\n"
            "0,pruned,1,0.25,\"[4, 3]\",0.1,tanh,3,31,7\n"
            "1,complete,3,0.875,[8],0.3333333333333333,tanh,1,31,8\n"
            "2,diverged,1,nan,[8],0.5,tanh,,31,9\n"
            "3,stopped,2,0.5,[],0.5,tanh,2,31,18446744073709551615\n");
}

TEST(TrialsCsv, HasTheErrorsOfScoresWhereTrialsHaveSeveralMembers) {
  Result result = small_result();
  result.trials[1].standard_error = 0.0625;
  std::string const text = trials_csv(result, small_sweep().study.space);
  EXPECT_EQ(text.substr(0, text.find("1,complete")),
            "trial,state,epochs,valid_accuracy,standard_error,hidden,lr,activation,rank,parameters,"
            "seed\n0,pruned,1,0.25,nan,\"[4, 3]\",0.1,tanh,3,31,7\n");
  EXPECT_NE(text.find("1,complete,3,0.875,0.0625,[8],"), std::string::npos);
}

TEST(TrialsCsv, HasScoresOfFoldsAndBracketsWhereThereAreSeveral) {
  Result result = small_result();
  for (TrialResult& trial : result.trials)
    trial.fold_scores = {0.25, trial.score};
  result.trials[3].bracket = 1;
  std::string const text = trials_csv(result, small_sweep().study.space);
  EXPECT_EQ(
      text.substr(text.find(",activation"), text.find("1,complete") - text.find(",activation")),
      ",activation,fold_1,fold_2,rank,parameters,seed,bracket\n"
      "0,pruned,1,0.25,\"[4, 3]\",0.1,tanh,0.25,0.25,3,31,7,1\n");
  EXPECT_NE(text.find(",0.25,0.5,2,31,18446744073709551615,2\n"), std::string::npos) << text;
}

// Whatever a space searches, no two columns have one name.
TEST(TrialsCsv, CallsNoTwoColumnsTheSame) {
  SearchSpace space;
  Result result = small_result();
  result.trials[0].standard_error = 1;
  result.trials[0].bracket = 1;
  result.trials[0].fold_scores = {1, 2, 3};
  for (HyperparameterInfo const& info : hyperparameters())
    space.uniform(std::string(info.name), 0, 1);
  for (char const* const name : {"seed", "bracket", "fold_1", "rank", "valid_accuracy"})
    space.uniform(name, 0, 1);
  std::string const text = trials_csv(result, space);
  std::set<std::string> names;
  std::istringstream header(text.substr(0, text.find('\n')));
  for (std::string name; std::getline(header, name, ',');)
    EXPECT_TRUE(names.insert(name).second) << name;
  EXPECT_TRUE(names.contains("epochs"));
  EXPECT_TRUE(names.contains("epochs_in_all"));
  EXPECT_TRUE(names.contains("parameters.seed"));
}

TEST(CurvesCsv, HasALineForEachEvaluation) {
  EXPECT_EQ(curves_csv(small_result()),
            "trial,fold,repeat,epoch,train_loss,valid_loss,valid_accuracy\n"
            "0,0,0,1,0.5,1.5,0.25\n"
            "2,0,1,1,nan,inf,nan\n");
}

TEST_F(RunDirectory, IsWrittenWhole) {
  write_run("a/b/run");
  std::vector<std::string> expected = {"a/", "a/b/"};
  for (std::string const& name : run_tree("a/b/run/"))
    expected.push_back(name);
  EXPECT_EQ(tree("."), expected);

  EXPECT_EQ(text_of("a/b/run/best/config.yaml"),
            "hidden: [8]\nlr: 0.3333333333333333\nactivation: tanh\n");
  EXPECT_EQ(text_of("a/b/run/best/score.json"),
            "{\n  \"trial\": 1,\n  \"metric\": \"accuracy\",\n  \"goal\": \"maximize\",\n"
            "  \"valid\": 0.875,\n  \"test\": 0.75,\n  \"test_metrics\": {\n    \"accuracy\": "
            "0.75,\n    \"auc\": null\n  },\n  \"epochs\": 3,\n  \"refit_epochs\": 3\n}\n");
  EXPECT_EQ(text_of("a/b/run/trials.csv"), trials_csv(small_result(), small_sweep().study.space));
  EXPECT_EQ(text_of("a/b/run/curves.csv"), curves_csv(small_result()));
  EXPECT_EQ(text_of("a/b/run/config.yaml"), resolved_yaml(small_sweep()));
  std::string const run = text_of("a/b/run/run.json");
  for (char const* const part :
       {"\"command_line\": \"brood tune 'small one.yaml'\"", "\"seed\": \"18446744073709551615\"",
        "\"fingerprint\": \"00ff\"", "\"precision\": \"fp32\"", "\"events\": 2",
        "\"started\": \"2026-01-31T12:00:00Z\"", "\"ended\": \"complete\"",
        "\"winner\": {\n    \"trial\": 1,\n    \"epochs\": 3,\n    \"parameters\": {",
        "\"predicts\": {\n    \"by\": \"winner\",\n    \"networks\": 1,\n    \"valid\": 0.875,\n"
        "    \"test\": 0.75,"}) {
    EXPECT_NE(run.find(part), std::string::npos) << part << " is not in " << run;
  }
}

TEST_F(RunDirectory, HoldsTheModelThatWon) {
  write_run("run");
  SavedModel const saved = read_best("run");
  EXPECT_EQ(saved.encoding, encoding_of(Task::classification));
  EXPECT_EQ(saved.metric, "accuracy");
  EXPECT_EQ(saved.model.layers[1].weights, small_result().model.layers[1].weights);
}

// The result with an ensemble of three networks that are shifted against each other.
Result ensemble_result() {
  Result result = small_result();
  for (int part = 0; part < 3; ++part) {
    Model model = result.model;
    for (float& bias : model.layers.back().bias)
      bias += static_cast<float>(part) * bias;
    result.ensemble.parts.push_back({.trial = part, .count = part + 1, .model = std::move(model)});
  }
  result.ensemble_valid = 0.9;
  result.ensemble_test = 0.8;
  result.ensemble_test_metrics = {{"accuracy", 0.8}};
  result.ensemble_epochs = 6;
  return result;
}

TEST_F(RunDirectory, SaysWhatPredictsAndWhatTheWinnerAloneScores) {
  write_run("run", false, ensemble_result());
  std::string const run = text_of("run/run.json");
  for (char const* const part :
       {"\"valid\": 0.875,\n    \"test\": 0.75,",
        "\"predicts\": {\n    \"by\": \"ensemble\",\n    \"networks\": 3,\n    \"valid\": 0.9,\n"
        "    \"test\": 0.8,"}) {
    EXPECT_NE(run.find(part), std::string::npos) << part << " is not in " << run;
  }
}

TEST_F(RunDirectory, GivesTheNetworkOfAnyTrialThatIsKept) {
  Result const result = ensemble_result();
  write_run("run", false, result);
  auto const bias = [](SavedPredictor const& read) {
    EXPECT_EQ(read.models.parts.size(), 1u);
    EXPECT_EQ(read.models.parts.front().count, 1);
    return read.models.parts.front().model.layers.back().bias;
  };
  EXPECT_EQ(bias(read_winner("run")), result.model.layers.back().bias);
  EXPECT_EQ(read_winner("run").models.parts.front().trial, 1);
  // The winner's is the one that was scored as the winner's.
  EXPECT_EQ(bias(read_trial("run", 1)), result.model.layers.back().bias);
  EXPECT_EQ(bias(read_trial("run", 0)), result.ensemble.parts[0].model.layers.back().bias);
  EXPECT_EQ(bias(read_trial("run", 2)), result.ensemble.parts[2].model.layers.back().bias);
  auto const refused = [](int trial) {
    try {
      read_trial("run", trial);
    } catch (UsageError const& error) {
      return std::string(error.what());
    }
    return std::string("nothing");
  };
  EXPECT_EQ(
      refused(3),
      "run: trial 3 has no network here; there are those of 0, 1, 2. To train it again: brood "
      "tune --only 3 run");
  EXPECT_NE(refused(4).find("trial 4 is none of its trials, of which there are 4"),
            std::string::npos);
  // One that was trained alone lies inside, and goes with the run.
  Result alone = small_result();
  alone.trials = {alone.trials[3]};
  alone.best = 3;
  alone.model.layers.back().bias[0] = 7;
  write_run(trial_directory("run", 3), false, alone);
  EXPECT_EQ(trial_directory("run", 3), "run/trials/3");
  EXPECT_EQ(bias(read_trial("run", 3)), alone.model.layers.back().bias);
  EXPECT_THROW(check_run_directory("run", false), UsageError);
  EXPECT_NO_THROW(check_run_directory("run", true));
  write_text("run/trials/3/notes.txt", "mine");
  EXPECT_THROW(check_run_directory("run", true), UsageError);
  fs::remove("run/trials/3/notes.txt");
  fs::create_directory("run/trials/x");
  EXPECT_THROW(check_run_directory("run", true), UsageError);
  fs::remove("run/trials/x");
  write_run("run", true);
  EXPECT_EQ(tree("."), run_tree("run/"));
}

TEST_F(RunDirectory, HoldsWhatWasFoundWithoutAModel) {
  Result result = small_result();
  result.model = {};
  write_run("found", false, result);
  EXPECT_TRUE(fs::exists("found/trials.csv"));
  EXPECT_TRUE(fs::exists("found/curves.csv"));
  EXPECT_FALSE(fs::exists("found/best"));
  EXPECT_THROW(read_best("found"), UsageError);
}

TEST_F(RunDirectory, HoldsTheEnsembleThatPredicts) {
  Result const result = ensemble_result();
  write_run("run", false, result);
  SavedPredictor const read = read_predictor("run");
  ASSERT_EQ(read.models.parts.size(), 3u);
  EXPECT_EQ(read.metric, "accuracy");
  EXPECT_EQ(read.encoding, encoding_of(Task::classification));
  int const inputs = result.model.inputs();
  std::vector<float> const x(static_cast<std::size_t>(inputs) * 2, 0.25f);
  EXPECT_EQ(read.models.predict({x.data(), 2, inputs}),
            result.ensemble.predict({x.data(), 2, inputs}));
  EXPECT_NE(read.models.predict({x.data(), 2, inputs}),
            result.model.predict({x.data(), 2, inputs}));
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(read.models.parts[i].trial, result.ensemble.parts[i].trial);
    EXPECT_EQ(read.models.parts[i].count, result.ensemble.parts[i].count);
  }
  // Replacing it takes all of its files away.
  write_run("run", true);
  EXPECT_FALSE(fs::exists("run/best/ensemble.json"));
  EXPECT_FALSE(fs::exists("run/best/ensemble.safetensors"));
  EXPECT_EQ(read_predictor("run").models.predict({x.data(), 2, inputs}),
            result.model.predict({x.data(), 2, inputs}));
}

TEST_F(RunDirectory, RefusesAnEnsembleThatIsDamaged) {
  write_run("run", false, ensemble_result());
  std::string const path = "run/best/ensemble.safetensors";
  replace_file(path, read_file(path).substr(0, 1000));
  try {
    read_predictor("run");
    ADD_FAILURE();
  } catch (StorageError const& error) {
    EXPECT_EQ(std::string(error.what()).rfind(path + ": byte ", 0), 0u);
  }
}

// Runs whose ensemble has a file for each network, as they were once written.
class OlderRun : public RunDirectory {
 protected:
  void SetUp() override {
    RunDirectory::SetUp();
    write_run("run", false, result_);
    fs::remove("run/best/ensemble.safetensors");
    Json::Array parts;
    for (std::size_t i = 0; i < result_.ensemble.parts.size(); ++i) {
      Ensemble::Part const& part = result_.ensemble.parts[i];
      std::string const file = "ensemble-" + std::to_string(i + 1) + ".safetensors";
      parts.push_back(Json().set("file", file).set("trial", part.trial).set("count", part.count));
      replace_file(
          "run/best/" + file,
          to_safetensors(SavedModel{part.model, encoding_of(Task::classification), "accuracy"}));
    }
    document_ = Json().set("format", 1).set("parts", std::move(parts)).text(/*indented=*/true);
    replace_file(path_, document_);
  }
  std::string refused(std::string const& text) const {
    replace_file(path_, text);
    try {
      read_predictor("run");
    } catch (StorageError const& error) {
      return error.what();
    }
    return "";
  }

  Result result_ = ensemble_result();
  std::string path_ = "run/best/ensemble.json", document_;
};

TEST_F(OlderRun, PredictsAsItDidAndIsReplacedWhole) {
  int const inputs = result_.model.inputs();
  std::vector<float> const x(static_cast<std::size_t>(inputs) * 2, 0.25f);
  EXPECT_EQ(read_predictor("run").models.predict({x.data(), 2, inputs}),
            result_.ensemble.predict({x.data(), 2, inputs}));
  write_run("run", true);
  EXPECT_FALSE(fs::exists("run/best/ensemble-1.safetensors"));
}

TEST_F(OlderRun, RefusesAnEnsembleThatIsDamaged) {
  EXPECT_NE(refused(document_.substr(0, document_.size() / 2)).find("is damaged"),
            std::string::npos);
  EXPECT_NE(refused("{}").find("there is no list of parts"), std::string::npos);
  std::string other = document_;
  other.replace(other.find("ensemble-2"), 10, "../../../x");
  EXPECT_NE(refused(other).find("part 2 is not a file of the ensemble"), std::string::npos);
  other = document_;
  other.replace(other.find("\"count\": 1"), 10, "\"count\": 0");
  EXPECT_NE(refused(other).find("part 1 is not"), std::string::npos);
  fs::remove("run/best/ensemble-3.safetensors");
  EXPECT_NE(refused(document_).find("ensemble-3.safetensors is absent"), std::string::npos);
}

TEST_F(RunDirectory, IsNotOursWithAFileThatOnlyLooksLikeAnEnsembles) {
  for (std::string const name :
       {"ensemble-.safetensors", "ensemble-1.json", "ensemble-x.safetensors"}) {
    write_run("run_" + name);
    replace_file("run_" + name + "/best/" + name, "mine");
    EXPECT_THROW(check_run_directory("run_" + name, true), UsageError) << name;
  }
}

TEST_F(RunDirectory, TakesTheNextFreeName) {
  EXPECT_EQ(next_run_directory("digits"), "runs/digits-1");
  fs::create_directories("runs/digits-1");
  write_text("runs/digits-2", "");
  fs::create_symlink("nowhere", "runs/digits-3");
  EXPECT_EQ(next_run_directory("digits"), "runs/digits-4");
  EXPECT_EQ(next_run_directory("other/wine"), "runs/wine-1");
  EXPECT_EQ(next_run_directory(".."), "runs/run-1");
}

TEST_F(RunDirectory, IsRefusedWhereSomethingIs) {
  EXPECT_NO_THROW(check_run_directory("nothing", false));
  fs::create_directory("empty");
  EXPECT_NO_THROW(check_run_directory("empty", false));
  write_text("file", "");
  EXPECT_THROW(check_run_directory("file", false), UsageError);
  EXPECT_THROW(check_run_directory("file", true), UsageError);
  EXPECT_THROW(check_run_directory("", false), UsageError);
  EXPECT_THROW(check_run_directory(".", true), UsageError);
  write_run("run");
  EXPECT_THROW(check_run_directory("run", false), UsageError);
  EXPECT_NO_THROW(check_run_directory("run", true));
}

TEST_F(RunDirectory, NeverTakesAwayWhatBroodDidNotWrite) {
  write_run("run");
  write_text("run/best/notes.txt", "mine");
  EXPECT_THROW(check_run_directory("run", true), UsageError);
  fs::remove("run/best/notes.txt");
  fs::create_directory("run/mine");
  EXPECT_THROW(check_run_directory("run", true), UsageError);

  fs::create_directory("home");
  write_text("home/thesis.txt", "years");
  EXPECT_THROW(check_run_directory("home", true), UsageError);
}

TEST_F(RunDirectory, ReplacesARunOnlyWithOverwrite) {
  write_run("run");
  Result other = small_result();
  other.trials.resize(2);
  // Without it the results are kept beside, and the message says where.
  try {
    write_run("run", false, other);
    ADD_FAILURE() << "nothing was thrown";
  } catch (StorageError const& error) {
    std::string const what = error.what();
    std::string const kept = sibling((root_ / "run").string(), "new");
    EXPECT_NE(what.find(fs::path(kept).filename().string()), std::string::npos) << what;
    EXPECT_EQ(text_of(fs::path(kept) / "trials.csv"), trials_csv(other, small_sweep().study.space));
    fs::remove_all(kept);
  }
  EXPECT_EQ(text_of("run/trials.csv"), trials_csv(small_result(), small_sweep().study.space));

  write_run("run/", true, other);
  EXPECT_EQ(text_of("run/trials.csv"), trials_csv(other, small_sweep().study.space));
  EXPECT_EQ(tree("."), run_tree("run/"));
}

TEST_F(RunDirectory, IsWrittenToAnEmptyDirectoryAndThroughALink) {
  fs::create_directory("real");
  fs::create_symlink("real", "link");
  write_run("link");
  EXPECT_TRUE(fs::is_symlink("link"));
  EXPECT_TRUE(fs::exists("real/best/model.safetensors"));
  EXPECT_FALSE(fs::exists("real/.new"));
}

TEST_F(RunDirectory, IsCheckedWithoutATrace) {
  check_writable("a/b/run");
  check_writable("run");
  EXPECT_EQ(tree("."), std::vector<std::string>());
  write_text("file", "");
  EXPECT_THROW(check_writable("file/run"), StorageError);
  EXPECT_EQ(tree("."), std::vector<std::string>{"file"});
}

// A limit on file sizes stands for a full disk: writing fails half-way.
TEST_F(RunDirectory, IsNotThereWhenTheDiskIsFull) {
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &before), 0);
  auto* const handler = std::signal(SIGXFSZ, SIG_IGN);
  for (rlim_t const limit : {0, 10, 300, 600, 1000}) {
    rlimit const low{limit, before.rlim_max};
    ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &low), 0);
    std::string what;
    try {
      write_run("deep/run");
    } catch (StorageError const& error) {
      what = error.what();
    }
    ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &before), 0);
    EXPECT_NE(what.find("deep/run/"), std::string::npos) << limit << ": " << what;
    EXPECT_EQ(tree("."), std::vector<std::string>()) << limit;
  }
  std::signal(SIGXFSZ, handler);
}

TEST_F(RunDirectory, SaysWhyItCannotBeWritten) {
  fs::create_directory("locked");
  constexpr auto kReadOnly = fs::perms(0555);
  fs::permissions("locked", kReadOnly);
  // Root may write everywhere; nobody may not.
  constexpr uid_t kNobody = 65534;
  bool const is_root = ::geteuid() == 0;
  if (is_root) {
    fs::permissions(root_, kReadOnly);
    ASSERT_EQ(::seteuid(kNobody), 0);
  }
  for (auto const& call :
       {+[] { check_writable("locked/run"); }, +[] { write_run("locked/run"); }}) {
    try {
      call();
      ADD_FAILURE() << "nothing was thrown";
    } catch (StorageError const& error) {
      EXPECT_EQ(std::string(error.what()),
                "locked/run: the directory cannot be created: Permission denied");
    }
  }
  if (is_root) {
    ASSERT_EQ(::seteuid(0), 0);
  }
  fs::permissions(root_, fs::perms::owner_all);
  fs::permissions("locked", fs::perms::owner_all);
}

TEST_F(RunDirectory, IsReadOnlyWhereThereIsOne) {
  EXPECT_THROW(read_best("nowhere"), UsageError);
  fs::create_directory("empty");
  EXPECT_THROW(read_best("empty"), UsageError);
  write_run("run");
  std::string const path = "run/best/model.safetensors";
  write_text(path, text_of(path).substr(0, 100));
  try {
    read_best("run");
    ADD_FAILURE() << "nothing was thrown";
  } catch (StorageError const& error) {
    EXPECT_EQ(std::string(error.what()).rfind(path + ": byte 100: ", 0), 0u) << error.what();
  }
}

TEST_F(RunDirectory, FilesAreReplacedAtOnce) {
  replace_file("out.csv", "one");
  replace_file("out.csv", "two");
  EXPECT_EQ(text_of("out.csv"), "two");
  fs::create_symlink("out.csv", "link.csv");
  replace_file("link.csv", "three");
  EXPECT_EQ(text_of("out.csv"), "three");
  EXPECT_TRUE(fs::is_symlink("link.csv"));
  EXPECT_EQ(tree("."), (std::vector<std::string>{"link.csv", "out.csv"}));

  replace_file("/dev/null", "nothing");
  EXPECT_TRUE(fs::is_character_file("/dev/null"));
  EXPECT_THROW(replace_file("/dev/full", "x"), StorageError);
  EXPECT_THROW(replace_file("no/such/place", "x"), StorageError);
  EXPECT_THROW(replace_file(".", "x"), StorageError);
}

}  // namespace
}  // namespace brood::files
