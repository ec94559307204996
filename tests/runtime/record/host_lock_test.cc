#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <optional>

#include "runtime/base/files.h"
#include "runtime/record/output_file.h"
#include "runtime/record/run_folder.h"
#include "tests/support/temp_folder.h"

namespace batchscope::record {
namespace {

TEST(HostLock, IsHeldByOneUntilItGoes) {
  const TempFolder temp;
  const RunFolder folder(temp.path());
  EXPECT_FALSE(HostLock::IsHeld(folder));
  {
    auto lock = HostLock::Take(folder);
    ASSERT_TRUE(lock.ok()) << lock.message();
    EXPECT_TRUE(HostLock::IsHeld(folder));
    EXPECT_FALSE(HostLock::Take(folder).ok());
    HostLock moved = std::move(lock).value();
    EXPECT_TRUE(HostLock::IsHeld(folder));
  }
  EXPECT_FALSE(HostLock::IsHeld(folder));
}

TEST(HostLock, IsNotLostWhenOtherCodeOpensAndClosesTheFile) {
  const TempFolder temp;
  const RunFolder folder(temp.path());
  const auto lock = HostLock::Take(folder);
  ASSERT_TRUE(lock.ok());
  ASSERT_TRUE(OpenFile(folder.host_lock(), O_RDWR).ok());
  EXPECT_TRUE(HostLock::IsHeld(folder));
}

TEST(HostLock, IsNotGivenUpByAForkedChild) {
  const TempFolder temp;
  const RunFolder folder(temp.path());
  auto lock = std::optional(HostLock::Take(folder));
  ASSERT_TRUE(lock->ok());
  const pid_t child = ::fork();
  if (child == 0) {
    lock.reset();
    ::_exit(0);
  }
  ASSERT_EQ(::waitpid(child, nullptr, 0), child);
  EXPECT_TRUE(HostLock::IsHeld(folder));
}

TEST(HostLock, IsNotKeptByAChildThatOutlivesTheHost) {
  const TempFolder temp;
  const RunFolder folder(temp.path());
  std::array<int, 2> forked{}, release{};
  ASSERT_EQ(::pipe(forked.data()), 0);
  ASSERT_EQ(::pipe(release.data()), 0);
  const pid_t host = ::fork();
  if (host == 0) {
    const auto lock = HostLock::Take(folder);
    const auto output = OutputFile::Create(temp.path() / "rows.txt");
    if (!lock.ok() || !output.ok() || !HostLock::IsHeld(folder)) ::_exit(1);
    if (::fork() == 0) {
      ::close(release[1]);
      char byte = 'x';
      (void)!::write(forked[1], &byte, 1);
      (void)!::read(release[0], &byte, 1);  // Until the test lets go.
      ::_exit(0);
    }
    ::close(forked[1]);
    char byte = 0;
    (void)!::read(forked[0], &byte, 1);
    ::_exit(0);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(host, &status, 0), host);
  EXPECT_EQ(status, 0);
  EXPECT_FALSE(HostLock::IsHeld(folder));
  EXPECT_TRUE(OutputFile::Create(temp.path() / "rows.txt").ok());
  for (const int fd : {forked[0], forked[1], release[0], release[1]}) ::close(fd);
}

}  // namespace
}  // namespace batchscope::record
