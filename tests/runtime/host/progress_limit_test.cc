#include "runtime/host/progress_limit.h"

#include <gtest/gtest.h>

namespace batchscope::host {
namespace {

using namespace std::chrono_literals;

const MonotonicTime kStart{1h};

TEST(ProgressLimit, AllowsExactlyItsTimeSinceTheLastResult) {
  ProgressLimit limit(10s, kStart);
  limit.Look(kStart + 4s, false);
  limit.OnResult(kStart + 5s);
  limit.Look(kStart + 15s, false);
  EXPECT_FALSE(limit.Passed(kStart + 15s));
  EXPECT_TRUE(limit.Passed(kStart + 15s + 1ns));
  EXPECT_EQ(limit.Earliest(), kStart + 15s + 1ms);
}

TEST(ProgressLimit, DoesNotCountTheTimeInWhichSomebodyLooksIntoAWorker) {
  ProgressLimit limit(10s, kStart);
  limit.Look(kStart + 6s, true);
  EXPECT_FALSE(limit.Passed(kStart + 1h));
  limit.Look(kStart + 30s, true);
  limit.Look(kStart + 50s, false);
  EXPECT_FALSE(limit.Passed(kStart + 54s));
  EXPECT_TRUE(limit.Passed(kStart + 54s + 1ns));
}

TEST(ProgressLimit, CountsFromAResultThatComesInTheMidstOfAStop) {
  ProgressLimit limit(10s, kStart);
  limit.Look(kStart + 1s, true);
  limit.OnResult(kStart + 30s);
  limit.Look(kStart + 31s, false);
  EXPECT_FALSE(limit.Passed(kStart + 41s));
  EXPECT_TRUE(limit.Passed(kStart + 41s + 1ns));
}

}  // namespace
}  // namespace batchscope::host
