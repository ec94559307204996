#include "runtime/wire/board.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <limits>
#include <utility>

namespace batchscope::wire {

static_assert(std::atomic<std::uint64_t>::is_always_lock_free, "a lock would not be shared between processes");
static_assert(sizeof(BoardSlot) == 64, "one slot, one cache line: seats do not slow each other down");

// The lowest and highest real-time signals are what other libraries take first.
int DumpStacksSignal() { return SIGRTMAX - 2; }

void BoardSlot::Begin(const Attempt& attempt, std::int64_t now_ns) {
  BeginOutsideOfRun(now_ns);
  running.store(1 + (std::uint64_t{attempt.mini_batch.value} << 32 | attempt.number), std::memory_order_release);
}

void BoardSlot::BeginOutsideOfRun(std::int64_t now_ns) {
  begun_ns.store(now_ns, std::memory_order_relaxed);
  stopped_before_run_ns.store(0, std::memory_order_relaxed);
  stopped_ns.store(0, std::memory_order_release);
  // A stop that lasts, unless it ends right now.
  std::int64_t since = stopped_since_ns.load(std::memory_order_relaxed);
  if (since != 0) stopped_since_ns.compare_exchange_strong(since, now_ns, std::memory_order_acq_rel);
}

void BoardSlot::EnterRun(std::int64_t now_ns) {
  stopped_before_run_ns.store(StoodStill(now_ns), std::memory_order_relaxed);
  run_started_ns.store(now_ns, std::memory_order_release);
}

std::int64_t BoardSlot::StoodStill(std::int64_t now_ns) const {
  // In this order, as stopped_ns grows before stopped_since_ns becomes 0.
  const std::int64_t since = stopped_since_ns.load(std::memory_order_acquire);
  const std::int64_t earlier = stopped_ns.load(std::memory_order_acquire);
  return earlier + (since == 0 ? 0 : std::max<std::int64_t>(0, now_ns - since));
}

void BoardSlot::Clear() {
  const bool was_running = running.load(std::memory_order_relaxed) != 0;
  running.store(0, std::memory_order_release);
  run_started_ns.store(0, std::memory_order_relaxed);
  begun_ns.store(0, std::memory_order_relaxed);
  if (was_running) finished.store(finished.load(std::memory_order_relaxed) + 1, std::memory_order_release);
}

std::optional<Attempt> BoardSlot::Running() const {
  const std::uint64_t now = running.load(std::memory_order_acquire);
  if (now == 0) return std::nullopt;
  const std::uint64_t both = now - 1;
  return Attempt{{static_cast<std::uint32_t>(both >> 32)}, static_cast<std::uint32_t>(both)};
}

void Board::Unmap::operator()(void* memory) const { ::munmap(memory, size); }

Result<Board> Board::Map(UniqueFd fd, std::uint32_t seats) {
  const std::size_t size = seats * sizeof(BoardSlot);
  void* memory = ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd.get(), 0);
  if (memory == MAP_FAILED) return Status::FromErrno(fmt::format("cannot map a board of {} bytes", size), errno);
  return Board(std::move(fd), std::unique_ptr<void, Unmap>(memory, Unmap{size}), seats);
}

Result<Board> Board::Create(std::uint32_t seats) {
  Check(seats > 0, "a board without seats");
  UniqueFd fd(::memfd_create("batchscope-board", MFD_CLOEXEC | MFD_ALLOW_SEALING));
  if (!fd.valid()) return Status::FromErrno("cannot make the board that workers share", errno);
  const auto size = static_cast<off_t>(seats * sizeof(BoardSlot));
  // User code that inherited the descriptor cannot cut the memory off under the host, which would be SIGBUS.
  if (::ftruncate(fd.get(), size) != 0 || ::fcntl(fd.get(), F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW) != 0) {
    return Status::FromErrno(fmt::format("cannot make a board of {} bytes", size), errno);
  }
  return Map(std::move(fd), seats);
}

Result<Board> Board::Open(int fd) {
  UniqueFd owned(fd);
  struct stat about {};
  if (::fstat(fd, &about) != 0) return Status::FromErrno(fmt::format("descriptor {} is no board", fd), errno);
  const auto slots = static_cast<std::uint64_t>(about.st_size) / sizeof(BoardSlot);
  if (slots == 0 || static_cast<std::uint64_t>(about.st_size) % sizeof(BoardSlot) != 0 ||
      slots > std::numeric_limits<std::uint32_t>::max()) {
    return Status::Error(fmt::format("descriptor {} is no board: it has {} bytes, expected slots of {}", fd,
                                     about.st_size, sizeof(BoardSlot)));
  }
  if (::fcntl(fd, F_SETFD, FD_CLOEXEC) != 0) return Status::FromErrno("cannot keep the board to this process", errno);
  return Map(std::move(owned), static_cast<std::uint32_t>(slots));
}

BoardSlot& Board::slot(std::uint32_t seat) {
  Check(seat < seats_, "seat {} of a board with {}", seat, seats_);
  return static_cast<BoardSlot*>(memory_.get())[seat];
}

}  // namespace batchscope::wire
