#include "runtime/base/clock.h"

#include <gtest/gtest.h>

namespace batchscope {
namespace {

using std::chrono::duration;
using std::chrono::microseconds;

WallTime At(std::int64_t micros) {
  return WallTime(std::chrono::duration_cast<WallTime::duration>(microseconds(micros)));
}

TEST(Clock, WritesUtcWithMicroseconds) {
  EXPECT_EQ(FormatUtc(At(0)), "1970-01-01T00:00:00.000000Z");
  EXPECT_EQ(FormatUtc(At(1'777'889'472'345'678)), "2026-05-04T10:11:12.345678Z");
  EXPECT_EQ(FormatUtc(At(951'827'696'000'001)), "2000-02-29T12:34:56.000001Z");
  EXPECT_EQ(FormatUtc(At(-1)), "1969-12-31T23:59:59.999999Z");
}

TEST(Clock, WritesDurationsForPeople) {
  const auto written = [](double seconds) { return FormatDuration(duration<double>(seconds)); };
  EXPECT_EQ(written(0), "0.0 s");
  EXPECT_EQ(written(1.5), "1.5 s");
  EXPECT_EQ(written(9.94), "9.9 s");
  EXPECT_EQ(written(9.95), "10 s");
  EXPECT_EQ(written(59.4), "59 s");
  EXPECT_EQ(written(59.6), "1 min 0 s");
  EXPECT_EQ(written(125), "2 min 5 s");
  EXPECT_EQ(written(3599.4), "59 min 59 s");
  EXPECT_EQ(written(3600), "1 h 0 min");
  EXPECT_EQ(written(3725), "1 h 2 min");
  EXPECT_EQ(written(360'000), "100 h 0 min");
}

}  // namespace
}  // namespace batchscope
