// SPDX-License-Identifier: Apache-2.0
// brood's side of bench/peers: hands the peers its data, weights and batch orders, and is timed as
// they are.
//   brood_peer_bench write DIR WORKLOAD MEMBERS
//       workload.json, x.npy, y.npy, weights.npy (of all members, dense, one behind the other), and
//       of up to 8 check members: order.npy (members, 100, batch), loss.npy after 100 such steps
//   brood_peer_bench train WORKLOAD MEMBERS DEVICE PRECISION
//       a worker (bench/peers/worker.py says what that is) that trains the population
//   brood_peer_bench teacher DIR ROWS INPUTS    x.npy, y.npy: classes by a random network, with
//   noise brood_peer_bench split SWEEP DIR [key=value ...]
//       train.npy, valid.npy, test.npy: rows of the sweep's study; trials.json: its configurations,
//       each with the epoch that its first rung ends at
//   brood_peer_bench study SWEEP DEVICE PRECISION [key=value ...]    tunes; prints scores
//   brood_peer_bench ask_tell TRIALS    random search over two numbers; prints seconds
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <iostream>
#include <string>
#include <vector>

#include "brood/files/sweep.hpp"
#include "brood/population.hpp"
#include "brood/search.hpp"
#include "core/permutation.hpp"
#include "npy_writer.hpp"
#include "synthetic.hpp"

