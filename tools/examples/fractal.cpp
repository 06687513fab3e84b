// SPDX-License-Identifier: Apache-2.0
// A picture of the learning rates at which training converges: one network for each pixel, all
// alike but for the learning rates of their two layers, which are the axes.
//
//   fractal [--pixels N] [--steps N] [--x LOW,HIGH] [--y LOW,HIGH] [--device NAME] [--out FILE.png]
//
// After Sohl-Dickstein, "The boundary of neural network trainability is fractal"
// (arXiv:2402.06184, figure 1): 16 inputs, 16 units of tanh, one output, gradient descent on all
// rows at once. Blue converged, the darker the smaller the sum of the losses; red to yellow
// diverged, the lighter the sooner. Networks here have biases and start from lecun_normal, which
// shifts the axes against the paper's; both are log10 of a learning rate, x of the hidden layer.
#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <memory>
#include <numeric>
#include <string>
#include <string_view>
#include <vector>

#include "brood/brood.hpp"

namespace {

constexpr int kInputs = 16, kHidden = 16, kRows = 272;  // a row for each weight
constexpr int kJudged = 20;  // the last steps, whose loss is compared with the first step's

struct Range {
  double low, high;  // log10
  double at(int i, int of) const { return std::pow(10.0, low + (high - low) * (i + 0.5) / of); }
};

struct Options {
  int pixels = 128, steps = 500;
  Range x{-1, 3}, y{-2, 1};
  std::string device = "auto", out = "fractal.png";
};

[[noreturn]] void refuse(std::string const& option, std::string_view value,
                         std::string const& allowed) {
  throw brood::UsageError(option + ": '" + std::string(value) +
                          "' is not allowed; allowed: " + allowed);
}

template <class Number>
bool read(std::string_view text, Number& number) {
  auto const [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc() && end == text.data() + text.size();
}

int read_count(std::string const& option, std::string_view text, int least, int most) {
  int number = 0;
  if (!read(text, number) || number < least || number > most)
    refuse(option, text, std::to_string(least) + " .. " + std::to_string(most));
  return number;
}

Range read_range(std::string const& option, std::string_view text) {
  Range range{};
  auto const comma = std::min(text.find(','), text.size());
  std::string_view const high = text.substr(std::min(comma + 1, text.size()));
  bool const numbers = read(text.substr(0, comma), range.low) && read(high, range.high);
  if (!numbers || !(range.low < range.high) || range.low < -9 || range.high > 9)
    refuse(option, text, "LOW,HIGH with -9 <= LOW < HIGH <= 9, as in -1,3");
  return range;
}

Options read_options(int count, char** arguments) {
  Options options;
  for (int i = 1; i < count; i += 2) {
    std::string const name = arguments[i];
    if (i + 1 == count) refuse(name, "", "an option and its value");
    std::string_view const value = arguments[i + 1];
    if (name == "--pixels") {
      options.pixels = read_count(name, value, 1, 1024);
    } else if (name == "--steps") {
      options.steps = read_count(name, value, 2 * kJudged, 1'000'000);
    } else if (name == "--x") {
      options.x = read_range(name, value);
    } else if (name == "--y") {
      options.y = read_range(name, value);
    } else if (name == "--device") {
      options.device = value;
    } else if (name == "--out") {
      options.out = value;
    } else {
      refuse("option", name, "--pixels, --steps, --x, --y, --device, --out");
    }
  }
  return options;
}

// ---- training

// Rows and targets of no meaning: each number is a sum of sines, spread like a normal one.
std::vector<float> noise(int count, double phase) {
  std::vector<float> values;
  for (int i = 0; i < count; ++i) {
    double sum = 0;
    for (int k = 1; k <= 6; ++k)
      sum += std::sin((i + 1) * (k + 0.618) * std::sqrt(2.0 + k) * 12.9898 + phase * k);
    values.push_back(static_cast<float>(sum / std::sqrt(3.0)));
  }
  return values;
}

// A row of the picture's networks begins with the lowest learning rate of x.
std::vector<brood::MemberSpec> networks(Options const& options, brood::Rows const& rows) {
  std::vector<brood::MemberSpec> specs;
  for (int row = 0; row < options.pixels; ++row) {
    for (int column = 0; column < options.pixels; ++column) {
      double const hidden = options.x.at(column, options.pixels);
      double const output = options.y.at(options.pixels - 1 - row, options.pixels);
      double const lr = std::max(hidden, output);
      specs.push_back({.config = {{"hidden", std::vector<std::int64_t>{kHidden}},
                                  {"activation", "tanh"},
                                  {"init", "lecun_normal"},
                                  {"optimizer", "sgd"},
                                  {"lr", lr},
                                  {"layer_lr", std::vector<double>{hidden / lr, output / lr}},
                                  {"batch_size", std::int64_t{kRows}},
                                  {"epochs", std::int64_t{options.steps}}},
                       .seed = 1,  // the same initial weights
                       .train_rows = rows});
    }
  }
  return specs;
}

// What became of a network. Less is better: those that converged by the sum of their losses over
// the first one's, those that did not by how long they took to diverge.
struct Pixel {
  bool converged = false;
  double sum = 0;
};

// The loss of the first step, the mean up to the last ones, the mean of those.
Pixel judged(brood::MemberMetrics const& metrics, int steps) {
  bool const ended = metrics.state == brood::MemberState::diverged || metrics.history.size() < 3;
  if (ended) return {false, -static_cast<double>(metrics.step)};
  double const first = metrics.history[0].train_loss;
  double const middle = metrics.history[1].train_loss / first;
  double const last = metrics.history[2].train_loss / first;
  if (!(last < 1)) return {false, -static_cast<double>(metrics.step)};
  return {true, 1 + middle * (steps - kJudged - 1) + last * kJudged};
}

// ---- the picture

using Colour = std::array<unsigned char, 3>;

Colour between(Colour const& a, Colour const& b, double share) {
  Colour colour{};
  for (std::size_t i = 0; i < colour.size(); ++i)
    colour[i] = static_cast<unsigned char>(std::lround(a[i] + (b[i] - a[i]) * share));
  return colour;
}

// Ranks rather than values, so that every shade is used.
std::vector<Colour> colours(std::vector<Pixel> const& pixels) {
  std::vector<Colour> colours(pixels.size());
  for (bool const converged : {true, false}) {
    std::vector<double> sums;
    for (Pixel const& pixel : pixels) {
      if (pixel.converged == converged) sums.push_back(pixel.sum);
    }
    std::sort(sums.begin(), sums.end());
    for (std::size_t i = 0; i < pixels.size(); ++i) {
      if (pixels[i].converged != converged) continue;
      auto const rank = std::lower_bound(sums.begin(), sums.end(), pixels[i].sum) - sums.begin();
      double const share = static_cast<double>(rank) / static_cast<double>(sums.size());
      colours[i] = converged ? between({8, 24, 88}, {150, 215, 230}, share)
                             : between({120, 10, 20}, {255, 235, 120}, share);
    }
  }
  return colours;
}

void append(std::string& bytes, std::uint32_t number) {
  for (int shift = 24; shift >= 0; shift -= 8)
    bytes += static_cast<char>(number >> shift & 0xff);
}

// CRC-32 of the type and the data follows both (PNG specification, 5.3).
void append_chunk(std::string& png, std::string_view type, std::string const& data) {
  append(png, static_cast<std::uint32_t>(data.size()));
  std::string const body = std::string(type) + data;
  std::uint32_t crc = 0xffffffffu;
  for (char const byte : body) {
    crc ^= static_cast<unsigned char>(byte);
    for (int bit = 0; bit < 8; ++bit)
      crc = crc >> 1 ^ (0xedb88320u & (0u - (crc & 1u)));
  }
  png += body;
  append(png, ~crc);
}

// Blocks that are stored as they are (RFC 1951, 3.2.4) in a zlib stream (RFC 1950).
std::string stored(std::string const& data) {
  constexpr std::size_t kMax = 65535;
  std::string stream = "\x78\x01";
  for (std::size_t at = 0; at < data.size(); at += kMax) {
    std::size_t const size = std::min(kMax, data.size() - at);
    stream += at + size == data.size() ? '\1' : '\0';
    for (std::size_t const word : {size, ~size}) {
      stream += static_cast<char>(word & 0xff);
      stream += static_cast<char>(word >> 8 & 0xff);
    }
    stream.append(data, at, size);
  }
  std::uint32_t a = 1, b = 0;  // Adler-32
  for (char const byte : data) {
    a = (a + static_cast<unsigned char>(byte)) % 65521;
    b = (b + a) % 65521;
  }
  append(stream, b << 16 | a);
  return stream;
}

void write_png(std::string const& path, int side, std::vector<Colour> const& colours) {
  std::string header, lines;
  append(header, static_cast<std::uint32_t>(side));
  append(header, static_cast<std::uint32_t>(side));
  header += std::string("\x08\x02\x00\x00\x00", 5);  // 8 bits of red, green and blue
  for (std::size_t i = 0; i < colours.size(); ++i) {
    if (i % static_cast<std::size_t>(side) == 0) lines += '\0';  // a line without a filter
    for (unsigned char const part : colours[i])
      lines += static_cast<char>(part);
  }
  std::string png = "\x89PNG\r\n\x1a\n";
  append_chunk(png, "IHDR", header);
  append_chunk(png, "IDAT", stored(lines));
  append_chunk(png, "IEND", "");
  std::ofstream file(path, std::ios::binary);
  file.write(png.data(), static_cast<std::streamsize>(png.size()));
  file.close();
  if (!file) throw brood::StorageError(path + ": cannot be written: " + std::strerror(errno));
}

void draw(Options const& options) {
  auto const start = std::chrono::steady_clock::now();
  brood::Engine engine({.device = options.device});
  std::vector<float> const x = noise(kRows * kInputs, 0.1), y = noise(kRows, 0.7);
  brood::Data const data = engine.load({.x = {x.data(), kRows, kInputs},
                                        .y = {y.data(), kRows, 1},
                                        .task = brood::Task::regression});
  auto rows = std::make_shared<std::vector<std::int32_t>>(kRows);
  std::iota(rows->begin(), rows->end(), 0);

  brood::Population population(engine);
  auto const ids = population.admit(networks(options, rows), data);
  // Losses are recorded at the end of each call: a step is an epoch.
  for (int const until : {1, options.steps - kJudged, options.steps})
    population.train(ids, until, /*evaluate_every_epochs=*/0);

  std::vector<Pixel> pixels;
  std::int64_t steps = 0, converged = 0;
  for (auto const& metrics : population.metrics(ids)) {
    pixels.push_back(judged(metrics, options.steps));
    steps += metrics.step;
    converged += pixels.back().converged ? 1 : 0;
  }
  write_png(options.out, options.pixels, colours(pixels));
  std::chrono::duration<double> const took = std::chrono::steady_clock::now() - start;
  auto const all = static_cast<std::int64_t>(pixels.size());
  std::printf(
      "%s: %lld networks, %lld converged, %lld did not; %lld of %lld steps trained in %.1f s\n",
      options.out.c_str(), static_cast<long long>(all), static_cast<long long>(converged),
      static_cast<long long>(all - converged), static_cast<long long>(steps),
      static_cast<long long>(all * options.steps), took.count());
}

}  // namespace

int main(int count, char** arguments) {
  try {
    draw(read_options(count, arguments));
    return 0;
  } catch (brood::Error const& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 2;
  }
}
