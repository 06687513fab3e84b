// SPDX-License-Identifier: Apache-2.0
// Numbers, times, sizes and key=value of the command line, and which words each command takes.
#include "tools/options.hpp"

#include <algorithm>
#include <filesystem>
#include <limits>

#include "brood/error.hpp"
#include "files/io/text.hpp"
#include "tools/bench_options.hpp"

namespace brood::tools {

namespace {

using files::counted;

// Words that are not key=value: how many a command takes, and what they are called.
struct Words {
  std::string_view command;
  std::size_t least, most;
  std::string_view names;
};
constexpr std::size_t kAnyNumber = std::numeric_limits<std::size_t>::max();
constexpr Words kWords[] = {
    {"tune", 1, 1, "a sweep file or a data file"},
    {"resume", 1, 1, "a run directory"},
    {"plan", 1, 1, "a sweep file or a data file"},
    {"check", 1, 1, "a sweep file or a data file"},
    {"describe", 1, 1, "a data file or a sweep file"},
    {"predict", 2, 2, "a run directory and a data file"},
    {"show", 1, 1, "a run directory"},
    {"report", 1, kAnyNumber, "a run directory"},
    {"runs", 1, kAnyNumber, "run directories, or a directory with runs"},
    {"stop", 1, 1, "a run directory"},
    {"watch", 1, 1, "a run directory"},
    {"export", 1, 1, "a run directory"},
    {"list", 0, 1, "at most one topic"},
    {"devices", 0, 0, "no argument"},
    {"bench", 0, 0, "no argument"},
};
bool takes_overrides(std::string_view command) {
  return command == "tune" || command == "resume" || command == "plan" || command == "check" ||
         command == "describe";
}

bool is_file(std::string const& path) {
  std::error_code error;
  return std::filesystem::is_regular_file(path, error);
}

class Checker {
 public:
  explicit Checker(Arguments const& arguments) : arguments_(arguments) {}

  Options check() {
    read_words();
    options_.target = text("--target");
    options_.labels = text("--labels");
    if (given("--labels") && options_.labels.empty()) {
      add("--labels: is empty; it names the file of the labels");
    }
    options_.out = text("--out");
    if (given("--out") && options_.out.empty()) add("--out: is empty; it names where to write");
    options_.positive = named("--positive", "a class of the target");
    read_quality();
    options_.id = named("--id", "a column of the data");
    options_.format = named("--format", "a format such as onnx");
    bool const of_report = options_.format == "html" || options_.format == "markdown";
    if (arguments_.command == "report" && !options_.format.empty() && !of_report)
      add("--format: " + files::quoted(options_.format) + " is not known; allowed: html, markdown");
    options_.filter = named("--filter", "conditions such as lr<0.01");
    options_.sort = named("--sort", "a column of trials.csv");
    read_columns();
    read_numbers();
    check_precision();
    if (arguments_.command == "bench") options_.bench = read_bench_options(arguments_, problems_);
    auto const flag = [&](char const* name) { return arguments_.flags.count(name) > 0; };
    options_.overwrite = flag("--overwrite");
    options_.resume = flag("--resume");
    options_.until_done = flag("--until-done");
    options_.winner = flag("--winner");
    options_.ensemble = flag("--ensemble");
    options_.int8 = flag("--int8");
    options_.profile = flag("--profile");
    options_.json = flag("--json");
    options_.quiet = flag("--quiet");
    options_.no_color = flag("--no-color");
    if (options_.overwrite && options_.out.empty() && !options_.only) {
      add("--overwrite: replaces what is at --out, which is not given");
    }
    if (options_.resume && options_.out.empty()) {
      add("--resume: goes on with the run at --out, which is not given");
    }
    if (options_.resume && options_.overwrite) {
      add("--resume: and --overwrite are given; say one of them");
    }
    if (options_.winner && options_.trial) add("--winner: and --trial are given; say one of them");
    if (options_.ensemble && (options_.winner || options_.trial)) {
      add("--ensemble: and " + std::string(options_.winner ? "--winner" : "--trial") +
          " are given; say one of them");
    }
    refuse_said_twice();
    refuse_beside_only();
    if (!problems_.empty()) throw UsageError(std::move(problems_));
    return std::move(options_);
  }

