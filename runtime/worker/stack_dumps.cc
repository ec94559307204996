#include "runtime/worker/stack_dumps.h"

#include <signal.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>

namespace batchscope::worker {
namespace {

// A signal handler gets no argument, so what it needs has to be here.
struct Counting {
  std::atomic<wire::BoardSlot*> slot = nullptr;
  pid_t pid = 0;
  struct sigaction writer {};
};
Counting counting;

void WriteAndCount(int signal, siginfo_t* info, void* context) {
  const int before = errno;
  if ((counting.writer.sa_flags & SA_SIGINFO) != 0) {
    counting.writer.sa_sigaction(signal, info, context);
  } else {
    counting.writer.sa_handler(signal);
  }
  // A process that user code forked shares the board, but is no worker.
  if (::getpid() == counting.pid) counting.slot.load()->stack_dumps.fetch_add(1);
  errno = before;
}

}  // namespace

void CountStackDumpsIn(wire::BoardSlot& slot) { counting.slot = &slot; }

Status CountStackDumps(wire::BoardSlot& slot) {
  counting.slot = &slot;
  counting.pid = ::getpid();
  if (::sigaction(wire::DumpStacksSignal(), nullptr, &counting.writer) != 0) {
    return Status::FromErrno("the handler that writes stacks", errno);
  }
  const bool is_function = (counting.writer.sa_flags & SA_SIGINFO) != 0 ||
                           (counting.writer.sa_handler != SIG_DFL && counting.writer.sa_handler != SIG_IGN);
  if (!is_function)
    return Status::Error("no handler that writes stacks is installed; faulthandler.register() comes first");
  struct sigaction action {};
  action.sa_sigaction = &WriteAndCount;
  action.sa_flags = SA_SIGINFO | SA_RESTART | SA_ONSTACK;
  ::sigfillset(&action.sa_mask);
  if (::sigaction(wire::DumpStacksSignal(), &action, nullptr) != 0) {
    return Status::FromErrno("the handler that counts stack dumps", errno);
  }
  return Status();
}

}  // namespace batchscope::worker
