#include "debugadapter/transport/launched_step.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <csignal>
#include <string>

#include "runtime/base/files.h"
#include "tests/support/temp_folder.h"

namespace batchscope::transport {
namespace {

using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::StartsWith;

/// A folder with a step file, and a shell script in the place of `batchscope`.
struct Stage {
  explicit Stage(const std::string& script) {
    Write("program", "#!/bin/sh\n" + script);
    ::chmod((temp.path() / "program").c_str(), 0755);
    Write("step.yml", "name: x\n");
    plan.step = temp.path() / "step.yml";
    plan.program = temp.path() / "program";
  }
  void Write(const std::string& name, const std::string& text) const {
    ASSERT_TRUE(WriteFileAtomically(temp.path() / name, text).ok());
  }
  LaunchedStep Start() const {
    Result<LaunchedStep> step = LaunchedStep::Start(plan, home);
    Check(step.ok(), "{}", step.message());
    return std::move(step).value();
  }

  TempFolder temp;
  session::LaunchPlan plan;
  std::filesystem::path home;
};

/// Waits for something, takes it and adds it up.
void TakeMore(LaunchedStep& step, StepNews& all) {
  std::vector<pollfd> wanted;
  step.AddTo(wanted);
  ASSERT_GT(::poll(wanted.data(), wanted.size(), -1), 0);
  StepNews news = step.Take();
  for (Printed& printed : news.printed) {
    const bool more = !all.printed.empty() && all.printed.back().is_stderr == printed.is_stderr;
    if (more) {
      all.printed.back().text += printed.text;
    } else {
      all.printed.push_back(std::move(printed));
    }
  }
  if (news.run_folder) all.run_folder = news.run_folder;
  all.exit_code = news.exit_code;
}

StepNews TakeAll(LaunchedStep& step) {
  StepNews all;
  while (!all.exit_code) TakeMore(step, all);
  EXPECT_TRUE(step.has_ended());
  return all;
}

TEST(LaunchedStep, TellsWhereItsRunIsWhatItPrintsAndHowItEnds) {
  const Stage stage(
      R"(eval "echo /runs/some run >&$3"; echo "$@" | sed "s/announce $3/announce N/"; printf end; exit 3)");
  LaunchedStep step = stage.Start();
  const StepNews all = TakeAll(step);
  EXPECT_EQ(all.run_folder, "/runs/some run");
  EXPECT_EQ(all.exit_code, 3);
  EXPECT_THAT(all.printed, ElementsAre(Printed{"run --announce N --wait-for-debugger " +
                                               (stage.temp.path() / "step.yml").string() + "\nend"}));
  EXPECT_EQ(step.Take().exit_code, std::nullopt) << "it is told once";
}

TEST(LaunchedStep, HasTheWordsFolderAndVariablesOfThePlan) {
  Stage stage("shift 3; echo \"$@\"; pwd; echo \"$NEW,${GONE-unset},$(ulimit -c >/dev/null; cat)\" >&2");
  ::setenv("GONE", "here", 1);
  stage.plan.debug = false;
  stage.plan.arguments = {"--set", "a=1"};
  stage.plan.cwd = stage.temp.path() / "sub";
  std::filesystem::create_directory(stage.plan.cwd);
  stage.plan.step = "../step.yml";
  stage.plan.environment = {{"NEW", "a b"}, {"GONE", std::nullopt}};
  stage.home = "/some/home";
  LaunchedStep step = stage.Start();
  const StepNews all = TakeAll(step);
  std::string out;
  std::string err;
  for (const Printed& printed : all.printed) (printed.is_stderr ? err : out) += printed.text;
  EXPECT_EQ(out, "--home /some/home " + (stage.plan.cwd / "../step.yml").string() + " --set a=1\n" +
                     stage.plan.cwd.string() + "\n");
  EXPECT_EQ(err, "a b,unset,\n");
  EXPECT_EQ(all.exit_code, 0);
  ::unsetenv("GONE");
}

TEST(LaunchedStep, SaysInWordsWhyItCannotStart) {
  Stage stage("exit 0");
  const auto refusal = [&] { return LaunchedStep::Start(stage.plan, {}).message(); };
  stage.plan.cwd = stage.temp.path() / "none";
  stage.plan.step = stage.temp.path() / "step.yml";
  EXPECT_EQ(refusal(), "cannot work in the folder " + stage.plan.cwd.string() + ": No such file or directory");
  stage.plan.cwd.clear();
  stage.plan.step = stage.temp.path() / "other.yml";
  EXPECT_THAT(refusal(), StartsWith("the step " + stage.plan.step.string() + " is no file"));
  stage.plan.step = stage.temp.path() / "step.yml";
  stage.Write("program", "no program\n");
  ::chmod(stage.plan.program.c_str(), 0755);
  EXPECT_EQ(refusal(), "cannot start " + stage.plan.program.string() + ": Exec format error");
  ::chmod(stage.plan.program.c_str(), 0644);
  EXPECT_THAT(refusal(), StartsWith("\"program\" is " + stage.plan.program.string() + ", which is no program"));
}

TEST(LaunchedStep, IsAskedToEndAsByCtrlCAndKilledWhenItDoesNot) {
  const Stage obeys("trap 'echo bye; exit 130' INT; echo ready; while :; do sleep 0.01; done");
  const Stage refuses("trap 'echo no' INT; echo ready; while :; do sleep 0.01; done");
  for (const Stage* stage : {&obeys, &refuses}) {
    LaunchedStep step = stage->Start();
    StepNews all;
    while (all.printed.empty()) TakeMore(step, all);
    const MonotonicTime now;
    step.OnTime(now + kStopLimit);  // Nobody asked yet.
    step.Stop(now);
    step.Stop(now + std::chrono::seconds(1));
    EXPECT_EQ(step.deadline(), now + kStopLimit) << "the first time counts";
    while (all.printed.front().text == "ready\n") TakeMore(step, all);
    if (stage == &obeys) {
      while (!all.exit_code) TakeMore(step, all);
      EXPECT_EQ(all.printed.front().text, "ready\nbye\n");
      EXPECT_EQ(all.exit_code, 130);
      continue;
    }
    EXPECT_EQ(all.printed.front().text, "ready\nno\n");
    step.OnTime(now + kStopLimit - std::chrono::nanoseconds(1));
    EXPECT_NE(step.deadline(), std::nullopt);
    step.OnTime(now + kStopLimit);
    EXPECT_EQ(step.deadline(), std::nullopt);
    while (!all.exit_code) TakeMore(step, all);
    EXPECT_EQ(all.exit_code, 128 + SIGKILL);
  }
}

TEST(LaunchedStep, IsKilledWithItsGroupWhenNobodyWantsItAnyMore) {
  const Stage stage("cat <&0 & exec sleep 1000");
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);  // Inherited by all of the group: it ends with the last of them.
  UniqueFd read(ends[0]);
  UniqueFd write(ends[1]);
  {
    const LaunchedStep step = stage.Start();
    write.Reset();
  }
  char byte = 0;
  EXPECT_EQ(::read(read.get(), &byte, 1), 0);
}

TEST(LaunchedStep, CutsOutputAtLinesAndAtTheirLength) {
  const Stage stage("head -c 200000 /dev/zero | tr '\\0' x; printf '\\377\\n'");
  LaunchedStep step = stage.Start();
  const StepNews all = TakeAll(step);
  EXPECT_THAT(all.printed, ElementsAre(Printed{std::string(200000, 'x') + "\\xff\n"}));
}

TEST(FindProgram, LooksBesideTheAdapterThenInPath) {
  const TempFolder temp;
  const auto make = [&](const std::string& folder) {
    std::filesystem::create_directory(temp.path() / folder);
    const std::filesystem::path program = temp.path() / folder / "batchscope";
    ASSERT_TRUE(WriteFileAtomically(program, "").ok());
    ::chmod(program.c_str(), 0755);
  };
  make("in_path");
  const std::filesystem::path adapter = temp.path() / "bin" / "batchscope-dap";
  const std::string path = "/nowhere:" + (temp.path() / "in_path").string();
  EXPECT_EQ(FindProgram({}, adapter, path).value(), temp.path() / "in_path" / "batchscope");
  make("bin");
  EXPECT_EQ(FindProgram({}, adapter, path).value(), temp.path() / "bin" / "batchscope");
  EXPECT_EQ(FindProgram("batchscope", adapter, path).value(), temp.path() / "in_path" / "batchscope");
  EXPECT_EQ(FindProgram(temp.path() / "bin" / "batchscope", "", "").value(), temp.path() / "bin" / "batchscope");
  EXPECT_THAT(FindProgram("other", adapter, path).message(), HasSubstr("found no other"));
  EXPECT_THAT(FindProgram({}, "/nowhere/batchscope-dap", "/nowhere").message(), EndsWith("with \"program\""));
}

}  // namespace
}  // namespace batchscope::transport
