#include "runtime/worker/module_runner.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <limits>
#include <utility>

#include "runtime/worker/module_context.h"
#include "runtime/worker/module_failure.h"
#include "runtime/worker/module_text.h"
#include "runtime/worker/stack_dumps.h"

namespace batchscope::worker {
namespace py = pybind11;
namespace {

using std::chrono::nanoseconds;

// Results of mini-batches that took longer leave at once.
constexpr std::uint64_t kLongNs = 1'000'000;
constexpr std::chrono::milliseconds kLookAtSignalsEvery{1'000};

template <typename Clock>
std::int64_t NowNs() {
  return std::chrono::duration_cast<nanoseconds>(Clock::now().time_since_epoch()).count();
}
std::int64_t MonotonicNs() { return NowNs<std::chrono::steady_clock>(); }

std::uint64_t Lasted(std::int64_t from_ns, std::int64_t to_ns, std::int64_t stood_still_ns) {
  return static_cast<std::uint64_t>(std::max<std::int64_t>(0, to_ns - from_ns - stood_still_ns));
}

/// A fresh list of fresh strings; null with the Python error set.
PyObject* MakeMiniBatch(const wire::Task& task) {
  PyObject* list = PyList_New(static_cast<Py_ssize_t>(task.items));
  if (list == nullptr) return nullptr;
  const char* place = task.paths.data();
  const char* const end = place + task.paths.size();
  for (std::uint32_t i = 0; i < task.items; ++i) {
    const char* const stop = std::find(place, end, '\0');
    PyObject* const path = PyUnicode_DecodeFSDefaultAndSize(place, stop - place);
    if (path == nullptr) {
      Py_DECREF(list);
      return nullptr;
    }
    PyList_SET_ITEM(list, static_cast<Py_ssize_t>(i), path);
    place = stop == end ? end : stop + 1;
  }
  return list;
}

}  // namespace

Runner::Runner(const World& world) : world_(world), dataset_(py::none()) {
  if (world_.setup.input_names.size() == 1) dataset_ = FromPathBytes(world_.setup.input_names.front());
}

Runner::Ended Runner::RunAll() {
  while (true) {
    switch (world_.control.inbox().Take(tasks_)) {
      case Inbox::State::kDismissed:
        return Ended::kDismissed;
      case Inbox::State::kNothing:
        WaitForNews();
        break;
      case Inbox::State::kWork:
        wall_minus_monotonic_ns_ = NowNs<std::chrono::system_clock>() - MonotonicNs();
        for (next_ = 0; next_ < tasks_.size();) {
          if (!RunOne(tasks_[next_++])) return Ended::kHeld;
        }
        break;
    }
  }
}

void Runner::WaitForNews() {
  world_.streams.Flush();
  // Handlers that user code has for signals run here while nothing else does.
  if (PyErr_CheckSignals() != 0) PyErr_WriteUnraisable(nullptr);
  const py::gil_scoped_release released;
  world_.control.inbox().bell().Wait(kLookAtSignalsEvery);
}

/// False when the worker is to end.
bool Runner::RunOne(const wire::Task& task) {
  wire::BoardSlot& slot = world_.seat.slot();
  const std::int64_t begun_ns = MonotonicNs();
  slot.Begin(task.attempt, begun_ns);
  wire::TaskResult result;
  result.attempt = task.attempt;
  result.picked_unix_us = (begun_ns + wall_minus_monotonic_ns_) / 1'000;
  rows_.clear();
  RunUserCode(task, result);
  if (!result.ok) rows_.clear();
  const std::int64_t ended_ns = MonotonicNs();
  result.process_ns = Lasted(begun_ns, ended_ns, slot.StoodStill(ended_ns));
  const Urgency urgency = UrgencyAfter(result.process_ns);
  if (result.process_ns > kLongNs) world_.streams.Flush();
  slot.Clear();
  if (world_.setup.hold_on_failure && task.last_try && !result.ok) return Hold(std::move(result));
  world_.control.outbox().Push(std::move(result), rows_, urgency);
  return true;
}

/// Tells the failure and waits with what was raised. Whether the worker goes on with its next mini-batch.
bool Runner::Hold(wire::TaskResult result) {
  const auto move_to = [this](wire::BoardSlot& slot) {
    world_.gates.debug().clock.MoveTo(slot);
    CountStackDumpsIn(slot);
  };
  world_.streams.Flush();
  // First of all: with the result the host may give the seat away.
  move_to(world_.seat.Leave());
  world_.gates.debug().gate.Close(Gate::Wait::kHold);
  result.holds = true;
  world_.control.outbox().Push(std::move(result), rows_, Urgency::kNow);
  const Gate::Word word = world_.gates.Hold(raised_);
  raised_ = py::object();
  if (word != Gate::Word::kRefuse) return false;
  move_to(world_.seat.Return());
  return true;
}

void Runner::RunUserCode(const wire::Task& task, wire::TaskResult& result) {
  // Both objects die in here: what their end does belongs to the attempt.
  const auto mini_batch = py::reinterpret_steal<py::object>(MakeMiniBatch(task));
  if (!mini_batch) {
    result.failure = TakeFailure(FailureKind::kException);
    return;
  }
  wire::BoardSlot& slot = world_.seat.slot();
  world_.gates.BeforeRun(task);
  const std::int64_t started_ns = MonotonicNs();
  slot.EnterRun(started_ns);
  const auto value = py::reinterpret_steal<py::object>(CallRun(task, mini_batch));
  if (world_.fork_mark.in_child()) LeaveForkedChild(world_.streams);
  const std::int64_t returned_ns = MonotonicNs();
  slot.run_started_ns.store(0, std::memory_order_release);
  const std::int64_t stood_still_ns = slot.StoodStill(returned_ns) - slot.stopped_before_run_ns.load();
  result.run_ns = Lasted(started_ns, returned_ns, stood_still_ns);
  if (!value) TakeException(task, result);
  world_.gates.AfterRun(task);
  if (!value) return;
  Book(world_.row_writer.Write(value, rows_), task, result);
  if (world_.fork_mark.in_child()) LeaveForkedChild(world_.streams);
  if (!result.ok) world_.gates.AfterFailure(task, result.failure);
}

void Runner::TakeException(const wire::Task& task, wire::TaskResult& result) {
  const py::error_already_set error;
  result.failure = Describe(FailureKind::kException, error);
  const py::object exception = ExceptionOf(error);
  world_.gates.AfterException(task, result.failure, exception);
  if (world_.setup.hold_on_failure && task.last_try) raised_ = exception;
}

PyObject* Runner::CallRun(const wire::Task& task, py::handle mini_batch) {
  std::array<PyObject*, 2> arguments{mini_batch.ptr(), nullptr};
  if (world_.script.run_takes() == RunTakes::kMiniBatch) {
    return PyObject_Vectorcall(world_.script.run().ptr(), arguments.data(), 1, nullptr);
  }
  const py::object context =
      py::cast(MiniBatchContext{task.attempt.mini_batch.value, py::dict(), dataset_, task.attempt.number, py::none()});
  arguments[1] = context.ptr();
  return PyObject_Vectorcall(world_.script.run().ptr(), arguments.data(), 2, nullptr);
}

void Runner::Book(const std::variant<Returned, Failure>& outcome, const wire::Task& task, wire::TaskResult& result) {
  if (const auto* failure = std::get_if<Failure>(&outcome)) {
    result.failure = *failure;
    return;
  }
  const auto& returned = std::get<Returned>(outcome);
  result.ok = true;
  result.results = returned.results;
  result.header_size = returned.header_size;
  if (returned.results <= task.items || warned_of_more_results_) return;
  warned_of_more_results_ = true;
  world_.output_files.Warn(
      fmt::format("run() returned {} results for the {} items of mini-batch {}; expected at most one result an item. "
                  "All are kept; {} items count as succeeded. Said once per process.",
                  returned.results, task.items, task.attempt.mini_batch.value, task.items));
}

Urgency Runner::UrgencyAfter(std::uint64_t process_ns) const {
  const bool runs_dry = next_ == tasks_.size() && !world_.control.inbox().has_news();
  return runs_dry || process_ns > kLongNs ? Urgency::kNow : Urgency::kSoon;
}

void LeaveForkedChild(const Streams& streams) {
  int code = 0;
  if (PyErr_Occurred() != nullptr) {
    py::error_already_set error;
    code = 1;
    if (!error.matches(PyExc_SystemExit)) {
      error.restore();
      PyErr_Print();
    } else if (const py::object wanted = py::getattr(error.value(), "code", py::none()); wanted.is_none()) {
      code = 0;
    } else if (py::isinstance<py::int_>(wanted)) {
      code = static_cast<int>(PyLong_AsLong(wanted.ptr()));
    }
  }
  streams.Flush();
  std::fflush(nullptr);
  ::_exit(code);
}

}  // namespace batchscope::worker
