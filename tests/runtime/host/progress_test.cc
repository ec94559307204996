#include "runtime/host/progress.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace batchscope::host {
namespace {

using namespace std::chrono_literals;
using engine::RunStatus;

const MonotonicTime kStart{1h};

ProgressMeter MeterOf(std::uint64_t items) {
  Progress fixed;
  fixed.name = "digits";
  fixed.folder = "/runs/digits-1";
  fixed.items_total = items;
  fixed.workers_wanted = 2;
  return {fixed, kStart};
}

engine::Counts Done(std::uint64_t succeeded, std::uint64_t failed = 0) {
  engine::Counts counts;
  counts.mini_batches = 10;
  counts.items_succeeded = succeeded;
  counts.items_failed = failed;
  return counts;
}

TEST(ProgressMeter, TellsRateAndTimeLeft) {
  ProgressMeter meter = MeterOf(100);
  const Progress progress = meter.At(kStart + 2s, RunStatus::kRunning, Done(30, 10));
  EXPECT_DOUBLE_EQ(progress.items_per_second, 20);
  ASSERT_TRUE(progress.seconds_left);
  EXPECT_DOUBLE_EQ(*progress.seconds_left, 3);
  EXPECT_DOUBLE_EQ(progress.elapsed_seconds, 2);
}

TEST(ProgressMeter, ForgetsWhatIsOlderThanItsWindow) {
  ProgressMeter meter = MeterOf(10'000);
  for (int second = 1; second <= 5; ++second) {
    (void)meter.At(kStart + std::chrono::seconds(second), RunStatus::kRunning, Done(1000));
  }
  EXPECT_DOUBLE_EQ(meter.At(kStart + 6s, RunStatus::kRunning, Done(1000)).items_per_second, 0);
}

TEST(ProgressMeter, KnowsNoTimeLeftBeforeTheFirstItem) {
  ProgressMeter meter = MeterOf(100);
  EXPECT_FALSE(meter.At(kStart + 2s, RunStatus::kRunning, Done(0)).seconds_left);
  EXPECT_FALSE(meter.At(kStart, RunStatus::kRunning, Done(0)).seconds_left);
}

TEST(ToJson, HasWhatViewersShow) {
  ProgressMeter meter = MeterOf(40);
  engine::Counts counts = Done(20, 4);
  counts.succeeded = 5;
  counts.failed = 1;
  counts.workers_alive = 2;
  counts.workers_ready = 2;
  Progress progress = meter.At(kStart + 2s, RunStatus::kRunning, counts);
  progress.reason = "a \"quoted\"\nreason";
  progress.stopped = {{3, "entry.py:12", 1.5}, {7, "a \"where\"", 0}};
  const auto expected = nlohmann::json::parse(R"({
    "run": "digits-1", "name": "digits", "status": "running", "message": "a \"quoted\"\nreason",
    "folder": "/runs/digits-1", "total": 10, "done": 6, "failed": 1, "items_total": 40, "items_done": 24,
    "items_failed": 4, "items_per_second": 12.0, "seconds_left": 1.333, "elapsed_seconds": 2.0, "workers": 2,
    "workers_wanted": 2,
    "stopped": [{"worker": 3, "where": "entry.py:12", "seconds": 1.5},
                {"worker": 7, "where": "a \"where\"", "seconds": 0.0}]})");
  EXPECT_EQ(nlohmann::json::parse(ToJson(progress)), expected);
}

TEST(ToJson, SaysStartingUntilAWorkerIsReady) {
  ProgressMeter meter = MeterOf(40);
  const Progress progress = meter.At(kStart, RunStatus::kRunning, Done(0));
  const auto json = nlohmann::json::parse(ToJson(progress));
  EXPECT_EQ(json["status"], "starting");
  EXPECT_TRUE(json["seconds_left"].is_null());
}

}  // namespace
}  // namespace batchscope::host
