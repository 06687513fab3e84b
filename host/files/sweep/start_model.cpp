// SPDX-License-Identifier: Apache-2.0
// A start is matched by names: columns must mean what they meant to the network, so its encoding of
// them is used, level for level, and outputs are kept only where they are the same in their order.
#include "files/sweep/start_model.hpp"

#include <algorithm>
#include <filesystem>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "brood/error.hpp"
#include "brood/files/columns.hpp"
#include "brood/files/model_file.hpp"
#include "brood/files/run_directory.hpp"
#include "data/dates.hpp"
#include "files/io/text.hpp"
#include "files/sweep/reader.hpp"
#include "study/start.hpp"

namespace brood::files {

namespace {

namespace fs = std::filesystem;

// Of a run directory or its best/ the model in it, else the file itself.
std::string model_path(std::string const& path) {
  std::error_code ignored;
  if (!fs::is_directory(path, ignored)) return path;
  for (char const* const inner : {"best/model.safetensors", "model.safetensors"}) {
    std::string file = (fs::path(path) / inner).string();
    if (fs::exists(file, ignored)) return file;
  }
  throw UsageError("start: " + files::quoted(path) +
                   " holds no model; give the directory of a run, its best/, or a "
                   "model.safetensors of brood");
}

SavedModel read_model(std::string const& path) {
  std::string const file = model_path(path);
  try {
    return from_safetensors(read_file(file), file);
  } catch (StorageError const& error) {
    throw UsageError(std::string("start: ") + error.what());
  } catch (UsageError const& error) {
    throw UsageError("start: " + error.problems().front());
  }
}

std::vector<std::uint64_t> trained_rows_beside(std::string const& model) {
  try {
    return read_trained_rows(fs::path(model).parent_path().string())
        .value_or(std::vector<std::uint64_t>());
  } catch (StorageError const& error) {
    throw UsageError(std::string("start: ") + error.what());
  }
}

std::string list_of(std::vector<std::string> const& names) {
  constexpr std::size_t kMax = 10;
  std::string text;
  for (std::size_t i = 0; i < std::min(names.size(), kMax); ++i)
    text += (i == 0 ? "" : ", ") + files::quoted(names[i]);
  if (names.size() > kMax) text += " and " + std::to_string(names.size() - kMax) + " more";
  return text;
}

InputEncoding const* find(std::vector<InputEncoding> const& inputs, std::string const& name) {
  auto const found = std::find_if(inputs.begin(), inputs.end(),
                                  [&](InputEncoding const& each) { return each.name == name; });
  return found == inputs.end() ? nullptr : &*found;
}

// What of the inputs differs; the levels of text may.
void check_inputs(std::vector<InputEncoding> const& here, std::vector<InputEncoding> const& there) {
  std::vector<std::string> missing, extra, kinds, indicators;
  for (InputEncoding const& input : there) {
    InputEncoding const* const own = find(here, input.name);
    if (own == nullptr) {
      missing.push_back(input.name);
    } else if (own->categorical != input.categorical || own->date.empty() != input.date.empty() ||
               is_clock_format(own->date) != is_clock_format(input.date)) {
      kinds.push_back(input.name);
    } else if (own->missing_indicator != input.missing_indicator) {
      indicators.push_back(input.name);
    }
  }
  for (InputEncoding const& input : here) {
    if (find(there, input.name) == nullptr) extra.push_back(input.name);
  }
  std::vector<std::string> differences;
  auto const add = [&](char const* what, std::vector<std::string> const& names) {
    if (!names.empty()) differences.push_back(what + list_of(names));
  };
  add("the data lacks ", missing);
  add("the network does not know ", extra);
  add("text, numbers or dates in one and another kind in the other are ", kinds);
  add("with a missing indicator in one only are ", indicators);
  if (differences.empty()) return;
  std::string text;
  for (auto const& difference : differences)
    text += (text.empty() ? "" : "; ") + difference;
  throw UsageError("start: the network's inputs are other columns: " + text);
}

int unknown_levels(std::vector<InputEncoding> const& here,
                   std::vector<InputEncoding> const& there) {
  int count = 0;
  for (InputEncoding const& input : here) {
    auto const& known = find(there, input.name)->levels;
    for (std::string const& level : input.levels)
      count += std::find(known.begin(), known.end(), level) == known.end() ? 1 : 0;
  }
  return count;
}

// Why the last layer cannot be kept; empty if it can.
std::string output_difference(Encoding const& here, Encoding const& there) {
  if (here.task != there.task) return "the task is another";
  if (here.targets != there.targets) return "the target is another";
  if (here.classes != there.classes) return "the classes are others";
  return "";
}

}  // namespace

void read_start(Section const& top, std::string const& directory, Sweep& sweep) {
  auto const path = top.text("start");
  if (!path) return;
  Node const& node = *top.find("start");
  sweep.start_path = opened(*path, node, directory);
  sweep.places["start"] = node.place.text();
  for (std::string_view const section : {"parameters", "network", "train"}) {
    Node const* const map = top.find(section);
    for (std::string const name : {"hidden", "heads", "activation", "loss", "layer_lr"}) {
      Entry const* const entry = map == nullptr ? nullptr : map->find(name);
      if (entry != nullptr) sweep.places[name] = entry->place.text();
    }
  }
}

void take_start(Sweep& sweep, std::span<Column const> columns, Dataset& dataset) {
  SavedModel saved = read_model(sweep.start_path);
  check_inputs(dataset.encoding.inputs, saved.encoding.inputs);
  int const unknown = unknown_levels(dataset.encoding.inputs, saved.encoding.inputs);
  if (unknown > 0) {
    sweep.notes.push_back("start: " + std::to_string(unknown) +
                          " of the levels of text are not known to the network and count as "
                          "missing");
  }
  dataset.encoding.inputs = saved.encoding.inputs;
  dataset.x = encode_inputs(columns, dataset.encoding);

  std::string const difference = output_difference(dataset.encoding, saved.encoding);
  if (!difference.empty()) {
    sweep.notes.push_back("start: " + difference + ", so the last layer starts anew");
  }
  sweep.study.start = {std::make_shared<Model const>(std::move(saved.model)), !difference.empty(),
                       trained_rows_beside(model_path(sweep.start_path))};
  sweep.study = with_start(std::move(sweep.study));
}

}  // namespace brood::files
