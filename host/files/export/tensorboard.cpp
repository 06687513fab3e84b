// SPDX-License-Identifier: Apache-2.0
// A run as a folder for TensorBoard: scalars by epoch, and its HParams plugin, where the folds and
// repeats of a trial are the sessions of a group. Field numbers as in
// tensorboard/plugins/hparams/{api,plugin_data}.proto.
#include <algorithm>
#include <cmath>
#include <span>

#include "brood/files/export.hpp"
#include "files/export/event_file.hpp"
#include "files/export/run_times.hpp"
#include "files/export/trial_curves.hpp"

namespace brood::files {

namespace {

constexpr char kPlugin[] = "hparams";
constexpr char kExperimentTag[] = "_hparams_/experiment";
constexpr char kStartTag[] = "_hparams_/session_start_info";
constexpr char kEndTag[] = "_hparams_/session_end_info";
constexpr std::int64_t kSuccess = 1, kFailure = 2;         // Status
constexpr std::int64_t kString = 1, kBool = 2, kReal = 3;  // DataType
constexpr std::int64_t kTraining = 1, kValidation = 2;     // DatasetType

// google.protobuf.Value; lists are texts.
Message proto_value(Value const& value) {
  if (auto const number = number_of(value)) return Message().real(2, *number);
  if (auto const* const flag = std::get_if<bool>(&value)) return Message().whole(4, *flag);
  return Message().text(3, to_text(value));
}

std::int64_t type_of(Parameter const& parameter) {
  if (parameter.values.empty()) return kReal;
  auto const all = [&](auto const& is) {
    return std::all_of(parameter.values.begin(), parameter.values.end(), is);
  };
  if (all([](Value const& value) { return number_of(value).has_value(); })) return kReal;
  return all([](Value const& value) { return std::holds_alternative<bool>(value); }) ? kBool
                                                                                     : kString;
}

// HParamInfo: what a parameter may be.
Message hparam_info(Parameter const& parameter) {
  Message info;
  info.text(1, parameter.name).whole(4, type_of(parameter));
  if (!parameter.values.empty()) {
    Message list;
    for (Value const& value : parameter.values)
      list.message(1, proto_value(value));
    return info.message(5, list);
  }
  bool const bounded = parameter.min < parameter.max;
  if (bounded) info.message(6, Message().real(1, parameter.min).real(2, parameter.max));
  return info;
}

Message metric_info(std::string const& tag, std::string const& shown, std::int64_t dataset) {
  Message info;
  info.message(1, Message().text(2, tag)).text(3, shown);
  return info.whole(5, dataset);
}

// Tags of scalars.
std::string metric_tag(Result const& result) {
  return "valid/" + result.metric;
}

class Folder {
 public:
  explicit Folder(RunRecord const& run) : run_(run), times_(times_of(run)), curves_(run.result) {}

  std::vector<ExportedFile> files(int most_trials) {
    EventFile experiment(times_.start);
    experiment.add_plugin(kExperimentTag, kPlugin, Message().message(2, this->experiment()));
    add("", experiment);
    for (TrialResult const* const trial : best(most_trials))
      add_trial(*trial);
    return std::move(files_);
  }

 private:
  void add(std::string const& folder, EventFile const& events) {
    files_.push_back({folder + events.name(), events.bytes()});
  }

  // By rank; those without one, which diverged, come last.
  std::vector<TrialResult const*> best(int most) const {
    std::vector<TrialResult const*> trials;
    for (TrialResult const& trial : run_.result.trials) {
      if (trial.epochs > 0) trials.push_back(&trial);
    }
    auto const place = [](TrialResult const* trial) {
      return std::pair(trial->rank > 0 ? trial->rank : std::numeric_limits<int>::max(), trial->id);
    };
    std::sort(trials.begin(), trials.end(),
              [&](auto const* a, auto const* b) { return place(a) < place(b); });
    trials.resize(std::min(trials.size(), static_cast<std::size_t>(most)));
    return trials;
  }

  Message experiment() const {
    Message message;
    message.real(3, times_.start);
    for (Parameter const& parameter : run_.sweep.study.space.parameters()) {
      if (parameter.distribution != Distribution::constant)
        message.message(4, hparam_info(parameter));
    }
    Result const& result = run_.result;
    bool const is_loss = result.metric == "loss";
    if (!is_loss)
      message.message(5, metric_info(metric_tag(result), "valid " + result.metric, kValidation));
    message.message(5, metric_info("valid/loss", "valid loss", kValidation));
    message.message(5, metric_info("train/loss", "train loss", kTraining));
    return message.text(6, run_.sweep.name);
  }

  // SessionStartInfo; a map's entry is a message of key and value.
  Message session_start(TrialResult const& trial, std::string const& group) const {
    Message message;
    for (Parameter const& parameter : run_.sweep.study.space.parameters()) {
      Value const* const value = trial.config.find(parameter.name);
      if (parameter.distribution == Distribution::constant || value == nullptr) continue;
      message.message(1, Message().text(1, parameter.name).message(2, proto_value(*value)));
    }
    return message.text(4, group).real(5, times_.start);
  }

  // A session for each member.
  void add_trial(TrialResult const& trial) {
    auto const points = curves_.points(trial.id);
    auto const same_member = [](CurvePoint const& a, CurvePoint const& b) {
      return a.fold == b.fold && a.repeat == b.repeat;
    };
    std::string const group = "trial_" + std::to_string(trial.id);
    bool const alone = points.empty() || same_member(points.front(), points.back());
    for (std::size_t begin = 0, end = 0; begin < points.size(); begin = end) {
      while (end < points.size() && same_member(points[begin], points[end]))
        ++end;
      std::string const member = "/fold_" + std::to_string(points[begin].fold + 1) + "_repeat_" +
                                 std::to_string(points[begin].repeat + 1);
      add(group + (alone ? "" : member) + "/",
          session(trial, group, points.subspan(begin, end - begin)));
    }
  }

  EventFile session(TrialResult const& trial, std::string const& group,
                    std::span<CurvePoint const> points) const {
    EventFile events(times_.start);
    events.add_plugin(kStartTag, kPlugin, Message().message(3, session_start(trial, group)));
    for (CurvePoint const& point : points) {
      auto const add = [&](std::string const& tag, double value) {
        if (std::isfinite(value)) events.add_scalar(tag, point.epoch, static_cast<float>(value));
      };
      add("train/loss", point.train_loss);
      add("valid/loss", point.valid_loss);
      if (run_.result.metric != "loss") add(metric_tag(run_.result), point.valid_metric);
    }
    if (run_.unfinished && trial.state == TrialState::waiting) return events;  // it may train on
    bool const failed = trial.state == TrialState::diverged;
    Message const ended = Message().whole(1, failed ? kFailure : kSuccess).real(2, times_.end);
    events.set_wall_time(times_.end);
    events.add_plugin(kEndTag, kPlugin, Message().message(4, ended));
    return events;
  }

  RunRecord const& run_;
  RunTimes times_;
  TrialCurves curves_;
  std::vector<ExportedFile> files_ = {};
};

}  // namespace

std::vector<ExportedFile> to_tensorboard(RunRecord const& run, int most_trials) {
  return Folder(run).files(most_trials);
}

}  // namespace brood::files
