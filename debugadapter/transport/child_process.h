#pragma once

#include <sys/types.h>

#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "runtime/base/files.h"
#include "runtime/base/status.h"

namespace batchscope::transport {

struct ChildPlan {
  std::filesystem::path program;  ///< Absolute.
  std::vector<std::string> arguments;
  std::filesystem::path cwd;
  std::vector<std::pair<std::string, std::optional<std::string>>> environment;  ///< Changes; none: to be unset.
  int inherited = -1;  ///< A descriptor that the child has under the same number; above 2.
};

/// A program as a child, leader of a process group of its own, with pipes for what it prints, and SIGINT as soon as the
/// thread that started it is gone. Killed with its group when it goes out of scope.
class ChildProcess {
 public:
  /// Errors name the program or the folder, and the reason.
  static Result<ChildProcess> Start(const ChildPlan& plan);
  ChildProcess(ChildProcess&& other) noexcept;
  ChildProcess& operator=(ChildProcess&&) = delete;
  ~ChildProcess();

  /// To poll: readable when it has ended.
  int pid_fd() const { return pid_fd_.get(); }
  /// What it prints; not blocking.
  UniqueFd& out() { return out_; }
  UniqueFd& err() { return err_; }
  const UniqueFd& out() const { return out_; }
  const UniqueFd& err() const { return err_; }
  /// To its whole group; nothing when it was reaped.
  void Signal(int number) const;
  /// Its exit code, 128 + number when a signal ended it; none as long as it lives. Never blocks.
  std::optional<int> Reap();

 private:
  ChildProcess(pid_t pid, UniqueFd pid_fd, UniqueFd out, UniqueFd err)
      : pid_(pid), pid_fd_(std::move(pid_fd)), out_(std::move(out)), err_(std::move(err)) {}

  pid_t pid_ = -1;
  UniqueFd pid_fd_;
  UniqueFd out_;
  UniqueFd err_;
  std::optional<int> exit_code_;
};

}  // namespace batchscope::transport
