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

// Where a device's arithmetic is rougher than fp32's own: tolerance.hpp, 7. A test program says so
// of its backend before it asks for bounds. As they stand, they are the CPU's.
inline double operand_roundoff = 0;               // relative, of an operand of a matrix product
inline bool sums_truncate = false;                // matrix products add toward zero
inline double quotient_roundoff = kUnitRoundoff;  // relative, of quotients and square roots
inline constexpr double kTruncatedSum = 0x1p-21;  // of such a sum, for each of its terms

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
  static void seed(std::uint64_t seed) {
    state() = ~seed;
    phase() = 0.5 + 0.5 * noise();
    state() = seed;
  }
  // Where on [0, 1) between two neighbours operands round up: the same for a whole draw.
  static double& phase() {
    thread_local double phase = 0.5;
    return phase;
  }
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
  return {quotient, error + quotient_roundoff * std::fabs(quotient) + kTiny};
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
  return Noisy(a.value / b.value * (1.0 + quotient_roundoff * Noisy::noise()));
}

// An operand as a matrix product takes it.
inline double operand(double x) {
  return x;
}
inline Bounded operand(Bounded const& x) {
  return {x.value, x.error + operand_roundoff * (std::fabs(x.value) + x.error)};
}
// To a grid of a device's spacing, so that an operand is rounded alike wherever it is used.
inline Noisy operand(Noisy x) {
  if (operand_roundoff == 0 || x.value == 0) return x;
  double const spacing =
      2 * operand_roundoff * std::exp2(std::floor(std::log2(std::fabs(x.value))));
  double const above = Noisy::phase();
  return Noisy(spacing * (std::floor(x.value / spacing + above) + 0.5 - above));
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
// beside what the terms bring. add_operands() is for what a device's matrix products add; such a
// sum takes nothing else but a first term.
template <class Number>
class Sum {
 public:
  void add(Number x) { total_ = total_ + x; }
  void add_product(Number a, Number b) { total_ = total_ + a * b; }
  void add_operands(Number a, Number b) { add_product(a, b); }
  void add_operand(Number a) { add(a); }  // times one
  Number total() const { return total_; }

 private:
  Number total_ = Number(0.0);
};
template <>
class Sum<Noisy> {  // a fused multiply-add: one rounding
 public:
  void add(Noisy x) { total_ = total_ + x; }
  void add_product(Noisy a, Noisy b) { total_ = rounded(Noisy(total_.value + a.value * b.value)); }
  void add_operands(Noisy a, Noisy b) { add_term(operand(a).value * operand(b).value); }
  void add_operand(Noisy a) { add_term(operand(a).value); }
  Noisy total() const { return total_; }

 private:
  void add_term(double term) {
    if (!sums_truncate) {
      total_ = rounded(Noisy(total_.value + term));
      return;
    }
    double const largest = std::max(std::fabs(total_.value), std::fabs(term));
    double const lost = kTruncatedSum * std::fabs(Noisy::noise()) * largest;
    total_ = Noisy(total_.value + std::copysign(std::max(std::fabs(term) - lost, 0.0), term));
  }
  Noisy total_;
};
template <>
class Sum<Bounded> {
 public:
  void add(Bounded const& x) { add_term(x.value, x.error); }
  void add_product(Bounded const& a, Bounded const& b) {
    add_term(a.value * b.value, product_error(a, b));
  }
  void add_operands(Bounded const& a, Bounded const& b) {
    add_product(operand(a), operand(b));
    if (sums_truncate) cut();
  }
  void add_operand(Bounded const& a) {
    add(operand(a));
    if (sums_truncate) cut();
  }
  Bounded total() const {
    double const own = cuts_ == 0 ? (terms_ + 1) * kUnitRoundoff * magnitude_
                                  : cut_error_ + cuts_ % kAtOnce * kTruncatedSum * largest_;
    return {value_, error_ + own + (terms_ + 1) * kTiny};
  }

 private:
  static constexpr int kAtOnce = 16;  // products that one instruction may add

  void add_term(double value, double error) {
    value_ += value;
    error_ += error;
    magnitude_ += std::fabs(value);
    largest_ = std::max({largest_, std::fabs(value) + error, std::fabs(value_) + error_});
    ++terms_;
  }
  // A device adds in the order given: what it cuts off goes by the numbers that it comes across,
  // not by the sum of all of them.
  void cut() {
    if (++cuts_ % kAtOnce != 0) return;
    cut_error_ += kAtOnce * kTruncatedSum * largest_;
    largest_ = std::fabs(value_) + error_ + cut_error_;
  }
  double value_ = 0, error_ = 0, magnitude_ = 0;
  double largest_ = 0, cut_error_ = 0;
  int terms_ = 0, cuts_ = 0;
};

}  // namespace brood::oracle
