// SPDX-License-Identifier: Apache-2.0
#include "brood/engine.hpp"

#include <cmath>
#include <cstdlib>

#include "backend/cpu/cpu_backend.hpp"
#include "backend/cuda_backend.hpp"
#include "brood/error.hpp"

namespace brood {

namespace {

constexpr int kMaxThreads = 1024;
constexpr int kMaxLaunchMilliseconds = 60000;

std::string at_row(std::int64_t row) {
  return " at row " + std::to_string(row);
}

void check_shapes(Table const& table, std::vector<std::string>& problems) {
  Matrix const& x = table.x;
  Matrix const& y = table.y;
  if (x.data == nullptr || x.rows < 1 || x.columns < 1) {
    problems.push_back("x: has " + std::to_string(x.rows) + " rows and " +
                       std::to_string(x.columns) + " columns; at least one of each is needed");
  }
  if (y.data == nullptr || y.rows != x.rows || y.columns < 1) {
    problems.push_back("y: has " + std::to_string(y.rows) + " rows and " +
                       std::to_string(y.columns) + " columns; as many rows as x (" +
                       std::to_string(x.rows) + ") and at least one column are needed");
  }
  if (x.rows > std::numeric_limits<std::int32_t>::max()) {
    problems.push_back("x: has " + std::to_string(x.rows) +
                       " rows; at most 2147483647 are supported");
  }
  if (table.task == Task::classification && table.classes < 2) {
    problems.push_back("classes: is " + std::to_string(table.classes) + "; at least 2 are needed");
  }
  if (table.task == Task::classification && y.columns != 1) {
    problems.push_back("y: has " + std::to_string(y.columns) + " columns; classification needs 1");
  }
  if (table.weights.data != nullptr &&
      (table.weights.rows != x.rows || table.weights.columns != 1)) {
    problems.push_back("weights: has " + std::to_string(table.weights.rows) + " rows and " +
                       std::to_string(table.weights.columns) + " columns; needed are " +
                       std::to_string(x.rows) + " and 1");
  }
  if (!table.as_is.empty() && table.as_is.size() != static_cast<std::size_t>(x.columns)) {
    problems.push_back("as_is: has " + std::to_string(table.as_is.size()) + " columns; x has " +
                       std::to_string(x.columns));
  }
  if (!table.derived.empty() && table.derived.size() != static_cast<std::size_t>(x.columns)) {
    problems.push_back("derived: has " + std::to_string(table.derived.size()) + " columns; x has " +
                       std::to_string(x.columns));
  }
}

bool target_fits(Table const& table, float y) {
  switch (table.task) {
    case Task::classification:
      return y >= 0 && y < static_cast<float>(table.classes) && std::floor(y) == y;
    case Task::multi_label:
      return y == 0 || y == 1;
    case Task::regression:
      return std::isfinite(y);
  }
  return false;
}

// The first bad value of each kind.
void check_values(Table const& table, std::vector<std::string>& problems) {
  std::int64_t const inputs = table.x.rows * table.x.columns;
  for (std::int64_t i = 0; i < inputs; ++i) {
    if (!std::isinf(table.x.data[i])) continue;
    problems.push_back("x: is infinite" + at_row(i / table.x.columns) + ", column " +
                       std::to_string(i % table.x.columns) +
                       "; values must be finite, or NaN for missing");
    break;
  }
  std::int64_t const targets = table.y.rows * table.y.columns;
  for (std::int64_t i = 0; i < targets; ++i) {
    if (target_fits(table, table.y.data[i])) continue;
    std::string const range = table.task == Task::classification
                                  ? "class indices 0 .. " + std::to_string(table.classes - 1)
                              : table.task == Task::multi_label ? "0 or 1"
                                                                : "finite numbers";
    problems.push_back("y: is " + std::to_string(table.y.data[i]) + at_row(i / table.y.columns) +
                       "; allowed: " + range);
    break;
  }
  for (std::int64_t i = 0; table.weights.data != nullptr && i < table.weights.rows; ++i) {
    float const w = table.weights.data[i];
    if (std::isfinite(w) && w >= 0) continue;
    problems.push_back("weights: is " + std::to_string(w) + at_row(i) +
                       "; allowed: finite numbers >= 0");
    break;
  }
}

}  // namespace

struct Data::Loaded {
  Loaded(std::shared_ptr<Backend> to, Table const& table)
      : backend(std::move(to)),
        x(table.x.data, table.x.data + table.x.rows * table.x.columns),
        y(table.y.data, table.y.data + table.y.rows * table.y.columns),
        view(table) {
    if (table.weights.data != nullptr) {
      weights.assign(table.weights.data, table.weights.data + table.weights.rows);
      view.weights.data = weights.data();
    }
    view.x.data = x.data();
    view.y.data = y.data();
    id = backend->load(view);
  }
  ~Loaded() { backend->unload(id); }
  Loaded(Loaded const&) = delete;
  Loaded& operator=(Loaded const&) = delete;

