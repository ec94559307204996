#pragma once

#include <sys/types.h>

#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "runtime/base/files.h"
#include "runtime/base/ids.h"
#include "runtime/base/status.h"

namespace batchscope::launch {

/// Whether a worker waits at wire::Gate::kStart before it imports the script.
enum class AtStart { kGoOn, kWaitForDebugger };

/// What every worker of a run has in common.
struct ForkServerOptions {
  std::filesystem::path python;  ///< The user's interpreter.
  std::filesystem::path
      package_folder;  ///< Folder that holds the package `batchscope` with `_forkserver.py` and `_worker`.
  std::filesystem::path run_folder;
  std::filesystem::path driver_log;                ///< stdout and stderr of the fork server itself (70_driver_log.txt).
  std::vector<std::string> preload;                ///< Modules to import before the first fork ("numpy", "pandas").
  std::map<std::string, std::string> environment;  ///< On top of the host's own.
  std::string setup_json;                          ///< What workers need to know: see worker/setup.h.
  int board_fd = -1;
};

struct WorkerStarted {
  WorkerId worker;
  pid_t pid = 0;
};
struct WorkerExited {
  WorkerId worker;
  int wait_status = 0;  ///< As waitpid gives it.
  long max_rss_kib = 0;
};
/// The fork server itself is gone, its workers with it; `why` says how, with the end of its log.
struct ServerGone {
  std::string why;
};
using Report = std::variant<WorkerStarted, WorkerExited, ServerGone>;

/// A process of the user's interpreter that has imported what is heavy and forks workers on request. It reaps them and
/// reports their exits; when the host is gone it kills them, seals the run's record and ends. One thread uses this
/// object.
class ForkServer {
 public:
  /// Starts the process and returns at once; imports go on in it. Errors: the interpreter cannot be started.
  static Result<std::unique_ptr<ForkServer>> Start(const ForkServerOptions& options);
  virtual ~ForkServer() = default;  ///< Ends it and every worker, and waits for that.

  virtual pid_t pid() const = 0;
  /// To poll for readability.
  virtual int fd() const = 0;
  /// Asks for a worker; WorkerStarted follows. `environment` is its own part (CUDA_VISIBLE_DEVICES).
  virtual Status Fork(WorkerId worker, std::uint32_t seat, const std::map<std::string, std::string>& environment,
                      AtStart at_start) = 0;
  /// SIGKILL to the worker's process group. One that is gone already is fine.
  virtual void Kill(WorkerId worker) = 0;
  /// What happened since; never blocks.
  virtual std::vector<Report> Read() = 0;
};

/// "SIGSEGV (segmentation fault)", "SIGKILL (killed; often the kernel's out-of-memory killer)", "exit code 3".
std::string DescribeExit(int wait_status);

}  // namespace batchscope::launch
