#include "runtime/wire/control_messages.h"

#include <limits>

#include "tests/runtime/wire/round_trip.h"

namespace batchscope::wire {
namespace {

using ::testing::HasSubstr;

const std::string kBytes("\0\xff\n\"a", 5);
constexpr std::uint32_t kMost = 0xffffffff;

Failure SomeFailure() { return {FailureKind::kRejected, "ValueError", "no " + kBytes, "  line 3\n"}; }

std::vector<FromClient> AllFromClient() {
  return {
      Join{},
      Join{kMost, "0123" + kBytes, "VS Code", true},
      ArmWorker{{3}},
      DisarmWorker{{kMost}},
      ToDebugger{{1}, kBytes},
      SetWatch{{{{1, "$batch == 117"}, {2, "$once"}}, false, true}},
      Pass{{0}},
      ReleaseHold{{7}},
      AskWorkers{},
      CancelRun{},
  };
}

std::vector<ToClient> AllToClient() {
  return {
      Welcome{"id", "step " + kBytes, "/r", "/r/entry", "/s", "entry.py", kMost},
      Refused{"another debugger is there: VS Code"},
      WorkerJoined{{4}, 4711, true},
      WorkerLeft{{4}, "SIGSEGV (segmentation fault)"},
      WorkerArmed{{2}},
      WorkerDisarmed{{2}, ""},
      FromDebugger{{9}, "{" + kBytes + "}"},
      WorkerAtGate{{5}, {Gate::kFailure, {{9}, 2}, {1, kMost}, true, SomeFailure()}},
      WorkerHeld{{5}, {{9}, 2}, SomeFailure(), 599.5},
      Workers{},
      Workers{{{{1}, 10, WorkerPhase::kRunning, Attempt{{3}, 1}, false, true, "/e/entry.py", 12},
               {{2}, -1, WorkerPhase::kHeld, std::nullopt, true, false, "", 0}}},
      Notice{"two\nlines"},
      RunEnded{"failed", kBytes},
  };
}

TEST(ControlMessages, ComeBackAsTheyWereAndEveryTruncationIsAnError) {
  ExpectRoundTripsAndNoPart(AllFromClient(), DecodeFromClient);
  ExpectRoundTripsAndNoPart(AllToClient(), DecodeToClient);
}

TEST(ControlMessages, BeginWithTheirVersionSoThatAnotherOneCanBeRefusedInWords) {
  EXPECT_EQ(Encode(FromClient(Join{258, "t", "", true})),
            std::string("J\2\1\0\0\1\0\0\0\0\0\0\0t\0\0\0\0\0\0\0\0\1", 23));
}

TEST(ControlMessages, AreRefusedWithAReason) {
  EXPECT_THAT(DecodeFromClient("?").message(), HasSubstr("no message begins with the byte 63"));
  EXPECT_THAT(DecodeToClient("").message(), HasSubstr("the message needs 1 bytes, 0 are left (at byte 0 of 0)"));
  EXPECT_THAT(DecodeToClient("V\xff\xff\xff\xff").message(), HasSubstr("the workers needs"));
  for (const double odd : {std::numeric_limits<double>::infinity(), std::numeric_limits<double>::quiet_NaN()}) {
    EXPECT_THAT(DecodeToClient(Encode(ToClient(WorkerHeld{{5}, {}, {}, odd}))).message(),
                HasSubstr("the seconds that are left are no number"));
  }
}

TEST(ControlMessages, AnyBytesGiveAMessageOrAnError) {
  ExpectAnyBytesAreAnswered(AllFromClient(), DecodeFromClient);
  ExpectAnyBytesAreAnswered(AllToClient(), DecodeToClient);
}

}  // namespace
}  // namespace batchscope::wire
