#include "runtime/wire/board.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>

namespace batchscope::wire {
namespace {

using ::testing::HasSubstr;

constexpr std::uint32_t kMost = 0xffffffff;

TEST(Board, SaysWhatAWorkerDoes) {
  Result<Board> board = Board::Create(2);
  ASSERT_TRUE(board.ok()) << board.message();
  EXPECT_EQ(board->seats(), 2U);
  BoardSlot& slot = board->slot(1);
  EXPECT_EQ(slot.Running(), std::nullopt);

  for (const Attempt attempt : {Attempt{{0}, 0}, Attempt{{7}, 2}, Attempt{{0}, kMost}, Attempt{{kMost}, 0}}) {
    slot.Begin(attempt, 42);
    slot.run_started_ns = 43;
    EXPECT_EQ(slot.Running(), attempt);
    EXPECT_EQ(slot.begun_ns, 42);
    slot.Clear();
    EXPECT_EQ(slot.Running(), std::nullopt);
    EXPECT_EQ(slot.begun_ns, 0);
    EXPECT_EQ(slot.run_started_ns, 0);
  }
  EXPECT_EQ(slot.finished, 4U);
  EXPECT_EQ(board->slot(0).finished, 0U);
}

TEST(Board, CountsNoAttemptForTheEndOfInit) {
  Result<Board> board = Board::Create(1);
  ASSERT_TRUE(board.ok()) << board.message();
  BoardSlot& slot = board->slot(0);
  slot.begun_ns = 5;
  slot.Clear();
  EXPECT_EQ(slot.begun_ns, 0);
  EXPECT_EQ(slot.finished, 0U);
}

TEST(Board, CountsTheTimeThatAWorkerStandsStillOnceAndForOneAttempt) {
  Result<Board> board = Board::Create(1);
  ASSERT_TRUE(board.ok()) << board.message();
  BoardSlot& slot = board->slot(0);
  slot.BeginOutsideOfRun(100);
  EXPECT_EQ(slot.StoodStill(110), 0);
  slot.stopped_since_ns = 110;
  EXPECT_EQ(slot.StoodStill(110), 0);
  EXPECT_EQ(slot.StoodStill(115), 5);
  EXPECT_EQ(slot.StoodStill(109), 0);  // The clock was read before the stop.
  slot.stopped_ns = 7;
  slot.stopped_since_ns = 0;
  EXPECT_EQ(slot.StoodStill(200), 7);

  slot.stopped_since_ns = 205;
  slot.EnterRun(210);
  EXPECT_EQ(slot.run_started_ns, 210);
  EXPECT_EQ(slot.stopped_before_run_ns, 7 + 5);

  slot.Begin({{1}, 0}, 300);  // A stop of another thread lasts on.
  EXPECT_EQ(slot.stopped_since_ns, 300);
  EXPECT_EQ(slot.stopped_before_run_ns, 0);
  EXPECT_EQ(slot.StoodStill(301), 1);
}

TEST(Board, StillSaysWhatAKilledWorkerDid) {
  Result<Board> board = Board::Create(3);
  ASSERT_TRUE(board.ok()) << board.message();
  const pid_t worker = ::fork();
  ASSERT_GE(worker, 0);
  if (worker == 0) {
    Result<Board> mine = Board::Open(board->fd());
    if (!mine.ok() || mine->seats() != 3) ::_exit(1);
    mine->slot(2).Begin({{9}, 1}, 77);
    ::kill(::getpid(), SIGKILL);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(worker, &status, 0), worker);
  EXPECT_TRUE(WIFSIGNALED(status)) << status;
  EXPECT_EQ(board->slot(2).Running(), (Attempt{{9}, 1}));
  EXPECT_EQ(board->slot(2).begun_ns, 77);
}

TEST(Board, CannotBeCutOffUnderTheHost) {
  Result<Board> board = Board::Create(1);
  ASSERT_TRUE(board.ok()) << board.message();
  EXPECT_NE(::ftruncate(board->fd(), 0), 0);
}

TEST(Board, RefusesAnotherDescriptor) {
  int ends[2];
  ASSERT_EQ(::pipe2(ends, O_CLOEXEC), 0);
  UniqueFd other(ends[1]);
  EXPECT_THAT(Board::Open(ends[0]).message(), HasSubstr("is no board: it has 0 bytes, expected slots of 64"));
  EXPECT_THAT(Board::Open(-1).message(), HasSubstr("descriptor -1 is no board"));
}

TEST(DumpStacksSignal, IsAFreeRealTimeSignal) {
  EXPECT_GT(DumpStacksSignal(), SIGRTMIN);
  EXPECT_LT(DumpStacksSignal(), SIGRTMAX);
}

}  // namespace
}  // namespace batchscope::wire
