#include "runtime/launch/server_process.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <string>
#include <utility>
#include <vector>

namespace batchscope::launch {
namespace {

/// posix_spawn's two argument objects: what it does to descriptors, and to signals and the session.
class SpawnPlan {
 public:
  SpawnPlan() {
    ::posix_spawn_file_actions_init(&files_);
    ::posix_spawnattr_init(&attributes_);
    sigset_t signals;
    sigemptyset(&signals);
    ::posix_spawnattr_setsigmask(&attributes_, &signals);
    sigfillset(&signals);
    ::posix_spawnattr_setsigdefault(&attributes_, &signals);
    ::posix_spawnattr_setflags(&attributes_, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSID);
  }
  ~SpawnPlan() {
    ::posix_spawn_file_actions_destroy(&files_);
    ::posix_spawnattr_destroy(&attributes_);
  }
  SpawnPlan(const SpawnPlan&) = delete;
  SpawnPlan& operator=(const SpawnPlan&) = delete;

  void ReadNothing() { ::posix_spawn_file_actions_addopen(&files_, STDIN_FILENO, "/dev/null", O_RDONLY, 0); }
  void WriteTo(int log) {
    ::posix_spawn_file_actions_adddup2(&files_, log, STDOUT_FILENO);
    ::posix_spawn_file_actions_adddup2(&files_, log, STDERR_FILENO);
  }
  /// The child has it under the same number: a dup2 onto itself only takes close-on-exec away.
  void Inherit(int fd) { ::posix_spawn_file_actions_adddup2(&files_, fd, fd); }

  /// 0 and the child's pid, or an errno.
  int Spawn(const std::string& program, std::vector<std::string> arguments, std::vector<std::string> environment,
            pid_t* pid) {
    const auto pointers = [](std::vector<std::string>& texts) {
      std::vector<char*> all;
      all.reserve(texts.size() + 1);
      for (std::string& text : texts) all.push_back(text.data());
      all.push_back(nullptr);
      return all;
    };
    return ::posix_spawnp(pid, program.c_str(), &files_, &attributes_, pointers(arguments).data(),
                          pointers(environment).data());
  }

 private:
  posix_spawn_file_actions_t files_{};
  posix_spawnattr_t attributes_{};
};

/// This process's environment with `changes` over it, as "NAME=VALUE" each.
std::vector<std::string> Environment(const std::map<std::string, std::string>& changes) {
  std::vector<std::string> all;
  for (char** variable = environ; variable != nullptr && *variable != nullptr; ++variable) {
    const std::string text = *variable;
    if (!changes.contains(text.substr(0, text.find('=')))) all.push_back(text);
  }
  for (const auto& [name, value] : changes) all.push_back(fmt::format("{}={}", name, value));
  return all;
}

/// A descriptor above the standard ones, which the child's own take.
Result<UniqueFd> AboveStandard(UniqueFd fd) {
  if (fd.get() > STDERR_FILENO) return fd;
  UniqueFd moved(::fcntl(fd.get(), F_DUPFD_CLOEXEC, STDERR_FILENO + 1));
  if (!moved.valid()) return Status::FromErrno("cannot copy a descriptor", errno);
  return moved;
}

}  // namespace

Result<ServerProcess> ServerProcess::Start(const ForkServerOptions& options) {
  BATCHSCOPE_ASSIGN_OR_RETURN(UniqueFd opened, OpenFile(options.driver_log, O_WRONLY | O_CREAT | O_APPEND));
  BATCHSCOPE_ASSIGN_OR_RETURN(const UniqueFd log, AboveStandard(std::move(opened)));
  int ends[2];
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) {
    return Status::FromErrno("cannot make a socket to the fork server", errno);
  }
  UniqueFd ours(ends[0]);
  BATCHSCOPE_ASSIGN_OR_RETURN(const UniqueFd theirs, AboveStandard(UniqueFd(ends[1])));

  SpawnPlan plan;
  plan.ReadNothing();
  plan.WriteTo(log.get());
  plan.Inherit(theirs.get());
  if (options.board_fd >= 0) plan.Inherit(options.board_fd);
  const std::string program = options.package_folder / "batchscope" / "_forkserver.py";
  pid_t pid = -1;
  const int error =
      plan.Spawn(options.python, {options.python, program, std::to_string(theirs.get()), std::to_string(::getpid())},
                 Environment(options.environment), &pid);
  if (error != 0) {
    return Status::FromErrno(fmt::format("cannot start {}, expected a Python interpreter (the `environment` of the "
                                         "step)",
                                         options.python.string()),
                             error);
  }
  // Before anybody can have reaped it; where the kernel has no such descriptor, its end is waited for without a limit.
  UniqueFd pid_fd(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
  return ServerProcess(pid, std::move(ours), std::move(pid_fd));
}

bool ServerProcess::WaitFor(std::chrono::milliseconds limit) {
  if (is_reaped_) return true;
  const auto end = std::chrono::steady_clock::now() + limit;
  pollfd wanted{pid_fd_.get(), POLLIN, 0};
  while (pid_fd_.valid()) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(end - std::chrono::steady_clock::now()).count();
    const int found = ::poll(&wanted, 1, static_cast<int>(left > 0 ? left : 0));
    if (found > 0) break;
    if (found == 0) return false;
  }
  Reap();
  return true;
}

void ServerProcess::Kill() {
  if (is_reaped_) return;
  ::kill(pid_, SIGKILL);
  Reap();
}

void ServerProcess::Reap() {
  while (::waitpid(pid_, &wait_status_, 0) < 0 && errno == EINTR) {
  }
  is_reaped_ = true;
}

}  // namespace batchscope::launch
