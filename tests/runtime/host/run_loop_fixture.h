#pragma once

#include <gtest/gtest.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "runtime/base/files.h"
#include "runtime/host/run_loop.h"
#include "tests/runtime/host/fake_control.h"
#include "tests/support/temp_folder.h"

/// A run loop whose workers are made up.
namespace batchscope::host {

/// What workers do, without processes: each order is answered at once, from within the loop's own thread.
class FakeWorld {
 public:
  using Answer = std::function<void(FakeWorld&, WorkerId, const wire::Task&)>;

  explicit FakeWorld(Answer answer) : answer_(std::move(answer)), fd_(::eventfd(1, EFD_CLOEXEC)) {}

  void Forked(WorkerId worker, std::uint32_t seat, launch::AtStart at_start) {
    seats[worker] = seat;
    if (at_start == launch::AtStart::kWaitForDebugger) waits_at_start.insert(worker);
    reports.push_back(launch::WorkerStarted{worker, ::getpid()});
    messages.emplace_back(worker, wire::Hello{worker, ::getpid()});
    messages.emplace_back(worker, wire::Ready{1});
  }
  void Sent(WorkerId worker, const wire::ToWorker& message) {
    if (on_sent) on_sent(*this, worker, message);
    if (std::holds_alternative<wire::Dismiss>(message)) return Exit(worker, 0);
    if (const auto* work = std::get_if<wire::Work>(&message)) {
      for (const wire::Task& task : work->tasks) answer_(*this, worker, task);
    }
  }
  void Killed(WorkerId worker) {
    killed.insert(worker);
    Exit(worker, 9);
  }
  void Exit(WorkerId worker, int wait_status) {
    if (exited_.insert(worker).second) reports.push_back(launch::WorkerExited{worker, wait_status, 0});
  }
  void Succeed(WorkerId worker, const wire::Task& task, const std::string& rows) {
    wire::TaskResult result;
    result.attempt = task.attempt;
    result.ok = true;
    result.results = task.items;
    result.rows_size = rows.size();
    messages.emplace_back(worker, wire::TaskResults{{result}, rows});
  }
  void Fail(WorkerId worker, const wire::Task& task, bool holds = false) {
    wire::TaskResult result;
    result.attempt = task.attempt;
    result.failure = {FailureKind::kException, "ValueError", "no", "Traceback"};
    result.holds = holds;
    messages.emplace_back(worker, wire::TaskResults{{result}, ""});
  }
  int fd() const { return fd_.get(); }

  std::deque<std::pair<WorkerId, wire::FromWorker>> messages;
  std::vector<launch::Report> reports;
  std::function<void(FakeWorld&)> on_round;  ///< Each time the loop asks for what was said.
  std::function<void(FakeWorld&, WorkerId, const wire::ToWorker&)> on_sent;
  std::map<WorkerId, std::uint32_t> seats;
  std::set<WorkerId> waits_at_start;
  std::set<WorkerId> killed;

 private:
  Answer answer_;
  UniqueFd fd_;  ///< Always readable: the loop never has to wait.
  std::set<WorkerId> exited_;
};

class FakeLink final : public wire::HostLink {
 public:
  explicit FakeLink(FakeWorld& world) : world_(world) {}
  const std::string& endpoint() const override { return endpoint_; }
  int fd() const override { return world_.fd(); }
  Status Send(WorkerId worker, const wire::ToWorker& message) override {
    world_.Sent(worker, message);
    return {};
  }
  Result<std::optional<std::pair<WorkerId, wire::FromWorker>>> Receive() override {
    if (world_.messages.empty() && world_.on_round) world_.on_round(world_);
    std::optional<std::pair<WorkerId, wire::FromWorker>> next;
    if (!world_.messages.empty()) {
      next = std::move(world_.messages.front());
      world_.messages.pop_front();
    }
    return next;
  }

 private:
  FakeWorld& world_;
  const std::string endpoint_ = "nowhere";
};

class FakeServer final : public launch::ForkServer {
 public:
  explicit FakeServer(FakeWorld& world) : world_(world) {}
  pid_t pid() const override { return ::getpid(); }
  int fd() const override { return world_.fd(); }
  Status Fork(WorkerId worker, std::uint32_t seat, const std::map<std::string, std::string>&,
              launch::AtStart at_start) override {
    world_.Forked(worker, seat, at_start);
    return {};
  }
  void Kill(WorkerId worker) override { world_.Killed(worker); }
  std::vector<launch::Report> Read() override { return std::exchange(world_.reports, {}); }

 private:
  FakeWorld& world_;
};

/// A step of `mini_batches` files, one each, in a folder of its own.
class RunLoopTest : public ::testing::Test {
 protected:
  Progress RunWith(FakeWorld& world, std::uint32_t mini_batches, std::uint32_t workers = 2) {
    const auto entry = folder_.path() / "entry" / "script.py";
    EXPECT_TRUE(MakeFolders(entry.parent_path()).ok());
    EXPECT_TRUE(WriteFileAtomically(entry, "def run(b): return b\n").ok());
    RunParts parts;
    parts.step = step_;
    parts.step.name = "step";
    parts.step.run.entry_script = entry;
    parts.step.run.source_directory = entry.parent_path();
    parts.step.run.process_count_per_node = workers;
    parts.plan = std::make_unique<input::Plan>();
    for (std::uint32_t i = 0; i < mini_batches; ++i) {
      parts.plan->AddMiniBatch(0, folder_.path().native());
      parts.plan->AddFile("file" + std::to_string(i));
    }
    auto recorder =
        record::Recorder::Create({folder_.path() / "runs", "/usr/bin/python3", &clock_}, parts.step, *parts.plan);
    EXPECT_TRUE(recorder.ok()) << recorder.message();
    parts.recorder = std::move(recorder).value();
    output_file_ = parts.recorder->output_file();
    const bool lane = step_.debug.mode == config::DebugMode::kLane;
    auto board = wire::Board::Create(workers + (lane ? 1 : 0));
    parts.board = std::make_unique<wire::Board>(std::move(board).value());
    board_ = parts.board.get();
    parts.link = std::make_unique<FakeLink>(world);
    parts.server = std::make_unique<FakeServer>(world);
    parts.control = std::make_unique<FakeControl>(control_);
    parts.wait_for_debugger = wait_for_debugger_;
    RunLoop(std::move(parts), mailbox_).Run();
    EXPECT_TRUE(mailbox_.WaitForEnd(std::chrono::milliseconds(0)));
    return mailbox_.progress();
  }

  std::string Output() const { return ReadFile(output_file_).value(); }

  config::StepConfig step_;
  bool wait_for_debugger_ = false;
  ControlBook control_;
  TempFolder folder_;
  SystemClock clock_;
  Mailbox mailbox_;
  wire::Board* board_ = nullptr;
  std::filesystem::path output_file_;
};

inline std::string RowOf(const wire::Task& task) { return std::to_string(task.attempt.mini_batch.value) + "\n"; }

}  // namespace batchscope::host
