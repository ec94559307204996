// What went wrong in a run, and the story of one mini-batch.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>
#include <system_error>

#include "runtime/base/clock.h"
#include "runtime/record/early_deaths.h"
#include "runtime/record/error_log.h"
#include "runtime/record/journal.h"
#include "runtime/record/plan_file.h"
#include "runtime/record/reader.h"
#include "runtime/record/run_facts.h"
#include "runtime/record/utc_text.h"

namespace batchscope::record {
namespace {

std::string Utc(std::int64_t unix_us) { return FormatUtc(FromUnixMicros(unix_us)); }

// Collects the errors of a journal, line by line.
class ErrorCollector {
 public:
  explicit ErrorCollector(std::uint64_t limit) : limit_(limit) {}

  void Take(const JsonLine& line) {
    const std::string_view kind = line.kind();
    if (kind == "start") {
      deaths_.Started(line.Number("w"));
    } else if (kind == "ready") {
      deaths_.Heard(line.Number("w"));
    } else if (kind == "init") {
      deaths_.Heard(line.Number("w"));
      Add(line, -1, FailureOf(line));
    } else if (kind == "exit") {
      Failure failure = FailureOf(line);
      if (deaths_.Exited(line.Number("w")) && IsOwnDeath(failure)) Add(line, -1, std::move(failure));
    } else if (kind == "fail") {
      NoteTry(line);
      Add(line, line.Number("b"), FailureOf(line));
    } else if (kind == "ok") {
      NoteTry(line);
    }
  }

  Errors TakeErrors() {
    for (ErrorRow& row : errors_.rows) {
      row.last = row.mini_batch < 0 || row.attempt == last_try_.at(row.mini_batch);
    }
    return std::move(errors_);
  }

 private:
  // Only mini-batches that have failed are kept, so a try that succeeds matters when one failed before.
  void NoteTry(const JsonLine& line) {
    const auto number = static_cast<std::uint32_t>(line.Number("t"));
    if (number == 0 && line.kind() == "ok") return;
    std::uint32_t& last = last_try_[line.Number("b")];
    last = std::max(last, number);
  }

  void Add(const JsonLine& line, std::int64_t mini_batch, Failure failure) {
    ++errors_.total;
    if (errors_.rows.size() >= limit_) return;
    errors_.rows.push_back({.mini_batch = mini_batch,
                            .attempt = static_cast<std::uint32_t>(line.Number("t")),
                            .last = false,
                            .process = static_cast<std::uint32_t>(line.Number("w")),
                            .time = Utc(line.Number("at") + line.Number("el")),
                            .failure = std::move(failure),
                            .items = {}});
  }

  const std::uint64_t limit_;
  Errors errors_;
  EarlyDeaths deaths_;
  std::map<std::int64_t, std::uint32_t> last_try_;
};

std::string Duration(std::int64_t nanoseconds) { return FormatDuration(std::chrono::nanoseconds(nanoseconds)); }

// Builds the lines of Why().
class Story {
 public:
  explicit Story(MiniBatchId id) : id_(id) {}

  void Take(const JsonLine& line) {
    const std::string_view kind = line.kind();
    if (kind == "start") {
      pids_[line.Number("w")] = line.Number("pid");
    } else if (line.Number("b", -1) != id_.value) {
      return;
    } else if (kind == "ok") {
      Begun(line);
      Ended(line, fmt::format("succeeded: {} results of {} items, run() took {}", line.Number("r"), line.Number("n"),
                              Duration(line.Number("run"))));
      has_rows_ = true;
    } else if (kind == "fail") {
      Begun(line);
      Ended(line, fmt::format("failed after {}: {} ({})", Duration(line.Number("p")), OneLine(FailureOf(line)),
                              line.Text("kind")));
    } else if (kind == "held") {
      lines_.push_back(
          fmt::format("{} worker {} stays, for a person to look at it", Utc(line.Number("at")), line.Number("w")));
    } else if (kind == "gave_up") {
      lines_.push_back("its tries are used up; it has no rows in the output");
      gave_up_ = true;
    }
  }

  std::vector<std::string> Finish(const CommitMark& mark, const RunFacts& facts, bool ended) {
    if (lines_.empty()) {
      lines_.push_back(ended ? "it was never begun"
                             : "it waits; nobody has begun it, or the try under way has not ended");
    } else if (!has_rows_ && !gave_up_) {
      lines_.push_back(ended ? "the run ended before it was tried again" : "it waits for another try");
    } else if (has_rows_ && facts.output_file.empty()) {
      lines_.push_back("the step stores no rows (summary_only)");
    } else if (has_rows_ && (ended || id_.value < mark.next)) {
      lines_.push_back("its rows are in " + facts.output_file.string());
    } else if (has_rows_) {
      lines_.push_back(fmt::format("its rows wait for mini-batch {}, which comes before and is not done", mark.next));
    }
    return std::move(lines_);
  }

 private:
  void Begun(const JsonLine& line) {
    const std::int64_t worker = line.Number("w");
    const auto pid = pids_.find(worker);
    lines_.push_back(fmt::format("{} attempt {} began in worker {}{}", Utc(line.Number("at")), line.Number("t") + 1,
                                 worker, pid == pids_.end() ? "" : fmt::format(" (pid {})", pid->second)));
  }
  void Ended(const JsonLine& line, const std::string& how) {
    lines_.push_back(
        fmt::format("{} attempt {} {}", Utc(line.Number("at") + line.Number("el")), line.Number("t") + 1, how));
  }

  const MiniBatchId id_;
  std::map<std::int64_t, std::int64_t> pids_;
  std::vector<std::string> lines_;
  bool has_rows_ = false;
  bool gave_up_ = false;
};

}  // namespace

Result<Errors> ReadErrors(const RunFolder& folder, std::uint64_t limit) {
  BATCHSCOPE_ASSIGN_OR_RETURN(const CommittedJournal journal, CommittedJournal::Open(folder.journal()));
  ErrorCollector collector(limit);
  BATCHSCOPE_RETURN_IF_ERROR(journal.ForEach([&](const JsonLine& line) { collector.Take(line); }));
  Errors errors = collector.TakeErrors();
  std::vector<MiniBatchId> ids;
  for (const ErrorRow& row : errors.rows) {
    if (row.mini_batch >= 0) ids.push_back(MiniBatchId{static_cast<std::uint32_t>(row.mini_batch)});
  }
  BATCHSCOPE_ASSIGN_OR_RETURN(auto paths, ReadPaths(folder.plan(), ids));
  auto next = paths.begin();
  for (ErrorRow& row : errors.rows) {
    if (row.mini_batch >= 0) row.items = std::move(*next++);
  }
  return errors;
}

Result<std::vector<std::string>> Why(const RunFolder& folder, MiniBatchId id) {
  BATCHSCOPE_ASSIGN_OR_RETURN(const CommittedJournal journal, CommittedJournal::Open(folder.journal()));
  BATCHSCOPE_ASSIGN_OR_RETURN(const RunFacts facts, ParseFacts(journal.first_line()));
  if (id.value >= facts.mini_batches) {
    return Status::Error(
        fmt::format("there is no mini-batch {}; the run has {}, numbered from 0", id.value, facts.mini_batches));
  }
  Story story(id);
  BATCHSCOPE_RETURN_IF_ERROR(journal.ForEach([&](const JsonLine& line) { story.Take(line); }));
  std::error_code ignored;
  const bool ended = std::filesystem::exists(folder.complete(), ignored) || !HostLock::IsHeld(folder);
  return story.Finish(journal.last_commit(), facts, ended);
}

}  // namespace batchscope::record
