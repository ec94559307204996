// What the run loop hears: of people, of workers over the link, of the fork server, and of the clock.
#include <fmt/format.h>
#include <signal.h>

#include <limits>
#include <utility>

#include "runtime/host/run_loop.h"

namespace batchscope::host {
namespace {

constexpr auto kStacksLimit = std::chrono::seconds(2);
constexpr auto kStacksCheck = std::chrono::milliseconds(5);

std::chrono::nanoseconds Nanoseconds(std::uint64_t count) {
  return std::chrono::nanoseconds(static_cast<std::int64_t>(count));
}

/// In the words of wire::WorkerLeft.
std::string WhyItLeft(const Process& process, std::optional<int> wait_status) {
  if (process.doom) return process.doom->failure.message;
  if (!wait_status) return "the fork server is gone, its workers with it";
  if (!process.init_failure.empty()) return "init() failed: " + process.init_failure;
  return *wait_status == 0 ? std::string() : launch::DescribeExit(*wait_status);
}

}  // namespace

void RunLoop::Tell(const engine::Event& event) {
  changed_ = true;
  parts_.recorder->Apply(event);
  ledger_.Apply(event, commands_);
  Obey();
}

void RunLoop::TakeRequests() {
  const std::optional<CancelHow> cancel = mailbox_.TakeCancel();
  if (!cancel || ended_) return;
  tidy_cancel_ = *cancel == CancelHow::kTidy;
  const engine::RunStatus status = ledger_.status();
  // One that fails may wait for workers that are held.
  if (status == engine::RunStatus::kRunning || status == engine::RunStatus::kFailing) {
    parts_.recorder->Log("WARNING", tidy_cancel_ ? "cancelled by a person" : "cancelled by a person, without any wait");
    Tell(engine::CancelRequested{});
  }
  if (tidy_cancel_) return;
  for (auto& [id, process] : workers_) {
    if (process.doom) process.doom->kill_at = Now();
    KillWhenDumped(id, process);
  }
}

void RunLoop::TakeMessages(std::size_t most) {
  for (std::size_t taken = 0; taken < most && !ended_; ++taken) {
    auto received = parts_.link->Receive();
    if (!received.ok()) {
      parts_.recorder->Log("ERROR", received.message());
      continue;
    }
    if (!received->has_value()) return;
    const auto& [worker, message] = **received;
    On(worker, message);
  }
}

void RunLoop::On(WorkerId worker, const wire::FromWorker& message) {
  const auto found = workers_.find(worker);
  if (found == workers_.end() || found->second.doom) return;  // Nothing it says counts any more.
  if (const auto* results = std::get_if<wire::TaskResults>(&message)) return On(worker, *results);
  if (const auto* ready = std::get_if<wire::Ready>(&message)) {
    parts_.recorder->Log(
        "INFO", fmt::format("worker {} is ready after {}", worker.value, FormatDuration(Nanoseconds(ready->init_ns))));
    found->second.ready = true;
    progress_limit_.OnResult(Now());  // It counts from the moment when progress became possible.
    Tell(engine::WorkerReady{worker});
  } else if (const auto* failed = std::get_if<wire::InitFailure>(&message)) {
    found->second.init_failure = failed->failure.message.substr(0, failed->failure.message.find('\n'));
    Tell(engine::InitFailed{worker, failed->failure});
    // It waits for this word, so that its exit is not heard of before its reason.
    Send(worker, wire::Dismiss{});
  } else {
    desk_.Heard(worker, message, Now());
  }
  Obey();
}

void RunLoop::On(WorkerId worker, const wire::TaskResults& results) {
  changed_ = true;
  progress_limit_.OnResult(Now());
  std::string_view rows = results.rows;
  for (const wire::TaskResult& result : results.results) {
    const std::string_view own_rows = rows.substr(0, result.rows_size);
    rows.remove_prefix(own_rows.size());
    if (ledger_.Holds(worker, result.attempt)) Book(worker, result, own_rows);
    if (result.holds && !workers_.at(worker).held) Send(worker, wire::RefuseHold{});
  }
  Obey();
}

void RunLoop::Book(WorkerId worker, const wire::TaskResult& result, std::string_view rows) {
  --workers_.at(worker).owed;
  const record::AttemptTimes times{result.picked_unix_us, Nanoseconds(result.process_ns), Nanoseconds(result.run_ns)};
  const std::uint32_t items = parts_.plan->items(result.attempt.mini_batch);
  if (result.ok) {
    parts_.recorder->Finished(worker, result.attempt, items, result.results, times, rows, result.header_size);
    ledger_.Apply(engine::AttemptFinished{worker, result.attempt, result.results}, commands_);
  } else {
    parts_.recorder->Failed(worker, result.attempt, items, result.failure, times);
    if (result.holds && HoldWorker(worker, result)) return;
    ledger_.Apply(engine::AttemptFailed{worker, result.attempt, result.failure}, commands_);
  }
}

void RunLoop::TakeReports() {
  for (const launch::Report& report : parts_.server->Read()) {
    TakeMessages(std::numeric_limits<std::size_t>::max());  // What a worker said before its end comes first.
    std::visit([this](const auto& one) { On(one); }, report);
  }
}

void RunLoop::On(const launch::WorkerStarted& report) {
  const auto found = workers_.find(report.worker);
  if (found == workers_.end()) return;
  found->second.pid = report.pid;
  changed_ = true;
  parts_.recorder->WorkerStarted({report.worker, found->second.seat}, report.pid);
  if (found->second.doom) KillWhenDumped(report.worker, found->second);
}

void RunLoop::On(const launch::WorkerExited& report) { WorkerEnded(report.worker, report.wait_status); }

void RunLoop::On(const launch::ServerGone& report) {
  Tell(engine::HostFailed{report.why});
  host_failed_ = true;
  while (!workers_.empty()) WorkerEnded(workers_.begin()->first, std::nullopt);
}

void RunLoop::WorkerEnded(WorkerId worker, std::optional<int> wait_status) {
  const auto found = workers_.find(worker);
  if (found == workers_.end()) return;
  const Process process = std::move(found->second);
  workers_.erase(found);
  // The slot of one that held is its replacement's.
  wire::BoardSlot* slot = process.held ? nullptr : &parts_.board->slot(process.seat);
  const std::optional<Attempt> running = slot == nullptr ? std::nullopt : slot->Running();
  engine::WorkerExited event{worker, {}, {}};
  if (process.doom) {
    event.failure = process.doom->failure;
    if (process.doom->attempt) event.begun.push_back(*process.doom->attempt);
  } else {
    const auto stderr_file = parts_.recorder->folder().logs() / "user" / "stderr" / record::NodeName() /
                             fmt::format("process{:03}.stderr.txt", worker.value);
    event.failure = wait_status
                        ? DiedOf(*wait_status, process, running.has_value(), stderr_file)
                        : Failure{FailureKind::kProcessDied, "", "the fork server is gone, its workers with it", ""};
    if (running) event.begun.push_back(*running);
  }
  std::erase_if(event.begun, [&](const Attempt& attempt) { return !ledger_.Holds(worker, attempt); });
  if (slot != nullptr) {
    BookDeath(worker, *slot, event);
    slot->Clear();
  }
  desk_.Left(worker, WhyItLeft(process, wait_status));
  Tell(event);
}

void RunLoop::BookDeath(WorkerId worker, const wire::BoardSlot& slot, const engine::WorkerExited& event) {
  const Activity activity = ReadActivity(slot);
  for (const Attempt& attempt : event.begun) {
    const auto passed =
        activity.begun ? std::chrono::nanoseconds(Now() - *activity.begun) : std::chrono::nanoseconds(0);
    const auto in_run =
        activity.run_started ? std::chrono::nanoseconds(Now() - *activity.run_started) : std::chrono::nanoseconds(0);
    const auto picked = std::chrono::time_point_cast<std::chrono::microseconds>(clock_.WallNow() - passed);
    const record::AttemptTimes times{picked.time_since_epoch().count(), passed, in_run};
    parts_.recorder->Failed(worker, attempt, parts_.plan->items(attempt.mini_batch), event.failure, times);
  }
}

void RunLoop::WatchClocks() {
  if (ended_) return;
  const MonotonicTime now = Now();
  desk_.WatchClocks(now, next_wake_);
  for (auto& [id, process] : workers_) {
    if (process.held) {
      WatchHeld(id, process);
      continue;
    }
    if (process.doom) {
      KillWhenDumped(id, process);
      continue;
    }
    const wire::BoardSlot& slot = parts_.board->slot(process.seat);
    const Activity activity = ReadActivity(slot);
    process.Observe(slot, activity, now);
    auto overdue = CheckClock(process, activity, limits_, now, next_wake_);
    if (!overdue) continue;
    std::optional<Attempt> attempt;
    if (overdue->in_attempt && ledger_.Holds(id, overdue->attempt)) attempt = overdue->attempt;
    DoomWorker(id, process, std::move(overdue->failure), attempt);
  }
  progress_limit_.Look(now, desk_.anyone_waits());
  if (ledger_.status() == engine::RunStatus::kRunning) {
    if (progress_limit_.Passed(now)) {
      Tell(engine::ProgressStalled{progress_limit_.limit()});
    } else if (!progress_limit_.waits()) {
      WakeAt(progress_limit_.Earliest());
    }
  }
  Obey();
}

void RunLoop::DoomWorker(WorkerId id, Process& process, Failure failure, std::optional<Attempt> attempt) {
  const wire::BoardSlot& slot = parts_.board->slot(process.seat);
  process.doom = Process::Doom{std::move(failure), attempt, slot.stack_dumps.load(std::memory_order_acquire),
                               Now() + kStacksLimit, false};
  const bool up = process.pid > 0 && slot.begun_ns.load(std::memory_order_acquire) != 0;
  // Before it registered a handler the signal would end it without a word; then there are no stacks to wait for.
  if (!up || ::kill(process.pid, wire::DumpStacksSignal()) != 0) process.doom->kill_at = Now();
  KillWhenDumped(id, process);
}

void RunLoop::KillWhenDumped(WorkerId id, Process& process) {
  if (!process.doom || process.doom->killed) return;
  Process::Doom& doom = *process.doom;
  const bool dumped = parts_.board->slot(process.seat).stack_dumps.load(std::memory_order_acquire) != doom.dumps_before;
  if (!dumped && Now() < doom.kill_at) return WakeAt(Now() + kStacksCheck);
  if (process.pid == 0) return;  // Reported soon; killed then.
  doom.killed = true;
  doom.failure.traceback = TakeStacks(id);
  if (!doom.failure.traceback.empty()) {
    parts_.recorder->Log("WARNING", fmt::format("stacks of worker {} before it is ended ({}):\n{}", id.value,
                                                doom.failure.message, doom.failure.traceback));
  }
  parts_.server->Kill(id);
}

}  // namespace batchscope::host
