// SPDX-License-Identifier: Apache-2.0
// What the emulator tells the sanitizers; empty functions in a build without them.
#pragma once

#include <cstddef>

#if defined(__has_feature)
#define BROOD_EMULATION_HAS(feature) __has_feature(feature)
#else
#define BROOD_EMULATION_HAS(feature) 0
#endif
#if defined(__SANITIZE_ADDRESS__) || BROOD_EMULATION_HAS(address_sanitizer)
#define BROOD_EMULATION_ASAN 1
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>
#else
#define BROOD_EMULATION_ASAN 0
#endif
#if defined(__SANITIZE_THREAD__) || BROOD_EMULATION_HAS(thread_sanitizer)
#define BROOD_EMULATION_TSAN 1
#include <sanitizer/tsan_interface.h>
extern "C" {
void AnnotateIgnoreReadsBegin(char const* file, int line);
void AnnotateIgnoreReadsEnd(char const* file, int line);
void AnnotateIgnoreWritesBegin(char const* file, int line);
void AnnotateIgnoreWritesEnd(char const* file, int line);
}
#else
#define BROOD_EMULATION_TSAN 0
#endif

// Of a function whose accesses ThreadSanitizer is not to see.
#if defined(__clang__)
#define BROOD_EMULATION_UNSEEN __attribute__((no_sanitize("thread")))
#else
#define BROOD_EMULATION_UNSEEN __attribute__((no_sanitize_thread))
#endif

namespace brood::emulation {

inline constexpr bool kAddressSanitizer = BROOD_EMULATION_ASAN;
inline constexpr bool kThreadSanitizer = BROOD_EMULATION_TSAN;

// In its scope ThreadSanitizer does not see what this thread reads and writes: the emulator's own
// state, which all fibers share.
class Unseen {
 public:
#if BROOD_EMULATION_TSAN
  Unseen() {
    AnnotateIgnoreReadsBegin(__FILE__, __LINE__);
    AnnotateIgnoreWritesBegin(__FILE__, __LINE__);
  }
  ~Unseen() {
    AnnotateIgnoreWritesEnd(__FILE__, __LINE__);
    AnnotateIgnoreReadsEnd(__FILE__, __LINE__);
  }
#else
  Unseen() {}
#endif
  Unseen(Unseen const&) = delete;
  Unseen& operator=(Unseen const&) = delete;
};

// Memory that a thread wrote before release(object) is seen by one after acquire(object).
inline void release([[maybe_unused]] void* object) {
#if BROOD_EMULATION_TSAN
  __tsan_release(object);
#endif
}
inline void acquire([[maybe_unused]] void* object) {
#if BROOD_EMULATION_TSAN
  __tsan_acquire(object);
#endif
}

// Any access to these bytes is an error, until they are allowed again.
inline void forbid([[maybe_unused]] void const* memory, [[maybe_unused]] std::size_t bytes) {
#if BROOD_EMULATION_ASAN
  __asan_poison_memory_region(memory, bytes);
#endif
}
inline void allow([[maybe_unused]] void const* memory, [[maybe_unused]] std::size_t bytes) {
#if BROOD_EMULATION_ASAN
  __asan_unpoison_memory_region(memory, bytes);
#endif
}

}  // namespace brood::emulation
