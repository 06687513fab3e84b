// SPDX-License-Identifier: Apache-2.0
// The document of a saved model, written and read. Reading trusts nothing: a document that was
// changed by hand or by a faulty disk gives a model that fits together, or an error.
#include "files/model/model_document.hpp"

#include <algorithm>
#include <cmath>
#include <set>

#include "backend/describe.hpp"
#include "backend/rows.hpp"
#include "brood/error.hpp"
#include "brood/study.hpp"
#include "core/heads.hpp"
#include "data/dates.hpp"
#include "files/io/json.hpp"
#include "files/io/text.hpp"

namespace brood::files {

namespace {

// The second has lists of inputs; without one a document is of the first, which older programs
// read.
constexpr std::int64_t kPlain = 1, kWithInputs = 2;

[[noreturn]] void refuse(std::string const& what) {
  throw UsageError(what);
}

// A part of the document with its name, for messages.
class Part {
 public:
  Part(Json const& json, std::string name) : json_(json), name_(std::move(name)) {}

  Part at(std::string_view key) const {
    std::string name = name_.empty() ? std::string(key) : name_ + "." + std::string(key);
    Json const* const found = json_.find(key);
    if (!found) refuse(name + " is absent");
    return {*found, std::move(name)};
  }
  std::vector<Part> elements() const {
    std::vector<Part> parts;
    auto const& array = as<Json::Array>("a list");
    for (std::size_t i = 0; i < array.size(); ++i) {
      parts.push_back({array[i], name_ + "[" + std::to_string(i) + "]"});
    }
    return parts;
  }
  std::string const& text() const { return as<std::string>("a text"); }
  bool flag() const { return as<bool>("true or false"); }
  std::int64_t whole() const { return as<std::int64_t>("a whole number"); }
  double number() const {
    if (auto const* const whole = json_.as<std::int64_t>()) return static_cast<double>(*whole);
    return as<double>("a number");
  }
  Json::Object const& object() const { return as<Json::Object>("an object"); }
  std::string const& name() const { return name_; }
  Json const& json() const { return json_; }

  std::vector<std::string> texts() const {
    std::vector<std::string> list;
    for (Part const& element : elements())
      list.push_back(element.text());
    return list;
  }
  std::vector<std::int32_t> wholes() const {
    std::vector<std::int32_t> list;
    for (Part const& element : elements()) {
      std::int64_t const value = element.whole();
      if (value < 0 || value > 1 << 30) refuse(element.name() + " is " + std::to_string(value));
      list.push_back(static_cast<std::int32_t>(value));
    }
    return list;
  }
  std::vector<float> floats() const {
    std::vector<float> list;
    for (Part const& element : elements()) {
      auto const value = static_cast<float>(element.number());
      if (!std::isfinite(value)) refuse(element.name() + " does not fit into 32 bits");
      list.push_back(value);
    }
    return list;
  }

 private:
  template <class T>
  T const& as(char const* wanted) const {
    T const* const value = json_.as<T>();
    if (!value) refuse(name_ + " is not " + wanted);
    return *value;
  }

