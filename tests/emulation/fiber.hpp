// SPDX-License-Identifier: Apache-2.0
// A function on a stack of its own, and the switch from one to another within an OS thread.
#pragma once

#include <cstddef>

// The C library's switch, about ten times slower, where there is none written here.
#if !defined(__x86_64__) && !defined(BROOD_EMULATION_UCONTEXT)
#define BROOD_EMULATION_UCONTEXT 1
#endif
#if defined(BROOD_EMULATION_UCONTEXT)
#include <ucontext.h>
#endif

namespace brood::emulation {

class Fiber {
 public:
  // Of the OS thread that constructs it: runs on the stack that is there.
  Fiber();
  // Runs body(), which never returns, when it is first switched to. Throws std::bad_alloc if there
  // is no memory for the stack.
  explicit Fiber(void (*body)());
  ~Fiber();
  Fiber(Fiber const&) = delete;
  Fiber& operator=(Fiber const&) = delete;

  // From the running fiber; returns when something switches back to it.
  static void change(Fiber& from, Fiber& to);

 private:
  static void start();

  void (*body_)() = nullptr;
#if defined(BROOD_EMULATION_UCONTEXT)
  ucontext_t context_;
#else
  void* stack_pointer_ = nullptr;  // while it does not run
#endif
  void* mapping_ = nullptr;      // a page that faults, then the stack
  void const* stack_ = nullptr;  // its lowest byte
  std::size_t stack_bytes_ = 0;
  void* fake_stack_ = nullptr;  // AddressSanitizer's
  void* shadow_ = nullptr;      // ThreadSanitizer's
};

}  // namespace brood::emulation
