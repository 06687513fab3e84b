// SPDX-License-Identifier: Apache-2.0
// The number types that the oracle is run in. `double` is the truth. `Bounded` carries beside each
// value a bound on how far fp32 arithmetic, in any order of summation, may end up from it (running
// error analysis, Higham, "Accuracy and Stability of Numerical Algorithms", 3.3). `Noisy` rounds
// every result to a random direction by up to fp32's unit roundoff (Monte Carlo arithmetic, Parker
// 1997): a few draws show how far apart fp32 runs of a long computation may lie.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>

namespace brood::oracle {

inline constexpr double kUnitRoundoff = 0x1p-24;  // fp32, to nearest
// Results below may be flushed to zero, and exp ends near here (1.18e-38, scaled by 1.76 in selu).
inline constexpr double kTiny = 2.1e-38;

// How far an fp32 implementation of f may be from f(x): relative |f(x)| + absolute + per_input |x|.
struct FunctionError {
  double relative = kUnitRoundoff;
  double absolute = 0;
  double per_input = 0;
};

struct Bounded {
  double value = 0;
  double error = 0;  // |fp32 result - value| is at most this
  Bounded() = default;
  Bounded(double exact) : value(exact) {}
  Bounded(double value_, double error_) : value(value_), error(error_) {}
};

struct Noisy {
  double value = 0;
  Noisy() = default;
  Noisy(double exact) : value(exact) {}

  // The state of the noise, per thread; a test seeds it first.
  static std::uint64_t& state() {
    thread_local std::uint64_t state = 1;
    return state;
  }
  static void seed(std::uint64_t seed) { state() = seed; }
  // Uniform on (-1, 1): SplitMix64 (Steele, Lea, Flood 2014).
  static double noise() {
    std::uint64_t z = (state() += 0x9E3779B97F4A7C15u);
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    return static_cast<double>(static_cast<std::int64_t>(z ^ (z >> 31))) * 0x1p-63;
  }
};

inline double value_of(double x) {
  return x;
}
inline double value_of(Bounded const& x) {
  return x.value;
}
inline double value_of(Noisy x) {
  return x.value;
}

// One rounding to fp32.
inline double rounded(double x) {
  return x;
}
inline Bounded rounded(Bounded const& x) {
  return {x.value, x.error + kUnitRoundoff * std::fabs(x.value) + kTiny};
}
inline Noisy rounded(Noisy x) {
  return Noisy(x.value * (1.0 + kUnitRoundoff * Noisy::noise()));
}

inline Bounded operator+(Bounded const& a, Bounded const& b) {
  return rounded(Bounded(a.value + b.value, a.error + b.error));
}
inline Bounded operator-(Bounded const& a, Bounded const& b) {
  return rounded(Bounded(a.value - b.value, a.error + b.error));
}
inline double product_error(Bounded const& a, Bounded const& b) {
  return a.error * std::fabs(b.value) + b.error * std::fabs(a.value) + a.error * b.error;
}
inline Bounded operator*(Bounded const& a, Bounded const& b) {
  return rounded(Bounded(a.value * b.value, product_error(a, b)));
}
inline Bounded operator/(Bounded const& a, Bounded const& b) {
  double const quotient = a.value / b.value;
  double const least = std::fabs(b.value) - b.error;  // a denominator that may be 0 bounds nothing
  double const error = least > 0 ? (a.error + std::fabs(quotient) * b.error) / least : INFINITY;
  return rounded(Bounded(quotient, error));
}

inline Noisy operator+(Noisy a, Noisy b) {
  return rounded(Noisy(a.value + b.value));
}
inline Noisy operator-(Noisy a, Noisy b) {
  return rounded(Noisy(a.value - b.value));
}
inline Noisy operator*(Noisy a, Noisy b) {
  return rounded(Noisy(a.value * b.value));
}
inline Noisy operator/(Noisy a, Noisy b) {
  return rounded(Noisy(a.value / b.value));
}

// f(x), f given in double. The error of x is carried by what f does at the ends of its interval,
// which also covers kinks (relu) and jumps (sign), f being monotone between ends that near.
template <class F>
double apply(F const& f, double x, FunctionError const& = {}) {
  return f(x);
}
template <class F>
Bounded apply(F const& f, Bounded const& x, FunctionError const& own = {}) {
  double const value = f(x.value);
  double const carried =
      std::max(std::fabs(f(x.value + x.error) - value), std::fabs(f(x.value - x.error) - value));
  return {value, carried + own.relative * std::fabs(value) + own.absolute +
                     own.per_input * std::fabs(x.value) + kTiny};
}
template <class F>
Noisy apply(F const& f, Noisy x, FunctionError const& own = {}) {
  double const value = f(x.value);
  double const size =
      own.relative * std::fabs(value) + own.absolute + own.per_input * std::fabs(x.value);
  return Noisy(value + size * Noisy::noise());
}

// A sum, or a dot product, in some order: for n terms |error| <= (n + 1) u sum |a||b| (Higham 3.1)
// beside what the terms bring.
template <class Number>
class Sum {
 public:
  void add(Number x) { total_ = total_ + x; }
  void add_product(Number a, Number b) { total_ = total_ + a * b; }
  Number total() const { return total_; }

 private:
  Number total_ = Number(0.0);
};
template <>
class Sum<Noisy> {  // a fused multiply-add: one rounding
 public:
  void add(Noisy x) { total_ = total_ + x; }
  void add_product(Noisy a, Noisy b) { total_ = rounded(Noisy(total_.value + a.value * b.value)); }
  Noisy total() const { return total_; }

 private:
  Noisy total_;
};
template <>
class Sum<Bounded> {
 public:
  void add(Bounded const& x) { add_term(x.value, x.error); }
  void add_product(Bounded const& a, Bounded const& b) {
    add_term(a.value * b.value, product_error(a, b));
  }
  Bounded total() const {
    return {value_, error_ + (terms_ + 1) * (kUnitRoundoff * magnitude_ + kTiny)};
  }

 private:
  void add_term(double value, double error) {
    value_ += value;
    error_ += error;
    magnitude_ += std::fabs(value);
    ++terms_;
  }
  double value_ = 0, error_ = 0, magnitude_ = 0;
  int terms_ = 0;
};

}  // namespace brood::oracle
