#include "runtime/host/run_loop.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

namespace batchscope::host {
namespace {

using std::chrono::nanoseconds;

constexpr auto kShowEvery = std::chrono::milliseconds(100);
constexpr auto kRefreshEvery = std::chrono::seconds(1);
constexpr auto kLongestWait = std::chrono::hours(1);
constexpr std::size_t kMostMessages = 64;  // A round; each has the results of up to a few hundred mini-batches.

nanoseconds ToNanoseconds(std::chrono::duration<double> time) { return std::chrono::duration_cast<nanoseconds>(time); }

Progress FixedProgress(const RunParts& parts) {
  Progress fixed;
  fixed.name = parts.step.name;
  fixed.folder = parts.recorder->folder().path();
  fixed.items_total = parts.plan->items();
  const bool lane = parts.step.debug.mode == config::DebugMode::kLane;
  fixed.workers_wanted = std::min(parts.step.run.process_count_per_node, parts.plan->size()) + (lane ? 1 : 0);
  return fixed;
}

std::optional<engine::Lane> LaneOf(const config::DebugOptions& debug) {
  if (debug.mode != config::DebugMode::kLane) return std::nullopt;
  engine::Lane lane;
  if (debug.lane_takes == config::LaneTakes::kFailed) lane.takes = engine::Lane::Takes::kFailed;
  if (debug.lane_takes == config::LaneTakes::kChosen) lane.takes = engine::Lane::Takes::kChosen;
  for (const std::uint32_t number : debug.lane_mini_batches) lane.chosen.insert({number});
  return lane;
}

engine::Rules RulesOf(const config::StepConfig& step) {
  const config::ParallelRunConfig& run = step.run;
  engine::Rules rules;
  rules.lane = LaneOf(step.debug);
  rules.workers = run.process_count_per_node;
  rules.run_max_try = run.run_max_try;
  rules.error_threshold = run.error_threshold;
  rules.allowed_failed_count = run.allowed_failed_count;
  rules.allowed_failed_percent = run.allowed_failed_percent;
  rules.needs_a_row = run.output_action == config::OutputAction::kAppendRow;
  return rules;
}

DebugRules DebugRulesOf(const RunParts& parts) {
  const config::DebugOptions& debug = parts.step.debug;
  DebugRules rules;
  rules.allowed = debug.mode != config::DebugMode::kOff;
  rules.wait_for_debugger = parts.wait_for_debugger;
  rules.lease = ToNanoseconds(debug.debug_lease);
  rules.hold = ToNanoseconds(debug.hold_on_failure);
  rules.most_held = parts.step.run.process_count_per_node;
  return rules;
}

wire::Welcome WelcomeOf(const RunParts& parts) {
  const record::RunFolder& folder = parts.recorder->folder();
  const config::ParallelRunConfig& run = parts.step.run;
  wire::Welcome welcome;
  welcome.run_id = folder.id();
  welcome.step = parts.step.name;
  welcome.run_folder = folder.path();
  welcome.entry_folder = folder.entry();
  welcome.source_directory = run.source_directory;
  welcome.entry_script = run.entry_script.lexically_relative(run.source_directory);
  welcome.mini_batches = parts.plan->size();
  return welcome;
}

}  // namespace

Mailbox::Mailbox() : wake_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  Check(wake_.valid(), "eventfd failed with errno {}", errno);
}

void Mailbox::PostCancel(CancelHow how) {
  {
    const std::lock_guard guard(lock_);
    if (cancel_ != CancelHow::kNow) cancel_ = how;
  }
  const std::uint64_t one = 1;
  // A full counter wakes the loop as well, so the result says nothing of interest.
  [[maybe_unused]] const ssize_t written = ::write(wake_.get(), &one, sizeof one);
}

Progress Mailbox::progress() const {
  const std::lock_guard guard(lock_);
  return progress_;
}

bool Mailbox::WaitForEnd(std::chrono::milliseconds limit) const {
  std::unique_lock guard(lock_);
  return ended_signal_.wait_for(guard, limit, [this] { return ended_; });
}

std::optional<CancelHow> Mailbox::TakeCancel() {
  std::uint64_t posts = 0;
  [[maybe_unused]] const ssize_t got = ::read(wake_.get(), &posts, sizeof posts);
  const std::lock_guard guard(lock_);
  return std::exchange(cancel_, std::nullopt);
}

void Mailbox::ShowProgress(Progress progress) {
  const std::lock_guard guard(lock_);
  progress_ = std::move(progress);
}

void Mailbox::ShowEnd() {
  const std::lock_guard guard(lock_);
  ended_ = true;
  ended_signal_.notify_all();
}

