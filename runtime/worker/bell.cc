#include "runtime/worker/bell.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstring>

#include "runtime/base/check.h"

namespace batchscope::worker {

Bell::Bell() : fd_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  Check(fd_.valid(), "eventfd: {}", std::strerror(errno));
}

void Bell::Ring() {
  const std::uint64_t one = 1;
  // It can only fail when the count is full, and then the bell rings already.
  [[maybe_unused]] const auto written = ::write(fd_.get(), &one, sizeof one);
}

void Bell::Silence() {
  std::uint64_t count = 0;
  [[maybe_unused]] const auto read = ::read(fd_.get(), &count, sizeof count);
}

void Bell::Wait(std::chrono::milliseconds limit) const {
  pollfd wanted{fd_.get(), POLLIN, 0};
  ::poll(&wanted, 1, static_cast<int>(limit.count()));
}

}  // namespace batchscope::worker
