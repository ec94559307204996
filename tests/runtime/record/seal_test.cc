#include <gtest/gtest.h>

#include <filesystem>
#include <map>
#include <optional>
#include <vector>

#include "runtime/record/journal.h"
#include "runtime/record/reader.h"
#include "tests/runtime/record/small_run.h"

namespace batchscope::record {
namespace {

/// The three files that a kill may cut anywhere.
struct Files {
  std::string output, spool, journal;
};

/// One commit of a run: what was on disk before and behind it, and the rows that it made count.
struct Step {
  Files before, written;
  std::optional<std::string> spool_after;  ///< Where the commit was followed by emptying the spool.
  std::string rows_before, rows_after;     ///< What Seal() makes of the output.
  std::uint32_t succeeded_before = 0, succeeded_after = 0;
};

class KilledRun : public ::testing::Test {
 protected:
  KilledRun() : run_(8) { run_.Begin(); }

  Files Now() const { return {run_.Output(), ReadAll(run_.folder().spool()), ReadAll(run_.folder().journal())}; }

  void Finish(std::uint32_t id, const std::string& rows, std::uint32_t header_size = 0) {
    run_.Ok(id, rows, header_size);
    rows_[id] = rows.substr(header_size);
    has_header_ = has_header_ || header_size > 0;
  }

  void Commit() {
    Step step;
    step.before = Now();
    step.rows_before = committed_rows_;
    step.succeeded_before = committed_;
    ASSERT_TRUE(run_.recorder->Commit().ok());
    step.written = Now();
    if (step.written.spool.empty() && !step.before.spool.empty()) {
      step.spool_after = "";
      step.written.spool = step.before.spool;
    }
    committed_rows_ = has_header_ ? "name value\n" : "";
    for (const auto& [id, rows] : rows_) committed_rows_ += rows;
    committed_ = static_cast<std::uint32_t>(rows_.size());
    step.rows_after = committed_rows_;
    step.succeeded_after = committed_;
    steps_.push_back(step);
  }

  // A run whose early rows wait over several commits, with a header, a failed mini-batch, and one that is never
  // finished.
  void Record() {
    Finish(2, "name value\nc 2\n", 11);
    Commit();
    Finish(5, "name value\nf 5\nff 5\n", 11);
    Finish(0, "name value\na 0\n", 11);
    run_.Fail(1, 0, ValueError("\xFF not UTF-8"));
    Commit();
    run_.Fail(1, 1);
    run_.recorder->GaveUp(MiniBatchId{1});
    Commit();
    Finish(4, "");
    Commit();
    Finish(3, "name value\nd 3\n", 11);
    Commit();  // Nothing waits any more: the spool is emptied.
    Finish(7, "name value\nh 7\n", 11);
    Commit();
    run_.Die();
  }

  void Expect(const Files& files, const std::string& rows, std::uint32_t succeeded, const std::string& where) {
    const RunFolder folder = run_.folder();
    for (const auto& file : {folder.complete(), folder.logs() / "overview.txt", folder.logs() / "job_result.txt"}) {
      std::filesystem::remove(file);
    }
    WriteAllTo(folder.incomplete(), "\n");
    WriteAllTo(folder.spool(), files.spool);
    WriteAllTo(folder.journal(), files.journal);
    WriteAllTo(run_.output_file, files.output);
    const Status sealed = Seal(folder);
    ASSERT_TRUE(sealed.ok()) << where << ": " << sealed.message();
    ASSERT_EQ(run_.Output(), rows) << where;
    const auto summary = ReadSummary(folder);
    ASSERT_TRUE(summary.ok()) << where << ": " << summary.message();
    ASSERT_EQ(summary->status, "crashed") << where;
    ASSERT_EQ(summary->counts.succeeded, succeeded) << where;
  }

