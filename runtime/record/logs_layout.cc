#include "runtime/record/logs_layout.h"

#include <fmt/format.h>

#include "runtime/base/files.h"

namespace batchscope::record {
namespace {

constexpr std::string_view kReadme =
    R"(What the files here hold. Times are UTC; <node> is the address of the machine, <process> one worker process.

overview.txt                     How the run stands, or ended; on failure the error and where to look.
job_result.txt                   The result; its last line is the reason.
70_driver_log.txt                What the process printed that starts the workers.
sys/master.txt                   The coordinator: workers that started and ended, what it decided.
sys/node/<node>/<process>.txt    One line per try of a mini-batch: items, times, status, error.
sys/perf/overview.csv            CPU, memory and IO of all processes together, one line per sample.
sys/perf/<node>/processes.csv    The same of each process.
user/error.txt                   Errors, grouped, with how often each occurred and where first and last.
user/error/<node>/...            Every error with its stack, one file each; the first 1000 of them.
user/<node>/<process>.log.txt    What the entry script logged and printed.
user/stdout/<node>/...           The raw standard output of each process, of programs it started as well.
user/stderr/<node>/...           The raw standard error.
)";

}  // namespace

std::string ProcessName(WorkerId worker) { return fmt::format("process{:03}", worker.value); }

Status LogsLayout::Make() const {
  const std::filesystem::path user = logs_ / "user";
  for (const auto& folder : {processes(), perf_processes().parent_path(), error_files(), user / node_,
                             user / "stdout" / node_, user / "stderr" / node_}) {
    BATCHSCOPE_RETURN_IF_ERROR(MakeFolders(folder));
  }
  return WriteFileAtomically(readme(), kReadme);
}

}  // namespace batchscope::record