namespace brood::bench {
namespace {

constexpr int kCheckSteps = 100;
constexpr int kCheckBatches = 10;  // an epoch of the check
constexpr int kMaxCheckMembers = 8;

double now() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

Workload workload_named(std::string const& name) {
  auto const found = find_workload(name);
  if (!found) throw UsageError("no workload is named '" + name + "'; see bench/workloads.hpp");
  return *found;
}

std::string workload_json(Workload const& w, int members, std::vector<int> const& checked) {
  auto list = [](int n, auto&& item) {
    std::string text = "[";
    for (int i = 0; i < n; ++i)
      text += (i > 0 ? ", " : "") + item(i);
    return text + "]";
  };
  auto hidden = [&](int i) {
    auto const widths = hidden_of(w, i);
    return list(static_cast<int>(widths.size()),
                [&](int l) { return std::to_string(widths[static_cast<std::size_t>(l)]); });
  };
  double const flops = mean_step_flops(w, members);
  return "{\"name\": \"" + std::string(w.name) + "\", \"task\": \"" + std::string(name_of(w.task)) +
         "\", \"inputs\": " + std::to_string(w.inputs) +
         ", \"outputs\": " + std::to_string(w.outputs) + ", \"rows\": " + std::to_string(w.rows) +
         ", \"batch_size\": " + std::to_string(w.batch_size) + ", \"optimizer\": \"" + w.optimizer +
         "\", \"flops_per_step\": " + std::to_string(flops) +
         ",\n \"hidden\": " + list(members, hidden) + ",\n \"activation\": " +
         list(members, [&](int i) { return "\"" + activation_of(w, i) + "\""; }) +
         ",\n \"lr\": " + list(members, [&](int i) { return to_text(Value(lr_of(w, i))); }) +
         ",\n \"checked\": " +
         list(static_cast<int>(checked.size()),
              [&](int i) { return std::to_string(checked[static_cast<std::size_t>(i)]); }) +
         "}\n";
}

// The batches that brood gives a member over the check's rows, in order.
std::vector<std::int32_t> batches_of(MemberSpec const& spec, int batch_size) {
  auto const rows = static_cast<std::uint32_t>(spec.train_rows->size());
  std::vector<std::int32_t> order;
  for (std::uint32_t epoch = 0; epoch < kCheckSteps / kCheckBatches; ++epoch) {
    BatchOrder const permutation = batch_order(spec.seed, epoch, rows);
    for (std::uint32_t i = 0; i < static_cast<std::uint32_t>(kCheckBatches * batch_size); ++i)
      order.push_back((*spec.train_rows)[row_at(permutation, i)]);
  }
  return order;
}

int write(std::string const& folder, Workload const& w, int members) {
  std::filesystem::create_directories(folder);
  std::vector<int> checked;
  for (int i = 0; i < std::min(members, kMaxCheckMembers); ++i)
    checked.push_back(static_cast<int>(std::int64_t{i} * members / kMaxCheckMembers));
  checked.erase(std::unique(checked.begin(), checked.end()), checked.end());

  Engine engine({.device = "cpu"});
  Synthetic const rows = synthetic_rows(w);
  Data const data = engine.load(table_of(w, rows));
  Population population(engine);
  auto const all = members_of(w, data.id(), members);
  auto const ids = population.admit(all, data);
  std::vector<float> weights;
  for (auto const& image : population.save(ids))
    weights.insert(weights.end(), image.weights.begin(), image.weights.end());
  population.release(ids);

  auto const specs = members_of(w, data.id(), members, kCheckBatches * w.batch_size);
  std::vector<MemberSpec> check;
  std::vector<std::int32_t> order;
  for (int const i : checked) {
    MemberSpec spec = specs[static_cast<std::size_t>(i)];
    spec.eval_rows = spec.train_rows;
    auto const batches = batches_of(spec, w.batch_size);
    order.insert(order.end(), batches.begin(), batches.end());
    check.push_back(std::move(spec));
  }
  auto const check_ids = population.admit(check, data);
  population.train(check_ids, kCheckSteps / kCheckBatches, 0);
  std::vector<double> losses;
  for (auto const& m : population.metrics(check_ids))
    losses.push_back(m.history.back().loss);

  auto const n = static_cast<std::int64_t>(check.size());
  write_npy(folder + "/x.npy", rows.x, {w.rows, w.inputs});
  if (w.task == Task::classification) {
    write_npy(folder + "/y.npy", std::vector<std::int32_t>(rows.y.begin(), rows.y.end()), {w.rows});
  } else {
    write_npy(folder + "/y.npy", rows.y, {w.rows, w.outputs});
  }
  write_npy(folder + "/weights.npy", weights, {static_cast<std::int64_t>(weights.size())});
  write_npy(folder + "/order.npy", order, {n, kCheckSteps, w.batch_size});
  write_npy(folder + "/loss.npy", losses, {n});
  write_text(folder + "/workload.json", workload_json(w, members, checked));
  return 0;
}

// Says when it is ready; then for each line on standard input trains for about that many seconds
// and prints what it did; ends with the input.
int train(Workload const& w, int members, std::string const& device, std::string const& precision) {
  Engine engine({.device = device, .precision = precision});
  Synthetic const rows = synthetic_rows(w);
  Data const data = engine.load(table_of(w, rows));
  Population population(engine);
  auto const ids = population.admit(members_of(w, data.id(), members), data);
  int epoch = 0;
  auto run = [&](int epochs) {
    double const start = now();
    epoch += epochs;
    population.train(ids, epoch, 0);
    return now() - start;
  };
  double const first = run(1);
  double warm = run(1);
  std::printf("{\"ready\": true, \"first_seconds\": %.6f, \"version\": \"%s, %s\"}\n", first,
              engine.info().device.c_str(), engine.info().precision.c_str());
  std::fflush(stdout);
  // Steps of full batches: a short one at the end of an epoch counts for what it holds.
  double const steps_per_epoch = static_cast<double>(members) * w.rows / w.batch_size;
  for (std::string line; std::getline(std::cin, line);) {
    int const epochs = std::max(1, static_cast<int>(std::atof(line.c_str()) / warm));
    double const seconds = run(epochs);
    warm = seconds / epochs;
    std::printf("{\"steps\": %.1f, \"seconds\": %.6f}\n", steps_per_epoch * epochs, seconds);
    std::fflush(stdout);
  }
  return 0;
}

// Inputs on (-1, 1); the class of a row is the largest of four outputs of a random network with 16
// hidden units, or for one row in twenty any of them.
int teacher(std::string const& folder, int rows, int inputs) {
  std::filesystem::create_directories(folder);
  constexpr int kUnits = 16, kClasses = 4;
  auto draw = [](int i, std::uint32_t which) {
    std::uint32_t const word =
        philox({{static_cast<std::uint32_t>(i), which, 0, 0}}, {3, 4}).word[0];
    return static_cast<float>(2 * unit_interval(word) - 1);
  };
  std::vector<float> x;
  std::vector<std::int32_t> y;
  for (int r = 0; r < rows; ++r) {
    for (int c = 0; c < inputs; ++c)
      x.push_back(draw(r * inputs + c, 0));
    float const* const row = x.data() + x.size() - static_cast<std::size_t>(inputs);
    float output[kClasses] = {};
    for (int u = 0; u < kUnits; ++u) {
      float sum = 0;
      for (int c = 0; c < inputs; ++c)
        sum += row[c] * draw(u * inputs + c, 1);
      for (int k = 0; k < kClasses; ++k)
        output[k] += std::max(sum, 0.0f) * draw(u * kClasses + k, 2);
    }
    float const chance = 10 * (draw(r, 3) + 1);  // 0 .. 20
    auto const any = static_cast<std::int32_t>(chance * kClasses) % kClasses;
    auto const best = std::max_element(output, output + kClasses) - output;
    y.push_back(chance < 1 ? any : static_cast<std::int32_t>(best));
  }
  write_npy(folder + "/x.npy", x, {rows, inputs});
  write_npy(folder + "/y.npy", y, {rows});
  return 0;
}

files::Overrides overrides_of(std::vector<std::string> const& settings) {
  files::Overrides overrides;
  for (auto const& setting : settings) {
    auto const equals = setting.find('=');
    if (equals == std::string::npos) throw UsageError(setting + ": is not key=value");
    overrides.emplace_back(setting.substr(0, equals), setting.substr(equals + 1));
  }
  return overrides;
}

std::string trials_json(Study const& study) {
  Tuner tuner({.space = study.space,
               .sampler = study.sampler,
               .scheduler = study.scheduler,
               .trials = study.trials,
               .seed = study.seed});
  std::string text = "[";
  for (auto const& ask : tuner.ask(study.trials)) {
    text += text.size() > 1 ? ",\n {" : "{";
    for (auto const& [name, value] : ask.config) {
      bool const words = std::holds_alternative<std::string>(value);
      std::string const quote = words ? "\"" : "";
      text += "\"" + name + "\": " + quote + to_text(value) + quote + ", ";
    }
    text += "\"until_epoch\": " + std::to_string(ask.until_epoch) + "}";
  }
  return text + "]\n";
}

int split(std::string const& path, std::string const& folder,
          std::vector<std::string> const& settings) {
  std::filesystem::create_directories(folder);
  files::Sweep sweep = files::read_sweep(path, overrides_of(settings));
  Dataset const dataset = files::load_dataset(sweep);
  Splits const splits = make_splits(dataset.table(), sweep.study.validation, sweep.study.seed);
  auto put = [&](char const* name, Rows const& rows) {
    write_npy(folder + name, *rows, {static_cast<std::int64_t>(rows->size())});
  };
  put("/train.npy", splits.splits.front().train);
  put("/valid.npy", splits.splits.front().valid);
  put("/test.npy", splits.test);
  write_text(folder + "/trials.json", trials_json(sweep.study));
  return 0;
}

// What a sweep file asks for, from the file to the winner's test score.
int study(std::string const& path, std::string const& device, std::string const& precision,
          std::vector<std::string> const& settings) {
  double const start = now();
  files::Sweep sweep = files::read_sweep(path, overrides_of(settings));
  Dataset const dataset = files::load_dataset(sweep);
  Engine engine({.device = device, .precision = precision});
  Data const data = engine.load(dataset.table());
  Result const result = tune(engine, data, sweep.study);
  std::printf(
      "{\"seconds\": %.6f, \"valid\": %.6f, \"test\": %.6f, \"member_epochs\": %lld, "
      "\"version\": \"%s, %s\"}\n",
      now() - start, result.valid, result.test, static_cast<long long>(result.member_epochs),
      engine.info().device.c_str(), engine.info().precision.c_str());
  return 0;
}

int ask_tell(int trials) {
  double const start = now();
  SearchSpace space;
  space.uniform("x", 0, 1).log_uniform("y", 1e-4, 1);
  Tuner tuner({.space = space,
               .sampler = Random{},
               .scheduler = NoEarlyTermination{1},
               .trials = trials,
               .seed = 1});
  while (!tuner.finished()) {
    for (auto const& ask : tuner.ask(64)) {
      double const x = std::get<double>(*ask.config.find("x"));
      double const y = std::get<double>(*ask.config.find("y"));
      tuner.tell(ask.trial, ask.until_epoch, x * x + y);
    }
  }
  std::printf("{\"seconds\": %.6f, \"trials\": %d}\n", now() - start, trials);
  return tuner.best() ? 0 : 1;
}

int run(std::vector<std::string> const& words) {
  std::string const command = words.empty() ? "" : words.front();
  if (command == "write" && words.size() == 4)
    return write(words[1], workload_named(words[2]), std::atoi(words[3].c_str()));
  if (command == "train" && words.size() == 5)
    return train(workload_named(words[1]), std::atoi(words[2].c_str()), words[3], words[4]);
  if (command == "teacher" && words.size() == 4)
    return teacher(words[1], std::atoi(words[2].c_str()), std::atoi(words[3].c_str()));
  if (command == "split" && words.size() >= 3)
    return split(words[1], words[2], {words.begin() + 3, words.end()});
  if (command == "study" && words.size() >= 4)
    return study(words[1], words[2], words[3], {words.begin() + 4, words.end()});
  if (command == "ask_tell" && words.size() == 2) return ask_tell(std::atoi(words[1].c_str()));
  std::fputs(
      "usage: brood_peer_bench write DIR WORKLOAD MEMBERS\n"
      "       brood_peer_bench train WORKLOAD MEMBERS DEVICE PRECISION\n"
      "       brood_peer_bench teacher DIR ROWS INPUTS\n"
      "       brood_peer_bench split SWEEP DIR [key=value ...]\n"
      "       brood_peer_bench study SWEEP DEVICE PRECISION [key=value ...]\n"
      "       brood_peer_bench ask_tell TRIALS\n",
      stderr);
  return 2;
}

}  // namespace
}  // namespace brood::bench

int main(int argc, char** argv) {
  try {
    return brood::bench::run({argv + 1, argv + argc});
  } catch (std::exception const& error) {
    std::fprintf(stderr, "brood_peer_bench: %s\n", error.what());
    return 1;
  }
}
