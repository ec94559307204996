#include "runtime/base/check.h"

#include <gtest/gtest.h>

namespace batchscope {
namespace {

TEST(CheckDeathTest, PrintsItsValuesAndItsPlace) {
  Check(true, "{} is fine", 1);
  EXPECT_DEATH(Check(1 > 2, "1 > {}", 2), "this is a bug, please report it: 1 > 2 \\(.*check_test.cc:[0-9]+\\)");
}

}  // namespace
}  // namespace batchscope
