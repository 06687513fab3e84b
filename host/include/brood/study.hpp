// SPDX-License-Identifier: Apache-2.0
// Study: search a space of networks over one table of data. The only tuning loop is StudyRun;
// tune() runs it to the end.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "brood/calibration.hpp"
#include "brood/data.hpp"
#include "brood/engine.hpp"
#include "brood/inspection.hpp"
#include "brood/member.hpp"
#include "brood/model.hpp"
#include "brood/search.hpp"
#include "brood/settings.hpp"

namespace brood {

// What is compared: one of metrics(). Empty name: log_loss for classes and labels, rmse for
// regression, pinball where that is the space's only loss; its quantile is the space's tau. The
// direction follows from the name; `loss` is the training loss, on validation rows.
// Row weights weigh in all of them.
struct MetricChoice {
  std::string name = {};
};
// A row of the table of metrics: what `brood list` prints and what names are checked by.
struct MetricInfo {
  std::string_view name;
  bool higher_is_better = false;
  bool of_classes = false, of_labels = false, of_values = false;  // the tasks that it fits
  std::string_view help;
  int unit_power = 0;  // the value is in the target's unit to this power
  bool fits(Task task) const;
};
std::vector<MetricInfo> metrics();
// Whether a higher value is better. Throws UsageError for an unknown metric or one that does not
// fit.
bool higher_is_better(std::string_view metric, Task task);
std::string default_metric(Task task);

// The trials that train at the same time go on together until some of them have come to the end of
// their rungs, which all of their brackets count as one here.
struct Progress {
  int rung = 0, rungs = 0;  // the one just finished, of how many; 0: that depends on the scores
  bool last = false;        // nothing is left to train
  int trials = 0;           // that came to an end of a rung
  int epoch = 0;            // trained to, the furthest of them
  int kept = 0;             // of these, whose results are those of a study that this one extends
  int waves = 1;            // the memory limit allowed this many at a time
  double best_score = std::numeric_limits<double>::quiet_NaN();
  int best_trial = -1;  // as Study::best_of has it
  double top_score = std::numeric_limits<double>::quiet_NaN();
  int top_trial = -1;              // the best score of any rung
  int diverged = 0;                // trials so far
  bool new_best = false;           // a trial scored better than any in any rung before
  std::vector<int> alive = {};     // trials that train on, or may yet be asked for again, by id
  std::int64_t member_epochs = 0;  // trained so far
  double seconds = 0;
};
// A rung while it trains.
struct Training {
  int rung = 0, rungs = 0;         // as in Progress
  int trials = 0;                  // that train
  int epoch = 0;                   // that they have reached, the furthest of them
  double share = 0;                // of the rung that has been trained
  std::int64_t member_epochs = 0;  // trained so far, in all rungs
  double rate = 0;                 // member-epochs a second, lately
  double seconds = 0;              // since the study began
  double seconds_left = 0;         // at this rate, of all rungs that are planned, and the end
};
// Whether a study goes on after a rung.
enum class Go { on, stop };

// Which trials the winner is the best of: those that were trained furthest, or all, each with its
// last score at whatever epoch.
enum class BestOf { last_rung, any };

// Ends a study before all is done that is planned.
struct Stop {
  std::optional<double> target = {};       // a trial's score is this or better
  std::optional<int> patience_rungs = {};  // in so many rungs no score was the best yet
  // At this epoch, within a rung if it comes there: its trials end and are scored where they are.
  // (Of trials that do not begin together, at this virtual time.)
  std::optional<int> epochs = {};

