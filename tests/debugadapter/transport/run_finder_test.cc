#include "debugadapter/transport/run_finder.h"

#include <gtest/gtest.h>

#include <fstream>
#include <memory>

#include <string>
#include <vector>

#include "runtime/base/clock.h"
#include "runtime/record/recorder.h"
#include "tests/support/temp_folder.h"

namespace batchscope::transport {
namespace {

constexpr const char* kAdvice = "start one with `batchscope run STEP.yml`, or launch a step under the debugger";

class SteppingClock final : public Clock {
 public:
  MonotonicTime Now() const override { return {}; }
  WallTime WallNow() const override { return time; }
  WallTime time{std::chrono::seconds(1'777'889'472)};  // 2026-05-04T10:11:12Z
};

/// Runs that are hosted by the test itself.
struct Runs {
  Runs() {
    std::filesystem::create_directory(temp.path() / "source");
    std::ofstream(temp.path() / "source" / "score.py") << "pass\n";
    step.run.source_directory = temp.path() / "source";
    step.run.entry_script = temp.path() / "source" / "score.py";
    step.inputs.push_back({"images", {"/data"}});
    plan.AddMiniBatch(0, "/data");
    plan.AddFile("a.txt");
  }
  std::unique_ptr<record::Recorder> Begin(const std::string& name) {
    clock.time += std::chrono::seconds(1);
    step.name = name;
    auto recorder = record::Recorder::Create({.home = home, .interpreter = "python3", .clock = &clock}, step, plan);
    Check(recorder.ok(), "{}", recorder.message());
    return std::move(recorder).value();
  }

  TempFolder temp;
  std::filesystem::path home = temp.path() / "runs";
  SteppingClock clock;
  config::StepConfig step;
  input::Plan plan;
};

std::string IdOf(const std::unique_ptr<record::Recorder>& recorder) { return recorder->folder().id(); }

TEST(FindRunning, TakesAFolderAnIdPartOfAnIdAndTheNewest) {
  Runs runs;
  const auto first = runs.Begin("score");
  const auto second = runs.Begin("train");
  for (const std::string& which : {std::string(""), std::string("latest"), IdOf(second), std::string("rain"),
                                   second->folder().path().string(), second->folder().path().string() + "/"}) {
    const Result<record::RunFolder> found = FindRunning(runs.home, which);
    ASSERT_TRUE(found.ok()) << which << ": " << found.message();
    EXPECT_EQ(found->path(), second->folder().path()) << which;
  }
  EXPECT_EQ(FindRunning(runs.home, "core-20260504")->path(), first->folder().path());
}

TEST(FindRunning, PassesOverWhatDoesNotRun) {
  Runs runs;
  const auto first = runs.Begin("score");
  auto second = runs.Begin("score");
  auto third = runs.Begin("score");
  const std::string crashed = IdOf(second);
  const std::string completed = IdOf(third);
  ASSERT_TRUE(third->Finish(engine::RunStatus::kCompleted, {}, "", nullptr).ok());
  second.reset();
  third.reset();
  EXPECT_EQ(FindRunning(runs.home, "")->path(), first->folder().path());
  EXPECT_EQ(FindRunning(runs.home, "score")->path(), first->folder().path());
  EXPECT_EQ(FindRunning(runs.home, crashed).message(),
            "the run " + crashed + " is over (crashed): only a running one can be debugged; " + kAdvice);
  EXPECT_EQ(FindRunning(runs.home, (runs.home / completed).string()).message(),
            "the run " + completed + " is over (completed): only a running one can be debugged; " + kAdvice);
}

TEST(FindRunning, SaysWhatThereIsAndWhatToDo) {
  Runs runs;
  const std::string home = runs.home.string();
  EXPECT_EQ(FindRunning(home, "").message(), "no run is running in " + home + "; " + kAdvice);
  EXPECT_EQ(FindRunning(home, "/nowhere/x").message(), "/nowhere/x is no folder of a run");
  auto first = runs.Begin("score");
  auto second = runs.Begin("score");
  const std::string newest_first = IdOf(second) + ", " + IdOf(first);
  EXPECT_EQ(FindRunning(home, "other").message(),
            "no running run is called other in " + home + "; there are " + newest_first);
  EXPECT_EQ(FindRunning(home, "score").message(), "score may be any of " + newest_first + "; name one of them");
  const std::string newest = IdOf(second);
  first.reset();
  second.reset();
  EXPECT_EQ(FindRunning(home, "latest").message(),
            "no run is running in " + home + " (the newest, " + newest + ", is over); " + kAdvice);
}

}  // namespace
}  // namespace batchscope::transport
