#include "runtime/host/run_loop.h"

#include "tests/runtime/host/run_loop_fixture.h"

namespace batchscope::host {
namespace {

TEST_F(RunLoopTest, WritesEveryRowOnceAndInOrder) {
  FakeWorld world(
      [](FakeWorld& self, WorkerId worker, const wire::Task& task) { self.Succeed(worker, task, RowOf(task)); });
  const Progress progress = RunWith(world, 50);
  EXPECT_EQ(progress.status, engine::RunStatus::kCompleted);
  EXPECT_EQ(progress.counts.items_succeeded, 50U);
  std::string expected;
  for (int i = 0; i < 50; ++i) expected += std::to_string(i) + "\n";
  EXPECT_EQ(Output(), expected);
}

TEST_F(RunLoopTest, GivesAnotherTryAndThenGivesUp) {
  FakeWorld world([](FakeWorld& self, WorkerId worker, const wire::Task& task) {
    const bool bad =
        task.attempt.mini_batch.value == 1 || (task.attempt.mini_batch.value == 2 && task.attempt.number == 0);
    bad ? self.Fail(worker, task) : self.Succeed(worker, task, RowOf(task));
  });
  const Progress progress = RunWith(world, 4);
  EXPECT_EQ(progress.status, engine::RunStatus::kCompleted);
  EXPECT_EQ(progress.counts.failed, 1U);
  EXPECT_EQ(Output(), "0\n2\n3\n");
}

TEST_F(RunLoopTest, ChargesADeathToTheMiniBatchThatRan) {
  FakeWorld world([this](FakeWorld& self, WorkerId worker, const wire::Task& task) {
    if (task.attempt == Attempt{MiniBatchId{3}, 0}) {
      board_->slot(0).Begin(task.attempt, std::chrono::steady_clock::now().time_since_epoch().count());
      return self.Exit(worker, 11);
    }
    self.Succeed(worker, task, RowOf(task));
  });
  const Progress progress = RunWith(world, 6, 1);
  EXPECT_EQ(progress.status, engine::RunStatus::kCompleted);
  EXPECT_EQ(progress.counts.retries, 1U);
  EXPECT_EQ(Output(), "0\n1\n2\n3\n4\n5\n");
}

TEST_F(RunLoopTest, IgnoresWhatAWorkerSaysAfterItsEnd) {
  FakeWorld world([](FakeWorld& self, WorkerId worker, const wire::Task& task) {
    self.Succeed(worker, task, RowOf(task));
    self.Succeed(worker, task, "twice\n");
    self.messages.emplace_back(WorkerId{99}, wire::TaskResults{});
  });
  EXPECT_EQ(RunWith(world, 3).status, engine::RunStatus::kCompleted);
  EXPECT_EQ(Output(), "0\n1\n2\n");
}

TEST_F(RunLoopTest, EndsTheRunWhenAPersonCancels) {
  FakeWorld world([this](FakeWorld& self, WorkerId worker, const wire::Task& task) {
    if (task.attempt.mini_batch.value == 0) return self.Succeed(worker, task, RowOf(task));
    mailbox_.PostCancel(CancelHow::kNow);
  });
  const Progress progress = RunWith(world, 10);
  EXPECT_EQ(progress.status, engine::RunStatus::kCancelled);
  EXPECT_EQ(Output(), "0\n");
}

TEST_F(RunLoopTest, FailsWithTheServersWordWhenItIsGone) {
  FakeWorld world([](FakeWorld& self, WorkerId, const wire::Task&) {
    self.reports.push_back(launch::ServerGone{"the fork server was killed"});
  });
  const Progress progress = RunWith(world, 10);
  EXPECT_EQ(progress.status, engine::RunStatus::kFailed);
  EXPECT_NE(progress.reason.find("the fork server was killed"), std::string::npos);
}

}  // namespace
}  // namespace batchscope::host
