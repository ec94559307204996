#include "kernel/channels/interrupts.h"

#include <gtest/gtest.h>

#include <csignal>
#include <thread>

#include <unistd.h>

namespace batchscope::kernel {
namespace {

volatile sig_atomic_t heard = 0;

// The signal handler of a process: each test runs in a process of its own (ctest) or after the other; both leave SIGINT
// blocked.
class InterruptsTest : public testing::Test {
 protected:
  InterruptsTest() {
    heard = 0;
    std::signal(SIGINT, [](int) { heard = heard + 1; });
  }
  Interrupts interrupts_;
};

TEST_F(InterruptsTest, ForgetsAnInterruptThatCameWhileNothingRan) {
  kill(getpid(), SIGINT);
  interrupts_.BeginRequest();
  interrupts_.Open();
  EXPECT_EQ(heard, 0);
  interrupts_.EndRequest();
}

TEST_F(InterruptsTest, DeliversAnInterruptOnlyAroundUserCode) {
  interrupts_.BeginRequest();
  interrupts_.Raise();
  EXPECT_EQ(heard, 0);
  interrupts_.Open();
  EXPECT_EQ(heard, 1);
  interrupts_.Close();
  interrupts_.Raise();
  EXPECT_EQ(heard, 1);
  interrupts_.EndRequest();
}

TEST_F(InterruptsTest, HandsOnToTheMainThreadWhatAnotherThreadGot) {
  interrupts_.BeginRequest();
  interrupts_.Open();
  std::thread([] { pthread_kill(pthread_self(), SIGINT); }).join();
  interrupts_.Close();
  EXPECT_EQ(heard, 1);
  interrupts_.EndRequest();
}

TEST_F(InterruptsTest, RaisesNothingWhileIdle) {
  interrupts_.Raise();
  sigset_t pending;
  sigpending(&pending);
  EXPECT_EQ(sigismember(&pending, SIGINT), 0);
}

}  // namespace
}  // namespace batchscope::kernel
