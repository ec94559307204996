#include <gmock/gmock.h>

#include <algorithm>
#include <deque>
#include <map>
#include <random>
#include <set>
#include <utility>
#include <vector>

#include "tests/runtime/engine/play.h"

/// Random histories: a made-up world of workers that start, finish, fail, die and answer late, against the ledger.
namespace batchscope::engine {
namespace {

std::uint32_t ItemsOf(MiniBatchId id) { return 1 + id.value % 4; }

/// What the world does next is drawn from the seed; what the ledger may do is checked from outside, by its commands
/// alone.
class World {
 public:
  explicit World(std::uint32_t seed)
      : random_(seed),
        mini_batches_(Draw(120) + 1),
        rules_(DrawRules()),
        begun_(mini_batches_),
        settled_(mini_batches_),
        ledger_(rules_, ItemsOf, mini_batches_) {
    trouble_ = Draw(3);
    holds_ = Chance(30);
  }

  void RunToItsEnd() {
    Obey(ledger_.Start());
    for (int steps = 0; !ended_; ++steps) {
      ASSERT_LT(steps, 200000) << "the run does not end";
      Step();
      if (testing::Test::HasFatalFailure()) return;
    }
    EXPECT_TRUE(ledger_.ended());
    EXPECT_TRUE(workers_.empty());
    const Counts& counts = ledger_.counts();
    EXPECT_EQ(counts.items_succeeded, items_succeeded_);
    EXPECT_EQ(counts.succeeded + counts.failed,
              static_cast<std::uint32_t>(std::count(settled_.begin(), settled_.end(), 1)));
    if (ledger_.status() == RunStatus::kCompleted) {
      EXPECT_EQ(counts.succeeded + counts.failed, mini_batches_);
    }
  }

  /// Feeding the same events to a new ledger.
  std::vector<std::string> Replayed() const {
    Ledger again(rules_, ItemsOf, mini_batches_);
    std::vector<Command> commands = again.Start();
    for (const Event& event : history_) again.Apply(event, commands);
    return InWords(commands);
  }
  const std::vector<std::string>& seen() const { return seen_; }
  RunStatus status() const { return ledger_.status(); }

 private:
  struct Process {
    bool ready = false;
    bool ending = false;
    bool killed = false;
    bool held = false;
    bool lane = false;
    bool was_useful = false;
    std::uint32_t place = 0;
    bool begun = false;  ///< The first of its queue.
    std::deque<Attempt> queue;
  };

  std::uint32_t Draw(std::uint32_t below) { return static_cast<std::uint32_t>(random_() % below); }
  bool Chance(std::uint32_t percent) { return Draw(100) < percent; }

  Rules DrawRules() {
    Rules rules;
    rules.workers = 1 + Draw(6);
    rules.run_max_try = 1 + Draw(4);
    rules.group_limit = 1 + Draw(20);
    rules.needs_a_row = Chance(50);
    if (Chance(30)) rules.error_threshold = Draw(60);
    if (Chance(30)) rules.allowed_failed_count = Draw(20);
    if (Chance(30)) rules.allowed_failed_percent = Draw(101);
    if (Chance(50)) rules.lane = DrawLane();
    return rules;
  }

  Lane DrawLane() {
    Lane lane{static_cast<Lane::Takes>(Draw(3)), {}};
    if (lane.takes != Lane::Takes::kChosen) return lane;
    const std::uint32_t percent = Draw(101);
    for (std::uint32_t i = 0; i < mini_batches_; ++i) {
      if (Chance(percent)) lane.chosen.insert(MiniBatchId{i});
    }
    lane.chosen.insert(MiniBatchId{Draw(mini_batches_)});
    return lane;
  }

  void Step() {
    if (Chance(1) && Chance(5 * trouble_)) return Tell(DrawTrouble());
    ASSERT_FALSE(workers_.empty()) << "no worker, and the run goes on";
    auto chosen = workers_.begin();
    std::advance(chosen, Draw(static_cast<std::uint32_t>(workers_.size())));
    const WorkerId id = chosen->first;
    Process& process = chosen->second;
    if (process.killed && Chance(50)) return Die(id, process);
    if (Chance(2 * trouble_)) return Die(id, process);
    if (!process.ready && !process.ending) {
      if (!Chance(10 * trouble_)) {
        process.ready = true;
        return Tell(WorkerReady{id});
      }
      process.ending = true;
      return Tell(InitFailed{id, Raised(Chance(80) ? "the same" : std::to_string(id.value))});
    }
    if (process.held && Chance(90)) return;  // Looked at.
    if (process.ending && process.queue.empty()) return Die(id, process);
    if (!process.queue.empty()) Work(id, process);
  }

  Event DrawTrouble() {
    switch (Draw(3)) {
      case 0:
        return CancelRequested{};
      case 1:
        return HostFailed{"disk full"};
      default:
        return ProgressStalled{std::chrono::seconds(1)};
    }
  }

