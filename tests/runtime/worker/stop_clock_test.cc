#include "runtime/worker/stop_clock.h"

#include <gtest/gtest.h>

#include <thread>

namespace batchscope::worker {
namespace {

std::int64_t NowNs() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

TEST(StopClock, StandsStillFromTheFirstReasonToTheEndOfTheLast) {
  wire::BoardSlot slot{};
  StopClock clock(slot);
  const std::int64_t before_ns = NowNs();
  clock.Stop();
  const std::int64_t since_ns = slot.stopped_since_ns;
  EXPECT_GE(since_ns, before_ns);
  {
    const Stopped another(clock);
    EXPECT_EQ(slot.stopped_since_ns, since_ns);
  }
  EXPECT_EQ(slot.stopped_since_ns, since_ns);
  EXPECT_EQ(slot.stopped_ns, 0);
  clock.GoOn();
  EXPECT_EQ(slot.stopped_since_ns, 0);
  EXPECT_GE(slot.stopped_ns, 0);
  EXPECT_LE(slot.stopped_ns, NowNs() - since_ns);
}

TEST(StopClock, AddsWhatCameBefore) {
  wire::BoardSlot slot{};
  slot.stopped_ns = 1'000'000'000'000'000;
  StopClock clock(slot);
  clock.Stop();
  clock.GoOn();
  EXPECT_GE(slot.stopped_ns, 1'000'000'000'000'000);
}

TEST(StopClock, TakesItsReasonsAlongToAnotherSlot) {
  wire::BoardSlot seat{};
  wire::BoardSlot other{};
  StopClock clock(seat);
  clock.Stop();
  clock.MoveTo(other);
  EXPECT_EQ(seat.stopped_since_ns, 0);
  EXPECT_NE(other.stopped_since_ns, 0);
  clock.GoOn();
  EXPECT_EQ(other.stopped_since_ns, 0);
  clock.MoveTo(seat);
  EXPECT_EQ(seat.stopped_since_ns, 0);
}

TEST(StopClock, BearsSeveralThreads) {
  wire::BoardSlot slot{};
  StopClock clock(slot);
  const auto stop_often = [&clock] {
    for (int i = 0; i < 1000; ++i) const Stopped stopped(clock);
  };
  std::thread other(stop_often);
  stop_often();
  other.join();
  EXPECT_EQ(slot.stopped_since_ns, 0);
}

TEST(StopClockDeathTest, RefusesToGoOnWithoutAReason) {
  wire::BoardSlot slot{};
  StopClock clock(slot);
  EXPECT_DEATH(clock.GoOn(), "nobody stopped");
}

}  // namespace
}  // namespace batchscope::worker
