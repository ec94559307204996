#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>

#include "runtime/base/attempt.h"
#include "runtime/base/files.h"

namespace batchscope::wire {

/// Makes a worker write the Python stacks of all its threads into its file under control/stacks/; works in a hang that
/// holds the GIL.
int DumpStacksSignal();

/// What one worker does right now, in memory it shares with the host: true also of a worker that hangs, holds the GIL
/// or has just died.
///
/// The worker's main thread writes, the host reads. `running` is set before run()'s input is made and cleared just
/// before the result is put into the outbox, so a death in between is charged to the attempt, and a death outside is
/// not.
struct alignas(64) BoardSlot {
  std::atomic<std::uint64_t> running;        ///< 0, or 1 + (mini_batch << 32 | attempt).
  std::atomic<std::int64_t> begun_ns;        ///< CLOCK_MONOTONIC when `running` was set, or when init() or shutdown()
                                             ///< began; 0: waiting for work.
  std::atomic<std::int64_t> run_started_ns;  ///< CLOCK_MONOTONIC when run() was entered; 0: not in run().
  std::atomic<std::uint64_t> finished;       ///< Attempts finished since the worker started.
  std::atomic<std::uint64_t>
      stack_dumps;  ///< How often the worker's handler of DumpStacksSignal() wrote its stacks to the end.

  // Time that stands still: a person looks at the worker. Written by whatever thread stops it (worker::StopClock).
  std::atomic<std::int64_t> stopped_since_ns;  ///< CLOCK_MONOTONIC since it stands still; 0: it goes on.
  std::atomic<std::int64_t> stopped_ns;        ///< All earlier stops since begun_ns was set; grows before
                                               ///< stopped_since_ns becomes 0, so that no moment counts twice against
                                               ///< the worker.
  std::atomic<std::int64_t> stopped_before_run_ns;  ///< StoodStill() when run_started_ns was set.

  /// Whoever sees `running` sees this `begun_ns` too, or a later one. Earlier stops are forgotten, one that lasts
  /// counts from `now_ns`.
  void Begin(const Attempt& attempt, std::int64_t now_ns);
  /// Begin() for init() and shutdown(), which are no attempt.
  void BeginOutsideOfRun(std::int64_t now_ns);
  /// run() is entered.
  void EnterRun(std::int64_t now_ns);
  /// How long it stood still since begun_ns was set, one stop that lasts included. Read before the other fields: then
  /// it never is that of a later begun_ns than theirs, and nothing counts twice against the worker.
  std::int64_t StoodStill(std::int64_t now_ns) const;
  /// Back to waiting for work; counts an attempt as finished when there was one.
  void Clear();
  std::optional<Attempt> Running() const;
};

/// A slot for each seat among process_count_per_node, in an anonymous file that workers inherit through the fork
/// server.
class Board {
 public:
  /// All slots are 0. The descriptor is closed on exec; whoever starts the fork server lets it through.
  static Result<Board> Create(std::uint32_t seats);
  /// Maps the inherited descriptor, which is the board's from now on, and keeps it from user code's own processes; the
  /// worker's side.
  static Result<Board> Open(int fd);
  Board(Board&&) noexcept = default;
  Board& operator=(Board&&) noexcept = default;

  int fd() const { return fd_.get(); }
  std::uint32_t seats() const { return seats_; }
  BoardSlot& slot(std::uint32_t seat);

 private:
  struct Unmap {
    std::size_t size = 0;
    void operator()(void* memory) const;
  };
  Board(UniqueFd fd, std::unique_ptr<void, Unmap> memory, std::uint32_t seats)
      : fd_(std::move(fd)), memory_(std::move(memory)), seats_(seats) {}
  static Result<Board> Map(UniqueFd fd, std::uint32_t seats);

  UniqueFd fd_;
  std::unique_ptr<void, Unmap> memory_;
  std::uint32_t seats_ = 0;
};

}  // namespace batchscope::wire
