#pragma once
#include <atomic>

#include <pthread.h>

namespace batchscope::kernel {

// SIGINT is blocked in every thread of the kernel, except on the main thread while user code runs.
//
// Reason: front ends send SIGINT at any time (jupyter_client does before every shutdown), and one that arrives while a
// socket is polled ends the whole process. A SIGINT that a thread of the user's catches (threads started by a cell have
// it unblocked) is handed on to the main thread, where Python looks for it.
//
// Made on the main thread, before any other thread starts. One a process: the signal handler has no other way to its
// state.
class Interrupts {
 public:
  Interrupts();
  Interrupts(const Interrupts&) = delete;
  Interrupts& operator=(const Interrupts&) = delete;

  // Around every shell message, main thread. Begin forgets the interrupts that were sent while nothing ran.
  void BeginRequest();
  void EndRequest();

  // Around user code, main thread. What arrived since BeginRequest is delivered by Open.
  void Open();
  void Close();
  [[nodiscard]] bool is_open() const { return open_; }

  // Any thread: as a SIGINT from outside; nothing happens while the kernel is idle.
  void Raise();

  // In a forked child, which is an ordinary Python process: SIGINT works there as in any other.
  void LeaveToChild();

 private:
  pthread_t main_thread_;
  std::atomic<bool> running_{false};
  bool open_ = false;  // main thread
};

}  // namespace batchscope::kernel
