#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <memory>
#include <mutex>
#include <nlohmann/json.hpp>
#include <optional>
#include <ostream>
#include <utility>

#include "runtime/base/files.h"
#include "runtime/base/text.h"
#include "runtime/cli/commands.h"
#include "runtime/cli/exit_code.h"
#include "runtime/cli/places.h"
#include "runtime/cli/progress_view.h"
#include "runtime/cli/run_page.h"
#include "runtime/cli/settings.h"
#include "runtime/cli/stop_signals.h"
#include "runtime/host/run.h"
#include "runtime/record/reader.h"

namespace batchscope::cli {
namespace {

using host::Progress;

/// Carries the latest progress from the engine's thread to ours, which polls.
class Mailbox {
 public:
  static Result<std::unique_ptr<Mailbox>> Create() {
    UniqueFd fd(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
    if (!fd.valid()) return Status::FromErrno("eventfd", errno);
    return std::unique_ptr<Mailbox>(new Mailbox(std::move(fd)));
  }

  int fd() const { return fd_.get(); }

  /// Any thread.
  void Post(const Progress& progress) {
    const std::lock_guard lock(mutex_);
    latest_ = progress;
    const std::uint64_t one = 1;
    [[maybe_unused]] const ssize_t written =
        ::write(fd_.get(), &one, sizeof one);  // Fails only when it is readable anyway.
  }

  std::optional<Progress> Take() {
    const std::lock_guard lock(mutex_);
    std::uint64_t count = 0;
    [[maybe_unused]] const ssize_t size = ::read(fd_.get(), &count, sizeof count);
    return std::exchange(latest_, std::nullopt);
  }

 private:
  explicit Mailbox(UniqueFd fd) : fd_(std::move(fd)) {}

  const UniqueFd fd_;
  std::mutex mutex_;
  std::optional<Progress> latest_;
};

/// Passes a person's wishes on: the first signal asks for a tidy end, any further one for an end now.
void ForwardSignals(StopSignals& signals, int& taken, host::Run& run, ProgressView& view) {
  while (const std::optional<int> signal = signals.Take()) {
    run.Cancel(taken++ == 0 ? host::CancelHow::kTidy : host::CancelHow::kNow);
    if (taken == 1 && *signal == SIGINT) view.Say("cancelling; press Ctrl-C again to end at once");
    if (taken == 1 && *signal != SIGINT) view.Say(fmt::format("cancelling: {}", ::strsignal(*signal)));
    if (taken == 2) view.Say("ending at once");
  }
}

/// Shows the run until it has ended and its record is complete.
void Attend(host::Run& run, Mailbox& mailbox, StopSignals& signals, ProgressView& view) {
  using std::chrono::milliseconds;
  constexpr milliseconds kLook{
      200};  // How late an end may be seen whose last progress was told before the record was complete.
  int signals_taken = 0;
  while (!run.WaitFor(milliseconds(0))) {
    std::array<pollfd, 2> watched{pollfd{signals.fd(), POLLIN, 0}, pollfd{mailbox.fd(), POLLIN, 0}};
    const milliseconds wait = std::min(view.UntilTick().value_or(kLook), kLook);
    ::poll(watched.data(), watched.size(), static_cast<int>(wait.count()));
    ForwardSignals(signals, signals_taken, run, view);
    if (const std::optional<Progress> progress = mailbox.Take()) {
      view.Show(*progress);
      if (progress->status != engine::RunStatus::kRunning) run.WaitFor(milliseconds(20));  // The end is near.
    }
    view.Tick();
  }
  if (const std::optional<Progress> progress = mailbox.Take()) view.Show(*progress);
  view.End();
}

int CodeOf(const std::string& status) {
  return status == "completed"   ? kCompleted
         : status == "failed"    ? kFailed
         : status == "cancelled" ? kCancelled
                                 : kOther;
}

/// What stands on the screen when all is over; the reason of a failure comes last.
int Report(const RunOptions& options, const record::RunFolder& folder, const Progress& last, std::ostream& out,
           std::ostream& err) {
  const Result<record::RunSummary> read = record::ReadSummary(folder);
  if (!read.ok()) {
    err << "batchscope: the run is " << engine::ToString(last.status)
        << ", but its record cannot be read: " << ToDisplay(read.message()) << '\n';
    return last.status == engine::RunStatus::kFailed ? kFailed : kOther;
  }
  const record::RunSummary& run = *read;
  const int code = CodeOf(run.status);
  if (options.json) {
    nlohmann::json result = ToJson(run);
    result["exit_code"] = code;
    out << Pretty(result);
  } else {
    out << ResultText(run);
  }
  out.flush();
  const Result<record::Errors> errors = record::ReadErrors(folder);
  if (errors.ok() && errors->total > 0) {
    if (!options.json) err << '\n';
    err << ErrorsText(*errors) << fmt::format("  more: batchscope show {}\n", run.id);
  }
  err << FatalText(run);
  if (code == kFailed) err << "batchscope: failed: " << ToDisplay(run.reason) << '\n';
  if (code == kCancelled) err << "batchscope: cancelled\n";
  if (code == kOther) err << "batchscope: the run is " << run.status << '\n';
  return code;
}

int Refuse(const Status& status, std::ostream& err) {
  err << "batchscope: " << ToDisplay(status.message()) << '\n';
  return kWrongUsage;
}

Result<host::SubmitOptions> OptionsOf(const RunOptions& options) {
  const Surroundings around = SurroundingsOfThisProcess();
  host::SubmitOptions submit;
  submit.home = HomeOf(options.home);
  BATCHSCOPE_ASSIGN_OR_RETURN(submit.python, FindPython(options.python, around));
  BATCHSCOPE_ASSIGN_OR_RETURN(submit.package_folder, FindPackage(submit.python, around));
  submit.debugpy_folder = FindDebugpy(submit.package_folder);
  submit.wait_for_debugger = options.wait_for_debugger;
  return submit;
}

/// Takes the descriptor of --announce, so that no process of the run inherits it.
Result<UniqueFd> TakeAnnounced(const RunOptions& options) {
  if (!options.announce) return UniqueFd();
  if (::fcntl(*options.announce, F_SETFD, FD_CLOEXEC) != 0) {
    return Status::FromErrno(
        fmt::format("--announce {}: expected a descriptor that is open for writing", *options.announce), errno);
  }
  return UniqueFd(*options.announce);
}

void Announce(UniqueFd to, const record::RunFolder& folder, ProgressView& view) {
  if (!to.valid()) return;
  // Whoever asked for it may be gone; the run goes on.
  if (const Status written = WriteAll(to.get(), folder.path().string() + "\n"); !written.ok()) {
    view.Say("--announce: " + written.message());
  }
}

}  // namespace

int RunStep(const RunOptions& options, std::ostream& out, std::ostream& err) {
  Result<config::StepConfig> step = LoadStep(options.step_file, options.settings);
  if (!step.ok()) return Refuse(step.status(), err);
  if (options.wait_for_debugger && step->debug.mode == config::DebugMode::kOff) {
    return Refuse(Status::Error("--wait-for-debugger: the step says debug = \"off\", which lets no debugger in; "
                                "expected debug = \"on\" (--set debug=on)"),
                  err);
  }
  if (!options.output.empty()) step->output = std::filesystem::absolute(options.output);
  Result<UniqueFd> announced = TakeAnnounced(options);
  if (!announced.ok()) return Refuse(announced.status(), err);
  Result<host::SubmitOptions> submit = OptionsOf(options);
  if (!submit.ok()) return Refuse(submit.status(), err);
  Result<StopSignals> signals = StopSignals::Block();
  if (!signals.ok()) return Refuse(signals.status(), err);
  Result<std::unique_ptr<Mailbox>> mailbox = Mailbox::Create();
  if (!mailbox.ok()) return Refuse(mailbox.status(), err);

  submit->on_progress = [&](const Progress& progress, bool) { (*mailbox)->Post(progress); };
  Result<std::shared_ptr<host::Run>> run = host::Run::Submit(*step, *submit);
  if (!run.ok()) return Refuse(run.status(), err);

  const SystemClock clock;
  ProgressView view(options.quiet ? ProgressView::Style::kNone : StyleFor(STDERR_FILENO), err, clock,
                    [] { return ColumnsOf(STDERR_FILENO); });
  const record::RunFolder folder = (*run)->folder();
  Announce(std::move(*announced), folder, view);
  const Progress first = (*run)->progress();
  view.Say(fmt::format("run {}: {} in {}; logs in {}", folder.id(), Counted(first.items_total, "item", "items"),
                       Counted(first.counts.mini_batches, "mini-batch", "mini-batches"),
                       ToDisplay(folder.logs().string())));
  Attend(**run, **mailbox, *signals, view);
  const Progress last = (*run)->progress();
  run->reset();  // Its threads and files are gone before the record is read.
  return Report(options, folder, last, out, err);
}

}  // namespace batchscope::cli
