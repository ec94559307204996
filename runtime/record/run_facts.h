#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

#include "runtime/base/attempt.h"
#include "runtime/base/status.h"
#include "runtime/engine/ledger.h"
#include "runtime/record/journal.h"
#include "runtime/record/run_folder.h"

namespace batchscope::record {

inline constexpr int kFormat = 1;

/// Tells a file from another one that took its path and its inode: device, inode and time of birth.
struct FileIdentity {
  std::array<std::int64_t, 4> parts{};  ///< Device major and minor, inode, nanoseconds.

  /// Of an open file.
  static std::optional<FileIdentity> Of(int fd);
  friend bool operator==(const FileIdentity&, const FileIdentity&) = default;
};

/// What never changes in a run: the journal's first line.
struct RunFacts {
  std::string id;
  std::string step;
  std::int64_t started_unix_us = 0;
  int pid = 0;  ///< The host's.
  std::string node;
  std::uint32_t mini_batches = 0;
  std::uint64_t items = 0;
  std::uint32_t workers = 0;
  std::filesystem::path output_file;  ///< Empty with summary_only.
  FileIdentity output_identity;
};
void AddLine(Journal& journal, const RunFacts& facts);
/// Errors: another format, or no first line of a journal.
Result<RunFacts> ParseFacts(const std::string& line);

/// How a run ended: the contents of `complete`.
struct RunEnd {
  std::string status;  ///< "completed", "failed", "cancelled", "crashed".
  std::string reason;
  std::int64_t ended_unix_us = 0;
  engine::Counts counts;
  std::optional<Failure> fatal;
};
/// One line without its line break.
std::string ToJson(const RunEnd& end);
void AddLine(Journal& journal, const RunEnd& end);
std::optional<RunEnd> ParseEnd(const std::string& text);

/// Makes `incomplete`, with room for the end, so that a full disk does not hide it.
Status WriteIncomplete(const RunFolder& folder);
/// Writes the end into `incomplete`; in place, without what does not fit when the disk is full.
Status NoteEnd(const RunFolder& folder, const RunEnd& end);
/// `incomplete` becomes `complete`.
Status MarkComplete(const RunFolder& folder);
/// What was noted: in `complete`, else in `incomplete`.
std::optional<RunEnd> ReadEnd(const RunFolder& folder);

/// What the committed lines add up to.
struct JournalTotals {
  engine::Counts counts;      ///< Workers count as alive until their exit is recorded.
  std::optional<RunEnd> end;  ///< The last "end" line.
};
Result<JournalTotals> AddUp(const CommittedJournal& journal, const RunFacts& facts);

/// Fields of a failure in a journal line, and back.
void AddFailure(LineWriter& line, const Failure& failure);
Failure FailureOf(const JsonLine& line);

/// Whether a process that ended before it was ready failed by itself: that counts as a failed init(). Otherwise it was
/// ended with its run.
bool IsOwnDeath(const Failure& failure);

/// The attempts that an "exit" line says were begun.
std::vector<Attempt> BegunOf(const JsonLine& line);

}  // namespace batchscope::record
