#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>

#include "runtime/base/files.h"
#include "runtime/base/status.h"
#include "runtime/record/append_file.h"
#include "runtime/record/json_line.h"
#include "runtime/record/line_writer.h"

namespace batchscope::record {

/// What a commit says of the other two files.
struct CommitMark {
  std::uint64_t output = 0;      ///< Bytes of the output file that count.
  std::uint32_t next = 0;        ///< The first mini-batch whose rows, if it has any, are not among them.
  bool has_header = false;       ///< The header line has been written.
  std::uint64_t spool_from = 0;  ///< Records of the spool that count begin here,
  std::uint64_t spool_to = 0;    ///< and end here.

  friend bool operator==(const CommitMark&, const CommitMark&) = default;
};

/// The writing end of journal.jsonl: lines gather in memory and reach the file together with a commit line, in one
/// write.
class Journal {
 public:
  Journal() = default;
  /// A new file.
  static Result<Journal> Create(const std::filesystem::path& path);
  /// Goes on behind `committed` bytes of an existing one, and cuts off what follows them.
  static Result<Journal> Continue(const std::filesystem::path& path, std::uint64_t committed);

  /// A new line; to be ended before the next is begun.
  LineWriter Add(std::string_view kind) { return LineWriter(pending_, kind); }
  bool has_pending() const { return !pending_.empty(); }

  Status Commit(const CommitMark& mark, std::int64_t at_unix_us);
  /// Drops what was added since the last commit, and cuts off a torn tail.
  Status RollBack();

 private:
  explicit Journal(UniqueFd fd, AppendFile file) : fd_(std::move(fd)), file_(std::move(file)) {}

  UniqueFd fd_;
  AppendFile file_;
  std::string pending_;
};

/// The reading end: what is committed, as it was when the journal was opened. Readers of a living run get whole
/// commits.
class CommittedJournal {
 public:
  /// Errors: no such file; no whole commit in it.
  static Result<CommittedJournal> Open(const std::filesystem::path& path);

  /// Calls `take` for every line in order, commit lines included. Errors: unreadable; a line that is no JSON object
  /// (with its number).
  Status ForEach(const std::function<void(const JsonLine&)>& take) const;

  /// The first line: what run it is.
  const std::string& first_line() const { return first_line_; }
  const CommitMark& last_commit() const { return last_commit_; }
  std::int64_t last_commit_unix_us() const { return last_commit_unix_us_; }
  /// Bytes up to the end of the last commit line.
  std::uint64_t committed() const { return committed_; }

 private:
  CommittedJournal() = default;
  Status FindLastCommit();

  std::filesystem::path path_;
  UniqueFd fd_;
  std::uint64_t committed_ = 0;
  std::string first_line_;
  CommitMark last_commit_;
  std::int64_t last_commit_unix_us_ = 0;
};

}  // namespace batchscope::record
