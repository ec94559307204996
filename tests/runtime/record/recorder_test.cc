#include "runtime/record/recorder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <set>

#include "runtime/record/journal.h"
#include "runtime/record/reader.h"
#include "tests/runtime/record/small_run.h"

namespace batchscope::record {
namespace {

using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::StartsWith;

std::vector<std::string> Lines(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

std::set<std::string> NamesIn(const std::filesystem::path& folder) {
  std::set<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) names.insert(entry.path().filename());
  return names;
}

TEST(Recorder, ShowsRowsInOrderWhileTheRunGoesOn) {
  SmallRun run;
  Recorder& recorder = run.Begin();
  run.Ok(1, "b\n");
  ASSERT_TRUE(recorder.Commit().ok());
  EXPECT_EQ(run.Output(), "");
  run.Ok(0, "a\n");
  EXPECT_EQ(run.Output(), "");
  ASSERT_TRUE(recorder.Commit().ok());
  EXPECT_EQ(run.Output(), "a\nb\n");
  run.Ok(3, "d\n");
  recorder.GaveUp(MiniBatchId{2});
  ASSERT_TRUE(recorder.Commit().ok());
  EXPECT_EQ(run.Output(), "a\nb\nd\n");
}

TEST(Recorder, LeavesACompleteFolderBehind) {
  SmallRun run;
  Recorder& recorder = run.Begin();
  EXPECT_TRUE(std::filesystem::exists(run.folder().incomplete()));
  std::filesystem::create_directories(run.folder().work() / "process003" / "outputs");
  WriteAllTo(run.folder().work() / "process004" / "model.bin", "the user's");
  recorder.WorkerStarted({WorkerId{3}, 1}, 4711);
  run.Ok(1, "b\n");
  run.Ok(3, "d\n");
  ASSERT_TRUE(run.Finish(engine::RunStatus::kCancelled, 2, 0).ok());
  EXPECT_EQ(run.Output(), "b\nd\n");
  EXPECT_EQ(NamesIn(run.folder().path()),
            (std::set<std::string>{"complete", "config.json", "entry", "environment.json", "journal.jsonl", "logs",
                                   "output", "plan.jsonl", "work"}));
  EXPECT_EQ(NamesIn(run.folder().work()), std::set<std::string>{"process004"});
  EXPECT_EQ(ReadAll(run.folder().entry() / "score.py"), "def run(mini_batch):\n    return mini_batch\n");
  EXPECT_THAT(Lines(ReadAll(run.folder().logs() / "job_result.txt")).back(),
              StartsWith("cancelled: 2 of 4 mini-batches"));
}

TEST(Recorder, NamesTheRunByStepTimeAndFourLetters) {
  SmallRun run;
  run.Begin();
  EXPECT_THAT(run.folder().id(), ::testing::MatchesRegex("score-20260504-101112-[a-z][a-z][a-z][a-z]"));
}

TEST(Recorder, JournalsAllThatAnEventHolds) {
  SmallRun run;
  Recorder& recorder = run.Begin();
  const std::string begin = ReadAll(run.folder().journal());
  const Failure died{FailureKind::kProcessDied, "SIGSEGV", "died of SIGSEGV", ""};
  recorder.WorkerStarted({WorkerId{3}, 1}, 4711);
  recorder.Apply(engine::WorkerReady{WorkerId{3}});
  recorder.Apply(engine::InitFailed{WorkerId{4}, {FailureKind::kRejected, "ImportError", "no x", "Trace\nback"}});
  run.Ok(0, "a\n", 0, 1);
  run.Fail(1, 0, died);
  recorder.Apply(engine::WorkerExited{WorkerId{3}, {{MiniBatchId{1}, 0}}, died});
  recorder.GaveUp(MiniBatchId{1});
  recorder.Apply(engine::WorkerHeld{WorkerId{5}, {MiniBatchId{2}, 1}});
  recorder.Apply(engine::CancelRequested{});
  recorder.Apply(engine::HostFailed{"the disk\nis full"});
  recorder.Apply(engine::ProgressStalled{std::chrono::duration<double>(1.5)});
  ASSERT_TRUE(recorder.Commit().ok());
  const std::string at = "\"at\":1777889472000000";
  EXPECT_THAT(
      Lines(ReadAll(run.folder().journal()).substr(begin.size())),
      ElementsAre(
          R"({"e":"start",)" + at + R"(,"w":3,"place":1,"pid":4711})", R"({"e":"ready",)" + at + R"(,"w":3})",
          R"({"e":"init",)" + at +
              R"(,"w":4,"kind":"rejected","type":"ImportError","message":"no x","traceback":"Trace\nback"})",
          R"({"e":"ok","b":0,"t":1,"w":3,"n":2,"r":2,"at":1777889470000000,"el":2000000,)"
          R"("p":1500000000,"run":1250000000})",
          R"({"e":"fail","b":1,"t":0,"w":3,"n":2,"at":1777889471000000,"el":1000000,"p":250000000,"run":200000000,)"
          R"("kind":"process_died","type":"SIGSEGV","message":"died of SIGSEGV","traceback":""})",
          R"({"e":"exit",)" + at +
              R"(,"w":3,"begun":[[1,0]],"kind":"process_died","type":"SIGSEGV",)"
              R"("message":"died of SIGSEGV","traceback":""})",
          R"({"e":"gave_up","b":1,"n":2})", R"({"e":"held",)" + at + R"(,"w":5,"b":2,"t":1})",
          R"({"e":"cancel",)" + at + "}", R"({"e":"host_failed",)" + at + R"(,"reason":"the disk\nis full"})",
          R"({"e":"stalled",)" + at + R"(,"limit":1.5})",
          R"({"e":"commit","output":2,"next":2,"header":0,"spool_from":0,"spool_to":0,)" + at + "}"));
}

TEST(Recorder, WritesTheTableOfAProcess) {
  SmallRun run;
  Recorder& recorder = run.Begin();
  recorder.WorkerStarted({WorkerId{3}, 0}, 4711);
  run.Ok(0, "a\n");
  run.Fail(1, 1, ValueError("bad\tvalue\nmore"));
  recorder.Refresh({.mini_batches = 4}, engine::RunStatus::kRunning);
  EXPECT_THAT(
      Lines(ReadAll(run.folder().logs() / "sys" / "node" / NodeName() / "process003.txt")),
      ElementsAre("ip " + NodeName() + ", process003, pid 4711, started 2026-05-04T10:11:12.000000Z",
                  "Mini-batch Id\tPicked Count\tProcess\tStart Time\tTotal\tSucceeded\tFailed\tElapsed Seconds\t"
                  "Process Seconds\tRun Method Seconds\tStatus\tError Category\tError Message",
                  "0\t1\t3\t2026-05-04T10:11:10.000000Z\t2\t2\t0\t2.000000\t1.500000\t1.250000\tSucceeded\t\t",
                  "1\t2\t3\t2026-05-04T10:11:11.000000Z\t2\t0\t2\t1.000000\t0.250000\t0.200000\tFailed\t"
                  "exception\tValueError: bad value"));
}

TEST(Recorder, GroupsAlikeErrorsAndKeepsEachWithItsStack) {
  SmallRun run;
  Recorder& recorder = run.Begin();
  run.Fail(0, 0, ValueError("bad value 7"));
  run.Fail(1, 0, ValueError("bad value 12"));
  run.Fail(2, 0, {FailureKind::kTimedOut, "", "took longer than 60 s", ""});
  recorder.Refresh({.mini_batches = 4}, engine::RunStatus::kRunning);
  const auto user = run.folder().logs() / "user";
  EXPECT_THAT(Lines(ReadAll(user / "error.txt")),
              ElementsAre("3 errors of 2 kinds; a mini-batch that failed twice counts twice.", "",
                          "2 x ValueError: bad value 7 (exception)",
                          "  first: mini-batch 0, attempt 1, process003, 2026-05-04T10:11:12.000000Z",
                          "  last:  mini-batch 1, attempt 1, process003, 2026-05-04T10:11:12.000000Z",
                          "  | Traceback (most recent call last):", "  |   File \"score.py\", line 3, in run",
                          "  |     raise ValueError()", "  | ValueError: bad value 7", "  | ", "",
                          "1 x timed_out: took longer than 60 s (timed_out)",
                          "  first: mini-batch 2, attempt 1, process003, 2026-05-04T10:11:12.000000Z",
                          "  last:  mini-batch 2, attempt 1, process003, 2026-05-04T10:11:12.000000Z"));
  EXPECT_EQ(NamesIn(user / "error" / NodeName()),
            (std::set<std::string>{"mini_batch_0_attempt_1.txt", "mini_batch_1_attempt_1.txt",
                                   "mini_batch_2_attempt_1.txt"}));
  EXPECT_THAT(ReadAll(user / "error" / NodeName() / "mini_batch_1_attempt_1.txt"),
              HasSubstr("ValueError: bad value 12\n"));
  EXPECT_THAT(ReadAll(run.folder().logs() / "overview.txt"), HasSubstr("ValueError: bad value 7 (2 of 3 errors)"));
}

TEST(Recorder, BoundsTheFilesOfErrorsAndCountsTheRest) {
  SmallRun run(1001);
  run.Begin();
  for (std::uint32_t id = 0; id < 1001; ++id) run.Fail(id);
  run.recorder->Refresh({.mini_batches = 1001}, engine::RunStatus::kRunning);
  const auto user = run.folder().logs() / "user";
  EXPECT_EQ(NamesIn(user / "error" / NodeName()).size(), 1000U);
  const auto lines = Lines(ReadAll(user / "error.txt"));
  EXPECT_EQ(lines[1], "1000 of them have a file in error/" + NodeName() + "/, 1 have none.");
  EXPECT_EQ(lines[3], "1001 x ValueError: bad value 7 (exception)");
}

TEST(Recorder, PutsTheReasonOnTheLastLineAndSaysWhereToLook) {
  SmallRun run;
  run.Begin();
  run.Fail(0);
  const Failure fatal = ValueError();
  ASSERT_TRUE(
      run.recorder->Finish(engine::RunStatus::kFailed, {.mini_batches = 4}, "init() failed\neverywhere", &fatal).ok());
  const auto logs = run.folder().logs();
  EXPECT_EQ(Lines(ReadAll(logs / "job_result.txt")).back(), "failed: init() failed everywhere");
  EXPECT_THAT(ReadAll(logs / "overview.txt"),
              ::testing::AllOf(HasSubstr("Status        failed\n"), HasSubstr("  ValueError: bad value 7\n"),
                               HasSubstr("Where to look: user/error.txt")));
}

TEST(Recorder, WritesSamplesOfProcesses) {
  SmallRun run;
  run.Begin();
  run.recorder->Sample({{"host", 1, 12.25, 100, 5, 6}, {"worker 3", 2, 50, 200, 7, 8}});
  run.recorder->Refresh({.mini_batches = 4}, engine::RunStatus::kRunning);
  const auto perf = run.folder().logs() / "sys" / "perf";
  EXPECT_THAT(Lines(ReadAll(perf / "overview.csv")),
              ElementsAre("Time,Processes,CPU Percent,RSS Bytes,Read Bytes,Written Bytes",
                          "2026-05-04T10:11:12.000000Z,2,62.2,300,12,14"));
  EXPECT_THAT(Lines(ReadAll(perf / NodeName() / "processes.csv")),
              ElementsAre("Time,Process,Pid,CPU Percent,RSS Bytes,Read Bytes,Written Bytes",
                          "2026-05-04T10:11:12.000000Z,host,1,12.2,100,5,6",
                          "2026-05-04T10:11:12.000000Z,worker 3,2,50.0,200,7,8"));
}

TEST(Recorder, StoresNothingWithSummaryOnly) {
  SmallRun run;
  run.step.run.output_action = config::OutputAction::kSummaryOnly;
  run.Begin();
  run.Ok(1, "");
  ASSERT_TRUE(run.Finish(engine::RunStatus::kCompleted, 1, 0).ok());
  EXPECT_EQ(run.output_file, "");
  EXPECT_EQ(NamesIn(run.folder().output()), std::set<std::string>());
}

TEST(Recorder, ReplacesTheOutputFileOfAnEarlierRunButNotThatOfALivingOne) {
  SmallRun run;
  run.step.output = run.temp.path() / "new" / "out";
  run.Begin();
  run.Ok(0, "old\n");
  const auto refused = run.TryToBegin();
  ASSERT_FALSE(refused.ok());
  EXPECT_THAT(refused.message(), HasSubstr("parallel_run_step.txt is being written by another run"));
  EXPECT_EQ(NamesIn(run.temp.path() / "runs").size(), 1U) << "the refused run left its folder behind";
  ASSERT_TRUE(run.Finish(engine::RunStatus::kCompleted, 1, 0).ok());
  EXPECT_EQ(run.Output(), "old\n");
  run.Die();
  run.Begin();
  EXPECT_EQ(run.Output(), "");
}

TEST(Recorder, RefusesAnOutputThatIsNoFolder) {
  SmallRun run;
  run.step.output = run.temp.path() / "file";
  WriteAllTo(run.step.output, "");
  const auto refused = run.TryToBegin();
  ASSERT_FALSE(refused.ok());
  EXPECT_THAT(refused.message(), HasSubstr((run.temp.path() / "file").string()));
  EXPECT_EQ(NamesIn(run.temp.path() / "runs"), std::set<std::string>());
}

/// No file of this process can grow beyond that many bytes: a full disk that needs no rights.
class FileSizeLimit {
 public:
  explicit FileSizeLimit(rlim_t bytes) {
    ::getrlimit(RLIMIT_FSIZE, &before_);
    handler_ = std::signal(SIGXFSZ, SIG_IGN);
    const rlimit limit{bytes, before_.rlim_max};
    ::setrlimit(RLIMIT_FSIZE, &limit);
  }
  FileSizeLimit(const FileSizeLimit&) = delete;
  FileSizeLimit& operator=(const FileSizeLimit&) = delete;
  ~FileSizeLimit() {
    ::setrlimit(RLIMIT_FSIZE, &before_);
    std::signal(SIGXFSZ, handler_);
  }