  template <class Visitor>
  static void settings(Visitor&& visit) {
    visit("target", &Stop::target, setting::Score{},
          "the study ends after the rung in which a trial scores this or better");
    visit("patience_rungs", &Stop::patience_rungs, setting::Whole{1, 1000},
          "it ends after so many rungs in which no score was the best yet");
    visit("epochs", &Stop::epochs, setting::Whole{1, 10'000'000},
          "it ends at this epoch, within a rung if it comes there");
  }
};

// Fine-tuning: every trial starts from the weights of a trained network, and sees its inputs as
// that network did, through the same transform, whatever rows train now. `hidden`,
// `activation` and `loss` become constants of the space where it says nothing of them. Moments,
// schedules and epochs begin anew; layer_lr says how fast each layer learns, 0 that it does not.
struct Start {
  std::shared_ptr<Model const> model = {};  // null: weights are drawn
  bool fresh_output = false;                // the last layer is drawn, for other classes or targets
  // Fingerprints (row_fingerprints) of the rows that the network has seen, sorted; empty: not
  // known. None of them becomes a test row: of the data of its own study the test rows stay.
  std::vector<std::uint64_t> trained_rows = {};
};

// Upper bounds on what a configuration may ask for, known before anything is trained. One beyond
// them is not tried: another is drawn in its place.
struct Constraints {
  std::optional<std::int64_t> max_parameters = {};
  std::optional<std::int64_t> max_bytes = {};
  std::optional<double> max_flops = {};
  explicit operator bool() const { return max_parameters || max_bytes || max_flops; }

  template <class Visitor>
  static void settings(Visitor&& visit) {
    using S = Constraints;
    visit("max_parameters", &S::max_parameters, setting::Whole{1, std::int64_t{1} << 53},
          "weights and biases of a network");
    visit("max_bytes", &S::max_bytes, setting::Bytes{},
          "of a network in training with all it keeps");
    visit("max_flops", &S::max_flops,
          setting::Real{0, std::numeric_limits<double>::infinity(), true, true},
          "of one training step of a whole batch: needed products, times two");
  }
};

// On which rows what was chosen is trained again in the end: on none, so that its networks are
// those that were validated; on those that trained and validated; or, once it has been scored on
// the test rows by such networks, on all rows, these too. Without test rows the last two are the
// same.
enum class Refit { no, yes, all };

// What is searched and how, what is compared, and what becomes of the best.
struct Study {
  SearchSpace space = {};
  SamplerChoice sampler = Random{};
  SchedulerChoice scheduler = SuccessiveHalving{};
  Constraints constraints = {};
  Validation validation = Holdout{};
  MetricChoice metric = {};
  int trials = 64;
  std::uint64_t seed = 0;
  Start start = {};
  // Trials of former studies of the same metric, for samplers that learn from scores.
  std::vector<PriorTrial> prior = {};
  // In how many repeats every trial that comes to the last rung is trained in all, if that is more
  // than those of `validation`: the others start beside those that it has when it is promoted to
  // the last rung, from other initial weights, and its last score is the mean of all. So the winner
  // is not the one that was luckiest. Not with PopulationBased.
  int final_repeats = 1;
  BestOf best_of = BestOf::last_rung;
  Stop stop = {};
  Refit refit = Refit::yes;
  // 0: none. Else so many picks, with replacement, of the 50 best trials of the leaderboard: those
  // whose mean prediction of the rows that validate scores best (Caruana et al. 2004). Without
  // refit, each pick is the networks of all its folds and repeats, those of final_repeats too.
  int ensemble = 0;
  Calibrate calibrate = {};
  // Called after each rung; Go::stop ends the study there: the best so far wins.
  std::function<Go(Progress const&)> on_rung = {};
  // Called about once a second while a rung trains.
  std::function<void(Training const&)> on_training = {};
  // Polled about once a second while a rung trains. True ends the study there: the rung is dropped,
  // and the best of the rungs before wins.
  std::function<bool()> stop_requested = {};
  // Called where trials are about to end within a rung, because the time is over or Stop::epochs
  // says so: StudyRun::state() has here what the study goes on from if it is given more.
  std::function<void()> before_cut = {};
  // By when tune() is to return, refit, ensemble and scores included. Under SuccessiveHalving fewer
  // trials go on after a rung where more would take too long; and where the time is over within a
  // rung, it ends at the epoch that all its trials have come to (not before their first). What the
  // clock decided is in Result::scheduler and Result::stop, with which the study repeats exactly.
  std::optional<std::chrono::steady_clock::time_point> finish_by = {};
  // Up to so many trials under finish_by: where the first rung of SuccessiveHalving shows that
  // there is time for more than `trials`, they join it (of samplers with no use for scores). In
  // Result::trials_in_all is how many came of it. 0: none join.
  int grow_to = 0;

