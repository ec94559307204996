#include "debugadapter/fleet/thread_names.h"

#include <fmt/format.h>

#include <charconv>
#include <string_view>

namespace batchscope::fleet {
namespace {

std::string Doing(const wire::WorkerView& view) {
  switch (view.phase) {
    case wire::WorkerPhase::kStarting:
      return " - starting";
    case wire::WorkerPhase::kWaiting:
      return " - waiting";
    case wire::WorkerPhase::kEnding:
      return " - ending";
    case wire::WorkerPhase::kHeld:
      return view.attempt ? fmt::format(" - held: batch {}", view.attempt->mini_batch.value) : " - held";
    case wire::WorkerPhase::kRunning:
      return view.attempt ? " - " + AttemptName(*view.attempt) : " - running";
  }
  return {};
}

}  // namespace

std::string WorkerName(WorkerId worker) { return fmt::format("w{}", worker.value); }

Result<WorkerId> ParseWorkerName(const std::string& text) {
  std::string_view digits = text;
  if (!digits.empty() && (digits[0] == 'w' || digits[0] == 'W')) digits.remove_prefix(1);
  WorkerId worker;
  const char* end = digits.data() + digits.size();
  const auto [stopped, error] = std::from_chars(digits.data(), end, worker.value);
  if (digits.empty() || error != std::errc() || stopped != end) {
    return Status::Error(fmt::format("'{}' is no worker, expected its name as in w3, or all", text));
  }
  return worker;
}

std::string AttemptName(const Attempt& attempt) {
  return fmt::format("batch {} - attempt {}", attempt.mini_batch.value, attempt.number + 1);
}

std::string ThreadName(const wire::WorkerView& view) {
  return WorkerName(view.worker) + Doing(view) + (view.lane ? " (debug lane)" : "");
}

std::string WorkerTable(const std::vector<wire::WorkerView>& views) {
  std::string table;
  for (const wire::WorkerView& view : views) {
    table += fmt::format("{}, pid {}", ThreadName(view), view.pid);
    if (view.stopped) {
      table += view.file.empty() ? ", stopped" : fmt::format(", stopped at {}:{}", view.file, view.line);
    }
    table += '\n';
  }
  return table.empty() ? "There are no workers now.\n" : table;
}

}  // namespace batchscope::fleet
