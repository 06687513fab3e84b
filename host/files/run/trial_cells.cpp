// SPDX-License-Identifier: Apache-2.0
// A line of trials.csv as a trial: each cell by the kind of its column.
#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>
#include <map>
#include <memory>
#include <optional>

#include "brood/error.hpp"
#include "brood/files/trials.hpp"
#include "brood/member.hpp"
#include "files/io/text.hpp"
#include "files/io/yaml.hpp"
#include "files/run/run_files.hpp"
#include "files/sweep/parameter.hpp"

namespace brood::files {

namespace {

// Which column has what; looked up once for all lines.
class TrialReader {
 public:
  explicit TrialReader(TrialTable const& table) : table_(table), infos_(hyperparameters()) {
    for (HyperparameterInfo const& info : infos_) {
      if (auto const column = table.find(column_of_parameter(info.name)))
        parameters_.push_back({*column, &info, {}});
    }
    std::sort(parameters_.begin(), parameters_.end(),
              [](Hyperparameter const& a, Hyperparameter const& b) { return a.column < b.column; });
    for (std::size_t c = 0; c < table.names.size(); ++c) {
      if (is_fold_column(table.names[c])) folds_.push_back(c);
    }
    score_ = table.find("valid_" + table.metric);
    trial_ = table.find("trial");
    state_ = table.find("state");
    epochs_ = table.find("epochs");
    accuracy_ = table.find("accuracy");
    error_ = table.find("standard_error");
    rank_ = table.find("rank");
    size_ = table.find("parameters");
    seed_ = table.find("seed");
    bracket_ = table.find("bracket");
  }

  TrialResult read(std::size_t line) {
    line_ = line;
    TrialResult trial;
    trial.id = whole<int>(trial_, "trial");
    trial.state = state();
    trial.epochs = whole<int>(epochs_, "number of epochs");
    trial.score = real(score_);
    trial.accuracy = real(accuracy_);
    trial.standard_error = real(error_);
    for (std::size_t const column : folds_)
      trial.fold_scores.push_back(real(column));
    trial.rank = whole<int>(rank_, "rank");
    trial.parameters = whole<std::int64_t>(size_, "number of parameters");
    trial.seed = whole<std::uint64_t>(seed_, "seed");
    trial.bracket = std::max(whole<int>(bracket_, "bracket") - 1, 0);
    for (Hyperparameter& parameter : parameters_) {
      std::string const& text = cell(parameter.column);
      if (text.empty()) continue;  // not there under its conditions
      trial.config.set(parameter.info->name, value(parameter, text));
    }
    return trial;
  }

 private:
  struct Hyperparameter {
    std::size_t column = 0;
    HyperparameterInfo const* info = nullptr;
    std::map<std::string, Value, std::less<>> known;  // values that are written often
  };

  std::string const& cell(std::size_t column) const { return table_.lines[line_][column]; }

  [[noreturn]] void damaged(std::string const& text, std::string_view what) const {
    throw StorageError(table_.path + ":" + std::to_string(table_.places[line_]) +
                       ": is damaged: " + quoted(text) + " is no " + std::string(what));
  }

  TrialState state() const {
    std::string const& name = cell(*state_);
    for (TrialState const each : {TrialState::waiting, TrialState::pruned, TrialState::complete,
                                  TrialState::stopped, TrialState::diverged, TrialState::dropped}) {
      if (name == name_of(each)) return each;
    }
    damaged(name, "state of a trial");
  }

  // 0 of a column that is not there, and of an empty cell of one that may be.
  template <class T>
  T whole(std::optional<std::size_t> column, std::string_view what) const {
    if (!column) return 0;
    std::string const& text = cell(*column);
    if (text.empty() && column == rank_) return 0;
    T number = 0;
    auto const [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc() || end != text.data() + text.size() || number < 0) damaged(text, what);
    return number;
  }

  double real(std::optional<std::size_t> column) const {
    if (!column || cell(*column) == "nan") return std::numeric_limits<double>::quiet_NaN();
    auto const number = read_number<double>(cell(*column));
    if (number.reading == Reading::number) return number.value;
    if (cell(*column) == "inf" || cell(*column) == "-inf")
      return std::copysign(std::numeric_limits<double>::infinity(),
                           cell(*column)[0] == '-' ? -1 : 1);
    damaged(cell(*column), "number");
  }

  Value value(Hyperparameter& parameter, std::string const& text) const {
    if (auto const known = parameter.known.find(text); known != parameter.known.end())
      return known->second;
    Problems problems;
    auto const read = read_value(*parameter.info, node_of(parameter, text), problems);
    if (!read) damaged(text, parameter.info->name);
    constexpr std::size_t kMost = 256;
    if (parameter.known.size() < kMost) parameter.known.emplace(text, *read);
    return *read;
  }

  // A plain number is read without the YAML reader, which takes its time.
  Node node_of(Hyperparameter const& parameter, std::string const& text) const {
    if (parameter.info->type != "real")
      return parse_yaml_value(text, std::string(parameter.info->name));
    auto const number = read_number<double>(text);
    if (number.reading != Reading::number) damaged(text, parameter.info->name);
    Node node = node_at({}, NodeKind::real);
    node.text = text;
    node.real = number.value;
    return node;
  }

  TrialTable const& table_;
  std::vector<HyperparameterInfo> infos_;
  std::vector<Hyperparameter> parameters_;
  std::vector<std::size_t> folds_;
  std::optional<std::size_t> trial_, state_, epochs_, score_, accuracy_, error_, rank_, size_,
      seed_, bracket_;
  std::size_t line_ = 0;
};

}  // namespace

TrialResult trial_of(TrialTable const& table, std::size_t line) {
  return TrialReader(table).read(line);
}

std::vector<TrialResult> trials_of(TrialTable const& table) {
  TrialReader reader(table);
  std::vector<TrialResult> trials;
  trials.reserve(table.lines.size());
  for (std::size_t line = 0; line < table.lines.size(); ++line)
    trials.push_back(reader.read(line));
  return trials;
}

}  // namespace brood::files
