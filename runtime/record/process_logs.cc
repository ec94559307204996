#include "runtime/record/process_logs.h"

#include <fmt/format.h>

#include <algorithm>

#include "runtime/record/error_log.h"
#include "runtime/record/line_writer.h"

namespace batchscope::record {
namespace {

constexpr std::string_view kColumns =
    "Mini-batch Id\tPicked Count\tProcess\tStart Time\tTotal\tSucceeded\tFailed\tElapsed Seconds\tProcess Seconds\t"
    "Run Method Seconds\tStatus\tError Category\tError Message\n";

void AppendField(std::string& text, std::int64_t value) {
  AppendNumber(text, value);
  text.push_back('\t');
}

void AppendSecondsField(std::string& text, std::int64_t nanoseconds) {
  AppendSeconds(text, nanoseconds);
  text.push_back('\t');
}

}  // namespace

LogFile& ProcessLogs::FileOf(WorkerId worker) {
  const auto found = files_.find(worker);
  if (found != files_.end()) return found->second;
  return files_.emplace(worker, LogFile(layout_.processes() / (ProcessName(worker) + ".txt"))).first->second;
}

void ProcessLogs::Started(WorkerId worker, int pid, const std::string& utc) {
  FileOf(worker).text() +=
      fmt::format("ip {}, {}, pid {}, started {}\n{}", layout_.node(), ProcessName(worker), pid, utc, kColumns);
}

void ProcessLogs::Add(WorkerId worker, const TryLine& line) {
  LogFile& file = FileOf(worker);
  std::string& text = file.text();
  AppendField(text, line.attempt.mini_batch.value);
  AppendField(text, std::int64_t{line.attempt.number} + 1);
  AppendField(text, worker.value);
  utc_.AppendTo(text, line.start_unix_us);
  text.push_back('\t');
  AppendField(text, line.total);
  AppendField(text, line.succeeded);
  AppendField(text, line.failed);
  AppendSecondsField(text, line.elapsed_ns);
  AppendSecondsField(text, line.process_ns);
  AppendSecondsField(text, line.run_ns);
  if (line.failure == nullptr) {
    text.append("Succeeded\t\t\n");
  } else {
    std::string message = OneLine(*line.failure);
    std::replace(message.begin(), message.end(), '\t', ' ');
    text.append("Failed\t").append(ToString(line.failure->kind)).append("\t").append(message).append("\n");
  }
  file.Note();
}

void ProcessLogs::Exited(WorkerId worker) { files_.erase(worker); }

void ProcessLogs::Flush() {
  for (auto& [worker, file] : files_) file.Flush();
}

}  // namespace batchscope::record
