// SPDX-License-Identifier: Apache-2.0
// From a sweep to its data: targets that are counted from the end get their names, and what the
// data decides (task, metric) is written into the sweep.
#include <algorithm>
#include <charconv>
#include <cmath>
#include <memory>
#include <optional>
#include <utility>

#include "brood/error.hpp"
#include "brood/files/sweep.hpp"
#include "data/cells.hpp"
#include "files/io/text.hpp"
#include "files/sweep/start_model.hpp"
#include "files/sweep/warm_start.hpp"
#include "study/plan.hpp"
#include "study/start.hpp"
#include "study/target_checks.hpp"

namespace brood::files {

namespace {

// -1 is the last column, -2 the one before; but a column of that very name comes first.
std::string resolve(std::string const& target, std::vector<Column> const& columns,
                    std::string const& path) {
  bool const is_name = std::any_of(columns.begin(), columns.end(),
                                   [&](Column const& column) { return column.name == target; });
  std::int64_t index = 0;
  char const* const last = target.data() + target.size();
  auto const [end, error] = std::from_chars(target.data(), last, index);
  bool const counts = end == last && !target.empty() && target[0] == '-';
  if (is_name || !counts) return target;  // an unknown name is make_dataset's to report
  auto const count = static_cast<std::int64_t>(columns.size());
  if (error != std::errc{} || index < -count || index >= 0) {
    throw UsageError(path + ": data.target: " + target + " is not allowed; the file has " +
                     counted(count, "column") + "; allowed: -1 (the last) .. -" +
                     std::to_string(count) + ", or a name");
  }
  return columns[static_cast<std::size_t>(count + index)].name;
}

// Cells of the column that validation goes by are read as text: fp32 cannot hold times such as the
// seconds since 1970.
ReadOptions read_options(Sweep const& sweep) {
  ReadOptions options = sweep.read;
  for (std::string const& name : {sweep.dataset.group, sweep.dataset.time, sweep.dataset.fold}) {
    if (!name.empty()) options.texts.insert(name);
  }
  options.targets = sweep.dataset.targets;
  return options;
}

// Whole numbers beyond 2^53 are not told apart: as classes they might have run together.
void check_labels(Sweep const& sweep, std::vector<Column> const& columns,
                  Encoding const& encoding) {
  if (encoding.task != Task::classification) return;
  constexpr double kMaxExact = 0x1p53;
  for (Column const& column : columns) {
    if (column.name != encoding.targets.front()) continue;
    bool const large = std::any_of(column.numbers.begin(), column.numbers.end(),
                                   [](double x) { return std::fabs(x) > kMaxExact; });
    if (!large) continue;
    throw UsageError(
        sweep.data_path + ": data.target: " + files::quoted(column.name) +
        " has classes that are numbers above 9007199254740992, which are rounded when they "
        "are read as numbers; say data.columns." +
        column.name + "=categorical");
  }
}

// A loss with a log link takes targets that are at least 0, and held as they are or in another
// unit.
void check_log_link(Sweep const& sweep, std::string const& loss, std::vector<Column> const& columns,
                    Encoding const& encoding) {
  if (loss.empty() || encoding.task != Task::regression) return;
  std::vector<std::string> problems;
  for (std::size_t k = 0; k < encoding.targets.size(); ++k) {
    Column const& column = *ColumnIndex(columns).find(encoding.targets[k]);
    FaultyRows below;
    for (std::size_t row = 0; row < column.numbers.size(); ++row) {
      if (column.numbers[row] < 0) below.add(static_cast<std::int64_t>(row));
    }
    std::string const place =
        name_in_messages(sweep.data_path) + ": column " + quoted(column.name) + ": ";
    if (below.any()) {
      problems.push_back(place + to_text(column.numbers[static_cast<std::size_t>(below.first())]) +
                         " in " + below.text() + "; loss: " + loss +
                         " takes targets of at least 0: " + kOtherLosses);
    } else if (!encoding.frames.empty() && encoding.frames[k].origin != 0) {
      problems.push_back(place +
                         "its numbers are too near to each other, or too large, to be held but as "
                         "differences, and loss: " +
                         loss +
                         " takes their logarithms; take mse, mae, huber, pinball or "
                         "log_cosh");
    }
  }
  if (!problems.empty()) throw UsageError(std::move(problems));
}

}  // namespace

namespace {

std::string in_file(Sweep const& sweep, std::string const& note) {
  return name_in_messages(sweep.data_path) + ": " + note;
}

}  // namespace

std::vector<Column> read_data(Sweep& sweep) {
  TextLayout layout;
  auto columns = read_columns(sweep.data_path, read_options(sweep), &layout);
  for (std::string const& note : layout.notes)
    sweep.notes.push_back(in_file(sweep, note));
  sweep.layout = std::move(layout);
  return columns;
}

namespace {

// That there is no column of a name may come from how the file was read.
UsageError with_layout(Sweep const& sweep, UsageError const& error) {
  std::vector<std::string> problems = error.problems();
  bool const missed = std::any_of(problems.begin(), problems.end(), [](std::string const& each) {
    return each.find("there is no column") != std::string::npos;
  });
  if (!missed) return error;
  for (std::string const& note : sweep.layout.notes)
    problems.push_back(in_file(sweep, note));
  return UsageError(std::move(problems));
}

// The rows whose targets are all there, if others are too; nothing if all are.
std::optional<std::vector<Column>> rows_with_targets(Sweep& sweep,
                                                     std::vector<Column> const& columns) {
  auto const kept = rows_with(columns, sweep.dataset.targets);
  FaultyRows missing;
  for (std::size_t row = 0; row < kept.size(); ++row) {
    if (!kept[row]) missing.add(static_cast<std::int64_t>(row));
  }
  bool const any = std::find(kept.begin(), kept.end(), true) != kept.end();
  if (!missing.any() || !any) return std::nullopt;
  std::vector<Column> rows;
  for (Column const& column : columns)
    rows.push_back(only_rows(column, kept));
  sweep.notes.push_back(in_file(sweep, "without a target, and so left out: " + missing.text()));
  return rows;
}

Dataset dataset_of(Sweep& sweep, std::vector<Column> const& read) {
  std::vector<std::string> names;
  for (std::string const& target : sweep.dataset.targets) {
    std::string name = resolve(target, read, sweep.data_path);
    if (std::find(names.begin(), names.end(), name) != names.end()) {
      throw UsageError(sweep.data_path + ": data.target: " + files::quoted(target) +
                       " is the column " + files::quoted(name) + ", which is a target already");
    }
    names.push_back(std::move(name));
  }
  sweep.dataset.targets = std::move(names);
  auto const with_targets = rows_with_targets(sweep, read);
  std::vector<Column> const& columns = with_targets ? *with_targets : read;
  Dataset dataset = make_dataset(columns, sweep.dataset);
  sweep.dataset.task = dataset.encoding.task;
  check_labels(sweep, columns, dataset.encoding);
  for (std::string const& note : dataset.notes)
    sweep.notes.push_back(in_file(sweep, note));
  if (!sweep.start_path.empty()) take_start(sweep, columns, dataset);
  Study const started = with_start(sweep.study);
  sweep.study.metric.name = metric_name(started, dataset.encoding.task);
  check_log_link(sweep, log_link_loss(started.space), read, dataset.encoding);
  take_former_trials(sweep);
  return dataset;
}

}  // namespace

Dataset load_dataset(Sweep& sweep, Profile* profile) {
  Profile::Scope const reading(profile, Phase::read_data);
  auto const read = sweep.columns ? std::exchange(sweep.columns, nullptr)
                                  : std::make_shared<std::vector<Column> const>(read_data(sweep));
  Profile::Scope const encoding(profile, Phase::encode);
  try {
    return dataset_of(sweep, *read);
  } catch (UsageError const& error) {
    throw with_layout(sweep, error);
  }
}

}  // namespace brood::files
