// SPDX-License-Identifier: Apache-2.0
// What predicts for a run as a header of C99: tables of its weights, and functions that go by them.
#include <algorithm>
#include <cctype>
#include <set>

#include "brood/files/export.hpp"
#include "brood/version.hpp"
#include "data/dates.hpp"
#include "files/export/c_code.hpp"
#include "files/export/c_text.hpp"
#include "files/model/single_heads.hpp"

namespace brood::files {

namespace {

class Header {
 public:
  Header(SavedPredictor const& saved, std::string name)
      : saved_(saved), encoding_(saved.encoding), name_(std::move(name)) {
    std::vector<std::string> columns;
    for (InputEncoding const& input : encoding_.inputs)
      columns.push_back(input.name);
    members_ = c_members(columns);
  }

  std::string text() {
    std::string guard = "BROOD_" + name_ + "_H";
    std::transform(guard.begin(), guard.end(), guard.begin(),
                   [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
    return opening() + "#ifndef " + guard + "\n#define " + guard +
           "\n\n#include <float.h>\n#include <math.h>\n#include <stddef.h>\n#include "
           "<string.h>\n\n" +
           sizes() + row() + output_names() + encoding_functions() + encode() + networks() +
           predict() + "\n#endif\n";
  }

 private:
  // What was written, with its names.
  template <class T>
  using Tables = std::vector<std::pair<std::vector<T>, std::string>>;

  std::string named(std::string_view text) const { return c_named(text, name_); }
  bool of_classes() const { return encoding_.task == Task::classification; }
  std::string outputs_called() const {
    return encoding_.task == Task::regression ? "values" : "probabilities";
  }

  std::string opening() const {
    std::string const out = outputs_called();
    std::string text =
        "/* What networks that brood " BROOD_VERSION
        " has trained predict for a row of a table. Written by brood export:\n * C99, nothing but "
        "libm (-lm), no allocation, safe in threads.\n *\n";
    text += " *   struct @_row row = {...};  (each member is to be set)\n";
    text += " *   double " + out + "[@_outputs];\n";
    text += of_classes() ? " *   int likeliest = @_predict(&row, " + out +
                               ");  (its name: @_classes[likeliest])\n"
                         : " *   @_predict(&row, " + out + ");\n";
    return named(text + " */\n");
  }

  std::string sizes() const {
    int widest = encoding_.input_count();
    for (Ensemble::Part const& part : saved_.models.parts) {
      for (LayerWeights const& layer : part.model.layers)
        widest = std::max({widest, layer.inputs, layer.outputs});
    }
    widest = std::max(widest, encoding_.output_count());
    return named("enum { @_inputs = " + std::to_string(encoding_.input_count()) +
                 ", @_outputs = " + std::to_string(encoding_.output_count()) +
                 ", @_widest = " + std::to_string(widest) + " };\n");
  }

  // ---- columns

  static std::string help_of(InputEncoding const& input) {
    if (input.categorical) return "text; NULL, or one that is no level: missing";
    if (input.date.empty()) return "number; NAN: missing";
    return is_clock_format(input.date) ? "time of day in seconds; NAN: missing"
                                       : "date in days since 1970-01-01 in UTC; NAN: missing";
  }

  std::string row() const {
    std::string text = "\nstruct @_row {\n";
    for (std::size_t c = 0; c < members_.size(); ++c) {
      InputEncoding const& input = encoding_.inputs[c];
      text += (input.categorical ? "  const char *" : "  double ") + members_[c] + "; /* \"" +
              c_comment(input.name) + "\": " + help_of(input) + " */\n";
    }
    return named(text + "};\n");
  }

  std::string output_names() const {
    auto const& names = of_classes() ? encoding_.classes : encoding_.targets;
    std::string const kind = of_classes()                         ? "classes"
                             : encoding_.task == Task::regression ? "targets"
                                                                  : "labels";
    return "\n/* What is predicted, in this order. */\n" + c_table(name_ + "_" + kind, names);
  }

  std::string encoding_functions() const {
    std::set<std::string_view> needed;
    for (InputEncoding const& input : encoding_.inputs) {
      needed.insert(input.categorical ? "level" : "number");
      if (input.pieces() > 0) needed.insert("pieces");
      for (Cycle const cycle : input.cycles) {
        needed.insert("cycle");
        if (cycle == Cycle::year) needed.insert("year");
      }
    }
    std::string text;
    for (std::string_view const function : needed)
      text += c_encoding_function(function);
    for (std::size_t c = 0; c < members_.size(); ++c) {
      InputEncoding const& input = encoding_.inputs[c];
      if (!input.levels.empty()) text += "\n" + c_table("@_levels_" + members_[c], input.levels);
      if (!input.edges.empty()) text += "\n" + c_table("@_edges_" + members_[c], input.edges);
    }
    return named(text);
  }

  static std::string place(Cycle cycle, std::string const& value, std::string const& date) {
    switch (cycle) {
      case Cycle::day:
        return is_clock_format(date) ? value + " / 86400" : value + " - floor(" + value + ")";
      case Cycle::week:
        return value + " / 7 - floor(" + value + " / 7)";
      case Cycle::year:
        return "@_place_in_year(" + value + ")";
    }
    return value;
  }

  // A statement of encode(), indented.
  static std::string statement(std::string const& text) { return "  " + text + ";\n"; }

  std::string encode_column(std::size_t c, int at) const {
    InputEncoding const& input = encoding_.inputs[c];
    std::string const value = "row->" + members_[c];
    auto const x = [](int i) { return "x + " + std::to_string(i); };
    if (input.categorical) {
      if (input.levels.empty()) return "";
      return statement("@_level(" + value + ", @_levels_" + members_[c] + ", " +
                       std::to_string(input.levels.size()) + ", " + x(at) + ")");
    }
    std::string const number = "x[" + std::to_string(at) + "]";
    Frame const& frame = input.frame;
    std::string text =
        statement(number + " = @_number(" + value + ", " + c_number(frame.origin / frame.unit) +
                  ", " + c_number(frame.unit) + ")");
    if (input.missing_indicator)
      text += statement("x[" + std::to_string(++at) + "] = isnan(" + value + ") ? 1 : 0");
    if (input.pieces() > 0) {
      text += statement("@_pieces(" + number + ", @_edges_" + members_[c] + ", " +
                        std::to_string(input.pieces()) + ", " + x(at + 1) + ")");
      at += input.pieces();
    }
    for (Cycle const cycle : input.cycles) {
      text += statement("@_cycle(" + place(cycle, value, input.date) + ", " + x(at + 1) + ")");
      at += 2;
    }
    return text;
  }

  std::string encode() const {
    std::string text = "\nstatic inline void @_encode(const struct @_row *row, float *x) {\n";
    int at = 0;
    for (std::size_t c = 0; c < members_.size(); ++c) {
      text += encode_column(c, at);
      Encoding one;
      one.inputs = {encoding_.inputs[c]};
      at += one.input_count();
    }
    return named(text + "}\n");
  }

  // ---- networks

  // The table of a transform's numbers, written once for all networks that have the same.
  template <class T>
  static std::string shared_table(std::string const& wanted, std::vector<T> const& values,
                                  Tables<T>& known, std::string& text) {
    for (auto const& [former, name] : known) {
      if (former == values) return name;
    }
    text += c_table(wanted, values);
    known.emplace_back(values, wanted);
    return wanted;
  }
  std::string floats(std::string const& wanted, std::vector<float> const& values,
                     std::string& text) {
    return shared_table(wanted, values, float_tables_, text);
  }

  // What a network has beside shift and scale if its inputs are a list.
  std::string list_of_inputs(Transform const& transform, std::string const& prefix,
                             std::string& tables) {
    if (transform.is_plain()) return ",\n     NULL, NULL, NULL, NULL";
    std::vector<int> shapes;
    for (InputShape const shape : transform.shape)
      shapes.push_back(static_cast<int>(shape));
    std::vector<int> const sources(transform.source.begin(), transform.source.end());
    return ",\n     " + shared_table(prefix + "source", sources, int_tables_, tables) + ", " +
           shared_table(prefix + "shape", shapes, int_tables_, tables) + ", " +
           floats(prefix + "offset", transform.offset, tables) + ", " +
           floats(prefix + "gain", transform.gain, tables);
  }

  bool has_lists() const {
    auto const& parts = saved_.models.parts;
    return std::any_of(parts.begin(), parts.end(),
                       [](Ensemble::Part const& part) { return !part.model.transform.is_plain(); });
  }

  std::string network(std::size_t p, std::string& tables) {
    Ensemble::Part const& part = saved_.models.parts[p];
    Model const& model = part.model;
    std::string const prefix = "@_" + std::to_string(p) + "_";
    std::string layers;
    for (std::size_t l = 0; l < model.layers.size(); ++l) {
      LayerWeights const& layer = model.layers[l];
      std::string const own = prefix + std::to_string(l);
      tables += c_table(own + "_weights", layer.weights) + c_table(own + "_bias", layer.bias);
      layers += std::string(l > 0 ? "," : "") + "\n    {" + own + "_weights, " + own + "_bias, " +
                std::to_string(layer.inputs) + ", " + std::to_string(layer.outputs) + "}";
    }
    tables += "static const struct @_layer " + prefix + "layers[" +
              std::to_string(model.layers.size()) + "] = {" + layers + "};\n";
    Transform const& transform = model.transform;
    std::string text = "    {" + prefix + "layers, " + std::to_string(model.layers.size()) + ", " +
                       std::to_string(part.count) + ", @_" + activation_of(model) + ", @_head_" +
                       std::string(c_head_name(head_of(model))) + ",\n     " +
                       floats(prefix + "shift", transform.shift, tables) + ", " +
                       floats(prefix + "scale", transform.scale, tables);
    if (encoding_.task != Task::regression) {
      text += ", NULL, NULL";
    } else {
      text += ", " + floats(prefix + "target_shift", transform.target_shift, tables) + ", " +
              floats(prefix + "target_scale", transform.target_scale, tables);
    }
    return text + (has_lists() ? list_of_inputs(transform, prefix, tables) : "") + "}";
  }

  std::string networks() {
    std::set<std::string> activations;
    std::set<NetworkHead> heads;
    std::string tables, list;
    auto const& parts = saved_.models.parts;
    for (std::size_t p = 0; p < parts.size(); ++p) {
      activations.insert(activation_of(parts[p].model));
      heads.insert(head_of(parts[p].model));
      list += std::string(p > 0 ? ",\n" : "") + network(p, tables);
    }
    std::string text = c_types(has_lists());
    for (std::string const& activation : activations)
      text += c_activation(activation);
    for (NetworkHead const head : heads)
      text += c_head(head);
    return named(text + "\n" + tables + "static const struct @_network @_networks[" +
                 std::to_string(parts.size()) + "] = {\n" + list + "};\n" + c_forward(has_lists()));
  }

  std::string predict() const {
    int picks = 0;
    for (Ensemble::Part const& part : saved_.models.parts)
      picks += part.count;
    std::string const out = outputs_called();
    std::string text(is_calibrated() ? c_calibration(of_classes()) : "");
    text += "\n/* " + out + ": (@_outputs). ";
    text += of_classes() ? "Gives the index of the predicted class. */\nstatic inline int"
            : encoding_.task == Task::regression
                ? "In the units of the targets. */\nstatic inline void"
                : "A label is on above " +
                      c_number(saved_.models.calibration.threshold.value_or(0.5)) +
                      ". */\nstatic inline void";
    text += " @_predict(const struct @_row *row, double *" + out +
            ") {\n  float x[@_inputs];\n  int p, k" +
            (of_classes() && !has_threshold() ? ", top = 0" : "") +
            ";\n  @_encode(row, x);\n  for (k = 0; k < @_outputs; ++k) " + out +
            "[k] = 0;\n  for (p = 0; p < " + std::to_string(saved_.models.parts.size()) +
            "; ++p) @_forward(&@_networks[p], x, " + out +
            ");\n  for (k = 0; k < @_outputs; ++k) " + out + "[k] = " + finished(out, picks) +
            ";\n";
    if (is_calibrated()) {
      text +=
          "  @_calibrate(" + out + ", " + c_number(saved_.models.calibration.temperature) + ");\n";
    }
    if (has_threshold()) {
      text += "  return (float)" + out + "[1] > " + c_number(*saved_.models.calibration.threshold) +
              ";\n";
    } else if (of_classes()) {
      text += "  for (k = 1; k < @_outputs; ++k) top = (float)" + out + "[k] > (float)" + out +
              "[top] ? k : top;\n  return top;\n";
    }
    return named(text + "}\n");
  }

  // Of two classes.
  bool has_threshold() const {
    return saved_.models.calibration.threshold && encoding_.classes.size() == 2;
  }
  bool is_calibrated() const {
    return saved_.models.calibration.temperature != 1 && encoding_.task != Task::regression;
  }

  // The mean over the picks, in the user's units.
  std::string finished(std::string const& out, int picks) const {
    std::string mean = out + "[k] / " + std::to_string(picks);
    if (encoding_.frames.empty()) return mean;
    std::string origins;
    for (std::size_t k = 0; k < encoding_.frames.size(); ++k) {
      Frame const& frame = encoding_.frames[k];
      std::string const origin = c_number(frame.origin / frame.unit);
      bool const last = k + 1 == encoding_.frames.size();
      origins += last ? origin : "k == " + std::to_string(k) + " ? " + origin + " : ";
    }
    return "(" + mean + " + (" + origins + ")) * " + c_number(encoding_.target_unit());
  }

  SavedPredictor const& saved_;
  Encoding const& encoding_;
  std::string name_;
  std::vector<std::string> members_;
  Tables<float> float_tables_ = {};
  Tables<int> int_tables_ = {};
};

}  // namespace

std::string to_c_header(SavedPredictor const& saved, std::string const& name) {
  SavedPredictor plain = saved;
  plain.models = with_single_heads(saved.models);
  return Header(plain, name).text();
}

}  // namespace brood::files