  Json const& json_;
  std::string name_;
};

// Floats as the doubles that they are: exact, and exact again when read.
Json numbers(std::vector<float> const& values) {
  return Json(std::vector<double>(values.begin(), values.end()));
}

Json transform_document(Transform const& transform) {
  Json json;
  json.set("shift", numbers(transform.shift)).set("scale", numbers(transform.scale));
  json.set("target_shift", numbers(transform.target_shift));
  json.set("target_scale", numbers(transform.target_scale));
  if (transform.is_plain()) return json;
  std::vector<std::string> shapes;
  for (InputShape const shape : transform.shape)
    shapes.emplace_back(name_of(shape));
  json.set("columns", transform.columns);
  json.set("source",
           Json(std::vector<std::int64_t>(transform.source.begin(), transform.source.end())));
  json.set("shape", Json(shapes));
  json.set("offset", numbers(transform.offset)).set("gain", numbers(transform.gain));
  return json;
}

InputShape read_shape(Part const& part) {
  for (InputShape const shape :
       {InputShape::linear, InputShape::smooth_clip, InputShape::piece, InputShape::cosine}) {
    if (part.text() == name_of(shape)) return shape;
  }
  refuse(part.name() + " is " + quoted(part.text()) + ", not linear, smooth_clip, piece or cosine");
}

Transform read_transform(Part const& part) {
  Transform transform{part.at("shift").floats(), part.at("scale").floats(),
                      part.at("target_shift").floats(), part.at("target_scale").floats()};
  if (part.json().find("source") == nullptr) return transform;
  std::int64_t const columns = part.at("columns").whole();
  if (columns < 1 || columns > 1 << 30)
    refuse(part.name() + ".columns is " + std::to_string(columns));
  transform.columns = static_cast<int>(columns);
  transform.source = part.at("source").wholes();
  if (transform.source.empty()) refuse(part.name() + ".source is empty");
  for (Part const& each : part.at("shape").elements())
    transform.shape.push_back(read_shape(each));
  transform.offset = part.at("offset").floats();
  transform.gain = part.at("gain").floats();
  return transform;
}

Json frame_document(Frame const& frame) {
  Json json;
  json.set("origin", frame.origin).set("unit", frame.unit);
  return json;
}

// A unit is a power of two, so that nothing is rounded by it.
Frame read_frame(Part const& part) {
  Frame const frame{part.at("origin").number(), part.at("unit").number()};
  int exponent = 0;
  if (!(frame.unit > 0) || std::frexp(frame.unit, &exponent) != 0.5)
    refuse(part.name() + ".unit is not a power of two");
  return frame;
}

Json encoding_document(Encoding const& encoding) {
  Json::Array inputs;
  for (InputEncoding const& input : encoding.inputs) {
    Json json;
    json.set("name", input.name).set("kind", input.categorical ? "categorical" : "numeric");
    if (input.categorical) {
      json.set("levels", Json(input.levels));
    } else {
      json.set("missing_indicator", input.missing_indicator);
      if (!input.frame.is_plain()) json.set("frame", frame_document(input.frame));
      if (!input.edges.empty()) json.set("edges", numbers(input.edges));
      if (!input.date.empty()) {
        Json::Array cycles;
        for (Cycle const cycle : input.cycles)
          cycles.push_back(name_of(cycle));
        json.set("date", input.date).set("cycles", std::move(cycles));
      }
    }
    inputs.push_back(std::move(json));
  }
  Json json;
  json.set("inputs", std::move(inputs)).set("targets", Json(encoding.targets));
  json.set("classes", Json(encoding.classes));
  if (!encoding.frames.empty()) {
    Json::Array frames;
    for (Frame const& frame : encoding.frames)
      frames.push_back(frame_document(frame));
    json.set("target_frames", std::move(frames));
  }
  return json;
}

void read_dates(Part const& part, InputEncoding& input) {
  input.date = part.at("date").text();
  if (!is_date_format(input.date)) {
    refuse(part.name() + ".date is " + quoted(input.date) + ", which is no format of dates");
  }
  for (Part const& each : part.at("cycles").elements()) {
    bool known = false;
    for (Cycle const cycle : {Cycle::day, Cycle::week, Cycle::year}) {
      if (each.text() != name_of(cycle)) continue;
      known = cycle == Cycle::day || !is_clock_format(input.date);
      input.cycles.push_back(cycle);
    }
    if (!known) refuse(each.name() + " is " + quoted(each.text()) + ", which is no cycle of it");
  }
}

InputEncoding read_input(Part const& part) {
  InputEncoding input;
  input.name = part.at("name").text();
  std::string const& kind = part.at("kind").text();
  if (kind == "categorical") {
    input.categorical = true;
    input.levels = part.at("levels").texts();
    if (std::adjacent_find(input.levels.begin(), input.levels.end(), std::greater_equal<>()) !=
        input.levels.end()) {
      refuse(part.name() + ".levels are not sorted, each once");
    }
  } else if (kind == "numeric") {
    input.missing_indicator = part.at("missing_indicator").flag();
    if (part.json().find("frame") != nullptr) input.frame = read_frame(part.at("frame"));
    if (part.json().find("edges") != nullptr) {
      input.edges = part.at("edges").floats();
      if (input.edges.size() < 3 ||
          std::adjacent_find(input.edges.begin(), input.edges.end(), std::greater_equal<>()) !=
              input.edges.end()) {
        refuse(part.name() + ".edges are not three or more numbers, each larger than the last");
      }
    }
    if (part.json().find("date") != nullptr) read_dates(part, input);
  } else {
    refuse(part.name() + ".kind is '" + kind + "', not numeric or categorical");
  }
  return input;
}

void check_distinct(std::vector<std::string> const& names, char const* what) {
  if (std::set<std::string_view>(names.begin(), names.end()).size() != names.size()) {
    refuse(std::string("two ") + what + " have the same name");
  }
}

void check_frames(Encoding const& encoding) {
  auto const& frames = encoding.frames;
  bool const one_unit = std::all_of(frames.begin(), frames.end(), [&](Frame const& frame) {
    return frame.unit == frames.front().unit;
  });
  if (frames.size() != encoding.targets.size() || !one_unit || encoding.task != Task::regression)
    refuse("encoding.target_frames are not one of each target of a regression, of one unit");
}

Encoding read_encoding(Part const& part, Task task) {
  Encoding encoding;
  encoding.task = task;
  std::vector<std::string> names;
  for (Part const& input : part.at("inputs").elements()) {
    encoding.inputs.push_back(read_input(input));
    names.push_back(encoding.inputs.back().name);
  }
  encoding.targets = part.at("targets").texts();
  encoding.classes = part.at("classes").texts();
  if (part.json().find("target_frames") != nullptr) {
    for (Part const& frame : part.at("target_frames").elements())
      encoding.frames.push_back(read_frame(frame));
    check_frames(encoding);
  }
  check_distinct(names, "inputs");
  check_distinct(encoding.targets, "targets");
  check_distinct(encoding.classes, "classes");
  bool const has_classes = task == Task::classification;
  if (encoding.targets.empty()) refuse("encoding.targets is empty");
  if (has_classes && encoding.targets.size() > 1) refuse("there are classes of several targets");
  if (has_classes != (encoding.classes.size() >= 2)) {
    refuse("there are " + std::to_string(encoding.classes.size()) +
           " classes, which does not fit " + std::string(name_of(task)));
  }
  return encoding;
}

// The lists of whole numbers are widths; of a config set in reals (64.0), too.
Config with_whole_hidden(Config config) {
  Value const* const hidden = config.find("hidden");
  auto const* const reals = hidden ? std::get_if<std::vector<double>>(hidden) : nullptr;
  if (reals) config.set("hidden", std::vector<std::int64_t>(reals->begin(), reals->end()));
  return config;
}

bool is_whole_list(Json::Array const& array) {
  return std::all_of(array.begin(), array.end(),
                     [](Json const& element) { return element.as<std::int64_t>(); });
}

// Whether a hyperparameter's lists hold reals: says what an empty one is a list of.
bool is_of_reals(std::string_view name) {
  auto const all = hyperparameters();
  return std::any_of(all.begin(), all.end(), [&](HyperparameterInfo const& info) {
    return info.name == name && info.type == "reals";
  });
}

// The text of a document has no place for other bytes; replacing them would lose columns.
void check_utf8(Encoding const& encoding, std::string const& weight) {
  std::vector<std::string> texts = {weight};
  for (InputEncoding const& input : encoding.inputs) {
    texts.push_back(input.name);
    texts.insert(texts.end(), input.levels.begin(), input.levels.end());
  }
  texts.insert(texts.end(), encoding.targets.begin(), encoding.targets.end());
  texts.insert(texts.end(), encoding.classes.begin(), encoding.classes.end());
  for (std::string const& text : texts) {
    if (!is_utf8(text)) refuse(quoted(text) + " is not UTF-8, and so cannot be saved with a model");
  }
}

Value read_list(Part const& part, std::string_view name) {
  auto const& array = *part.json().as<Json::Array>();
  if (is_whole_list(array) && !(array.empty() && is_of_reals(name))) {
    std::vector<std::int64_t> list;
    for (Part const& element : part.elements())
      list.push_back(element.whole());
    return list;
  }
  std::vector<double> list;
  for (Part const& element : part.elements())
    list.push_back(element.number());
  return list;
}

Value read_value(Part const& part, std::string_view name) {
  Json const& json = part.json();
  if (json.as<Json::Array>()) return read_list(part, name);
  if (auto const* const value = json.as<bool>()) return *value;
  if (auto const* const value = json.as<std::int64_t>()) return *value;
  if (auto const* const value = json.as<double>()) return *value;
  return part.text();
}

Config read_config(Part const& part, Task task) {
  Config config;
  for (auto const& [name, json] : part.object()) {
    config.set(name, read_value(Part(json, part.name() + "." + name), name));
  }
  auto const problems = check(config, task);
  if (!problems.empty()) refuse(part.name() + "." + problems.front());
  return config;
}

Task read_task(Part const& part) {
  for (Task const task : {Task::classification, Task::regression, Task::multi_label}) {
    if (part.text() == name_of(task)) return task;
  }
  refuse("task is '" + part.text() + "', not classification, regression or multi_label");
}

void check_sizes(Model const& model, Encoding const& encoding) {
  Transform const& transform = model.transform;
  auto const inputs = static_cast<std::size_t>(encoding.input_count());
  std::size_t const targets = encoding.task == Task::regression ? encoding.targets.size() : 0;
  if (inputs == 0) refuse("there are no inputs");
  if (transform.is_plain() &&
      (transform.shift.size() != inputs || transform.scale.size() != inputs)) {
    refuse("transform is not of " + std::to_string(inputs) + " inputs");
  }
  if (!transform.is_plain()) {
    check_transform(&transform, {Task::classification, encoding.input_count(), model.outputs});
  }
  if (transform.target_shift.size() != targets || transform.target_scale.size() != targets) {
    refuse("transform is not of " + std::to_string(targets) + " targets");
  }
  // Predictions are divided by it.
  if (std::any_of(transform.target_scale.begin(), transform.target_scale.end(),
                  [](float scale) { return scale <= 0; })) {
    refuse("transform.target_scale is not positive");
  }
  if (model.outputs != encoding.output_count()) {
    refuse("outputs is " + std::to_string(model.outputs) + ", but the encoding has " +
           std::to_string(encoding.output_count()));
  }
}

void check_version(Part const& part) {
  std::int64_t const version = part.at("version").whole();
  if (version == kPlain || version == kWithInputs) return;
  refuse("is of version " + std::to_string(version) + "; this program reads versions " +
         std::to_string(kPlain) + " and " + std::to_string(kWithInputs));
}

// ---- a network, and what it shares with others of an ensemble

// Of each input, a bit for each head, set where the head reads it negated: for readers who do not
// draw them.
std::vector<std::int32_t> signs_of(Model const& model) {
  bool const plain = model.transform.is_plain();
  auto const inputs =
      static_cast<int>(plain ? model.transform.shift.size() : model.transform.source.size());
  std::vector<std::int32_t> signs;
  for (int i = 0; i < inputs; ++i) {
    std::uint32_t const heads = (1u << head_count(model.config)) - 1;
    signs.push_back(static_cast<std::int32_t>(head_signs(i / 4).word[i % 4] & heads));
  }
  return signs;
}

void set_network(Model const& model, Json& json) {
  json.set("config", Json(with_whole_hidden(model.config)));
  json.set("transform", transform_document(model.transform));
  if (head_count(model.config) == 1) return;
  std::vector<std::int32_t> const signs = signs_of(model);
  json.set("signs", Json(std::vector<std::int64_t>(signs.begin(), signs.end())));
}

Model read_network(Part const& part, Task task, int outputs, Encoding const& encoding) {
  Model model{.task = task,
              .outputs = outputs,
              .config = read_config(part.at("config"), task),
              .transform = read_transform(part.at("transform"))};
  check_sizes(model, encoding);
  if (head_count(model.config) > 1 && part.at("signs").wholes() != signs_of(model))
    refuse(part.at("signs").name() + " are not those of its inputs and heads");
  return model;
}

// What a document begins with.
Json head_document(Model const& model, bool plain, std::string const& metric,
                   std::string const& weight) {
  Json json;
  json.set("version", plain ? kPlain : kWithInputs).set("task", name_of(model.task));
  json.set("outputs", model.outputs).set("metric", metric);
  if (!weight.empty()) json.set("weight", weight);
  return json;
}

// ---- calibration, which a document has only if it changes or adds something

void set_calibration(Calibration const& calibration, Json& json) {
  if (calibration == Calibration()) return;
  Json own = Json::Object();
  if (calibration.temperature != 1) own.set("temperature", calibration.temperature);
  if (calibration.threshold) own.set("threshold", *calibration.threshold);
  if (!calibration.intervals.empty()) {
    Json::Array intervals;
    for (Interval const& interval : calibration.intervals) {
      Json each;
      each.set("coverage", interval.coverage).set("half_widths", Json(interval.half_widths));
      intervals.push_back(std::move(each));
    }
    own.set("intervals", std::move(intervals));
  }
  json.set("calibration", std::move(own));
}

double read_between_0_and_1(Part const& part) {
  double const value = part.number();
  if (!(value > 0 && value < 1)) refuse(part.name() + " is not between 0 and 1");
  return value;
}

Interval read_interval(Part const& part, Task task, int outputs) {
  Interval interval{.coverage = read_between_0_and_1(part.at("coverage"))};
  for (Part const& each : part.at("half_widths").elements()) {
    interval.half_widths.push_back(each.number());
    if (!(interval.half_widths.back() >= 0) || !std::isfinite(interval.half_widths.back()))
      refuse(each.name() + " is not a number from 0 on");
  }
  if (task != Task::regression || interval.half_widths.size() != static_cast<std::size_t>(outputs))
    refuse(part.name() + " is not of each target of a regression");
  return interval;
}

Calibration read_calibration(Part const& document, Task task, int outputs) {
  Calibration calibration;
  if (document.json().find("calibration") == nullptr) return calibration;
  Part const part = document.at("calibration");
  if (part.json().find("temperature") != nullptr) {
    calibration.temperature = part.at("temperature").number();
    if (!(calibration.temperature > 0) || !std::isfinite(calibration.temperature))
      refuse("calibration.temperature is not a number above 0");
  }
  if (part.json().find("threshold") != nullptr)
    calibration.threshold = read_between_0_and_1(part.at("threshold"));
  if (part.json().find("intervals") == nullptr) return calibration;
  for (Part const& each : part.at("intervals").elements()) {
    Interval interval = read_interval(each, task, outputs);
    if (!calibration.intervals.empty() &&
        interval.coverage <= calibration.intervals.back().coverage)
      refuse(each.name() + ".coverage is not above that before it");
    calibration.intervals.push_back(std::move(interval));
  }
  return calibration;
}

int read_outputs(Part const& part) {
  std::int64_t const outputs = part.at("outputs").whole();
  if (outputs < 1 || outputs > 1 << 20) refuse("outputs is " + std::to_string(outputs));
  return static_cast<int>(outputs);
}

std::string read_metric(Part const& part, Task task) {
  std::string metric = part.at("metric").text();
  higher_is_better(metric, task);  // throws if it is none of the task's
  return metric;
}

std::string read_weight(Part const& part) {
  return part.json().find("weight") == nullptr ? "" : part.at("weight").text();
}

}  // namespace

Json to_document(SavedModel const& saved) {
  check_utf8(saved.encoding, saved.weight);
  Json json =
      head_document(saved.model, saved.model.transform.is_plain(), saved.metric, saved.weight);
  set_network(saved.model, json);
  json.set("encoding", encoding_document(saved.encoding));
  set_calibration(saved.model.calibration, json);
  return json;
}

SavedModel from_document(Json const& document) {
  Part const part(document, "");
  check_version(part);
  Task const task = read_task(part.at("task"));
  int const outputs = read_outputs(part);
  SavedModel saved;
  saved.encoding = read_encoding(part.at("encoding"), task);
  saved.model = read_network(part, task, outputs, saved.encoding);
  saved.model.calibration = read_calibration(part, task, outputs);
  saved.metric = read_metric(part, task);
  saved.weight = read_weight(part);
  return saved;
}

Json to_ensemble_document(SavedPredictor const& saved) {
  check_utf8(saved.encoding, saved.weight);
  Json::Array parts;
  for (Ensemble::Part const& part : saved.models.parts) {
    Json json;
    json.set("trial", part.trial).set("count", part.count);
    set_network(part.model, json);
    parts.push_back(std::move(json));
  }
  bool const plain =
      std::all_of(saved.models.parts.begin(), saved.models.parts.end(),
                  [](Ensemble::Part const& part) { return part.model.transform.is_plain(); });
  Json json = head_document(saved.models.parts.front().model, plain, saved.metric, saved.weight);
  json.set("encoding", encoding_document(saved.encoding)).set("parts", std::move(parts));
  set_calibration(saved.models.calibration, json);
  return json;
}

SavedPredictor from_ensemble_document(Json const& document) {
  Part const part(document, "");
  check_version(part);
  Task const task = read_task(part.at("task"));
  int const outputs = read_outputs(part);
  SavedPredictor saved;
  saved.encoding = read_encoding(part.at("encoding"), task);
  for (Part const& each : part.at("parts").elements()) {
    std::int64_t const trial = each.at("trial").whole(), count = each.at("count").whole();
    if (trial < 0 || trial > 1 << 30) refuse(each.name() + ".trial is " + std::to_string(trial));
    if (count < 1 || count > 1000)
      refuse(each.name() + ".count is " + std::to_string(count) + ", not 1 .. 1000");
    saved.models.parts.push_back({.trial = static_cast<int>(trial),
                                  .count = static_cast<int>(count),
                                  .model = read_network(each, task, outputs, saved.encoding)});
  }
  if (saved.models.empty()) refuse("parts is empty");
  saved.models.calibration = read_calibration(part, task, outputs);
  saved.metric = read_metric(part, task);
  saved.weight = read_weight(part);
  return saved;
}

}  // namespace brood::files
