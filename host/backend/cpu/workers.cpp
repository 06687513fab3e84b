// SPDX-License-Identifier: Apache-2.0
#include "backend/cpu/workers.hpp"

#include <algorithm>
#include <atomic>
#include <numeric>

#if defined(__x86_64__)
#include <xmmintrin.h>
#endif

namespace brood::cpu {

namespace {

// Flushes denormal results and operands to zero on this thread: moments of dead units decay into
// denormals and stay there, at many times the cost of a normal number.
class FlushDenormals {
 public:
#if defined(__x86_64__)
  FlushDenormals() : saved_(_mm_getcsr()) {
    _mm_setcsr(saved_ | 0x8040u);
  }
  ~FlushDenormals() {
    _mm_setcsr(saved_);
  }

 private:
  unsigned saved_;
#else
  FlushDenormals() {}
  ~FlushDenormals() {}
#endif
};

}  // namespace

struct Workers::Batch {
  std::vector<int> order;  // of jobs, longest first
  std::function<void(int, int)> const& job;
  std::atomic<std::size_t> next{0};
  std::mutex mutex{};
  std::exception_ptr error{};
};

Workers::Workers(int threads) {
  for (int worker = 1; worker < threads; ++worker) {
    threads_.emplace_back([this, worker] {
      std::uint64_t seen = 0;
      std::unique_lock lock(mutex_);
      while (true) {
        wake_.wait(lock, [&] { return stopping_ || generation_ != seen; });
        if (stopping_) return;
        seen = generation_;
        Batch& batch = *batch_;
        lock.unlock();
        work(worker, batch);
        lock.lock();
        if (--busy_ == 0) done_.notify_one();
      }
    });
  }
}

Workers::~Workers() {
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
}

void Workers::work(int worker, Batch& batch) {
  FlushDenormals const flush;
  for (std::size_t i = batch.next++; i < batch.order.size(); i = batch.next++) {
    try {
      batch.job(batch.order[i], worker);
    } catch (...) {
      std::lock_guard lock(batch.mutex);
      if (!batch.error) batch.error = std::current_exception();
    }
  }
}

void Workers::run(std::span<double const> costs, std::function<void(int, int)> const& job) {
  std::vector<int> order(costs.size());
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(), [&](int a, int b) {
    return costs[static_cast<std::size_t>(a)] > costs[static_cast<std::size_t>(b)];
  });
  Batch batch{.order = std::move(order), .job = job};
  {
    std::lock_guard lock(mutex_);
    batch_ = &batch;
    ++generation_;
    busy_ = static_cast<int>(threads_.size());
  }
  wake_.notify_all();
  work(0, batch);
  std::unique_lock lock(mutex_);
  done_.wait(lock, [&] { return busy_ == 0; });
  batch_ = nullptr;
  lock.unlock();
  if (batch.error) std::rethrow_exception(batch.error);
}

}  // namespace brood::cpu
