#include "kernel/channels/parent_watch.h"

#include <cerrno>
#include <csignal>
#include <cstdint>
#include <utility>

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace batchscope::kernel {
namespace {

constexpr int kLookEveryMs = 1000;  // only where the system has no pidfd

}  // namespace

ParentWatch::ParentWatch(pid_t process, std::function<void()> on_death)
    : process_(process),
      on_death_(std::move(on_death)),
      stop_event_(eventfd(0, EFD_CLOEXEC)),
      thread_([this] { Run(); }) {}

ParentWatch::~ParentWatch() {
  const std::uint64_t one = 1;
  [[maybe_unused]] const auto written = write(stop_event_, &one, sizeof one);
  thread_.join();
  close(stop_event_);
}

void ParentWatch::Run() {
  const auto process_fd = static_cast<int>(syscall(SYS_pidfd_open, process_, 0));
  const bool has_pidfd = process_fd >= 0;
  pollfd watched[] = {{stop_event_, POLLIN, 0}, {process_fd, POLLIN, 0}};  // poll ignores a negative descriptor
  bool died = false;
  while (!died && (watched[0].revents & POLLIN) == 0) {
    if (!has_pidfd && kill(process_, 0) != 0 && errno == ESRCH) {
      died = true;
    } else if (poll(watched, 2, has_pidfd ? -1 : kLookEveryMs) >= 0) {
      died = (watched[1].revents & POLLIN) != 0;
    }
  }
  if (has_pidfd) {
    close(process_fd);
  }
  if (died) {
    on_death_();
  }
}

}  // namespace batchscope::kernel
