#include "kernel/channels/parent_watch.h"

#include <gtest/gtest.h>

#include <csignal>
#include <future>

#include <sys/wait.h>
#include <unistd.h>

namespace batchscope::kernel {
namespace {

pid_t StartProcess() {
  const pid_t child = fork();
  if (child == 0) {
    while (true) {
      pause();
    }
  }
  return child;
}

TEST(ParentWatch, TellsWhenTheProcessEnds) {
  const pid_t process = StartProcess();
  std::promise<void> died;
  ParentWatch watch(process, [&] { died.set_value(); });
  kill(process, SIGKILL);
  died.get_future().wait();
  waitpid(process, nullptr, 0);
}

TEST(ParentWatch, TellsOfAProcessThatHasEndedAlready) {
  const pid_t process = StartProcess();
  kill(process, SIGKILL);
  waitpid(process, nullptr, 0);
  std::promise<void> died;
  ParentWatch watch(process, [&] { died.set_value(); });
  died.get_future().wait();
}

TEST(ParentWatch, SaysNothingWhenItIsGoneFirst) {
  const pid_t process = StartProcess();
  bool told = false;
  {
    ParentWatch watch(process, [&] { told = true; });
  }
  kill(process, SIGKILL);
  waitpid(process, nullptr, 0);
  EXPECT_FALSE(told);
}

}  // namespace
}  // namespace batchscope::kernel