  std::shared_ptr<Backend> backend;
  std::vector<float> x, y, weights;
  Table view;
  TableId id = 0;
};

TableId Data::id() const {
  return loaded_->id;
}
Table const& Data::table() const {
  return loaded_->view;
}

namespace {

// The backend that "auto" stands for.
std::string chosen_device() {
  char const* const forced = std::getenv("BROOD_BACKEND");
  if (forced != nullptr && *forced != '\0') {
    std::string name = forced;
    if (name == "cpu" || name == "cuda") return name;
    throw UsageError("BROOD_BACKEND: " + name + " is not known; allowed: cpu, cuda");
  }
  for (auto const& device : cuda::devices()) {
    if (device.usable) return device.name;
  }
  return "cpu";
}

// N of "cuda:N"; 0 of "cuda"; -1 if `device` is neither.
int cuda_index(std::string const& device) {
  if (device == "cuda") return 0;
  if (device.rfind("cuda:", 0) != 0) return -1;
  std::string const digits = device.substr(5);
  bool const number = !digits.empty() && digits.size() < 4 &&
                      digits.find_first_not_of("0123456789") == std::string::npos;
  return number ? std::stoi(digits) : -1;
}

void check_numbers(EngineOptions const& options) {
  if (options.threads < 0 || options.threads > kMaxThreads) {
    throw UsageError("threads: " + std::to_string(options.threads) +
                     " is not allowed; allowed: 1 .. " + std::to_string(kMaxThreads) +
                     ", or 0 for all cores");
  }
  if (options.max_launch_ms < 1 || options.max_launch_ms > kMaxLaunchMilliseconds) {
    throw UsageError("max_launch_ms: " + std::to_string(options.max_launch_ms) +
                     " is not allowed; allowed: 1 .. " + std::to_string(kMaxLaunchMilliseconds));
  }
  if (options.memory_limit < 0) {
    throw UsageError("memory_limit: " + std::to_string(options.memory_limit) +
                     " bytes is not allowed; allowed: 1 and up, or 0 for what the device has");
  }
}

std::shared_ptr<Backend> make_backend(EngineOptions const& options) {
  bool const modelled = !options.device_model.empty();
  std::string const device = options.device != "auto" ? options.device
                             : modelled               ? "cuda"
                                                      : chosen_device();
  if (device == "cpu") {
    if (modelled) {
      throw UsageError("device_model: " + options.device_model +
                       " is for device cuda; the device is cpu");
    }
    if (!options.precision.empty() && options.precision != "fp32") {
      throw UsageError("precision: " + options.precision +
                       " is not there on the CPU; allowed: fp32");
    }
    return cpu::make_backend(options.threads, options.instruction_set, options.profile);
  }
  int const index = cuda_index(device);
  if (index < 0) {
    throw UsageError("device: " + device + " is not known; allowed: auto, cpu, cuda, cuda:N");
  }
  std::string const precision = options.precision.empty() ? "tf32" : options.precision;
  return cuda::make_backend({.device = index,
                             .model = options.device_model,
                             .stream = options.stream,
                             .precision = precision,
                             .launch_seconds = 1e-3 * options.max_launch_ms,
                             .profile = options.profile});
}

}  // namespace

Engine::Engine(EngineOptions const& options) {
  check_numbers(options);
  backend_ = make_backend(options);
  profile_ = options.profile;
  memory_limit_ = options.memory_limit > 0 ? options.memory_limit : backend_->info().memory_bytes;
}

Data Engine::load(Table const& table) {
  std::vector<std::string> problems;
  check_shapes(table, problems);
  if (problems.empty()) check_values(table, problems);
  if (!problems.empty()) throw UsageError(std::move(problems));
  return Data(std::make_shared<Data::Loaded const>(backend_, table));
}

bool Engine::holds(Data const& data) const {
  return data.loaded_->backend == backend_;
}

std::vector<DeviceInfo> devices() {
  std::vector<DeviceInfo> list{{"cpu", cpu::make_backend(0, "", nullptr)->info().device, true}};
  for (auto& device : cuda::devices())
    list.push_back(std::move(device));
  return list;
}

}  // namespace brood
