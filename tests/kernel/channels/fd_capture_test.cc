#include "kernel/channels/fd_capture.h"

#include <gtest/gtest.h>

#include <cstdio>
#include <future>
#include <string>

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

namespace batchscope::kernel {
namespace {

void Write(int fd, const std::string& text) {
  std::size_t written = 0;
  while (written < text.size()) {
    const ssize_t now = write(fd, text.data() + written, text.size() - written);
    ASSERT_GT(now, 0);
    written += static_cast<std::size_t>(now);
  }
}

// A descriptor of our own, so that the test's real output stays where it is.
int SomeDescriptor() { return open("/dev/null", O_WRONLY); }

TEST(WholeCharacters, CutsOnlyBeforeACharacterThatIsNotComplete) {
  EXPECT_EQ(WholeCharacters(""), 0U);
  EXPECT_EQ(WholeCharacters("abc"), 3U);
  EXPECT_EQ(WholeCharacters("a\xc3"), 1U);
  EXPECT_EQ(WholeCharacters("a\xc3\xa9"), 3U);
  EXPECT_EQ(WholeCharacters("\xe2\x82"), 0U);
  EXPECT_EQ(WholeCharacters("\xe2\x82\xac"), 3U);
  EXPECT_EQ(WholeCharacters("x\xf0\x9f\x98"), 1U);
  EXPECT_EQ(WholeCharacters("x\xf0\x9f\x98\x80"), 5U);
  EXPECT_EQ(WholeCharacters("\x80\x80\x80\x80"), 4U);  // never a character: nothing to wait for
}

TEST(FdCapture, HasDeliveredWhatWasWrittenWhenDrainReturns) {
  const int out = SomeDescriptor();
  const int err = SomeDescriptor();
  std::string heard;
  FdCapture capture({{out, Stream::kStdout}, {err, Stream::kStderr}}, [&](Stream stream, std::string_view text) {
    heard += (stream == Stream::kStdout ? "out:" : "err:") + std::string(text) + ";";
  });
  Write(out, "a");
  capture.Drain();
  EXPECT_EQ(heard, "out:a;");
  Write(err, "b");
  capture.Drain();
  EXPECT_EQ(heard, "out:a;err:b;");
  Write(out, "\xc3");
  capture.Drain();
  EXPECT_EQ(heard, "out:a;err:b;");
  Write(out, "\xa9");
  capture.Drain();
  EXPECT_EQ(heard, "out:a;err:b;out:\xc3\xa9;");
}

TEST(FdCapture, HearsChildrenWithoutBeingAsked) {
  const int out = SomeDescriptor();
  std::promise<std::string> heard;
  FdCapture capture({{out, Stream::kStdout}},
                    [&](Stream, std::string_view text) { heard.set_value(std::string(text)); });
  const pid_t child = fork();
  if (child == 0) {
    _exit(write(out, "child", 5) == 5 ? 0 : 1);
  }
  EXPECT_EQ(heard.get_future().get(), "child");
  int status = -1;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
}

TEST(FdCapture, TakesMoreThanAPipeHolds) {
  const int out = SomeDescriptor();
  std::size_t heard = 0;
  {
    FdCapture capture({{out, Stream::kStdout}}, [&](Stream, std::string_view text) { heard += text.size(); });
    Write(out, std::string(std::size_t{5} << 20U, 'x'));
  }
  EXPECT_EQ(heard, std::size_t{5} << 20U);
}

TEST(FdCapture, GivesTheDescriptorBack) {
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  {
    FdCapture capture({{ends[1], Stream::kStdout}}, [](Stream, std::string_view) {});
    Write(capture.original(ends[1]), "to whom it belongs; ");
    EXPECT_EQ(capture.original(ends[0]), -1);
  }
  Write(ends[1], "again");
  char text[64] = {};
  EXPECT_EQ(read(ends[0], text, sizeof text), 25);
  EXPECT_STREQ(text, "to whom it belongs; again");
}

}  // namespace
}  // namespace batchscope::kernel
