#include "runtime/worker/stack_dumps.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "runtime/wire/board.h"

namespace batchscope::worker {
namespace {

volatile sig_atomic_t written = 0;
void Write(int /*signal*/) { written = written + 1; }

TEST(CountStackDumps, RunsTheHandlerThatWasThereAndCountsInTheProcessItself) {
  auto board = wire::Board::Create(1);
  ASSERT_TRUE(board.ok()) << board.message();
  wire::BoardSlot& slot = board->slot(0);
  EXPECT_FALSE(CountStackDumps(slot).ok());  // Nothing writes yet, so nothing can be counted.

  struct sigaction before {};
  struct sigaction writer {};
  writer.sa_handler = &Write;
  ASSERT_EQ(::sigaction(wire::DumpStacksSignal(), &writer, &before), 0);
  ASSERT_TRUE(CountStackDumps(slot).ok());
  ::raise(wire::DumpStacksSignal());
  ::raise(wire::DumpStacksSignal());
  EXPECT_EQ(written, 2);
  EXPECT_EQ(slot.stack_dumps.load(), 2U);

  const pid_t child = ::fork();
  if (child == 0) {
    ::raise(wire::DumpStacksSignal());
    ::_exit(written);
  }
  int status = -1;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(WEXITSTATUS(status), 3);
  EXPECT_EQ(slot.stack_dumps.load(), 2U);
  ::sigaction(wire::DumpStacksSignal(), &before, nullptr);
}

}  // namespace
}  // namespace batchscope::worker
