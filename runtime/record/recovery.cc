#include "runtime/record/recovery.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <optional>
#include <system_error>

#include "runtime/base/files.h"
#include "runtime/record/append_file.h"
#include "runtime/record/ordered_output.h"

namespace batchscope::record {
namespace {

std::uint64_t SizeOf(int fd) {
  struct stat about {};
  return ::fstat(fd, &about) == 0 ? static_cast<std::uint64_t>(about.st_size) : 0;
}

Status WriteWaiting(const RunFacts& facts, const CommitMark& mark, int output_fd, const UniqueFd& spool,
                    const RunFolder& folder, Journal& journal, const RunEnd& end) {
  OrderedOutput output(facts.mini_batches, AppendFile(output_fd, facts.output_file, SizeOf(output_fd)),
                       AppendFile(spool.get(), folder.spool(), SizeOf(spool.get())), OrderedOutput::Budgets());
  BATCHSCOPE_RETURN_IF_ERROR(output.Resume(mark));
  output.CloseGaps();
  Status written = output.Write();
  if (written.ok()) {
    AddLine(journal, end);
    written = journal.Commit(output.mark(), end.ended_unix_us);
  }
  if (written.ok()) return {};
  (void)output.RollBack();
  (void)journal.RollBack();
  return written;
}

// Workers may have made links and mounts below; nothing but empty folders goes.
void RemoveEmptyFolders(const std::filesystem::path& folder) {
  std::error_code ignored;
  for (const auto& entry : std::filesystem::directory_iterator(folder, ignored)) {
    if (entry.is_directory(ignored) && !entry.is_symlink(ignored)) RemoveEmptyFolders(entry.path());
  }
  ::rmdir(folder.c_str());
}

}  // namespace

Status RecoverRows(const RunFolder& folder, const RunFacts& facts, const CommittedJournal& committed, RunEnd& end) {
  BATCHSCOPE_ASSIGN_OR_RETURN(Journal journal, Journal::Continue(folder.journal(), committed.committed()));
  const CommitMark mark = committed.last_commit();
  std::string objection;
  if (!facts.output_file.empty()) {
    const UniqueFd output(::open(facts.output_file.c_str(), O_RDWR | O_NOFOLLOW | O_CLOEXEC));
    if (!output.valid() && errno != ENOENT && errno != ELOOP) {
      return Status::FromErrno("cannot open " + facts.output_file.string(), errno);
    }
    const UniqueFd spool(::open(folder.spool().c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
    if (!spool.valid()) return Status::FromErrno("cannot open " + folder.spool().string(), errno);
    if (output.valid() && FileIdentity::Of(output.get()) == facts.output_identity) {
      return WriteWaiting(facts, mark, output.get(), spool, folder, journal, end);
    }
    objection =
        "its output file " + facts.output_file.string() + " was removed or replaced since, and is left as it is";
  }
  if (!objection.empty()) end.reason += (end.reason.empty() ? "" : "; ") + objection;
  AddLine(journal, end);
  return journal.Commit(mark, end.ended_unix_us);
}

Status Complete(const RunFolder& folder, const RunEnd& end) {
  BATCHSCOPE_RETURN_IF_ERROR(NoteEnd(folder, end));
  BATCHSCOPE_RETURN_IF_ERROR(MarkComplete(folder));
  std::error_code ignored;
  if (const auto link = ReadFile(folder.control() / "link_folder"); link.ok()) {
    // Where the socket lies when the run folder's path is too long for one. Made by us, private; what else it may hold
    // is left.
    const std::filesystem::path link_folder = link.value().substr(0, link.value().find('\n'));
    if (link_folder.is_absolute()) {
      for (const auto& entry : std::filesystem::directory_iterator(link_folder, ignored)) {
        if (entry.is_socket(ignored)) std::filesystem::remove(entry.path(), ignored);
      }
      ::rmdir(link_folder.c_str());
    }
  }
  std::filesystem::remove_all(folder.control(), ignored);
  RemoveEmptyFolders(folder.work());
  return {};
}

}  // namespace batchscope::record
