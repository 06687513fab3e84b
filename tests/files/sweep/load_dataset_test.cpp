// SPDX-License-Identifier: Apache-2.0
// From a sweep to its data: targets by name and counted from the end; what the data decides.
#include <gtest/gtest.h>

#include <cstdio>
#include <filesystem>
#include <fstream>

#include "brood/files/sweep.hpp"
#include "files/sweeps.hpp"

namespace brood::files {
namespace {

// A csv file that is there as long as this is.
class CsvFile {
 public:
  explicit CsvFile(std::string const& text) {
    auto const* test = testing::UnitTest::GetInstance()->current_test_info();
    path_ = testing::TempDir() + "brood_load_dataset_" + test->name() + ".csv";
    std::ofstream(path_, std::ios::binary) << text;
  }
  ~CsvFile() { std::remove(path_.c_str()); }
  CsvFile(CsvFile const&) = delete;
  CsvFile& operator=(CsvFile const&) = delete;
  std::string const& path() const { return path_; }

 private:
  std::string path_;
};

constexpr char kTable[] = "a,b,c\n1,2.5,x\n2,3.25,y\n3,1.75,x\n4,0.5,y\n";

Sweep sweep_for(CsvFile const& file, std::string const& target) {
  return sweep_of("", {{"data.file", file.path()}, {"data.target", target}});
}

TEST(LoadDataset, CountsTargetsFromTheEnd) {
  CsvFile const file(kTable);
  Sweep sweep = sweep_for(file, "-1");
  Dataset const dataset = load_dataset(sweep);
  EXPECT_EQ(dataset.rows, 4);
  EXPECT_EQ(dataset.encoding.targets, std::vector<std::string>{"c"});
  EXPECT_EQ(dataset.encoding.classes, (std::vector<std::string>{"x", "y"}));
  EXPECT_EQ(sweep.dataset.targets, std::vector<std::string>{"c"});
  sweep = sweep_for(file, "-2");
  EXPECT_EQ(load_dataset(sweep).encoding.targets, std::vector<std::string>{"b"});
}

TEST(LoadDataset, WritesTaskAndMetricIntoTheSweep) {
  CsvFile const file(kTable);
  Sweep sweep = sweep_for(file, "c");
  load_dataset(sweep);
  EXPECT_EQ(sweep.dataset.task, Task::classification);
  EXPECT_EQ(sweep.study.metric.name, "log_loss");
  sweep = sweep_for(file, "b");
  load_dataset(sweep);
  EXPECT_EQ(sweep.dataset.task, Task::regression);
  EXPECT_EQ(sweep.study.metric.name, "rmse");
  expect_same(sweep, parse_sweep(resolved_yaml(sweep), "config.yaml"));
}

TEST(LoadDataset, ReadsSeveralTargets) {
  CsvFile const file(kTable);
  Sweep sweep =
      sweep_of("task: regression\n", {{"data.file", file.path()}, {"data.target", "[a, -2]"}});
  EXPECT_EQ(load_dataset(sweep).encoding.targets, (std::vector<std::string>{"a", "b"}));
}

TEST(LoadDataset, TheNameOfAColumnComesBeforeItsPlace) {
  CsvFile const file("-1,b\n1,x\n2,y\n1,x\n2,y\n");
  Sweep sweep =
      sweep_of("", {{"data.file", file.path()}, {"data.target", "-1"}, {"data.header", "true"}});
  EXPECT_EQ(load_dataset(sweep).encoding.targets, std::vector<std::string>{"-1"});
}

TEST(LoadDataset, RefusesPlacesThatAreNotThere) {
  CsvFile const file(kTable);
  for (char const* target : {"-4", "-99999999999999999999", "-0"}) {
    Sweep sweep = sweep_for(file, target);
    std::string const message = message_of([&] { load_dataset(sweep); });
    EXPECT_NE(message.find(std::string("data.target: ") + target), std::string::npos) << message;
    EXPECT_NE(message.find("the file has 3 columns"), std::string::npos) << message;
  }
}

TEST(LoadDataset, TheColumnThatValidationGoesByIsReadAsTextAndIsNoInput) {
  // Seconds since 1970, which fp32 cannot tell apart.
  CsvFile const file("t,x,y\n1700000003,1,0.5\n1700000001,2,1.5\n1700000002,3,2.5\n");
  Sweep sweep = sweep_of("validation: {time: t}\n", {{"data.file", file.path()}});
  Dataset const dataset = load_dataset(sweep);
  EXPECT_EQ(dataset.keys, (std::vector<std::int32_t>{2, 0, 1}));
  EXPECT_EQ(dataset.encoding.input_names(), std::vector<std::string>{"x"});
  Sweep unknown = sweep_of("validation: {group: tt}\n", {{"data.file", file.path()}});
  EXPECT_NE(message_of([&] {
              load_dataset(unknown);
            }).find("validation.group: there is no column 'tt'; the columns are: t, x, y"),
            std::string::npos);
}

TEST(LoadDataset, WholeNumbersThatDoublesTellApartAreClasses) {
  CsvFile const file("x,y\n1,16777217\n2,16777218\n3,16777220\n4,16777217\n");
  Sweep numbers = sweep_of("", {{"data.file", file.path()}});
  EXPECT_EQ(load_dataset(numbers).encoding.classes,
            (std::vector<std::string>{"16777217", "16777218", "16777220"}));
  Sweep values = sweep_of("task: regression\n", {{"data.file", file.path()}});
  Dataset const dataset = load_dataset(values);
  EXPECT_EQ(dataset.encoding.in_user_units(0, dataset.y[1]), 16777218);
}

TEST(LoadDataset, ClassesThatDoublesWouldRoundAreReadAsTextOrRefused) {
  CsvFile const file("x,y\n1,9007199254740993\n2,9007199254740995\n3,9007199254740993\n");
  Sweep numbers = sweep_of("task: classification\n", {{"data.file", file.path()}});
  EXPECT_NE(message_of([&] {
              load_dataset(numbers);
            }).find("data.target: 'y' has classes that are numbers above 9007199254740992"),
            std::string::npos);
  Sweep texts = sweep_of("", {{"data.file", file.path()}, {"data.columns", "{y: categorical}"}});
  EXPECT_EQ(load_dataset(texts).encoding.classes,
            (std::vector<std::string>{"9007199254740993", "9007199254740995"}));
}

TEST(LoadDataset, RefusesOneColumnTwice) {
  CsvFile const file(kTable);
  Sweep sweep = sweep_for(file, "[b, -2]");
  std::string const message = message_of([&] { load_dataset(sweep); });
  EXPECT_NE(message.find("'-2' is the column 'b', which is a target already"), std::string::npos)
      << message;
}

TEST(LoadDataset, AFileThatIsNotThereIsAUsageError) {
  Sweep sweep = sweep_of("");
  EXPECT_EQ(message_of([&] { load_dataset(sweep); }).substr(0, 7), "d.csv: ");
}

TEST(LoadDataset, ReadsTheDataOfTheExample) {
  if (!std::filesystem::exists(BROOD_EXAMPLES "/digits.csv")) {
    GTEST_SKIP() << "tools/examples/digits.csv is not there";
  }
  Sweep sweep = read_sweep(BROOD_EXAMPLES "/digits.yaml");
  Dataset const dataset = load_dataset(sweep);
  EXPECT_EQ(dataset.rows, 1797);
  EXPECT_EQ(dataset.encoding.input_count(), 64);
  EXPECT_EQ(dataset.encoding.output_count(), 10);
}

}  // namespace
}  // namespace brood::files
