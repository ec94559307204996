#include "debugadapter/transport/child_process.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>

namespace batchscope::transport {
namespace {

struct Pipe {
  UniqueFd read;
  UniqueFd write;
};

Result<Pipe> MakePipe() {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return Status::FromErrno("cannot make a pipe", errno);
  return Pipe{UniqueFd(ends[0]), UniqueFd(ends[1])};
}

std::vector<std::string> Environment(const ChildPlan& plan) {
  std::vector<std::string> all;
  for (char** variable = environ; variable != nullptr && *variable != nullptr; ++variable) {
    const std::string text = *variable;
    const std::string name = text.substr(0, text.find('='));
    const bool changed = std::any_of(plan.environment.begin(), plan.environment.end(),
                                     [&name](const auto& change) { return change.first == name; });
    if (!changed) all.push_back(text);
  }
  for (const auto& [name, value] : plan.environment) {
    if (value) all.push_back(fmt::format("{}={}", name, *value));
  }
  return all;
}

std::vector<char*> Pointers(std::vector<std::string>& texts) {
  std::vector<char*> all;
  all.reserve(texts.size() + 1);
  for (std::string& text : texts) all.push_back(text.data());
  all.push_back(nullptr);
  return all;
}

/// What the forked child needs; made before, since it may not allocate.
struct Prepared {
  const char* program;
  const char* cwd;
  char** arguments;
  char** environment;
  pid_t parent;
  int out;
  int err;
  int inherited;
  int trouble;  ///< Takes a Trouble when the program could not be started.
};

struct Trouble {
  int error = 0;
  bool with_cwd = false;
};

/// Other threads may have held locks when this process was forked: only what is safe in a signal handler is called.
[[noreturn]] void BecomeProgram(const Prepared& prepared) {
  const auto give_up = [&prepared](bool with_cwd) {
    const Trouble trouble{errno, with_cwd};
    [[maybe_unused]] const ssize_t written = ::write(prepared.trouble, &trouble, sizeof trouble);
    ::_exit(127);
  };
  ::setpgid(0, 0);
  ::prctl(PR_SET_PDEATHSIG, SIGINT);
  if (::getppid() != prepared.parent) ::_exit(127);
  const int nothing = ::open("/dev/null", O_RDONLY);
  if (::dup2(nothing, STDIN_FILENO) < 0 || ::dup2(prepared.out, STDOUT_FILENO) < 0 ||
      ::dup2(prepared.err, STDERR_FILENO) < 0) {
    give_up(false);
  }
  if (nothing > STDERR_FILENO) ::close(nothing);
  if (prepared.inherited >= 0) ::fcntl(prepared.inherited, F_SETFD, 0);
  for (int number = 1; number < NSIG; ++number) ::signal(number, SIG_DFL);
  sigset_t none;
  sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  if (::chdir(prepared.cwd) != 0) give_up(true);
  ::execve(prepared.program, prepared.arguments, prepared.environment);
  give_up(false);
  ::_exit(127);
}

/// A descriptor above the standard ones, which the child's own take.
Result<UniqueFd> AboveStandard(UniqueFd fd) {
  if (fd.get() > STDERR_FILENO) return fd;
  UniqueFd moved(::fcntl(fd.get(), F_DUPFD_CLOEXEC, STDERR_FILENO + 1));
  if (!moved.valid()) return Status::FromErrno("cannot copy a descriptor", errno);
  return moved;
}

}  // namespace

Result<ChildProcess> ChildProcess::Start(const ChildPlan& plan) {
  BATCHSCOPE_ASSIGN_OR_RETURN(Pipe out, MakePipe());
  BATCHSCOPE_ASSIGN_OR_RETURN(Pipe err, MakePipe());
  BATCHSCOPE_ASSIGN_OR_RETURN(Pipe trouble, MakePipe());
  for (UniqueFd* end : {&out.write, &err.write, &trouble.write}) {
    BATCHSCOPE_ASSIGN_OR_RETURN(*end, AboveStandard(std::move(*end)));
  }
  std::vector<std::string> arguments = plan.arguments;
  arguments.insert(arguments.begin(), plan.program.string());
  std::vector<std::string> environment = Environment(plan);
  const std::vector<char*> argument_pointers = Pointers(arguments);
  const std::vector<char*> environment_pointers = Pointers(environment);
  const Prepared prepared{.program = plan.program.c_str(),
                          .cwd = plan.cwd.c_str(),
                          .arguments = const_cast<char**>(argument_pointers.data()),
                          .environment = const_cast<char**>(environment_pointers.data()),
                          .parent = ::getpid(),
                          .out = out.write.get(),
                          .err = err.write.get(),
                          .inherited = plan.inherited,
                          .trouble = trouble.write.get()};
  const pid_t pid = ::fork();
  if (pid < 0) return Status::FromErrno(fmt::format("cannot start {}", plan.program.string()), errno);
  if (pid == 0) BecomeProgram(prepared);
  UniqueFd pid_fd(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
  const int no_pid_fd = pid_fd.valid() ? 0 : errno;
  ChildProcess child(pid, std::move(pid_fd), std::move(out.read), std::move(err.read));
  if (no_pid_fd != 0)
    return Status::FromErrno("cannot watch a child process (Linux 5.3 or newer is needed)", no_pid_fd);
  trouble.write.Reset();
  Trouble told;
  ssize_t size = 0;
  while ((size = ::read(trouble.read.get(), &told, sizeof told)) < 0 && errno == EINTR) {
  }
  if (size > 0) {
    return Status::FromErrno(told.with_cwd ? fmt::format("cannot work in the folder {}", plan.cwd.string())
                                           : fmt::format("cannot start {}", plan.program.string()),
                             told.error);
  }
  for (const int fd : {child.out_.get(), child.err_.get()}) ::fcntl(fd, F_SETFL, O_NONBLOCK);
  return child;
}

ChildProcess::ChildProcess(ChildProcess&& other) noexcept
    : pid_(std::exchange(other.pid_, -1)),
      pid_fd_(std::move(other.pid_fd_)),
      out_(std::move(other.out_)),
      err_(std::move(other.err_)),
      exit_code_(other.exit_code_) {}

ChildProcess::~ChildProcess() {
  if (pid_ < 0 || exit_code_) return;
  Signal(SIGKILL);
  while (::waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) {
  }
}

void ChildProcess::Signal(int number) const {
  if (pid_ < 0 || exit_code_) return;
  // Right after the fork the group may not be there yet; the process is.
  if (::kill(-pid_, number) != 0) ::kill(pid_, number);
}

std::optional<int> ChildProcess::Reap() {
  int status = 0;
  if (!exit_code_ && pid_ >= 0 && ::waitpid(pid_, &status, WNOHANG) == pid_) {
    exit_code_ = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  }
  return exit_code_;
}

}  // namespace batchscope::transport
