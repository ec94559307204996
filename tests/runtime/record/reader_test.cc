#include "runtime/record/reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/runtime/record/small_run.h"

namespace batchscope::record {
namespace {

using ::testing::ElementsAre;

Failure Died(const std::string& type) { return {FailureKind::kProcessDied, type, "died", ""}; }

TEST(ReadSummary, TellsALivingRunFromADeadAndAnEndedOne) {
  SmallRun run;
  run.Begin();
  run.recorder->WorkerStarted({WorkerId{3}, 0}, 4711);
  run.recorder->Apply(engine::WorkerReady{WorkerId{3}});
  run.Ok(0, "a\n", 0, 1);
  run.Fail(1, 0);
  run.recorder->GaveUp(MiniBatchId{1});
  ASSERT_TRUE(run.recorder->Commit().ok());
  run.Ok(2, "not committed\n");

  engine::Counts counts{.mini_batches = 4,
                        .succeeded = 1,
                        .failed = 1,
                        .items_succeeded = 2,
                        .items_failed = 2,
                        .workers_alive = 1,
                        .workers_ready = 1,
                        .retries = 1};
  auto summary = ReadSummary(run.folder());
  ASSERT_TRUE(summary.ok()) << summary.message();
  EXPECT_EQ(summary->status, "running");
  EXPECT_EQ(summary->ended, "");
  EXPECT_EQ(summary->counts, counts);

  run.clock.Forward(std::chrono::seconds(5));
  run.Die();
  summary = ReadSummary(run.folder());
  counts.workers_alive = counts.workers_ready = 0;
  EXPECT_EQ(summary->status, "crashed");
  EXPECT_EQ(summary->started, "2026-05-04T10:11:12.000000Z");
  EXPECT_EQ(summary->ended, "2026-05-04T10:11:12.000000Z") << "the last commit's time";
  EXPECT_EQ(summary->counts, counts);

  run.Begin();
  run.clock.Forward(std::chrono::seconds(5));
  const Failure fatal = ValueError();
  ASSERT_TRUE(run.recorder->Finish(engine::RunStatus::kFailed, counts, "why", &fatal).ok());
  summary = ReadSummary(run.folder());
  EXPECT_EQ(summary->id, run.folder().id());
  EXPECT_EQ(summary->name, "score");
  EXPECT_EQ(summary->status, "failed");
  EXPECT_EQ(summary->reason, "why");
  EXPECT_EQ(summary->elapsed_seconds, 5);
  EXPECT_EQ(summary->counts, counts);
  EXPECT_EQ(summary->output_file, run.output_file);
  EXPECT_EQ(summary->fatal, fatal);
}

TEST(ReadMiniBatches, TellsOfEachHowItStands) {
  SmallRun run;
  run.Begin();
  run.Fail(0, 0);
  run.Ok(0, "a\n", 0, 1);
  run.Fail(1, 0);
  run.Fail(2, 0);
  run.recorder->GaveUp(MiniBatchId{2});
  run.recorder->Finished(WorkerId{5}, {MiniBatchId{3}, 0}, 2, 1, {}, "d\n", 0);
  ASSERT_TRUE(run.recorder->Commit().ok());
  const auto rows = ReadMiniBatches(run.folder());
  ASSERT_TRUE(rows.ok()) << rows.message();
  ASSERT_EQ(rows->size(), 4U);
  std::vector<std::string> told;
  for (const MiniBatchRow& row : *rows) {
    told.push_back(std::to_string(row.id) + " " + row.status + " " + std::to_string(row.picked_count) + " " +
                   std::to_string(row.process) + " " + std::to_string(row.total) + "=" + std::to_string(row.succeeded) +
                   "+" + std::to_string(row.failed) + " " + row.error_message);
  }
  EXPECT_THAT(told, ElementsAre("0 Succeeded 2 3 2=2+0 ", "1 Waiting 1 3 2=0+0 ValueError: bad value 7",
                                "2 Failed 1 3 2=0+2 ValueError: bad value 7", "3 Succeeded 1 5 2=1+1 "));
  EXPECT_EQ(rows->front().start_unix_us, 1'777'889'470'000'000);
  EXPECT_EQ(rows->front().elapsed_seconds, 2);
  EXPECT_EQ(rows->front().process_seconds, 1.5);
  EXPECT_EQ(rows->front().run_seconds, 1.25);
}

TEST(ReadErrors, AWorkerThatWasHeardBeforeItsStartWasReportedDidNotDieEarly) {
  SmallRun run;
  run.Begin();
  run.recorder->Apply(engine::WorkerReady{WorkerId{3}});
  run.recorder->Apply(engine::InitFailed{WorkerId{4}, ValueError("init")});
  for (const std::uint32_t worker : {3U, 4U}) run.recorder->WorkerStarted({WorkerId{worker}, 0}, 1);
  run.recorder->Apply(engine::WorkerExited{WorkerId{3}, {}, Died("exit code 3")});
  run.recorder->Apply(engine::WorkerExited{WorkerId{4}, {}, Died("exit code 1")});
  ASSERT_TRUE(run.recorder->Commit().ok());
  const auto errors = ReadErrors(run.folder());
  ASSERT_TRUE(errors.ok()) << errors.message();
  EXPECT_EQ(errors->total, 1U);
  EXPECT_EQ(errors->rows.at(0).failure, ValueError("init"));
}

TEST(ReadErrors, TellsOfTriesAndOfWorkersThatNeverGotReady) {
  SmallRun run;
  run.Begin();
  for (const std::uint32_t worker : {3U, 4U, 5U, 6U}) run.recorder->WorkerStarted({WorkerId{worker}, 0}, 1);
  run.recorder->Apply(engine::WorkerReady{WorkerId{3}});
  run.recorder->Apply(engine::InitFailed{WorkerId{4}, ValueError("init")});
  run.recorder->Apply(engine::WorkerExited{WorkerId{4}, {}, Died("exit code 1")});
  run.recorder->Apply(engine::WorkerExited{WorkerId{5}, {}, Died("SIGSEGV")});
  run.recorder->Apply(engine::WorkerExited{WorkerId{6}, {}, {FailureKind::kProcessDied, "", "ended with its run", ""}});
  run.Fail(0, 0);
  run.Ok(0, "a\n", 0, 1);
  run.Fail(1, 0);
  run.Fail(1, 1, ValueError("\xFF"));
  ASSERT_TRUE(run.recorder->Commit().ok());
  const auto errors = ReadErrors(run.folder());
  ASSERT_TRUE(errors.ok()) << errors.message();
  std::vector<std::string> told;
  for (const ErrorRow& row : errors->rows) {
    told.push_back(std::to_string(row.mini_batch) + "/" + std::to_string(row.attempt) + (row.last ? " last" : "") +
                   " worker " + std::to_string(row.process) + " " + row.failure.type + ": " + row.failure.message);
  }
  EXPECT_THAT(told, ElementsAre("-1/0 last worker 4 ValueError: init", "-1/0 last worker 5 SIGSEGV: died",
                                "0/0 worker 3 ValueError: bad value 7", "1/0 worker 3 ValueError: bad value 7",
                                "1/1 last worker 3 ValueError: \xFF"));
  EXPECT_EQ(errors->rows[2].failure, ValueError());
  EXPECT_THAT(errors->rows[3].items, ElementsAre("/data/002.png", "/data/003.png"));
  const auto few = ReadErrors(run.folder(), 1);
  EXPECT_EQ(few->rows.size(), 1U);
  EXPECT_EQ(few->total, 5U);
}

TEST(ReadErrors, KeepsTheBeginOfALongMessageAndTheEndOfALongStack) {
  SmallRun run;
  run.Begin();
  const std::string half(256 << 10, 'x');
  run.Fail(0, 0, {FailureKind::kException, "ValueError", half, half});
  run.Fail(1, 0, {FailureKind::kException, "ValueError", half + "end", "begin" + half});
  ASSERT_TRUE(run.recorder->Commit().ok());
  const auto errors = ReadErrors(run.folder());
  ASSERT_TRUE(errors.ok()) << errors.message();
  ASSERT_EQ(errors->rows.size(), 2U);
  for (const ErrorRow& row : errors->rows) {
    EXPECT_TRUE(row.failure.message == half);
    EXPECT_TRUE(row.failure.traceback == half);
  }
}

TEST(ReadItems, GivesPathsByteForByte) {
  SmallRun run(1);
  run.plan.AddMiniBatch(0, "/other");
  run.plan.AddFile("caf\xE9 \"1\".png");
  run.Begin();
  EXPECT_THAT(ReadItems(run.folder(), MiniBatchId{1}).value(), ElementsAre("/other/caf\xE9 \"1\".png"));
  EXPECT_EQ(ReadItems(run.folder(), MiniBatchId{2}).message(),
            "there is no mini-batch 2; the run has 2, numbered from 0");
}

TEST(Why, TellsTheStoryOfAMiniBatch) {
  SmallRun run;
  run.Begin();
  run.recorder->WorkerStarted({WorkerId{3}, 0}, 4711);
  run.Fail(1, 0);
  run.Ok(1, "b\n", 0, 1);
  run.Fail(2, 0);
  ASSERT_TRUE(run.recorder->Commit().ok());
  EXPECT_THAT(
      Why(run.folder(), MiniBatchId{1}).value(),
      ElementsAre("2026-05-04T10:11:11.000000Z attempt 1 began in worker 3 (pid 4711)",
                  "2026-05-04T10:11:12.000000Z attempt 1 failed after 0.2 s: ValueError: bad value 7 (exception)",
                  "2026-05-04T10:11:10.000000Z attempt 2 began in worker 3 (pid 4711)",
                  "2026-05-04T10:11:12.000000Z attempt 2 succeeded: 2 results of 2 items, run() took 1.2 s",
                  "its rows wait for mini-batch 0, which comes before and is not done"));
  EXPECT_EQ(Why(run.folder(), MiniBatchId{0}).value().back(),
            "it waits; nobody has begun it, or the try under way has not ended");
  EXPECT_EQ(Why(run.folder(), MiniBatchId{2}).value().back(), "it waits for another try");
  run.recorder->GaveUp(MiniBatchId{2});
  run.Ok(0, "a\n");
  ASSERT_TRUE(run.recorder->Commit().ok());
  EXPECT_EQ(Why(run.folder(), MiniBatchId{1}).value().back(), "its rows are in " + run.output_file.string());
  EXPECT_EQ(Why(run.folder(), MiniBatchId{2}).value().back(), "its tries are used up; it has no rows in the output");
  run.Die();
  EXPECT_EQ(Why(run.folder(), MiniBatchId{3}).value(), std::vector<std::string>{"it was never begun"});
}

TEST(FindRun, TakesAFolderAnIdItsBeginAndLatest) {
  SmallRun run;
  const auto home = run.temp.path() / "runs";
  EXPECT_EQ(FindRun(home, "latest").message(), "there are no runs in " + home.string());
  run.Begin();
  const RunFolder first = run.folder();
  run.clock.Forward(std::chrono::microseconds(1));
  run.step.name = "train";
  run.Begin();
  const RunFolder second = run.folder();
  std::filesystem::create_directories(home / "no-run");

  std::vector<std::string> ids;
  for (const RunFolder& each : ListRuns(home)) ids.push_back(each.id());
  EXPECT_THAT(ids, ElementsAre(second.id(), first.id()));
  EXPECT_EQ(FindRun(home, "latest")->path(), second.path());
  EXPECT_EQ(FindRun(home, first.id())->path(), first.path());
  EXPECT_EQ(FindRun(home, "sc")->path(), first.path());
  EXPECT_EQ(FindRun("/nowhere", first.path().string() + "/")->path(), first.path());
  EXPECT_EQ(FindRun(home, "x").message(),
            "there is no run x in " + home.string() + "; there are " + second.id() + ", " + first.id());
  run.step.name = "score-more";
  run.Begin();
  EXPECT_EQ(FindRun(home, "score").message(),
            "score may be any of " + run.folder().id() + ", " + first.id() + "; name one of them");
}

}  // namespace
}  // namespace batchscope::record