 private:
  void add(std::string problem) { problems_.push_back(std::move(problem)); }
  bool given(std::string const& name) const { return arguments_.values.count(name) > 0; }
  std::string text(std::string const& name) const {
    auto const found = arguments_.values.find(name);
    return found == arguments_.values.end() ? "" : found->second;
  }

  // A text that may not be empty.
  std::string named(std::string const& name, std::string_view what) {
    if (given(name) && text(name).empty()) add(name + ": is empty; it names " + std::string(what));
    return text(name);
  }

  void read_quality() {
    if (!given("--quality")) return;
    constexpr std::pair<std::string_view, files::Quality> kQualities[] = {
        {"fast", files::Quality::fast},
        {"good", files::Quality::good},
        {"best", files::Quality::best}};
    std::string const name = text("--quality");
    auto const found = std::find_if(std::begin(kQualities), std::end(kQualities),
                                    [&](auto const& each) { return each.first == name; });
    if (found == std::end(kQualities)) {
      add("--quality: " + files::quoted(name) + " is not known; allowed: fast, good, best");
    } else {
      options_.quality = found->second;
    }
  }

  void read_columns() {
    if (!given("--columns")) return;
    std::string const list = text("--columns");
    for (std::size_t begin = 0; begin <= list.size();) {
      std::size_t const end = std::min(list.find(',', begin), list.size());
      std::string const name(files::trimmed(std::string_view(list).substr(begin, end - begin)));
      if (name.empty()) {
        add("--columns: " + files::quoted(list) +
            " names a column that is empty; allowed: names "
            "with commas between them");
        return;
      }
      options_.columns.push_back(name);
      begin = end + 1;
    }
  }

  // A trial is trained as it was.
  void refuse_beside_only() {
    if (!options_.only) return;
    if (options_.profile) add("--profile: does not go with --only");
    if (options_.resume) add("--resume: does not go with --only");
    for (char const* const name : {"--target", "--positive", "--quality", "--time-limit",
                                   "--trials", "--events", "--seed", "--save-every"}) {
      if (given(name)) {
        add(std::string(name) + ": does not go with --only, which trains the trial as it was");
      }
    }
    for (auto const& [name, value] : options_.overrides) {
      if (name == "data.file" || name == "data.labels") continue;
      add(name + "=" + value +
          ": does not go with --only, which trains the trial as it was; of "
          "other keys only data.file and data.labels, where the data has moved");
    }
  }

  // A word with = in front of any / is key=value, unless it is the first and a file of this name is
  // there.
  void read_words() {
    for (std::string const& word : arguments_.words) {
      std::size_t const equals = word.find('=');
      bool const is_override = takes_overrides(arguments_.command) && equals != std::string::npos &&
                               equals > 0 && word.find('/') >= equals &&
                               !(options_.inputs.empty() && is_file(word));
      if (is_override) {
        options_.overrides.emplace_back(word.substr(0, equals), word.substr(equals + 1));
      } else {
        options_.inputs.push_back(word);
      }
    }
    auto const words = std::find_if(std::begin(kWords), std::end(kWords), [&](Words const& each) {
      return each.command == arguments_.command;
    });
    std::string const needed = "brood " + arguments_.command + ": needs ";
    std::string const names(given("--only") ? "a run directory" : words->names);
    if (options_.inputs.size() < words->least) {
      add(needed + names + "; see brood " + arguments_.command + " --help");
    }
    for (std::size_t i = words->most; i < options_.inputs.size(); ++i) {
      add(files::quoted(options_.inputs[i]) + ": is one argument too many; brood " +
          arguments_.command + " takes " + names +
          (takes_overrides(arguments_.command) ? ", and key=value" : ""));
    }
    for (std::string const& input : options_.inputs) {
      if (input.empty()) add("an argument is empty; it names a file, a directory or a topic");
    }
  }

