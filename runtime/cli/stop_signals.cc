#include "runtime/cli/stop_signals.h"

#include <pthread.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>

namespace batchscope::cli {

Result<StopSignals> StopSignals::Block() {
  sigset_t signals;
  sigemptyset(&signals);
  for (const int number : {SIGINT, SIGTERM, SIGHUP}) {
    struct sigaction action {};
    // nohup's wish stands: a signal ignored from the start stays ignored.
    if (::sigaction(number, nullptr, &action) == 0 && action.sa_handler == SIG_IGN && number == SIGHUP) continue;
    sigaddset(&signals, number);
  }
  if (const int code = ::pthread_sigmask(SIG_BLOCK, &signals, nullptr); code != 0) {
    return Status::FromErrno("pthread_sigmask", code);
  }
  UniqueFd fd(::signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK));
  if (!fd.valid()) return Status::FromErrno("signalfd", errno);
  return StopSignals(std::move(fd));
}

std::optional<int> StopSignals::Take() {
  signalfd_siginfo info{};
  if (::read(fd_.get(), &info, sizeof info) != sizeof info) return std::nullopt;
  return static_cast<int>(info.ssi_signo);
}

}  // namespace batchscope::cli
