#include "runtime/worker/output_files.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <utility>

#include "runtime/base/clock.h"

namespace batchscope::worker {
namespace {

Result<UniqueFd> OpenForAppending(const std::filesystem::path& path) {
  BATCHSCOPE_RETURN_IF_ERROR(MakeFolders(path.parent_path()));
  return OpenFile(path, O_WRONLY | O_CREAT | O_APPEND);
}

Status PutBehind(int fd, const std::filesystem::path& path) {
  BATCHSCOPE_ASSIGN_OR_RETURN(const UniqueFd file, OpenForAppending(path));
  if (::dup2(file.get(), fd) < 0) return Status::FromErrno(fmt::format("descriptor {}", fd), errno);
  return Status();
}

}  // namespace

Result<OutputFiles> OutputFiles::Redirect(const Setup& setup, WorkerId worker) {
  const std::filesystem::path user = std::filesystem::path(setup.logs_folder) / "user";
  const std::string process = ProcessName(worker);
  const std::filesystem::path log_path = user / setup.node / (process + ".log.txt");
  BATCHSCOPE_ASSIGN_OR_RETURN(UniqueFd log, OpenForAppending(log_path));
  BATCHSCOPE_RETURN_IF_ERROR(PutBehind(STDOUT_FILENO, user / "stdout" / setup.node / (process + ".stdout.txt")));
  BATCHSCOPE_RETURN_IF_ERROR(PutBehind(STDERR_FILENO, user / "stderr" / setup.node / (process + ".stderr.txt")));
  // printf() of native code holds text back when descriptor 1 is a file; a worker that is killed would lose it.
  std::setvbuf(stdout, nullptr, _IOLBF, 0);
  return OutputFiles(std::move(log), log_path);
}

Status OutputFiles::WriteBoth(int fd, std::string_view bytes) const {
  // The stream's own file has the text as well, so a log that cannot be written is no reason to fail a print().
  [[maybe_unused]] const Status logged = WriteAll(log_.get(), bytes);
  return WriteAll(fd, bytes);
}

void OutputFiles::Warn(std::string_view text) const {
  const std::string line = fmt::format("{} WARNING {}\n", FormatUtc(std::chrono::system_clock::now()), text);
  [[maybe_unused]] const Status logged = WriteAll(log_.get(), line);
}

}  // namespace batchscope::worker
