#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "runtime/base/ids.h"
#include "runtime/base/status.h"

/// The names below logs/ of a run; SEMANTICS and FORMAT.md say what each holds.
namespace batchscope::record {

/// "process003": a worker's name in files of logs.
std::string ProcessName(WorkerId worker);

class LogsLayout {
 public:
  LogsLayout(std::filesystem::path logs, std::string node) : logs_(std::move(logs)), node_(std::move(node)) {}

  const std::string& node() const { return node_; }
  std::filesystem::path overview() const { return logs_ / "overview.txt"; }
  std::filesystem::path job_result() const { return logs_ / "job_result.txt"; }
  std::filesystem::path readme() const { return logs_ / "readme.txt"; }
  std::filesystem::path master() const { return logs_ / "sys" / "master.txt"; }
  std::filesystem::path processes() const { return logs_ / "sys" / "node" / node_; }
  std::filesystem::path perf_overview() const { return logs_ / "sys" / "perf" / "overview.csv"; }
  std::filesystem::path perf_processes() const { return logs_ / "sys" / "perf" / node_ / "processes.csv"; }
  std::filesystem::path errors() const { return logs_ / "user" / "error.txt"; }
  std::filesystem::path error_files() const { return logs_ / "user" / "error" / node_; }

  /// Makes every folder, those that workers and the fork server write to as well, and readme.txt.
  Status Make() const;

 private:
  std::filesystem::path logs_;
  std::string node_;
};

}  // namespace batchscope::record
