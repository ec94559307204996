#include "runtime/worker/bounded_text.h"

#include <gtest/gtest.h>

#include <string>

namespace batchscope::worker {
namespace {

TEST(Bounded, LeavesATextOfTheLimitAsItIs) { EXPECT_EQ(Bounded("0123456789", 10), "0123456789"); }

TEST(Bounded, KeepsBothEndsOfALongerOne) {
  EXPECT_EQ(Bounded("0123456789a", 10), "01234\n... 1 bytes left out ...\n6789a");
  EXPECT_EQ(Bounded("0123456789", 5), "01\n... 5 bytes left out ...\n789");
}

TEST(Bounded, CutsNoCharacter) {
  // Two bytes each; the limit would cut the second and the fourth.
  EXPECT_EQ(Bounded("äöüßé", 6), "ä\n... 6 bytes left out ...\né");
}

}  // namespace
}  // namespace batchscope::worker
