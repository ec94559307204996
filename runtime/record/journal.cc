#include "runtime/record/journal.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>

namespace batchscope::record {
namespace {

constexpr std::string_view kCommitBegin = "\n{\"e\":\"commit\",";
constexpr std::size_t kLongestCommitLine = 512;
constexpr std::uint64_t kBlock = 1 << 18;

CommitMark MarkOf(const JsonLine& line) {
  return {.output = static_cast<std::uint64_t>(line.Number("output")),
          .next = static_cast<std::uint32_t>(line.Number("next")),
          .has_header = line.Number("header") != 0,
          .spool_from = static_cast<std::uint64_t>(line.Number("spool_from")),
          .spool_to = static_cast<std::uint64_t>(line.Number("spool_to"))};
}

}  // namespace

Result<Journal> Journal::Create(const std::filesystem::path& path) {
  BATCHSCOPE_ASSIGN_OR_RETURN(UniqueFd fd, OpenFile(path, O_WRONLY | O_CREAT | O_EXCL));
  AppendFile file(fd.get(), path, 0);
  return Journal(std::move(fd), std::move(file));
}

Result<Journal> Journal::Continue(const std::filesystem::path& path, std::uint64_t committed) {
  BATCHSCOPE_ASSIGN_OR_RETURN(UniqueFd fd, OpenFile(path, O_WRONLY));
  AppendFile file(fd.get(), path, committed);
  BATCHSCOPE_RETURN_IF_ERROR(file.RollBack());
  return Journal(std::move(fd), std::move(file));
}

Status Journal::Commit(const CommitMark& mark, std::int64_t at_unix_us) {
  Add("commit")
      .Number("output", static_cast<std::int64_t>(mark.output))
      .Number("next", mark.next)
      .Number("header", mark.has_header ? 1 : 0)
      .Number("spool_from", static_cast<std::int64_t>(mark.spool_from))
      .Number("spool_to", static_cast<std::int64_t>(mark.spool_to))
      .Number("at", at_unix_us)
      .End();
  BATCHSCOPE_RETURN_IF_ERROR(file_.Append(pending_));
  file_.MarkCommitted();
  pending_.clear();
  return {};
}

Status Journal::RollBack() {
  pending_.clear();
  return file_.RollBack();
}

Result<CommittedJournal> CommittedJournal::Open(const std::filesystem::path& path) {
  CommittedJournal journal;
  journal.path_ = path;
  BATCHSCOPE_ASSIGN_OR_RETURN(journal.fd_, OpenFile(path, O_RDONLY));
  BATCHSCOPE_RETURN_IF_ERROR(journal.FindLastCommit());
  const AppendFile file(journal.fd_.get(), path, 0);
  std::string begin;
  BATCHSCOPE_RETURN_IF_ERROR(file.ReadAt(0, std::min(journal.committed_, kBlock), begin));
  journal.first_line_ = begin.substr(0, begin.find('\n'));
  return journal;
}

// Goes backwards block by block; blocks overlap, so that a commit line cut by a border is whole in one of them. In a
// text no line break can stand, so the pattern is never part of one.
Status CommittedJournal::FindLastCommit() {
  struct stat about {};
  if (::fstat(fd_.get(), &about) != 0) return Status::FromErrno("cannot read " + path_.string(), errno);
  const AppendFile file(fd_.get(), path_, 0);
  auto end = static_cast<std::uint64_t>(about.st_size);
  std::string block;
  while (end > 0) {
    const std::uint64_t begin = end > kBlock ? end - kBlock : 0;
    const std::uint64_t size = std::min(static_cast<std::uint64_t>(about.st_size), end + kLongestCommitLine) - begin;
    BATCHSCOPE_RETURN_IF_ERROR(file.ReadAt(begin, size, block));
    for (std::size_t found = block.rfind(kCommitBegin); found != std::string::npos;
         found = found == 0 ? std::string::npos : block.rfind(kCommitBegin, found - 1)) {
      const std::size_t line_end = block.find('\n', found + 1);
      if (line_end == std::string::npos) continue;  // Torn.
      const auto line = JsonLine::Parse(std::string_view(block).substr(found + 1, line_end - found - 1));
      if (!line) continue;
      last_commit_ = MarkOf(*line);
      last_commit_unix_us_ = line->Number("at");
      committed_ = begin + line_end + 1;
      return {};
    }
    end = begin;
  }
  return Status::Error(path_.string() + " holds no whole commit: the run was not begun, or this is no journal");
}

Status CommittedJournal::ForEach(const std::function<void(const JsonLine&)>& take) const {
  const AppendFile file(fd_.get(), path_, 0);
  std::string block, rest;  // `rest`: the begin of a line that goes on in the next block.
  std::uint64_t line_number = 0;
  for (std::uint64_t place = 0; place < committed_; place += block.size()) {
    BATCHSCOPE_RETURN_IF_ERROR(file.ReadAt(place, std::min(kBlock, committed_ - place), block));
    std::string_view left = block;
    for (std::size_t end = left.find('\n'); end != std::string_view::npos; end = left.find('\n')) {
      std::string_view text = left.substr(0, end);
      if (!rest.empty()) text = rest.append(text);
      const auto line = JsonLine::Parse(text);
      ++line_number;
      if (!line) return Status::Error(fmt::format("{}: line {} is no line of a journal", path_.string(), line_number));
      take(*line);
      rest.clear();
      left.remove_prefix(end + 1);
    }
    rest.append(left);
  }
  return {};
}

}  // namespace batchscope::record
