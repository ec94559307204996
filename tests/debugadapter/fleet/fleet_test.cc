#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "debugadapter/fleet/breakpoints.h"
#include "debugadapter/fleet/frame_filter.h"
#include "debugadapter/fleet/id_table.h"
#include "debugadapter/fleet/thread_names.h"
#include "debugadapter/fleet/worker.h"

namespace batchscope::fleet {
namespace {

using protocol::Json;
using testing::ElementsAre;

TEST(IdTable, GivesANumberOnceAndForgetsByThread) {
  IdTable table(10);
  EXPECT_EQ(table.Of({{0}, 1, 7}), 10);
  EXPECT_EQ(table.Of({{1}, 1, 7}), 11);
  EXPECT_EQ(table.Of({{0}, 2, 8}), 12);
  EXPECT_EQ(table.Of({{0}, 1, 7}), 10);
  table.Forget({0}, 1);
  EXPECT_EQ(table.Find(10), std::nullopt);
  EXPECT_EQ(table.Find(12)->id, 8);
  EXPECT_EQ(table.Of({{0}, 1, 7}), 13);
  table.Forget({0});
  EXPECT_EQ(table.Find(12), std::nullopt);
  EXPECT_EQ(table.Find(11)->worker, WorkerId{1});
}

WantedBreakpoint At(int line, const std::string& condition = "") {
  WantedBreakpoint wanted;
  wanted.path = "/mine/a.py";
  wanted.line = line;
  wanted.worker_path = "/run/a.py";
  wanted.worker_line = line;
  wanted.condition = condition;
  return wanted;
}

TEST(Breakpoints, ThatStayKeepTheirNumbers) {
  Breakpoints all(1);
  EXPECT_THAT(all.Set("a", {At(1), At(2)}), ElementsAre(1, 2));
  EXPECT_THAT(all.Set("a", {At(2), At(3)}), ElementsAre(2, 3));
  EXPECT_EQ(all.Find(1), nullptr);
  EXPECT_THAT(all.Set("b", {At(2)}), ElementsAre(4));
  EXPECT_THAT(all.Set("a", {At(2), At(2)}), ElementsAre(2, 5));
}

TEST(Breakpoints, BoundToDataAreRulesAndInNobodyBeforehand) {
  Breakpoints all(1);
  all.Set("a", {At(1, "$batch == 3; x > 1")});
  EXPECT_FALSE(all.any_everywhere());
  ASSERT_EQ(all.Rules().size(), 1u);
  EXPECT_EQ(all.Rules()[0], (wire::WatchRule{1, "$batch == 3"}));
  Worker worker;
  EXPECT_FALSE(worker.needs_arms(all));
  EXPECT_EQ(worker.Wanted(all, {}), Configuration{});
  worker.bound = {1};
  EXPECT_TRUE(worker.needs_arms(all));
  EXPECT_EQ(worker.Wanted(all, {}).lines.at("/run/a.py"), (std::vector<LineStop>{{1, 1, "x > 1", "", ""}}));
  all.Set("a", {At(1, "$once; x")});
  EXPECT_TRUE(all.any_everywhere());
  EXPECT_TRUE(all.Rules().empty());
}

TEST(Breakpoints, WithAHitCountThatIsNoneOrIsNeverReachedSaySo) {
  const auto trouble = [](const std::string& hit_condition) {
    WantedBreakpoint wanted = At(1);
    wanted.hit_condition = hit_condition;
    Breakpoints all(1);
    all.Set("a", {wanted});
    EXPECT_EQ(all.any_everywhere(), all.Find(1)->trouble.empty());
    return all.Find(1)->Judge().message;
  };
  for (const char* good : {"", "3", " 10 ", "==1", "== 3", ">0", ">= 0", "> 3", "<2", "<= 1", "%1", "% 10"}) {
    EXPECT_EQ(trouble(good), "") << good;
  }
  for (const char* bad : {"abc", ">", "%", "= 3", "=> 3", "3x", "-1", "> -1", "1.5", "07", "3 3", "x > 3", ">\n=3"}) {
    EXPECT_EQ(trouble(bad),
              "'" + std::string(bad) + "' is no hit count, expected such as 3, == 3, > 3, >= 3, < 3, <= 3 or % 3");
  }
  for (const char* never : {"0", "== 0", "% 0", "<0", "<= 0", "< 1"}) {
    EXPECT_EQ(trouble(never), "The hit count '" + std::string(never) + "' is never reached: hits are counted from 1");
  }
}

TEST(Breakpoints, KeepTheirRemarkWhenAWorkerVerifiesThem) {
  WantedBreakpoint wanted;
  wanted.function = "read_csv";
  wanted.remark = "of a library";
  Breakpoints all(1);
  all.Set("", {wanted});
  all.Find(1)->verdicts[{0}] = {true, 0, ""};
  EXPECT_EQ(all.Find(1)->Judge(), (Verdict{true, 0, "of a library"}));
}

TEST(Breakpoints, AreVerifiedWhenAnyWorkerSaysSo) {
  Breakpoints all(1);
  all.Set("a", {At(4)});
  Breakpoint& one = *all.Find(1);
  EXPECT_EQ(one.Judge(), (Verdict{true, 4, ""}));
  one.verdicts[{0}] = {false, 4, "invalid line"};
  EXPECT_EQ(one.Judge(), (Verdict{false, 4, "invalid line"}));
  one.verdicts[{1}] = {true, 6, ""};
  EXPECT_EQ(one.Judge(), (Verdict{true, 6, ""}));
  one.wanted.worker_line = 3;  // The person's file has one line more above it.
  EXPECT_EQ(one.Judge(), (Verdict{true, 7, ""}));
}

TEST(Worker, OnALineWithSeveralBreakpointsItsOwnStopWins) {
  Breakpoints all(1);
  all.Set("a", {At(8, "x"), At(8, "y"), At(2)});
  Worker worker;
  const EntryScript entry{"/run/a.py", {std::nullopt, 8}};
  EXPECT_EQ(worker.Wanted(all, entry).lines.at("/run/a.py"),
            (std::vector<LineStop>{{2, 3, "", "", ""}, {8, 1, "x", "", ""}}));
  worker.temporary = true;
  EXPECT_EQ(worker.Wanted(all, entry).lines.at("/run/a.py"),
            (std::vector<LineStop>{{2, 3, "", "", ""}, {8, LineStop::kTemporary, "", "", ""}}));
  EXPECT_EQ(worker.Wanted(all, {}).functions, (std::vector<FunctionStop>{{"run", LineStop::kTemporary, "", ""}}));
}

TEST(Worker, RulesOfWorkersAreToldFromThoseOfBreakpoints) {
  EXPECT_EQ(RuleOf({3}), (wire::WatchRule{0x80000003u, "$worker == 3"}));
  EXPECT_EQ(WorkerOfRule(0x80000003u), WorkerId{3});
  EXPECT_EQ(WorkerOfRule(1'000'000), std::nullopt);
}

TEST(ThreadNames, SayWhatTheWorkerDoes) {
  wire::WorkerView view;
  view.worker = {3};
  EXPECT_EQ(ThreadName(view), "w3 - starting");
  view.phase = wire::WorkerPhase::kRunning;
  view.attempt = Attempt{{117}, 0};
  EXPECT_EQ(ThreadName(view), "w3 - batch 117 - attempt 1");
  view.phase = wire::WorkerPhase::kHeld;
  EXPECT_EQ(ThreadName(view), "w3 - held: batch 117");
  view.phase = wire::WorkerPhase::kEnding;
  view.lane = true;
  EXPECT_EQ(ThreadName(view), "w3 - ending (debug lane)");
  view.stopped = true;
  view.file = "a.py";
  view.line = 4;
  view.pid = 99;
  EXPECT_EQ(WorkerTable({view}), "w3 - ending (debug lane), pid 99, stopped at a.py:4\n");
}

TEST(ThreadNames, AreReadBack) {
  EXPECT_EQ(*ParseWorkerName("w12"), WorkerId{12});
  EXPECT_EQ(*ParseWorkerName("3"), WorkerId{3});
  for (const char* text : {"", "w", "w-1", "3x", "99999999999"}) EXPECT_FALSE(ParseWorkerName(text).ok()) << text;
}

TEST(FrameFilter, CutsWhatIsOfTheDebugger) {
  EXPECT_EQ(WithoutNote("ValueError       (note: full exception trace is shown but execution is paused at: f)"),
            "ValueError");
  EXPECT_EQ(WithoutNote("ValueError (note: other)"), "ValueError (note: other)");
  EXPECT_EQ(WithoutCurrentFrame("run (Current frame)\nf (Current frame)"), "run\nf");
}

TEST(FrameFilter, PagesCountTheFramesThatAreShown) {
  const auto frame = [](int id, const char* path) { return Json{{"id", id}, {"source", {{"path", path}}}}; };
  const Json body = {
      {"stackFrames",
       {frame(1, "/a.py"), frame(2, "/x/batchscope/_debugger.py"), frame(3, "/b.py"), frame(4, "/c.py"), 5}}};
  EXPECT_EQ(PageOfFrames(body, 1, 1), (Json{{"stackFrames", {frame(3, "/b.py")}}, {"totalFrames", 3}}));
  EXPECT_EQ(PageOfFrames(body, 0, 0)["stackFrames"].size(), 3u);
  EXPECT_EQ(PageOfFrames({}, 0, 0), (Json{{"stackFrames", Json::array()}, {"totalFrames", 0}}));
}

}  // namespace
}  // namespace batchscope::fleet
