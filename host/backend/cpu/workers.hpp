// SPDX-License-Identifier: Apache-2.0
// The CPU backend's threads. A job runs wholly on one of them; which one changes no result.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <exception>
#include <functional>
#include <mutex>
#include <span>
#include <thread>
#include <vector>

namespace brood::cpu {

class Workers {
 public:
  // At least one. The caller of run() is one of them, so threads - 1 are started.
  explicit Workers(int threads);
  ~Workers();
  Workers(Workers const&) = delete;
  Workers& operator=(Workers const&) = delete;

  int count() const { return static_cast<int>(threads_.size()) + 1; }

  // Calls job(i, worker) once for each i < costs.size(), longest first, and waits for all. worker
  // is in 0 .. count()-1 and no two jobs run with the same at a time. Denormals are flushed to zero
  // meanwhile. The first exception is thrown again here, after all jobs have ended.
  void run(std::span<double const> costs, std::function<void(int, int)> const& job);

 private:
  struct Batch;
  void work(int worker, Batch& batch);

  std::mutex mutex_;
  std::condition_variable wake_, done_;
  Batch* batch_ = nullptr;
  std::uint64_t generation_ = 0;
  int busy_ = 0;
  bool stopping_ = false;
  std::vector<std::jthread> threads_;
};

}  // namespace brood::cpu
