#include "runtime/base/attempt.h"

#include <gtest/gtest.h>

namespace batchscope {
namespace {

TEST(FailureKind, EverySpellingIsReadBack) {
  for (const auto& [kind, spelling] : {std::pair{FailureKind::kException, "exception"},
                                       {FailureKind::kWrongType, "wrong_type"},
                                       {FailureKind::kTimedOut, "timed_out"},
                                       {FailureKind::kOverhead, "overhead"},
                                       {FailureKind::kProcessDied, "process_died"},
                                       {FailureKind::kRejected, "rejected"}}) {
    EXPECT_EQ(ToString(kind), spelling);
    EXPECT_EQ(FailureKindFrom(spelling), kind);
  }
  EXPECT_EQ(FailureKindFrom("of a later version"), FailureKind::kException);
}

TEST(PlaceToLookAt, IsTheInnermostOutsideOfLibraries) {
  const std::string traceback =
      "Traceback (most recent call last):\n"
      "  File \"/a/score.py\", line 3, in run\n    read(path)\n"
      "  File \"/usr/lib/python3.11/json.py\", line 9, in read\n"
      "ValueError: no\n";
  EXPECT_EQ(PlaceToLookAt(traceback), "File \"/a/score.py\", line 3, in run");
}

TEST(PlaceToLookAt, ReadsStacksThatBeginWithTheInnermost) {
  const std::string stacks =
      "Fatal Python error: Segmentation fault\n\n"
      "Current thread 0x1 (most recent call first):\n"
      "  File \"/usr/lib/python3.11/ctypes.py\", line 1 in string_at\n"
      "  File \"/a/score.py\", line 3 in run\n"
      "  File \"/a/outer.py\", line 4 in call\n\n"
      "Thread 0x2 (most recent call first):\n"
      "  File \"/a/other.py\", line 5 in wait\n";
  EXPECT_EQ(PlaceToLookAt(stacks), "File \"/a/score.py\", line 3 in run");
}

TEST(PlaceToLookAt, TakesALibrarysPlaceWhenThereIsNoOther) {
  EXPECT_EQ(PlaceToLookAt("  File \"/usr/lib/python3.11/json.py\", line 9, in read\n"),
            "File \"/usr/lib/python3.11/json.py\", line 9, in read");
  EXPECT_EQ(PlaceToLookAt("no place"), "");
}

}  // namespace
}  // namespace batchscope
