#pragma once

#include <filesystem>
#include <string>
#include <utility>

#include "runtime/base/status.h"
#include "runtime/record/parent_only_fd.h"

/// Every name on disk: FORMAT.md beside this file says what each holds.
namespace batchscope::record {

/// The folder of one run. Made by the recorder; a value, cheap to copy.
class RunFolder {
 public:
  explicit RunFolder(std::filesystem::path path) : path_(std::move(path)) {}

  const std::filesystem::path& path() const { return path_; }
  std::string id() const { return path_.filename().string(); }
  std::filesystem::path incomplete() const { return path_ / "incomplete"; }
  std::filesystem::path complete() const { return path_ / "complete"; }
  std::filesystem::path config() const { return path_ / "config.json"; }
  std::filesystem::path plan() const { return path_ / "plan.jsonl"; }
  std::filesystem::path journal() const { return path_ / "journal.jsonl"; }
  std::filesystem::path environment() const { return path_ / "environment.json"; }
  std::filesystem::path entry() const { return path_ / "entry"; }
  std::filesystem::path output() const { return path_ / "output"; }
  std::filesystem::path work() const { return path_ / "work"; }  ///< The workers' private working directories.
  std::filesystem::path logs() const { return path_ / "logs"; }
  std::filesystem::path control() const { return path_ / "control"; }
  /// Where workers write their stacks when asked: "<worker>.txt" each.
  std::filesystem::path stacks() const { return control() / "stacks"; }
  std::filesystem::path spool() const { return control() / "rows.spool"; }
  std::filesystem::path stopped() const { return control() / "stopped.jsonl"; }
  std::filesystem::path host_lock() const { return control() / "host.lock"; }

 private:
  std::filesystem::path path_;
};

/// Where runs lie: $BATCHSCOPE_HOME, else $XDG_DATA_HOME/batchscope, else ~/.local/share/batchscope; each with "runs"
/// behind it.
std::filesystem::path RunsHome();

/// The name of this machine in logs and file names: its first IPv4 address that is not loopback, else 127.0.0.1.
std::string NodeName();

/// Held by the host of a run as long as it lives, and by nobody else: not by its forked children, and not lost when
/// some other code of the process opens and closes the file.
class HostLock {
 public:
  static Result<HostLock> Take(const RunFolder& folder);
  /// Whether some living process hosts the run.
  static bool IsHeld(const RunFolder& folder);
  HostLock(HostLock&& other) noexcept = default;
  HostLock& operator=(HostLock&& other) noexcept;
  ~HostLock();

 private:
  explicit HostLock(ParentOnlyFd fd) : fd_(std::move(fd)) {}
  void Release();

  ParentOnlyFd fd_;
};

}  // namespace batchscope::record
