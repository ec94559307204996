#include "runtime/base/files.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <string>
#include <thread>
#include <utility>

#include "tests/support/temp_folder.h"

namespace batchscope {
namespace {

bool IsOpen(int fd) { return ::fcntl(fd, F_GETFD) != -1; }

class Files : public testing::Test {
 protected:
  std::filesystem::path In(const std::string& name) const { return temp_.path() / name; }

 private:
  const TempFolder temp_;
};

TEST_F(Files, AUniqueFdClosesWhatItOwns) {
  int number = -1;
  {
    UniqueFd fd = std::move(OpenFile("/dev/null", O_RDONLY)).value();
    number = fd.get();
    EXPECT_EQ(::fcntl(number, F_GETFD), FD_CLOEXEC);
    UniqueFd other(std::move(fd));
    EXPECT_FALSE(fd.valid());  // NOLINT(bugprone-use-after-move): that is the question.
    other = UniqueFd(other.Release());
    EXPECT_EQ(other.get(), number);
    EXPECT_TRUE(IsOpen(number));
  }
  EXPECT_FALSE(IsOpen(number));
}

TEST_F(Files, ReadsBackWhatItWrote) {
  std::string data = "line\n";
  data.append(200'000, '\0').append("\xff end");
  ASSERT_TRUE(WriteFileAtomically(In("a"), "old").ok());
  ASSERT_TRUE(WriteFileAtomically(In("a"), data, 0600).ok());
  EXPECT_EQ(*ReadFile(In("a")), data);
  EXPECT_EQ(std::filesystem::status(In("a")).permissions(), std::filesystem::perms(0600));
  EXPECT_FALSE(std::filesystem::exists(In("a.new")));
  EXPECT_EQ(*ReadFile("/proc/sys/kernel/ostype"), "Linux\n");  // Its size says 0.
}

TEST_F(Files, FailuresNameThePath) {
  EXPECT_EQ(ReadFile(In("none")).message(), "cannot open " + In("none").string() + ": No such file or directory");
  EXPECT_EQ(ReadFile("/").message(), "cannot read /: Is a directory");
  EXPECT_EQ(WriteFileAtomically(In("none/a"), "").message(),
            "cannot open " + In("none/a.new").string() + ": No such file or directory");
  ASSERT_TRUE(MakeFolders(In("folder")).ok());
  EXPECT_EQ(WriteFileAtomically(In("folder"), "").message(),
            "cannot write " + In("folder").string() + ": Is a directory");
  EXPECT_FALSE(std::filesystem::exists(In("folder.new")));
  EXPECT_EQ(WriteAll(std::move(OpenFile("/dev/full", O_WRONLY)).value().get(), "x").message(),
            "cannot write: No space left on device");
}

TEST_F(Files, MakesFoldersOnceOrAgain) {
  EXPECT_TRUE(MakeFolders(In("a/b/c")).ok());
  EXPECT_TRUE(MakeFolders(In("a/b/c")).ok());
  EXPECT_TRUE(std::filesystem::is_directory(In("a/b/c")));
  ASSERT_TRUE(WriteFileAtomically(In("file"), "").ok());
  EXPECT_THAT(MakeFolders(In("file/x")).message(),
              testing::StartsWith("cannot make the folder " + In("file/x").string()));
}

TEST_F(Files, WritesOnAfterShortWrites) {
  int ends[2];
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
  const UniqueFd reader(ends[0]);
  UniqueFd writer(ends[1]);
  const std::string data(1 << 20, 'x');  // More than a socket holds.
  Status wrote;
  std::thread thread([&] {
    wrote = WriteAll(writer.get(), data);
    writer.Reset();
  });
  std::string got;
  char buffer[4096];
  for (ssize_t size = 0; (size = ::read(reader.get(), buffer, sizeof buffer)) > 0;) {
    got.append(buffer, static_cast<std::size_t>(size));
  }
  thread.join();
  EXPECT_TRUE(wrote.ok()) << wrote.message();
  EXPECT_EQ(got, data);
}

}  // namespace
}  // namespace batchscope
