#include "kernel/channels/interrupts.h"

#include <csignal>
#include <ctime>

namespace batchscope::kernel {
namespace {

// A signal handler is a plain function: what it needs can only lie here. Written by the main thread with SIGINT
// blocked.
pthread_t main_thread_of_handler;
struct sigaction python_action;

sigset_t OnlySigint() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGINT);
  return set;
}

void Mask(int how) {
  const sigset_t set = OnlySigint();
  pthread_sigmask(how, &set, nullptr);
}

void OnSigint(int signal_number) {
  if (pthread_equal(pthread_self(), main_thread_of_handler) == 0) {
    pthread_kill(main_thread_of_handler, signal_number);  // else a sleeping main thread would never notice
    return;
  }
  if (python_action.sa_handler != SIG_DFL && python_action.sa_handler != SIG_IGN) {
    python_action.sa_handler(signal_number);
  }
}

}  // namespace

Interrupts::Interrupts() : main_thread_(pthread_self()) {
  main_thread_of_handler = main_thread_;
  Mask(SIG_BLOCK);
}

void Interrupts::BeginRequest() {
  const sigset_t set = OnlySigint();
  const timespec at_once{0, 0};
  while (sigtimedwait(&set, nullptr, &at_once) == SIGINT) {
  }
  running_ = true;
}

void Interrupts::EndRequest() {
  Close();
  running_ = false;
}

void Interrupts::Open() {
  struct sigaction current {};
  sigaction(SIGINT, nullptr, &current);
  if (current.sa_handler != OnSigint) {  // Python (or the user's signal.signal) has put its own in place since
    python_action = current;
    struct sigaction ours {};
    ours.sa_handler = OnSigint;
    sigemptyset(&ours.sa_mask);
    sigaction(SIGINT, &ours, nullptr);  // without SA_RESTART: a blocking call has to come back
  }
  open_ = true;
  Mask(SIG_UNBLOCK);
}

void Interrupts::Close() {
  Mask(SIG_BLOCK);
  open_ = false;
}

void Interrupts::Raise() {
  if (running_) {
    pthread_kill(main_thread_, SIGINT);
  }
}

void Interrupts::LeaveToChild() {
  running_ = false;
  struct sigaction current {};
  sigaction(SIGINT, nullptr, &current);
  if (current.sa_handler == OnSigint) {
    sigaction(SIGINT, &python_action, nullptr);
  }
  Mask(SIG_UNBLOCK);
}

}  // namespace batchscope::kernel