  // What stands at the top of a sweep file beside the sections of the above.
  template <class Visitor>
  static void settings(Visitor&& visit) {
    visit("best_of", &Study::best_of, setting::OneOf{"last_rung", "any"},
          "trials that the winner is the best of");
    visit("ensemble", &Study::ensemble, setting::Whole{0, 1000},
          "picks for an ensemble of the best trials; 0: none");
    visit("refit", &Study::refit, setting::OneOf{"false", "true", "all"},
          "train the winner again on train and validation rows; all: after its test score, on the "
          "test rows, too");
  }
};

// One evaluation of one member: a line of curves.csv. Metrics such as balanced_accuracy, f1_macro
// and auc take each row's prediction, so that they are computed at the end of a rung only, of the
// weights that predict (the best ones, with patience): valid_metric is NaN at the evaluations
// before. log_loss is the loss of a member whose loss it is: cross_entropy, and bce of two classes
// or labels.
struct CurvePoint {
  int trial = 0, fold = 0, repeat = 0, epoch = 0;
  double train_loss = 0, valid_loss = 0, valid_metric = 0;
  bool operator==(CurvePoint const&) const = default;
};

// What became of a trial.
struct TrialResult {
  int id = 0;
  TrialState state = TrialState::waiting;
  int epochs = 0;
  double score = std::numeric_limits<double>::quiet_NaN();  // mean over folds and repeats
  Config config = {};
  // Standard error of that mean; NaN of a single member.
  double standard_error = std::numeric_limits<double>::quiet_NaN();
  std::vector<double> fold_scores = {};  // of several folds: of each, the mean over repeats
  // Where the metric is log_loss: the mean over the members that made the score; else NaN.
  double accuracy = std::numeric_limits<double>::quiet_NaN();
  int rank = 0;                 // on the whole leaderboard, from 1; 0: without a score, or dropped
  int bracket = 0;              // of the plan, from 0
  std::int64_t parameters = 0;  // weights and biases of its network
  std::uint64_t seed = 0;       // of its members in the first repeat
};

// What a study will train, exactly; the printed plan is what runs. `upper_bound` says that patience
// may end members earlier.
struct StudyPlan {
  std::vector<std::vector<Rung>> brackets;
  std::vector<Rung> rungs;  // of all brackets: how many trials train to each epoch
  int events = 0;           // of on_rung; 0: that depends on the scores
  int trials = 0;
  int members_per_trial = 1;        // folds x repeats
  int final_members_per_trial = 1;  // of those in the last rung
  std::int64_t members = 0;
  std::int64_t member_epochs = 0;  // promotion continues training
  std::int64_t member_epochs_restarted = 0;
  std::int64_t refit_epochs = 0;
  std::int64_t ensemble_epochs = 0;   // of refits, at most
  std::int64_t bytes_per_member = 0;  // of the largest the space can ask for
  std::int64_t bytes = 0;             // of the first rung, if all were that large
  int waves = 1;                      // at that size, under the engine's memory limit
  Submission submission;              // of the first rung (of 4,096 trials of it at most)
  // Of the device, predicted from the needed work of what trains together, refit included; ASHA's
  // rungs are taken for those of one bracket.
  double busy_share = 1;
  double seconds = 0;     // of the device, predicted likewise; 0: it does not predict any
  int most_launches = 0;  // of an epoch of any rung, its first trials standing in for the promoted
  bool upper_bound = false;
  std::vector<std::string> notes;  // sentences on what the data allows, as of rare classes
  bool lower_bound = false;        // an asynchronous scheduler also promotes who is overtaken later
};
// Throws UsageError with everything wrong with the study for this data.
StudyPlan plan(Engine& engine, Data const& data, Study const& study);
// How a study is made to fit into a time: by fewer trials; or also, where nobody has asked for its
// shape, by shorter rungs and fewer members a trial.
enum class Fit { trials, shape };
// The study, with no more than what this engine can train until then, its end included: measured by
// training a few members for an epoch, so it differs from run to run.
Study fit_to_time(Engine& engine, Data const& data, Study const& study,
                  std::chrono::steady_clock::time_point finish_by, Fit fit);
// All problems of a study that can be known without data.
std::vector<std::string> problems(Study const& study, Task task);

// Why there were no more rungs: all are done, Stop said so, the time was over (as Study::finish_by
// has it), or on_rung or stop_requested said so.
enum class Ended { complete, target, no_improvement, epochs, time, stopped };
std::string_view name_of(Ended ended);

// What predicts (the ensemble, or the winner) on the rows that validated, each of them predicted by
// networks that were not trained on it. They were chosen by these predictions, so that their score
// is too good. Here it is corrected for the choice: rows (by group, whole groups) are drawn with
// replacement; by those that were drawn the winner or the ensemble is chosen anew among the trials
// that it was chosen from last (of many rows, among the best of them), and calibrated anew; what
// comes of it is scored on the rows that were not drawn. (Bootstrap bias corrected
// cross-validation: Tsamardinos, Greasidou & Borboudakis, Machine Learning 107, 2018.) Trials that
// halving dropped before are not chosen from again.
struct OutOfFoldScore {
  double score = std::numeric_limits<double>::quiet_NaN();  // the mean over draws
  // 2.5 % of the draws score below, and 2.5 % above.
  double low = std::numeric_limits<double>::quiet_NaN();
  double high = std::numeric_limits<double>::quiet_NaN();
  // The means over draws of every metric of the task but `loss`, and of the share of targets that
  // each of the calibration's intervals holds.
  NamedScores metrics = {};
  std::vector<double> coverage = {};
  // 0: nothing was corrected, and there is no interval. By time rows cannot be drawn, for one leads
  // to the next; and of few rows most draws may have no such score.
  int draws = 0;
  // That validated; 0: there are test rows, or a trial was trained alone, and no such score.
  std::int64_t rows = 0;
};

// What a study has found.
struct Result {
  std::vector<TrialResult> trials;  // by id
  std::vector<CurvePoint> curves;   // by trial, fold, repeat, epoch
  std::vector<int> leaderboard;     // ids, best first; at most 10
  int best = -1;
  std::string metric;
  bool maximize = false;
  double valid = std::numeric_limits<double>::quiet_NaN();  // the winner's score
  double test = std::numeric_limits<double>::quiet_NaN();   // NaN without test rows
  // The model by every metric of the task but `loss`, on the test rows; NaN where one is undefined.
  NamedScores test_metrics;
  // The share of the test rows' targets that each of the model's intervals holds.
  std::vector<double> test_coverage;
  std::int64_t member_epochs = 0;
  std::int64_t refit_epochs = 0;
  bool refit_diverged = false;  // then the model is the one before: validated, or scored
  // The networks that were picked, trained as the model was; empty without Study::ensemble. They
  // were picked by ensemble_valid, which is therefore too good; the test rows had no part in it.
  // Scored from predictions, so that `loss` of values is their mean squared error.
  Ensemble ensemble;
  double ensemble_valid = std::numeric_limits<double>::quiet_NaN();
  double ensemble_test = std::numeric_limits<double>::quiet_NaN();
  NamedScores ensemble_test_metrics;
  std::vector<double> ensemble_test_coverage;
  std::int64_t ensemble_epochs = 0;  // of refits, beside refit_epochs
  OutOfFoldScore out_of_fold;        // without test rows
  // Networks of what predicts with the rows that each may be judged by, for inspect(): as they were
  // validated, with what validated them; under Refit::all those that were scored, with the test
  // rows. Empty where the test rows judge the networks above.
  std::vector<JudgedNetwork> judged;
  double seconds = 0;
  bool stopped_early = false;  // not all rungs were trained
  Ended ended = Ended::complete;
  Rows development;  // that trained or validated: all but the test rows
  Rows trained;      // that the networks have seen: all of these, or under Refit::all every row
  // Of the study, with what the clock decided under Study::finish_by.
  int trials_in_all = 0;
  SchedulerChoice scheduler;
  Stop stop;
  // The training that led to the winner's score; more than one under population based training. The
  // refit goes through all of them.
  std::vector<Segment> segments;
  Model model;
};

// What Stop goes by.
struct StopProgress {
  double best = std::numeric_limits<double>::quiet_NaN();  // score of any trial at any rung
  int rungs_since_best = 0;
};

// The whole state of a study, as one value; save() and load_state() turn it into bytes and back.
// What it holds is portable between runs on the same kind of backend only. `curves` and `outcomes`
// only ever grow at their ends, so that who saves often needs to add no more than what is new.
struct StudyState {
  std::string study;  // what identifies the study and its data
  Tuner::State tuner;
  std::vector<CurvePoint> curves;
  std::int64_t member_epochs = 0;
  StopProgress stop;
  int events = 0;  // rungs reported so far
  // What was told of a trial at the end of a rung.
  struct Outcome {
    int trial = 0, rung = 0, epoch = 0;
    int until = 0;  // the epoch that it was asked for; `epoch` is earlier where it ended
    double score = std::numeric_limits<double>::quiet_NaN();  // mean over its members
    bool ended = false;                                       // by itself, by its patience
    bool kept = false;                // from a study that this one extends: not trained in this one
    std::vector<double> scores = {};  // of its members, by split
    // Theirs, where the metric is log_loss; else empty.
    std::vector<double> accuracies = {};
  };
  std::vector<Outcome> outcomes;  // in the order told
  // A member of a trial on one of its splits.
  struct Resident {
    int trial = 0, split = 0;
    MemberImage image;
  };
  std::vector<Resident> residents;  // members of the trials that are still in the running
};
std::string save(StudyState const& state);
// The same bytes, given to `write` piece by piece; returns the checksum that they end with.
std::string save(StudyState const& state, std::function<void(std::string_view)> const& write);
// Throws StorageError if the bytes are damaged or of another version.
StudyState load_state(std::string_view bytes);

// A study in progress, rung by rung. The engine must outlive it.
class StudyRun {
 public:
  // Throws UsageError with everything that is wrong. With a state of this study, goes on from
  // there. With that of a study which differs in its trials or its scheduler only, extends it: the
  // result is that of this study from the beginning, but no rung is trained whose results are
  // known. Not to more epochs where a learning rate's course spans all of them, and not
  // PopulationBased.
  StudyRun(Engine& engine, Data const& data, Study study, StudyState const* from = nullptr);
  ~StudyRun();

