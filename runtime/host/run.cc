#include "runtime/host/run.h"

#include <fmt/format.h>
#include <pthread.h>
#include <signal.h>
#include <unistd.h>

#include <cstdlib>
#include <memory>
#include <thread>
#include <utility>

#include "runtime/host/run_loop.h"
#include "runtime/host/worker_setup.h"

namespace batchscope::host {
namespace {

/// Where people look in. A run that nobody can look into runs none the worse, unless it is to wait for somebody.
Status OpenControl(RunParts& parts) {
  auto control = wire::ControlServer::Bind(parts.recorder->folder().control());
  if (control.ok()) {
    parts.control = std::move(control).value();
  } else if (parts.wait_for_debugger) {
    return control.status();
  } else {
    parts.recorder->Log("WARNING", "no debugger and no viewer can reach this run: " + control.message());
  }
  return {};
}

/// What of `debug` only the plan can tell.
Status CheckDebug(const config::StepConfig& step, const SubmitOptions& options, std::uint32_t mini_batches) {
  if (options.wait_for_debugger && step.debug.mode == config::DebugMode::kOff) {
    return Status::Error("debug: found \"off\" in a step whose workers are to wait for a debugger; set it to \"on\"");
  }
  for (const std::uint32_t number : step.debug.lane_mini_batches) {
    if (number < mini_batches) continue;
    return Status::Error(
        fmt::format("debug_lane: found mini-batch {}, but this step has {} of them on these inputs, "
                    "expected numbers from 0 to {}",
                    number, mini_batches, mini_batches == 0 ? 0 : mini_batches - 1));
  }
  return {};
}

/// Starts what the workers need, in the order that loses nothing: the link is bound before any of them can dial it.
Status StartProcesses(const SubmitOptions& options, const std::filesystem::path& python, RunParts& parts) {
  const record::RunFolder& folder = parts.recorder->folder();
  const bool lane = parts.step.debug.mode == config::DebugMode::kLane;
  const std::uint32_t seats = parts.step.run.process_count_per_node + (lane ? 1 : 0);
  BATCHSCOPE_ASSIGN_OR_RETURN(wire::Board board, wire::Board::Create(seats));
  parts.board = std::make_unique<wire::Board>(std::move(board));
  BATCHSCOPE_ASSIGN_OR_RETURN(parts.link, wire::HostLink::Bind(folder.control()));
  parts.wait_for_debugger = options.wait_for_debugger;
  BATCHSCOPE_RETURN_IF_ERROR(OpenControl(parts));
  launch::ForkServerOptions server;
  server.python = python;
  server.package_folder = options.package_folder;
  server.run_folder = folder.path();
  server.driver_log = folder.logs() / "70_driver_log.txt";
  server.preload = SlowImports(folder.entry());
  server.environment = WorkerEnvironment(parts.step);
  server.board_fd = parts.board->fd();
  server.setup_json = WorkerSetup(parts.step, *parts.recorder, parts.link->endpoint(), server.board_fd,
                                  options.package_folder, options.debugpy_folder);
  BATCHSCOPE_ASSIGN_OR_RETURN(parts.server, launch::ForkServer::Start(server));
  parts.gpus = UsableGpus("/dev", std::getenv("CUDA_VISIBLE_DEVICES"));
  return {};
}

/// A thread that takes no signal: those belong to the program that hosts the run.
std::thread StartQuietThread(std::function<void()> body) {
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  std::thread thread(std::move(body));
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  return thread;
}

class HostedRun final : public Run {
 public:
  HostedRun(RunParts parts, record::RunFolder folder, std::filesystem::path output_file)
      : folder_(std::move(folder)),
        output_file_(std::move(output_file)),
        loop_(std::make_unique<RunLoop>(std::move(parts), mailbox_)),
        thread_(StartQuietThread([loop = loop_.get()] {
          pthread_setname_np(pthread_self(), "batchscope-run");
          loop->Run();
        })) {}

  ~HostedRun() override {
    if (::getpid() != owner_) {
      // A forked child of the host: the loop's thread lives in the parent only, and so does all that it owns.
      thread_.detach();
      loop_.release();  // NOLINT(bugprone-unused-return-value)
      return;
    }
    if (!mailbox_.WaitForEnd(std::chrono::milliseconds(0))) Cancel(CancelHow::kTidy);
    thread_.join();
  }

  const record::RunFolder& folder() const override { return folder_; }
  const std::filesystem::path& output_file() const override { return output_file_; }
  Progress progress() const override { return mailbox_.progress(); }
  void Cancel(CancelHow how) override { mailbox_.PostCancel(how); }
  bool WaitFor(std::chrono::milliseconds limit) override { return mailbox_.WaitForEnd(limit); }

 private:
  const pid_t owner_ = ::getpid();
  const record::RunFolder folder_;
  const std::filesystem::path output_file_;
  Mailbox mailbox_;
  std::unique_ptr<RunLoop> loop_;
  std::thread thread_;
};

}  // namespace

Result<std::shared_ptr<Run>> Run::Submit(const config::StepConfig& step, const SubmitOptions& options) {
  static const SystemClock system_clock;
  BATCHSCOPE_ASSIGN_OR_RETURN(const std::filesystem::path python,
                              FindInterpreter(step.run.environment, options.python));
  RunParts parts;
  parts.step = step;
  BATCHSCOPE_ASSIGN_OR_RETURN(input::Plan plan, input::PlanFiles(step.inputs, step.run.mini_batch_size));
  parts.plan = std::make_unique<input::Plan>(std::move(plan));
  BATCHSCOPE_RETURN_IF_ERROR(CheckDebug(step, options, parts.plan->size()));
  const record::CreateOptions create{options.home, python, &system_clock};
  BATCHSCOPE_ASSIGN_OR_RETURN(parts.recorder, record::Recorder::Create(create, step, *parts.plan));
  if (const Status started = StartProcesses(options, python, parts); !started.ok()) {
    // The folder stays and says why; that it could be written is all that can be asked of it now.
    [[maybe_unused]] const Status noted =
        parts.recorder->Finish(engine::RunStatus::kFailed, {}, started.message(), nullptr);
    return started;
  }
  parts.on_progress = options.on_progress;
  record::RunFolder folder = parts.recorder->folder();
  std::filesystem::path output_file = parts.recorder->output_file();
  return std::shared_ptr<Run>(std::make_shared<HostedRun>(std::move(parts), std::move(folder), std::move(output_file)));
}

}  // namespace batchscope::host
