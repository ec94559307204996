#include "debugadapter/transport/launched_step.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <system_error>
#include <utility>

#include "runtime/base/text.h"

namespace batchscope::transport {
namespace {

namespace fs = std::filesystem;

/// A line that is longer is handed on in parts.
constexpr std::size_t kLongestLine = std::size_t{64} << 10;

bool IsProgram(const fs::path& path) {
  std::error_code error;
  return fs::is_regular_file(path, error) && ::access(path.c_str(), X_OK) == 0;
}

/// Takes what can be read; closes a descriptor that has ended.
void ReadInto(UniqueFd& fd, std::string& text) {
  std::array<char, 16 << 10> buffer;  // NOLINT(cppcoreguidelines-pro-type-member-init): read into at once.
  while (fd.valid()) {
    const ssize_t size = ::read(fd.get(), buffer.data(), buffer.size());
    if (size > 0) {
      text.append(buffer.data(), static_cast<std::size_t>(size));
      if (text.size() >= kLongestLine) return;  // The rest the next time: it may print faster than anybody reads.
    } else if (size == 0 || (errno != EINTR && errno != EAGAIN)) {
      fd.Reset();
    } else if (errno == EAGAIN) {
      return;
    }
  }
}

/// Cuts the whole lines off; everything when `all`.
std::string TakeLines(std::string& text, bool all) {
  const std::size_t end = text.rfind('\n');
  const bool whole = all || text.size() >= kLongestLine;
  std::string lines = text.substr(0, whole ? std::string::npos : end == std::string::npos ? 0 : end + 1);
  text.erase(0, lines.size());
  return ToDisplay(lines);
}

bool IsReadable(int fd) {
  pollfd wanted{fd, POLLIN, 0};
  return ::poll(&wanted, 1, 0) > 0 && (wanted.revents & POLLIN) != 0;
}

std::string SearchPath() {
  const char* path = std::getenv("PATH");  // NOLINT(concurrency-mt-unsafe): nobody here sets it.
  return path == nullptr ? "" : path;
}

bool HasHome(const std::vector<std::string>& arguments) {
  return std::any_of(arguments.begin(), arguments.end(),
                     [](const std::string& word) { return word == "--home" || word.starts_with("--home="); });
}

}  // namespace

Result<fs::path> FindProgram(const fs::path& wanted, const fs::path& adapter, const std::string& search_path) {
  if (!wanted.empty()) {
    if (wanted.has_parent_path() && IsProgram(wanted)) return fs::absolute(wanted);
    if (wanted.has_parent_path()) {
      return Status::Error(
          fmt::format("\"program\" is {}, which is no program that can be started; expected the path "
                      "of `batchscope`",
                      ToDisplay(wanted.string())));
    }
  }
  const fs::path name = wanted.empty() ? fs::path("batchscope") : wanted;
  if (const fs::path beside = adapter.parent_path() / name; wanted.empty() && IsProgram(beside)) return beside;
  for (const std::string_view folder : Split(search_path, ':')) {
    const fs::path path = fs::path(folder.empty() ? "." : folder) / name;
    if (IsProgram(path)) return fs::absolute(path);
  }
  return Status::Error(
      fmt::format("found no {}: neither beside {} nor in PATH; install Batchscope there, or say where "
                  "`batchscope` lies with \"program\"",
                  ToDisplay(name.string()), ToDisplay(adapter.string())));
}

Result<LaunchedStep> LaunchedStep::Start(const session::LaunchPlan& plan, const fs::path& home) {
  std::error_code error;
  ChildPlan child;
  BATCHSCOPE_ASSIGN_OR_RETURN(child.program,
                              FindProgram(plan.program, fs::read_symlink("/proc/self/exe", error), SearchPath()));
  const fs::path step = plan.cwd.empty() ? fs::absolute(plan.step) : fs::absolute(plan.cwd / plan.step);
  if (!fs::is_regular_file(step, error)) {
    return Status::Error(fmt::format("the step {} is no file; expected a step file (YAML or JSON) in \"step\"",
                                     ToDisplay(step.string())));
  }
  child.cwd = plan.cwd.empty() ? step.parent_path() : plan.cwd;
  child.environment = plan.environment;
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC | O_NONBLOCK) != 0) return Status::FromErrno("cannot make a pipe", errno);
  UniqueFd announced(ends[0]);
  UniqueFd low(ends[1]);
  const UniqueFd announce(::fcntl(low.get(), F_DUPFD_CLOEXEC, STDERR_FILENO + 1));
  if (!announce.valid()) return Status::FromErrno("cannot copy a descriptor", errno);
  low.Reset();
  child.inherited = announce.get();
  child.arguments = {"run", "--announce", std::to_string(announce.get())};
  if (plan.debug) child.arguments.emplace_back("--wait-for-debugger");
  if (!home.empty() && !HasHome(plan.arguments)) {
    child.arguments.insert(child.arguments.end(), {"--home", home.string()});
  }
  child.arguments.push_back(step.string());
  child.arguments.insert(child.arguments.end(), plan.arguments.begin(), plan.arguments.end());
  BATCHSCOPE_ASSIGN_OR_RETURN(ChildProcess started, ChildProcess::Start(child));
  return LaunchedStep(std::move(started), std::move(announced));
}

void LaunchedStep::AddTo(std::vector<pollfd>& wanted) const {
  if (has_ended_) return;
  for (const UniqueFd* fd : {&child_.out(), &child_.err(), &announced_fd_}) {
    if (fd->valid()) wanted.push_back({fd->get(), POLLIN, 0});
  }
  wanted.push_back({child_.pid_fd(), POLLIN, 0});
}

StepNews LaunchedStep::Take() {
  StepNews news;
  if (has_ended_) return news;
  const std::optional<int> exit_code = child_.Reap();  // First: what it printed before is there then.
  const auto print = [&](UniqueFd& fd, std::string& text, bool is_stderr) {
    do {
      ReadInto(fd, text);
      const bool last = exit_code.has_value() || !fd.valid();
      if (std::string lines = TakeLines(text, last); !lines.empty()) {
        news.printed.push_back({std::move(lines), is_stderr});
      }
    } while (exit_code && fd.valid() && IsReadable(fd.get()));
  };
  print(child_.out(), out_, false);
  print(child_.err(), err_, true);
  if (announced_fd_.valid()) {
    ReadInto(announced_fd_, announced_);
    if (const std::size_t end = announced_.find('\n'); end != std::string::npos) {
      news.run_folder = announced_.substr(0, end);
      announced_fd_.Reset();
    }
  }
  news.exit_code = exit_code;
  has_ended_ = exit_code.has_value();
  return news;
}

void LaunchedStep::Stop(MonotonicTime now) {
  if (has_ended_ || deadline_) return;
  child_.Signal(SIGINT);
  deadline_ = now + kStopLimit;
}

void LaunchedStep::OnTime(MonotonicTime now) {
  if (has_ended_ || !deadline_ || now < *deadline_) return;
  child_.Signal(SIGKILL);
  deadline_.reset();
}

}  // namespace batchscope::transport