  // Trains until a rung ends. False when there is none left (or Stop or on_rung ended the study).
  bool advance();
  // Between calls of advance(), or from within on_rung, on_training and before_cut.
  StudyState state();
  // Takes a trial out of the study, from where state() may be called: from here on state() has it.
  // It trains no further than the launch in progress, keeps the score of the last rung that it came
  // to the end of, and neither wins nor is part of an ensemble. What comes of it depends on the
  // rung in which this is called, and on nothing else. For a trial that was dropped before:
  // nothing. Throws UsageError for one that does not exist, has not begun or has ended.
  void drop(int trial);
  // Refit and test score; call once, after the last advance(). Throws NoUsableTrial if every trial
  // diverged or was dropped.
  Result finish();
  // What has been found up to here, without a model and what is known of it: trains nothing and
  // asks nothing of the device, so that it can be had where the device has failed. Throws as
  // finish().
  Result found() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

Result tune(Engine& engine, Data const& data, Study const& study);

// Trains a trial of a study again, alone, and finishes as if it had won: its scores, curves and
// network have the bits that they have in the study. Of `former`, id, state, config and epochs
// are looked at. Throws UsageError for PopulationBased, whose trials are copies of others, and
// NoUsableTrial if it diverges.
Result train_alone(Engine& engine, Data const& data, Study study, TrialResult const& former);

}  // namespace brood