 private:
  rlimit before_{};
  void (*handler_)(int) = nullptr;
};

TEST(Recorder, KeepsTheLastCommitWhenTheDiskIsFull) {
  SmallRun run;
  run.Begin();
  run.Ok(0, "a\n");
  run.Ok(2, "c\n");
  ASSERT_TRUE(run.recorder->Commit().ok());
  {
    const FileSizeLimit full(100'000);
    run.Ok(1, std::string(200'000, 'b') + "\n");
    const Status failed = run.recorder->Commit();
    EXPECT_THAT(failed.message(), HasSubstr("cannot write " + run.output_file.string()));
    EXPECT_THAT(failed.message(), HasSubstr("File too large"));
    EXPECT_EQ(run.Output(), "a\n");
    EXPECT_EQ(run.recorder->Commit().message(), failed.message());
    EXPECT_TRUE(run.Finish(engine::RunStatus::kFailed, 3, 0, "the disk is full").ok());
  }
  EXPECT_EQ(run.Output(), "a\nc\n");
  const auto summary = ReadSummary(run.folder());
  ASSERT_TRUE(summary.ok()) << summary.message();
  EXPECT_EQ(summary->status, "failed");
  EXPECT_EQ(summary->reason, "the disk is full");
  EXPECT_EQ(summary->counts.succeeded, 2U);
  EXPECT_EQ(summary->counts.items_succeeded, 4U);
}

TEST(Recorder, StaysIncompleteAndSealsLaterWhenEvenWaitingRowsDoNotFit) {
  SmallRun run;
  run.Begin();
  const std::string early(60'000, 'c');
  run.Ok(1, early + "\n");
  run.Ok(0, early + "\n");
  run.Ok(3, "d\n");
  ASSERT_TRUE(run.recorder->Commit().ok());
  const std::string before = run.Output();
  {
    const FileSizeLimit full(before.size());
    run.Ok(2, early + "\n");
    EXPECT_FALSE(run.recorder->Commit().ok());
    const Status finished = run.Finish(engine::RunStatus::kFailed, 4, 0, "the disk is full");
    EXPECT_THAT(finished.message(), HasSubstr("the record is not whole"));
    run.Die();
  }
  EXPECT_EQ(run.Output(), before);
  EXPECT_EQ(ReadSummary(run.folder())->status, "failed");
  ASSERT_TRUE(Seal(run.folder()).ok());
  EXPECT_EQ(run.Output(), before + "d\n");
  EXPECT_EQ(ReadSummary(run.folder())->reason, "the disk is full");
  EXPECT_EQ(ReadSummary(run.folder())->counts.succeeded, 3U);
}

TEST(Recorder, DescribesTheEnvironment) {
  SmallRun run;
  run.Begin();
  const auto environment = nlohmann::json::parse(ReadAll(run.folder().environment()));
  EXPECT_EQ(environment.at("interpreter"), "/usr/bin/python3");
  EXPECT_EQ(environment.at("node"), NodeName());
  EXPECT_TRUE(environment.at("packages").is_array());
}

}  // namespace
}  // namespace batchscope::record
