// SPDX-License-Identifier: Apache-2.0
#include "emulation/fiber.hpp"

#include <sys/mman.h>

#include <atomic>
#include <cstdint>
#include <new>

#include "emulation/sanitizers.hpp"

#if !defined(BROOD_EMULATION_UCONTEXT)
// Saves what a call must preserve on the running stack, leaves its pointer in *from, goes to `to`.
extern "C" void brood_emulation_switch(void** from, void* to);
asm(R"(
    .text
    .p2align 4
    .globl brood_emulation_switch
    .hidden brood_emulation_switch
    .type brood_emulation_switch, @function
brood_emulation_switch:
    pushq %rbp
    pushq %rbx
    pushq %r12
    pushq %r13
    pushq %r14
    pushq %r15
    movq %rsp, (%rdi)
    movq %rsi, %rsp
    popq %r15
    popq %r14
    popq %r13
    popq %r12
    popq %rbx
    popq %rbp
    ret
    .size brood_emulation_switch, .-brood_emulation_switch
)");
#endif

namespace brood::emulation {
namespace {

constexpr std::size_t kGuard = 4096;
constexpr std::size_t kStack = kAddressSanitizer || kThreadSanitizer ? 512 * 1024 : 64 * 1024;

// The two sides of the switch in progress.
constinit thread_local Fiber* left = nullptr;
constinit thread_local Fiber* entered = nullptr;

}  // namespace

Fiber::Fiber() {
#if BROOD_EMULATION_TSAN
  shadow_ = __tsan_get_current_fiber();
#endif
}

Fiber::Fiber(void (*body)()) : body_(body) {
  mapping_ = mmap(nullptr, kGuard + kStack, PROT_READ | PROT_WRITE,
                  MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (mapping_ == MAP_FAILED || mprotect(mapping_, kGuard, PROT_NONE) != 0) throw std::bad_alloc{};
  auto* const bottom = static_cast<unsigned char*>(mapping_) + kGuard;
  stack_ = bottom;
  stack_bytes_ = kStack;
#if defined(BROOD_EMULATION_UCONTEXT)
  getcontext(&context_);
  context_.uc_stack.ss_sp = bottom;
  context_.uc_stack.ss_size = kStack;
  context_.uc_link = nullptr;
  makecontext(&context_, &Fiber::start, 0);
#else
  // Stacks begin at different offsets in a page, else all of them compete for a few cache sets.
  static std::atomic<unsigned> count{0};
  std::size_t const offset = count++ % 64 * 5 * 64 % 4096;
  auto** top = reinterpret_cast<void**>(bottom + kStack - offset);
  *--top = nullptr;  // start()'s caller: none; the stack is aligned as a call leaves it
  *--top = reinterpret_cast<void*>(&Fiber::start);
  for (int saved = 0; saved < 6; ++saved)
    *--top = nullptr;
  stack_pointer_ = top;
#endif
#if BROOD_EMULATION_TSAN
  shadow_ = __tsan_create_fiber(0);
#endif
}

Fiber::~Fiber() {
  if (!mapping_) return;
#if BROOD_EMULATION_TSAN
  __tsan_destroy_fiber(shadow_);
#endif
  auto* const bottom = static_cast<unsigned char*>(mapping_) + kGuard;
  allow(bottom, kStack);  // whatever is mapped there next
  munmap(mapping_, kGuard + kStack);
}

BROOD_EMULATION_UNSEEN void Fiber::change(Fiber& from, Fiber& to) {
  left = &from;
  entered = &to;
#if BROOD_EMULATION_ASAN
  __sanitizer_start_switch_fiber(&from.fake_stack_, to.stack_, to.stack_bytes_);
#endif
#if BROOD_EMULATION_TSAN
  __tsan_switch_to_fiber(to.shadow_, __tsan_switch_to_fiber_no_sync);
#endif
#if defined(BROOD_EMULATION_UCONTEXT)
  swapcontext(&from.context_, &to.context_);
#else
  brood_emulation_switch(&from.stack_pointer_, to.stack_pointer_);
#endif
#if BROOD_EMULATION_ASAN
  __sanitizer_finish_switch_fiber(from.fake_stack_, &left->stack_, &left->stack_bytes_);
#endif
}

BROOD_EMULATION_UNSEEN void Fiber::start() {
#if BROOD_EMULATION_ASAN
  __sanitizer_finish_switch_fiber(nullptr, &left->stack_, &left->stack_bytes_);
#endif
  entered->body_();
}

}  // namespace brood::emulation
