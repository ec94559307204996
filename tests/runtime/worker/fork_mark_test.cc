#include "runtime/worker/fork_mark.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

namespace batchscope::worker {
namespace {

/// The exit code of a forked child that ends with what `code` gives in it.
template <typename Code>
int CodeOfChild(const Code& code) {
  const pid_t pid = ::fork();
  if (pid == 0) ::_exit(code());
  int status = -1;
  EXPECT_EQ(::waitpid(pid, &status, 0), pid);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

TEST(ForkMark, TellsChildrenAndGrandchildrenFromTheProcessThatMadeIt) {
  const ForkMark mark;
  EXPECT_FALSE(mark.in_child());
  EXPECT_EQ(CodeOfChild([&] { return mark.in_child() ? 1 : 0; }), 1);
  EXPECT_EQ(CodeOfChild([&] { return CodeOfChild([&] { return mark.in_child() ? 1 : 0; }); }), 1);
  EXPECT_FALSE(mark.in_child());
}

TEST(ForkMark, MadeInAChildMarksThatOne) {
  EXPECT_EQ(CodeOfChild([] { return ForkMark().in_child() ? 1 : 0; }), 0);
}

}  // namespace
}  // namespace batchscope::worker