  void Work(WorkerId id, Process& process) {
    const Attempt attempt = process.queue.front();
    if (!process.begun) {
      process.begun = true;
      if (!process.killed) {
        ASSERT_EQ(attempt.number, begun_[attempt.mini_batch.value]++) << "an attempt number was used twice or left out";
        ASSERT_LT(attempt.number, rules_.run_max_try);
      }
      return;
    }
    process.begun = false;
    process.queue.pop_front();
    process.was_useful = true;
    if (Chance(10 * trouble_)) return Fail(id, process, attempt);
    const std::uint32_t results = Draw(6);
    if (!process.killed) items_succeeded_ += std::min(results, ItemsOf(attempt.mini_batch));
    Tell(AttemptFinished{id, attempt, results});
    if (Chance(5)) Tell(AttemptFinished{id, attempt, 99});  // An echo counts nothing.
  }

  void Fail(WorkerId id, Process& process, const Attempt& attempt) {
    if (!holds_ || process.killed || process.ending || attempt.number + 1 < rules_.run_max_try) {
      return Tell(AttemptFailed{id, attempt, Raised("bad")});
    }
    process.queue.clear();
    process.held = process.ending = true;
    places_.erase(process.place);
    Tell(WorkerHeld{id, attempt});
  }

  void Die(WorkerId id, const Process& process) {
    std::vector<Attempt> begun;
    if (process.begun) begun.push_back(process.queue.front());
    if (!process.held) places_.erase(process.place);
    const bool useless = !process.ready || (!process.ending && !process.was_useful && begun.empty());
    if (process.lane && !process.killed && useless) ++lane_failures_;
    workers_.erase(id);
    Tell(WorkerExited{
        id, begun, {FailureKind::kProcessDied, "SIGKILL", Chance(50) ? "" : std::to_string(id.value), ""}});
  }

  void Tell(const Event& event) {
    history_.push_back(event);
    std::vector<Command> commands;
    ledger_.Apply(event, commands);
    ledger_.Validate();
    Obey(commands);
  }

  void Obey(const std::vector<Command>& commands) {
    for (const Command& command : commands) {
      seen_.push_back(InWords(command));
      ASSERT_FALSE(ended_) << seen_.back() << " after the end";
      std::visit([&](const auto& what) { Do(what); }, command);
    }
  }
  void Do(const StartWorker& command) {
    ASSERT_EQ(command.worker.value, started_++);
    workers_[command.worker].place = command.place;
    workers_[command.worker].lane = command.lane;
    ASSERT_TRUE(places_.insert(command.place).second) << "two workers in place " << command.place;
    if (command.lane) {
      ASSERT_EQ(command.place, rules_.workers);
      ASSERT_TRUE(rules_.lane && lane_failures_ < kLaneInitLimit);
    } else {
      ASSERT_LT(command.place, std::min(rules_.workers, mini_batches_));
    }
  }
  void Do(const Assign& command) {
    Process& process = workers_.at(command.worker);
    ASSERT_TRUE(process.ready && !process.killed && !process.ending);
    ASSERT_FALSE(command.attempts.empty());
    ASSERT_LE(command.attempts.size(), process.lane ? 1 : rules_.group_limit);
    ASSERT_TRUE(!process.lane || process.queue.empty());
    for (const Attempt& attempt : command.attempts) ASSERT_TRUE(MayHave(process, attempt)) << seen_.back();
    process.queue.insert(process.queue.end(), command.attempts.begin(), command.attempts.end());
  }
  /// What is the lane's goes to no other worker, as long as a lane can be had.
  bool MayHave(const Process& process, const Attempt& attempt) const {
    if (process.lane || !rules_.lane || lane_failures_ >= kLaneInitLimit) return true;
    if (rules_.lane->takes == Lane::Takes::kFailed) return attempt.number == 0;
    return !rules_.lane->chosen.contains(attempt.mini_batch);
  }
  void Do(const DismissWorker& command) {
    ASSERT_TRUE(workers_.at(command.worker).queue.empty() && !workers_.at(command.worker).held);
    workers_.at(command.worker).ending = true;
  }
  void Do(const KillWorker& command) { workers_.at(command.worker).killed = true; }
  void Do(const Settle& command) { ASSERT_EQ(++settled_[command.mini_batch.value], 1); }
  void Do(const EndRun&) { ended_ = true; }

  std::mt19937 random_;
  std::uint32_t mini_batches_;
  Rules rules_;
  std::vector<std::uint32_t> begun_;  ///< Attempts begun by workers that were not killed.
  std::vector<int> settled_;
  Ledger ledger_;
  std::map<WorkerId, Process> workers_;
  std::uint32_t trouble_ = 0;
  bool holds_ = false;
  std::set<std::uint32_t> places_;  ///< Taken ones.
  std::uint32_t lane_failures_ = 0;
  std::uint32_t started_ = 0;
  std::uint64_t items_succeeded_ = 0;
  bool ended_ = false;
  std::vector<Event> history_;
  std::vector<std::string> seen_;
};

TEST(History, EveryRandomHistoryEndsOnceAndReplaysAlike) {
  std::set<RunStatus> outcomes;
  for (std::uint32_t seed = 0; seed < 400; ++seed) {
    SCOPED_TRACE(fmt::format("seed {}", seed));
    World world(seed);
    world.RunToItsEnd();
    ASSERT_FALSE(HasFailure());
    ASSERT_EQ(world.Replayed(), world.seen());
    outcomes.insert(world.status());
  }
  EXPECT_EQ(outcomes, (std::set{RunStatus::kCompleted, RunStatus::kFailed, RunStatus::kCancelled}));
}

}  // namespace
}  // namespace batchscope::engine