RunLoop::RunLoop(RunParts parts, Mailbox& mailbox)
    : parts_(std::move(parts)),
      mailbox_(mailbox),
      limits_{ToNanoseconds(parts_.step.run.run_invocation_timeout),
              ToNanoseconds(parts_.step.run.task_overhead_timeout)},
      ledger_(
          RulesOf(parts_.step), [plan = parts_.plan.get()](MiniBatchId id) { return plan->items(id); },
          parts_.plan->size()),
      desk_(DebugRulesOf(parts_), WelcomeOf(parts_), parts_.control.get(), *this),
      progress_limit_(ToNanoseconds(config::ProgressLimit(parts_.step.run)), Now()),
      meter_(FixedProgress(parts_), Now()),
      next_sample_(Now()) {
  mailbox_.ShowProgress(meter_.At(Now(), ledger_.status(), ledger_.counts()));  // Readers never see an empty run.
}

void RunLoop::Run() {
  commands_ = ledger_.Start();
  Obey();
  while (!ended_) {
    Commit();
    ShowProgress();
    Wait();
    next_wake_ = Now() + kLongestWait;
    TakeRequests();
    desk_.TakeClients(Now());
    Obey();
    TakeMessages(kMostMessages);
    TakeReports();
    WatchClocks();
    TakeSamples();
  }
  Finish();
}

void RunLoop::Wait() {
  const int control = parts_.control ? parts_.control->fd() : -1;  // poll() passes over a negative one.
  std::array<pollfd, 4> sources = {{{parts_.link->fd(), POLLIN, 0},
                                    {parts_.server->fd(), POLLIN, 0},
                                    {mailbox_.fd(), POLLIN, 0},
                                    {control, POLLIN, 0}}};
  const nanoseconds left = std::max(nanoseconds(0), nanoseconds(next_wake_ - Now()));
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(left);
  const timespec limit{seconds.count(), (left - seconds).count()};
  const int ready = ::ppoll(sources.data(), sources.size(), &limit, nullptr);
  Check(ready >= 0 || errno == EINTR, "ppoll failed with errno {}", errno);
}

void RunLoop::Commit() {
  if (!changed_) return;
  changed_ = false;
  if (const Status committed = parts_.recorder->Commit(); !committed.ok()) {
    FailHost(committed);
    Obey();
  }
}

void RunLoop::ShowProgress() {
  const MonotonicTime now = Now();
  if (now - last_shown_ < kShowEvery) return WakeAt(last_shown_ + kShowEvery);
  const engine::Counts before = mailbox_.progress().counts;
  const engine::RunStatus status_before = mailbox_.progress().status;
  const bool news = before != ledger_.counts() || status_before != ledger_.status() ||
                    std::exchange(shown_changes_, desk_.changes()) != desk_.changes();
  if (news || now - last_refresh_ >= kRefreshEvery) {
    last_shown_ = now;
    Progress progress = meter_.At(now, ledger_.status(), ledger_.counts());
    progress.reason = ledger_.reason();
    progress.stopped = desk_.Stopped(now);
    if (parts_.on_progress) parts_.on_progress(progress, false);
    mailbox_.ShowProgress(std::move(progress));
  }
  if (now - last_refresh_ >= kRefreshEvery) {
    last_refresh_ = now;
    parts_.recorder->Refresh(ledger_.counts(), ledger_.status(), desk_.Stopped(now));
  }
  WakeAt(last_refresh_ + kRefreshEvery);
}

void RunLoop::TakeSamples() {
  const nanoseconds every = ToNanoseconds(parts_.step.run.resource_monitor_interval);
  if (every <= nanoseconds(0)) return;
  if (Now() >= next_sample_) {
    std::vector<ResourceMeter::Who> processes = {{"host", ::getpid()}, {"fork server", parts_.server->pid()}};
    for (const auto& [id, process] : workers_) {
      if (process.pid > 0) processes.push_back({"worker " + std::to_string(id.value), process.pid});
    }
    parts_.recorder->Sample(resources_.Sample(processes, Now()));
    next_sample_ = Now() + every;
  }
  WakeAt(next_sample_);
}

void RunLoop::Finish() {
  Commit();
  parts_.server.reset();  // Waits for every process of the run to be gone, so the record is the last word.
  parts_.link.reset();
  const std::string reason = ledger_.reason();
  const Failure* fatal = ledger_.fatal() ? &*ledger_.fatal() : nullptr;
  const Status finished = parts_.recorder->Finish(ledger_.status(), ledger_.counts(), reason, fatal);
  Progress progress = meter_.At(Now(), ledger_.status(), ledger_.counts());
  progress.reason = reason;
  if (!finished.ok()) progress.reason += (reason.empty() ? "" : "\n") + finished.message();
  progress.fatal = ledger_.fatal();
  if (progress.elapsed_seconds > 0) {  // What is told of a run that is over is its rate as a whole.
    const std::uint64_t items = progress.counts.items_succeeded + progress.counts.items_failed;
    progress.items_per_second = static_cast<double>(items) / progress.elapsed_seconds;
  }
  desk_.RunEnded(engine::ToString(ledger_.status()), progress.reason);
  parts_.control.reset();
  parts_.recorder.reset();  // Gives the host's lock back before anybody hears of the end.
  mailbox_.ShowProgress(progress);
  if (parts_.on_progress) parts_.on_progress(progress, true);
  mailbox_.ShowEnd();
}

}  // namespace batchscope::host
