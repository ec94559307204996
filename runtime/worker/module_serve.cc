#include "runtime/worker/module_serve.h"

#include <fmt/format.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <optional>
#include <utility>
#include <variant>
#include <vector>

#include "runtime/wire/board.h"
#include "runtime/worker/control.h"
#include "runtime/worker/debug_side.h"
#include "runtime/worker/fork_mark.h"
#include "runtime/worker/module_debugger.h"
#include "runtime/worker/module_failure.h"
#include "runtime/worker/module_gates.h"
#include "runtime/worker/module_process.h"
#include "runtime/worker/module_rows.h"
#include "runtime/worker/module_runner.h"
#include "runtime/worker/module_script.h"
#include "runtime/worker/module_setup.h"
#include "runtime/worker/module_streams.h"
#include "runtime/worker/output_files.h"
#include "runtime/worker/seat.h"

namespace batchscope::worker {
namespace py = pybind11;
namespace {

constexpr int kNeverReadyCode = 1;
// What exit handlers may take after shutdown().
constexpr std::chrono::milliseconds kExitLimit{10'000};
// What the host may take to hear of a failed init(). Had it no time at all, the news of the process's exit could
// overtake the reason.
constexpr std::chrono::milliseconds kHeardLimit{10'000};

std::int64_t MonotonicNs() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

/// What stays with the process to its end, and is never destroyed: handlers and streams refer to it.
struct Process {
  Setup setup;
  WorkerId worker;
  wire::Board board;
  Seat seat;
  ForkMark fork_mark;
  DebugSide debug;
  Control control;
  Gates gates;
  std::optional<OutputFiles> output_files;
  std::optional<Streams> streams;

  Process(Setup read_setup, WorkerId number, wire::Board opened_board, std::uint32_t on_seat)
      : setup(std::move(read_setup)),
        worker(number),
        board(std::move(opened_board)),
        seat(board.slot(on_seat)),
        debug(seat.slot(), number, DebuggerOfPython()),
        control(setup.endpoint, number, debug),
        gates(debug, control.outbox()) {}
};

int Refuse(const Status& why) {
  const std::string line = fmt::format("batchscope: {}\n", why.message());
  [[maybe_unused]] const Status written = WriteAll(STDERR_FILENO, line);
  return kNeverReadyCode;
}

Status Prepare(Process& process) {
  BATCHSCOPE_ASSIGN_OR_RETURN(process.output_files, OutputFiles::Redirect(process.setup, process.worker));
  BATCHSCOPE_RETURN_IF_ERROR(PrepareProcess(process.setup, process.worker, process.output_files->log_path()));
  process.streams.emplace(*process.output_files);
  return PrepareStackDumps(process.setup, process.worker, process.seat.slot());
}

/// The imported script after its init().
std::variant<Script, Failure> MakeReady(Process& process, bool wait) {
  if (const Status prepared = Prepare(process); !prepared.ok()) {
    return Failure{FailureKind::kRejected, "", prepared.message(), ""};
  }
  if (wait) process.gates.AtStart();
  const OnRaised on_raised = [&process](const Failure& failure, py::handle exception) {
    if (!process.fork_mark.in_child()) process.gates.AfterInitException(failure, exception);
  };
  std::variant<Script, Failure> script = Script::Import(process.setup, on_raised);
  if (auto* imported = std::get_if<Script>(&script)) {
    if (std::optional<Failure> failure = imported->Init(on_raised)) script = *std::move(failure);
  }
  if (process.fork_mark.in_child()) LeaveForkedChild(*process.streams);
  return script;
}

std::variant<RowWriter, Failure> MakeRowWriter(const Setup& setup) {
  try {
    return RowWriter(setup);
  } catch (const py::error_already_set& error) {
    Failure failure = Describe(FailureKind::kRejected, error);
    failure.message = "parallel_run_step.settings.json cannot be read: " + failure.message;
    return failure;
  }
}

/// Returns when the host has dismissed the worker, or after kHeardLimit.
void AwaitDismissal(Inbox& inbox) {
  const auto deadline = std::chrono::steady_clock::now() + kHeardLimit;
  std::vector<wire::Task> ignored;
  while (inbox.Take(ignored) != Inbox::State::kDismissed) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
    if (left <= std::chrono::milliseconds(0)) return;
    inbox.bell().Wait(left);
  }
}

int TellFailure(Process& process, const Failure& failure) {
  // In the worker's own files too, where people look for what a process did.
  const std::string text = failure.traceback.empty() ? failure.message + "\n" : failure.traceback;
  [[maybe_unused]] const Status written =
      process.output_files ? process.output_files->WriteBoth(STDERR_FILENO, text) : WriteAll(STDERR_FILENO, text);
  if (process.streams) process.streams->Flush();
  process.seat.slot().begun_ns.store(0);
  process.control.outbox().Say(wire::InitFailure{failure});
  const py::gil_scoped_release released;
  AwaitDismissal(process.control.inbox());
  process.control.Finish();
  return kNeverReadyCode;
}

/// After the last mini-batch. Threads of user code that still run are left alone, so nothing here waits for them
/// without a limit.
void End(Process& process, const Script& script) {
  process.seat.slot().BeginOutsideOfRun(MonotonicNs());
  const std::optional<Failure> failure = script.Shutdown();
  if (process.fork_mark.in_child()) LeaveForkedChild(*process.streams);
  if (failure) {
    const std::string text = failure->traceback.empty() ? failure->message + "\n" : failure->traceback;
    [[maybe_unused]] const Status written =
        process.output_files->WriteBoth(STDERR_FILENO, "shutdown() failed:\n" + text);
  }
  process.seat.slot().begun_ns.store(0);
  process.control.EndProcessAfter(kExitLimit);
  RunExitHandlers();
  process.streams->Flush();
  std::fflush(nullptr);
  const py::gil_scoped_release released;
  process.control.Finish();
}

/// After a failure that it held: what the script still has to say and do is not wanted.
void Leave(Process& process) {
  process.streams->Flush();
  std::fflush(nullptr);
  const py::gil_scoped_release released;
  process.control.Finish();
}

}  // namespace

int Serve(const std::string& setup_json, std::uint32_t worker, std::uint32_t seat, bool wait) {
  Result<Setup> setup = ReadSetup(setup_json);
  if (!setup.ok()) return Refuse(setup.status());
  Result<wire::Board> board = wire::Board::Open(setup->board_fd);
  if (!board.ok()) return Refuse(board.status());
  if (seat >= board->seats()) {
    return Refuse(Status::Error(fmt::format("seat {} of a board with {} seats", seat, board->seats())));
  }
  auto& process = *new Process(std::move(setup).value(), WorkerId{worker}, std::move(board).value(), seat);
  const std::int64_t begun_ns = MonotonicNs();
  process.seat.slot().BeginOutsideOfRun(begun_ns);
  std::variant<RowWriter, Failure> row_writer = MakeRowWriter(process.setup);
  std::variant<Script, Failure> script = MakeReady(process, wait);
  if (const auto* failure = std::get_if<Failure>(&script)) return TellFailure(process, *failure);
  if (const auto* failure = std::get_if<Failure>(&row_writer)) return TellFailure(process, *failure);
  process.seat.slot().begun_ns.store(0);
  process.control.outbox().Say(wire::Ready{static_cast<std::uint64_t>(MonotonicNs() - begun_ns)});
  const auto& ready = std::get<Script>(script);
  Runner runner({process.setup, ready, std::get<RowWriter>(row_writer), *process.streams, *process.output_files,
                 process.fork_mark, process.control, process.gates, process.seat});
  if (runner.RunAll() == Runner::Ended::kDismissed) {
    End(process, ready);
  } else {
    Leave(process);
  }
  return 0;
}

}  // namespace batchscope::worker
