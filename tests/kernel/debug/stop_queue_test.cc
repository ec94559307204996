#include "kernel/debug/stop_queue.h"

#include <gtest/gtest.h>

#include <string>

#include <nlohmann/json.hpp>

namespace batchscope::kernel {
namespace {

using Json = nlohmann::json;
using std::chrono::milliseconds;

Json Event(const char* name, int thread) { return {{"event", name}, {"body", {{"threadId", thread}}}}; }
Json Stopped(int thread) { return Event("stopped", thread); }

// "stopped 1, continued 1"
std::string Told(const StopQueue::Events& events) {
  std::string told;
  for (const Json& event : events) {
    told += (told.empty() ? "" : ", ") + event.at("event").get<std::string>() + " " +
            std::to_string(event.at("body").at("threadId").get<int>());
  }
  return told;
}

class StopQueueTest : public testing::Test {
 protected:
  StopQueue queue;
  MonotonicTime now;
};

TEST_F(StopQueueTest, ShowsTheNextStopWhenTheOneShownGoesOn) {
  EXPECT_EQ(queue.shown(), std::nullopt);
  EXPECT_EQ(Told(queue.OnStopped(Stopped(10))), "stopped 10");
  EXPECT_EQ(Told(queue.OnStopped(Stopped(11))), "");
  EXPECT_EQ(Told(queue.OnStopped(Stopped(12))), "");
  EXPECT_EQ(queue.stopped(), (std::vector<int>{10, 11, 12}));
  EXPECT_EQ(Told(queue.OnResume(10, StopQueue::Resume::kGoesOn, now)), "continued 10, stopped 11");
  EXPECT_EQ(Told(queue.OnContinued(10, now)), "");  // its adapter says so too
  EXPECT_EQ(queue.shown(), 11);
  EXPECT_EQ(Told(queue.OnContinued(12, now)), "");  // another client's doing: it was never shown
  EXPECT_EQ(Told(queue.OnContinued(11, now)), "continued 11");
  EXPECT_EQ(queue.shown(), std::nullopt);
  EXPECT_EQ(Told(queue.OnStopped(Stopped(12))), "stopped 12");
}

TEST_F(StopQueueTest, KeepsAWorkerInViewWhileItIsStepped) {
  queue.OnStopped(Stopped(10));
  queue.OnStopped(Stopped(11));
  EXPECT_EQ(Told(queue.OnResume(10, StopQueue::Resume::kSteps, now)), "continued 10");
  EXPECT_EQ(Told(queue.OnContinued(10, now)), "");
  EXPECT_EQ(queue.shown(), std::nullopt);
  EXPECT_EQ(Told(queue.OnStopped(Stopped(12))), "");
  EXPECT_EQ(Told(queue.OnStopped(Stopped(10))), "stopped 10");
  EXPECT_EQ(queue.stopped(), (std::vector<int>{10, 11, 12}));
  EXPECT_EQ(queue.next_time(), std::nullopt);
}

TEST_F(StopQueueTest, ShowsAnotherWorkerWhenAStepTakesLong) {
  queue.OnStopped(Stopped(10));
  queue.OnStopped(Stopped(11));
  queue.OnResume(10, StopQueue::Resume::kSteps, now);
  EXPECT_EQ(queue.next_time(), now + StopQueue::kStepMayTake);
  EXPECT_EQ(Told(queue.OnTime(now + StopQueue::kStepMayTake - milliseconds(1))), "");
  EXPECT_EQ(Told(queue.OnTime(now + StopQueue::kStepMayTake)), "stopped 11");
  EXPECT_EQ(Told(queue.OnStopped(Stopped(10))), "");  // its step is over: it waits its turn
  EXPECT_EQ(queue.stopped(), (std::vector<int>{11, 10}));
  EXPECT_EQ(queue.next_time(), std::nullopt);
}

TEST_F(StopQueueTest, ShowsAStopAtOnceAfterALongStepOfTheOnlyOne) {
  queue.OnStopped(Stopped(10));
  queue.OnResume(10, StopQueue::Resume::kSteps, now);
  EXPECT_EQ(Told(queue.OnTime(now + StopQueue::kStepMayTake)), "");
  EXPECT_EQ(Told(queue.OnStopped(Stopped(11))), "stopped 11");
}

TEST_F(StopQueueTest, TakesAWorkerThatIsGoneOutOfView) {
  queue.OnStopped(Stopped(10));
  queue.OnStopped(Stopped(11));
  queue.OnStopped(Stopped(12));
  EXPECT_EQ(Told(queue.OnGone(11)), "");
  EXPECT_EQ(Told(queue.OnGone(10)), "continued 10, stopped 12");
  queue.OnResume(12, StopQueue::Resume::kSteps, now);
  EXPECT_EQ(Told(queue.OnGone(12)), "");  // its frames are not shown any more
  EXPECT_EQ(queue.stopped(), std::vector<int>{});
}

TEST_F(StopQueueTest, GivesTheViewToTheKernelAndComesBackAfterIt) {
  queue.OnStopped(Stopped(10));
  queue.OnKernelStopped(1);
  EXPECT_EQ(queue.shown(), 1);
  EXPECT_EQ(queue.stopped(), std::vector<int>{10});
  EXPECT_EQ(Told(queue.OnResume(1, StopQueue::Resume::kSteps, now)), "");
  EXPECT_EQ(Told(queue.OnKernelContinued(1, now)), "");
  queue.OnKernelStopped(1);
  EXPECT_EQ(Told(queue.OnStopped(Stopped(11))), "");
  EXPECT_EQ(Told(queue.OnResume(1, StopQueue::Resume::kGoesOn, now)), "");
  EXPECT_EQ(Told(queue.OnKernelContinued(1, now)), "stopped 10");
  EXPECT_EQ(Told(queue.OnKernelContinued(1, now)), "");
  EXPECT_EQ(queue.stopped(), (std::vector<int>{10, 11}));
}

}  // namespace
}  // namespace batchscope::kernel
