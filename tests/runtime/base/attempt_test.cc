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

}  // namespace
}  // namespace batchscope
