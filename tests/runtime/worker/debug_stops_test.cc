#include "runtime/worker/debug_stops.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>

namespace batchscope::worker {
namespace {

using nlohmann::json;

/// What pydevd says, in its own words.
std::string Stopped(int thread, const char* reason) {
  return json{{"type", "event"},
              {"event", "stopped"},
              {"body", {{"reason", reason}, {"threadId", thread}, {"allThreadsStopped", true}}}}
      .dump();
}
std::string Continued(int thread, bool all) {
  return json{{"type", "event"}, {"event", "continued"}, {"body", {{"threadId", thread}, {"allThreadsContinued", all}}}}
      .dump();
}
json Frame(const char* path, int line) { return {{"name", "f"}, {"line", line}, {"source", {{"path", path}}}}; }
std::string Answer(std::int64_t seq, const json& frames) {
  return json{{"type", "response"}, {"request_seq", seq}, {"success", true}, {"body", {{"stackFrames", frames}}}}
      .dump();
}

class DebugStopsTest : public testing::Test {
 protected:
  bool stands_still() const { return slot_.stopped_since_ns != 0; }
  std::int64_t AskedSeq(const DebugStops::Follows& follows) {
    return json::parse(follows.request.value()).at("seq").get<std::int64_t>();
  }

  wire::BoardSlot slot_{};
  StopClock clock_{slot_};
  DebugStops stops_{clock_};
};

TEST_F(DebugStopsTest, AsksWhereAThreadStoppedAndTellsItOnce) {
  const DebugStops::Follows asks = stops_.Read(Stopped(2, "breakpoint"));
  EXPECT_FALSE(asks.is_ours);
  EXPECT_TRUE(stands_still());
  EXPECT_EQ(json::parse(asks.request.value()),
            (json{{"seq", 1'000'000'000},
                  {"type", "request"},
                  {"command", "stackTrace"},
                  {"arguments", {{"threadId", 2}, {"startFrame", 0}, {"levels", 8}}}}));

  const std::string answer = Answer(1'000'000'000, {Frame("", 1), Frame("/x/batchscope/_debugger.py", 9),
                                                    Frame("/run/entry/score.py", 12), Frame("/other.py", 3)});
  const DebugStops::Follows told = stops_.Read(answer);
  EXPECT_TRUE(told.is_ours);
  EXPECT_EQ(told.stopped, (wire::WorkerStopped{"/run/entry/score.py", 12, "breakpoint"}));
  const DebugStops::Follows again = stops_.Read(answer);
  EXPECT_TRUE(again.is_ours);
  EXPECT_EQ(again.stopped, std::nullopt);
}

TEST_F(DebugStopsTest, LeavesTheAnswersOfOthersAlone) {
  const DebugStops::Follows follows = stops_.Read(Answer(999'999'999, {Frame("/a.py", 1)}));
  EXPECT_FALSE(follows.is_ours);
  EXPECT_EQ(follows.stopped, std::nullopt);
}

TEST_F(DebugStopsTest, TellsAStopWithoutAPlaceToo) {
  const std::int64_t seq = AskedSeq(stops_.Read(Stopped(2, "pause")));
  const std::string refused = json{{"type", "response"}, {"request_seq", seq}, {"success", false}}.dump();
  EXPECT_EQ(stops_.Read(refused).stopped, (wire::WorkerStopped{"", 0, "pause"}));
}

TEST_F(DebugStopsTest, GoesOnWhenTheLastThreadDoes) {
  stops_.Read(Stopped(1, "breakpoint"));
  stops_.Read(Stopped(2, "breakpoint"));
  EXPECT_FALSE(stops_.Read(Continued(1, false)).continued);
  EXPECT_FALSE(stops_.Read(Continued(9, false)).continued);
  EXPECT_TRUE(stands_still());
  EXPECT_TRUE(stops_.Read(Continued(2, false)).continued);
  EXPECT_FALSE(stands_still());
  EXPECT_FALSE(stops_.Read(Continued(2, true)).continued);
}

TEST_F(DebugStopsTest, GoesOnWhenAllThreadsDoOrTheStoppedOneEnds) {
  stops_.Read(Stopped(1, "breakpoint"));
  stops_.Read(Stopped(2, "step"));
  EXPECT_TRUE(stops_.Read(Continued(2, true)).continued);
  EXPECT_FALSE(stands_still());

  stops_.Read(Stopped(3, "breakpoint"));
  EXPECT_FALSE(stops_.Read(R"({"type":"event","event":"thread","body":{"reason":"started","threadId":3}})").continued);
  EXPECT_TRUE(stops_.Read(R"({"type":"event","event":"thread","body":{"reason":"exited","threadId":3}})").continued);
  EXPECT_FALSE(stands_still());
}

TEST_F(DebugStopsTest, TellsNoStopThatIsOverWhenItsPlaceIsKnown) {
  const std::int64_t seq = AskedSeq(stops_.Read(Stopped(1, "breakpoint")));
  stops_.Read(Continued(1, true));
  const DebugStops::Follows late = stops_.Read(Answer(seq, {Frame("/a.py", 1)}));
  EXPECT_TRUE(late.is_ours);
  EXPECT_EQ(late.stopped, std::nullopt);
}

TEST_F(DebugStopsTest, LetsEverythingGoOnWhenTheDebuggerIsGone) {
  EXPECT_FALSE(stops_.Clear());
  stops_.Read(Stopped(1, "breakpoint"));
  EXPECT_TRUE(stops_.Clear());
  EXPECT_FALSE(stands_still());
}

TEST_F(DebugStopsTest, PassesOnWhatItCannotRead) {
  for (const char* text : {"", "[]", "{", "7", R"({"type":7})", R"({"type":"event","event":"stopped","body":[1]})",
                           R"({"type":"response","request_seq":"1000000000"})"}) {
    EXPECT_FALSE(stops_.Read(text).is_ours) << text;
  }
}

}  // namespace
}  // namespace batchscope::worker