  template <class T>
  std::optional<T> whole(std::string const& name, T least, T most) {
    if (!given(name)) return std::nullopt;
    std::string const value = text(name);
    T number = 0;
    auto const [end, error] = std::from_chars(value.data(), value.data() + value.size(), number);
    bool const is_whole = error == std::errc() && end == value.data() + value.size();
    if (is_whole && number >= least && number <= most) return number;
    add(name + ": " + files::quoted(value) + " is not allowed; allowed: whole numbers " +
        std::to_string(least) + " .. " + std::to_string(most));
    return std::nullopt;
  }

  void read_numbers() {
    constexpr int kMax = std::numeric_limits<int>::max();
    options_.trials = whole("--trials", 1, 10'000'000);  // as in a sweep file
    options_.events = whole("--events", 1, kMax);
    options_.only = whole("--only", 0, kMax);
    options_.trial = whole("--trial", 0, kMax);
    options_.port = whole("--port", 1, 65535);
    options_.top = whole("--top", 1, kMax);
    options_.seed = whole("--seed", std::uint64_t{0}, std::numeric_limits<std::uint64_t>::max());
    options_.engine.threads = whole("--threads", 0, 1024).value_or(0);
    options_.engine.max_launch_ms =
        whole("--max-launch-ms", 1, 60000).value_or(options_.engine.max_launch_ms);
    if (given("--device")) options_.engine.device = text("--device");
    options_.engine.precision = text("--precision");
    options_.engine.device_model = text("--device-model");

    if (given("--interval")) {
      auto const share = files::read_number<double>(text("--interval"));
      bool const is_share =
          share.reading == files::Reading::number && share.value > 0 && share.value < 1;
      if (is_share) {
        options_.interval = share.value;
      } else {
        add("--interval: " + files::quoted(text("--interval")) +
            " is not a share; allowed: between 0 and 1, as in 0.9");
      }
    }
    if (given("--time-limit")) {
      auto const seconds = files::seconds_of(text("--time-limit"));
      if (seconds && *seconds > 0) {
        options_.time_limit_seconds = seconds;
      } else {
        add("--time-limit: " + files::quoted(text("--time-limit")) +
            " is not a time; allowed: more than 0, as in 90s, 10m, 1.5h");
      }
    }
    if (given("--save-every")) {
      options_.save_every_seconds = files::seconds_of(text("--save-every"));
      if (!options_.save_every_seconds) {
        add("--save-every: " + files::quoted(text("--save-every")) +
            " is not a time; allowed: 0s and more, as in 5s, 10m");
      }
    }
    if (given("--memory-limit")) {
      constexpr double kMaxBytes = 9e18;
      auto const bytes = files::bytes_of(text("--memory-limit"));
      if (bytes && *bytes >= 1 && *bytes <= kMaxBytes) {
        options_.engine.memory_limit = static_cast<std::int64_t>(*bytes);
      } else {
        add("--memory-limit: " + files::quoted(text("--memory-limit")) +
            " is not a size; allowed: 1 byte and more, as in 512MiB, 4GiB, 1.5GB");
      }
    }
  }

  void check_precision() {
    std::string const precision = text("--precision");
    if (precision.empty() || precision == "fp32") return;
    if (precision != "tf32" && precision != "bf16") {
      add("--precision: " + files::quoted(precision) +
          " is not known; allowed: fp32, and on GPUs tf32, bf16");
    } else if (options_.engine.device == "cpu") {
      add("--precision: " + files::quoted(precision) +
          " is for GPUs, and the device is cpu, which has only fp32");
    }
  }

  // An option and the key of the sweep file that it stands for.
  void refuse_said_twice() {
    constexpr std::pair<char const*, std::string_view> kSame[] = {
        {"--seed", "seed"},          {"--trials", "trials"},
        {"--trials", "run_cap"},     {"--time-limit", "time_limit"},
        {"--target", "data.target"}, {"--positive", "data.positive"}};
    for (auto const& [option, key] : kSame) {
      for (auto const& [name, value] : options_.overrides) {
        if (given(option) && name == key) {
          add(name + "=" + value + ": and " + option + " " + text(option) +
              " are given; say it once");
        }
      }
    }
  }

  Arguments const& arguments_;
  Options options_;
  std::vector<std::string> problems_;
};

}  // namespace

Options checked_options(Arguments const& arguments) {
  return Checker(arguments).check();
}

}  // namespace brood::tools
