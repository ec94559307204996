#include "runtime/host/run_loop.h"

#include <algorithm>
#include <csignal>

#include "tests/runtime/host/run_loop_fixture.h"

namespace batchscope::host {
namespace {

constexpr wire::ClientId kClient{1};
constexpr WorkerId kFirst{0};
constexpr WorkerId kSecond{1};

std::int64_t NowInNanoseconds() { return std::chrono::steady_clock::now().time_since_epoch().count(); }

void SucceedAtOnce(FakeWorld& self, WorkerId worker, const wire::Task& task) {
  self.Succeed(worker, task, RowOf(task));
}

bool FailsHolding(FakeWorld& self, WorkerId worker, const wire::Task& task, std::uint32_t bad) {
  if (task.attempt.mini_batch.value != bad) return false;
  self.Fail(worker, task, true);
  return true;
}

class RunLoopDebugTest : public RunLoopTest {
 protected:
  RunLoopDebugTest() {
    step_.run.run_max_try = 1;
    step_.debug.hold_on_failure = std::chrono::hours(1);
  }
};

TEST_F(RunLoopDebugTest, GivesTheSeatOfAHeldWorkerToAFreshOne) {
  std::optional<Attempt> on_board;
  std::optional<wire::Task> running;
  FakeWorld world([&](FakeWorld& self, WorkerId worker, const wire::Task& task) {
    if (FailsHolding(self, worker, task, 1)) return;
    if (worker == kFirst) return self.Succeed(worker, task, RowOf(task));
    board_->slot(0).Begin(task.attempt, NowInNanoseconds());
    running = task;
    self.Exit(kFirst, 0);  // The person has seen enough.
  });
  world.on_round = [&](FakeWorld& self) {
    const auto& heard = control_.sent[kClient];
    const wire::ToClient gone = wire::WorkerLeft{kFirst, ""};
    // Not before the loop has heard of that exit.
    if (!running || std::find(heard.begin(), heard.end(), gone) == heard.end()) return;
    on_board = board_->slot(0).Running();
    self.Succeed(kSecond, *std::exchange(running, std::nullopt), "2\n");
  };
  control_.events.push_back(wire::ClientJoined{kClient, "a viewer", false});
  const Progress progress = RunWith(world, 3, 1);
  EXPECT_EQ(progress.status, engine::RunStatus::kCompleted);
  EXPECT_EQ(progress.counts.failed, 1U);
  EXPECT_EQ(Output(), "0\n2\n");
  EXPECT_EQ(world.seats, (std::map<WorkerId, std::uint32_t>{{kFirst, 0}, {kSecond, 0}}));
  EXPECT_EQ(on_board, (Attempt{MiniBatchId{2}, 0}));
}

TEST_F(RunLoopDebugTest, DoesNotBlameAHeldWorkerForWhatItsSuccessorDoes) {
  std::signal(wire::DumpStacksSignal(), SIG_IGN);  // All workers have the pid of this process.
  step_.run.run_invocation_timeout = std::chrono::seconds(100);
  FakeWorld world([&](FakeWorld& self, WorkerId worker, const wire::Task& task) {
    if (FailsHolding(self, worker, task, 1)) return;
    if (worker == kFirst) return self.Succeed(worker, task, RowOf(task));
    const std::int64_t long_ago = NowInNanoseconds() - 3'600'000'000'000;
    board_->slot(0).Begin(task.attempt, long_ago);
    board_->slot(0).EnterRun(long_ago);
  });
  world.on_round = [&](FakeWorld& self) {
    ++board_->slot(0).stack_dumps;
    if (self.killed.contains(kSecond)) self.Exit(kFirst, 0);
  };
  const Progress progress = RunWith(world, 3, 1);
  EXPECT_EQ(progress.counts.failed, 2U);
  EXPECT_EQ(world.killed, std::set<WorkerId>{kSecond});
  std::signal(wire::DumpStacksSignal(), SIG_DFL);
}

TEST_F(RunLoopDebugTest, WaitsForAHeldWorkerUntilItsTimeIsOver) {
  step_.debug.hold_on_failure = std::chrono::milliseconds(20);
  FakeWorld world([](FakeWorld& self, WorkerId worker, const wire::Task& task) {
    if (!FailsHolding(self, worker, task, 1)) self.Succeed(worker, task, RowOf(task));
  });
  const Progress progress = RunWith(world, 2, 1);
  EXPECT_EQ(progress.status, engine::RunStatus::kCompleted);
  EXPECT_GE(progress.elapsed_seconds, 0.02);
  EXPECT_EQ(world.killed, std::set<WorkerId>{});
}

TEST_F(RunLoopDebugTest, TellsAWorkerThatMayNotStayToGoOn) {
  step_.debug.hold_on_failure = std::chrono::seconds(0);
  std::vector<WorkerId> refused;
  FakeWorld world([](FakeWorld& self, WorkerId worker, const wire::Task& task) {
    if (!FailsHolding(self, worker, task, 1)) self.Succeed(worker, task, RowOf(task));
  });
  world.on_sent = [&](FakeWorld&, WorkerId worker, const wire::ToWorker& message) {
    if (std::holds_alternative<wire::RefuseHold>(message)) refused.push_back(worker);
  };
  EXPECT_EQ(RunWith(world, 3, 1).status, engine::RunStatus::kCompleted);
  EXPECT_EQ(refused, std::vector<WorkerId>{kFirst});
  EXPECT_EQ(Output(), "0\n2\n");
}

TEST_F(RunLoopDebugTest, EndsHeldWorkersWithACancelledRun) {
  FakeWorld world([this](FakeWorld& self, WorkerId worker, const wire::Task& task) {
    if (!FailsHolding(self, worker, task, 0)) mailbox_.PostCancel(CancelHow::kTidy);
  });
  EXPECT_EQ(RunWith(world, 2, 1).status, engine::RunStatus::kCancelled);
  EXPECT_TRUE(world.killed.contains(kFirst));
}

TEST_F(RunLoopDebugTest, MarksTheLastTry) {
  step_.run.run_max_try = 2;
  std::vector<bool> last;
  FakeWorld world([&](FakeWorld& self, WorkerId worker, const wire::Task& task) {
    last.push_back(task.last_try);
    self.Fail(worker, task);
  });
  step_.run.output_action = config::OutputAction::kSummaryOnly;
  RunWith(world, 1, 1);
  EXPECT_EQ(last, (std::vector<bool>{false, true}));
}

TEST_F(RunLoopDebugTest, CancelsWhenAClientAsksForIt) {
  FakeWorld world([this](FakeWorld&, WorkerId, const wire::Task&) {
    control_.events.push_back(wire::ClientJoined{kClient, "a viewer", false});
    control_.events.push_back(wire::ClientSaid{kClient, wire::CancelRun{}});
  });
  EXPECT_EQ(RunWith(world, 1, 1).status, engine::RunStatus::kCancelled);
  const wire::ToClient last = control_.sent[kClient].back();
  EXPECT_EQ(last, (wire::ToClient{wire::RunEnded{"cancelled", ""}}));
}

TEST_F(RunLoopDebugTest, GivesTheLaneASeatOfItsOwn) {
  step_.debug.mode = config::DebugMode::kLane;
  FakeWorld world(SucceedAtOnce);
  control_.events.push_back(wire::ClientJoined{kClient, "a viewer", false});
  EXPECT_EQ(RunWith(world, 5, 1).status, engine::RunStatus::kCompleted);
  EXPECT_EQ(Output(), "0\n1\n2\n3\n4\n");
  std::map<std::uint32_t, bool> lane_of_seat;
  for (const wire::ToClient& message : control_.sent[kClient]) {
    const auto* joined = std::get_if<wire::WorkerJoined>(&message);
    if (joined != nullptr) lane_of_seat[world.seats.at(joined->worker)] = joined->lane;
  }
  EXPECT_EQ(lane_of_seat, (std::map<std::uint32_t, bool>{{0, false}, {1, true}}));
}

TEST_F(RunLoopDebugTest, LeavesAStoppedWorkerItsTimeWhateverTheLimits) {
  step_.run.run_invocation_timeout = std::chrono::seconds(100);
  step_.run.progress_update_timeout = std::chrono::nanoseconds(1);
  constexpr std::int64_t kHour = 3'600'000'000'000;
  wire::Task running;
  FakeWorld world([&](FakeWorld& self, WorkerId worker, const wire::Task& task) {
    running = task;
    const std::int64_t now = NowInNanoseconds();
    board_->slot(0).Begin(task.attempt, now - kHour);
    board_->slot(0).EnterRun(now - kHour);
    board_->slot(0).stopped_since_ns = now - kHour;
    self.messages.emplace_back(worker, wire::WorkerStopped{"script.py", 1, "breakpoint"});
  });
  int rounds = 0;
  bool shown = false;
  world.on_round = [&](FakeWorld& self) {
    shown = shown || !mailbox_.progress().stopped.empty();
    if (running.items == 0 || ++rounds < 20 || !shown) return;
    board_->slot(0).stopped_ns = kHour;
    board_->slot(0).stopped_since_ns = 0;
    self.messages.emplace_back(kFirst, wire::WorkerContinued{});
    self.Succeed(kFirst, std::exchange(running, {}), "row\n");
  };
  const Progress progress = RunWith(world, 1, 1);
  EXPECT_EQ(progress.status, engine::RunStatus::kCompleted);
  EXPECT_EQ(progress.counts.retries, 0U);
  EXPECT_EQ(Output(), "row\n");
}

TEST_F(RunLoopDebugTest, HasWorkersWaitForTheirFirstDebugger) {
  wait_for_debugger_ = true;
  FakeWorld world(SucceedAtOnce);
  EXPECT_EQ(RunWith(world, 1, 1).status, engine::RunStatus::kCompleted);
  EXPECT_EQ(world.waits_at_start, std::set<WorkerId>{kFirst});
}

}  // namespace
}  // namespace batchscope::host