  SmallRun run_;
  std::vector<Step> steps_;
  std::map<std::uint32_t, std::string> rows_;
  bool has_header_ = false;
  std::string committed_rows_;
  std::uint32_t committed_ = 0;
};

std::string Cut(const std::string& before, const std::string& after, std::size_t size) {
  EXPECT_EQ(after.substr(0, before.size()), before);
  return after.substr(0, size);
}

TEST_F(KilledRun, IsSealedWithEachCommittedRowOnceAtWhateverByteItWasKilled) {
  Record();
  for (std::size_t i = 0; i < steps_.size(); ++i) {
    const Step& step = steps_[i];
    const std::string where = "commit " + std::to_string(i);
    for (std::size_t size = step.before.output.size(); size < step.written.output.size(); ++size) {
      const Files files{Cut(step.before.output, step.written.output, size), step.before.spool, step.before.journal};
      Expect(files, step.rows_before, step.succeeded_before, where + ", output cut at " + std::to_string(size));
      if (HasFatalFailure()) return;
    }
    for (std::size_t size = step.before.spool.size(); size < step.written.spool.size(); ++size) {
      const Files files{step.written.output, Cut(step.before.spool, step.written.spool, size), step.before.journal};
      Expect(files, step.rows_before, step.succeeded_before, where + ", spool cut at " + std::to_string(size));
      if (HasFatalFailure()) return;
    }
    for (std::size_t size = step.before.journal.size(); size < step.written.journal.size(); ++size) {
      const Files files{step.written.output, step.written.spool, Cut(step.before.journal, step.written.journal, size)};
      Expect(files, step.rows_before, step.succeeded_before, where + ", journal cut at " + std::to_string(size));
      if (HasFatalFailure()) return;
    }
    Expect(step.written, step.rows_after, step.succeeded_after, where + ", written");
    if (step.spool_after) {
      const Files files{step.written.output, *step.spool_after, step.written.journal};
      Expect(files, step.rows_after, step.succeeded_after, where + ", spool emptied");
    }
    if (HasFatalFailure()) return;
  }
}

TEST_F(KilledRun, IsSealedAgainWhenTheSealingWasKilled) {
  Record();
  const Step& last = steps_.back();
  Expect(last.written, last.rows_after, last.succeeded_after, "first");
  const std::string sealed_journal = ReadAll(run_.folder().journal());
  for (std::size_t size = last.written.output.size(); size <= last.rows_after.size(); ++size) {
    const Files files{last.rows_after.substr(0, size), last.written.spool, last.written.journal};
    Expect(files, last.rows_after, last.succeeded_after, "rows cut at " + std::to_string(size));
    if (HasFatalFailure()) return;
  }
  for (std::size_t size = last.written.journal.size(); size <= sealed_journal.size(); ++size) {
    const Files files{last.rows_after, last.written.spool, Cut(last.written.journal, sealed_journal, size)};
    Expect(files, last.rows_after, last.succeeded_after, "journal cut at " + std::to_string(size));
    if (HasFatalFailure()) return;
  }
}

TEST(Seal, LeavesARunAloneWhoseHostLives) {
  SmallRun run;
  run.Begin();
  run.Ok(1, "b\n");
  ASSERT_TRUE(run.recorder->Commit().ok());
  EXPECT_TRUE(Seal(run.folder()).ok());
  EXPECT_FALSE(std::filesystem::exists(run.folder().complete()));
  EXPECT_EQ(run.Output(), "");
}

TEST(Seal, LeavesACompleteRunAlone) {
  SmallRun run;
  run.Begin();
  run.Ok(0, "a\n");
  ASSERT_TRUE(run.Finish(engine::RunStatus::kCompleted, 1, 0).ok());
  run.Die();
  WriteAllTo(run.output_file, "somebody's own\n");
  EXPECT_TRUE(Seal(run.folder()).ok());
  EXPECT_EQ(run.Output(), "somebody's own\n");
}

TEST(Seal, DoesNotTouchTheOutputFileOfALaterRun) {
  SmallRun run;
  run.step.output = run.temp.path() / "out";
  run.Begin();
  run.Ok(1, "from the first\n");
  ASSERT_TRUE(run.recorder->Commit().ok());
  run.Die();
  const RunFolder first = run.folder();
  run.Begin();
  run.Ok(0, "from the second\n");
  ASSERT_TRUE(run.Finish(engine::RunStatus::kCompleted, 1, 0).ok());
  ASSERT_TRUE(Seal(first).ok());
  EXPECT_EQ(run.Output(), "from the second\n");
  const auto summary = ReadSummary(first);
  ASSERT_TRUE(summary.ok()) << summary.message();
  EXPECT_EQ(summary->status, "crashed");
  EXPECT_NE(summary->reason.find("was removed or replaced since"), std::string::npos) << summary->reason;
}

TEST(Seal, KeepsTheEndThatTheHostHadRecordedBeforeItDied) {
  SmallRun run;
  run.Begin();
  run.Ok(1, "b\n");
  ASSERT_TRUE(run.Finish(engine::RunStatus::kFailed, 1, 0, "too much failed").ok());
  run.Die();
  std::filesystem::rename(run.folder().complete(), run.folder().incomplete());
  WriteAllTo(run.folder().incomplete(), "\n");
  ASSERT_TRUE(Seal(run.folder()).ok());
  const auto summary = ReadSummary(run.folder());
  ASSERT_TRUE(summary.ok());
  EXPECT_EQ(summary->status, "failed");
  EXPECT_EQ(summary->reason, "too much failed");
  EXPECT_EQ(run.Output(), "b\n");
}

TEST(Seal, SaysThatAFolderIsNoRun) {
  const TempFolder temp;
  EXPECT_EQ(Seal(RunFolder(temp.path())).message(), temp.path().string() + " is no folder of a run");
}

}  // namespace
}  // namespace batchscope::record
