#include "runtime/launch/log_tail.h"

#include <gtest/gtest.h>

#include <fstream>

#include "tests/support/temp_folder.h"

namespace batchscope::launch {
namespace {

class LogTailTest : public ::testing::Test {
 protected:
  void Write(const std::string& text) { std::ofstream(path_, std::ios::app | std::ios::binary) << text; }

  TempFolder temp_;
  std::filesystem::path path_ = temp_.path() / "log.txt";
};

TEST_F(LogTailTest, HoldsWhatWasWrittenSince) {
  EXPECT_EQ(LogTail(path_).Read(), "");
  Write("of another run\n");
  const LogTail tail(path_);
  EXPECT_EQ(tail.Read(), "");
  Write("first\nsecond\n\n");
  EXPECT_EQ(tail.Read(), "first\nsecond");
}

TEST_F(LogTailTest, IsShortAndBeginsWithAWholeLine) {
  const LogTail tail(path_);
  const std::string line(999, 'x');
  Write(line + "\n" + line + "\n");
  EXPECT_EQ(tail.Read(), line + "\n" + line);
  Write("end");
  EXPECT_EQ(tail.Read(), line + "\nend");
}

TEST_F(LogTailTest, CutsASingleLongLine) {
  const LogTail tail(path_);
  Write(std::string(5000, 'x'));
  EXPECT_EQ(tail.Read(), std::string(2000, 'x'));
}

}  // namespace
}  // namespace batchscope::launch
