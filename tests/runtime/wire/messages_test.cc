#include "runtime/wire/messages.h"

#include <gmock/gmock.h>

#include "tests/runtime/wire/round_trip.h"

namespace batchscope::wire {
namespace {

using ::testing::HasSubstr;

const std::string kBytes("\0\xff\n\"a", 5);

Failure SomeFailure() { return {FailureKind::kRejected, "ValueError", "no " + kBytes, "  line 3\n"}; }

std::vector<ToWorker> AllToWorker() {
  return {
      Work{},
      Work{{{{{7}, 2}, 2, std::string("/a/b\0/c d\0", 10), true}, {{{0xffffffff}, 0xffffffff}, 0xffffffff, "", false}}},
      Dismiss{},
      ArmDebugger{},
      DisarmDebugger{},
      DebuggerInput{"{" + kBytes + "}"},
      Watch{},
      Watch{{{1, "$batch == 117"}, {0xffffffff, ""}}, true, false},
      Watch{{}, false, true},
      PassGate{},
      RefuseHold{},
  };
}

TaskResult Succeeded(std::uint32_t mini_batch, std::uint64_t rows_size, std::uint32_t header_size) {
  return {{{mini_batch}, 1}, true, 5, 1'700'000'000'000'000, 1, 0xffffffffffffffff, rows_size, header_size, {}, false};
}

std::vector<FromWorker> AllFromWorker() {
  TaskResult failed{{{4}, 0}, false, 0, -1, 2, 3, 0, 0, SomeFailure(), true};
  return {
      Hello{{3}, 4711},
      Ready{0xfedcba9876543210},
      InitFailure{SomeFailure()},
      TaskResults{},
      TaskResults{{Succeeded(1, 3, 0), failed, Succeeded(2, 2, 2)}, kBytes},
      DebuggerArmed{},
      DebuggerGone{"debugpy is missing"},
      DebuggerOutput{kBytes},
      WorkerStopped{"/e/entry.py", 0xffffffff, "breakpoint"},
      WorkerContinued{},
      AtGate{},
      AtGate{Gate::kFailure, {{9}, 2}, {}, true, SomeFailure()},
      AtGate{Gate::kInRun, {{0xffffffff}, 0}, {3, 0, 0xffffffff}, false, {}},
  };
}

TEST(Messages, ComeBackAsTheyWereAndEveryTruncationIsAnError) {
  ExpectRoundTripsAndNoPart(AllToWorker(), DecodeToWorker);
  ExpectRoundTripsAndNoPart(AllFromWorker(), DecodeFromWorker);
}

TEST(Messages, HaveTheBytesThatTheirDocumentSays) {
  EXPECT_EQ(Encode(FromWorker(Hello{{3}, 258})), std::string("H\3\0\0\0\2\1\0\0", 9));
  EXPECT_EQ(Encode(ToWorker(Work{{{{{7}, 2}, 1, "/a", true}}})),
            std::string("W\1\0\0\0\7\0\0\0\2\0\0\0\1\0\0\0\2\0\0\0\0\0\0\0/a\1", 28));
  EXPECT_EQ(Encode(ToWorker(Watch{{{3, "$once"}}, true, false})),
            std::string("V\1\0\0\0\3\0\0\0\5\0\0\0\0\0\0\0$once\1\0", 24));
  EXPECT_EQ(Encode(FromWorker(WorkerStopped{"a", 12, "step"})),
            std::string("S\1\0\0\0\0\0\0\0a\f\0\0\0\4\0\0\0\0\0\0\0step", 26));
}

TEST(Messages, AreRefusedWithAReason) {
  EXPECT_THAT(DecodeToWorker("H").message(), HasSubstr("no message begins with the byte 72"));
  EXPECT_THAT(DecodeFromWorker("W").message(), HasSubstr("no message begins with the byte 87"));
  EXPECT_THAT(DecodeFromWorker("").message(), HasSubstr("the message needs 1 bytes, 0 are left (at byte 0 of 0)"));
  EXPECT_THAT(DecodeFromWorker(std::string("R\0\0", 3)).message(),
              HasSubstr("the time of init() needs 8 bytes, 2 are left (at byte 1 of 3)"));
  EXPECT_THAT(DecodeFromWorker(std::string("I\6", 2)).message(), HasSubstr("the kind of failure is 6"));
  EXPECT_THAT(DecodeFromWorker("G\5").message(), HasSubstr("the gate is 5, expected at most 4 (at byte 2 of 2)"));
  EXPECT_THAT(DecodeToWorker(std::string("V\0\0\0\0\2", 6)).message(),
              HasSubstr("whether exceptions are watched is 2, expected at most 1"));
  EXPECT_THAT(DecodeToWorker(std::string("D\0", 2)).message(), HasSubstr("1 bytes follow the end"));
}

TEST(Messages, APromiseOfManyTasksReservesNoMemory) {
  EXPECT_THAT(DecodeToWorker("W\xff\xff\xff\xff").message(), HasSubstr("the tasks needs"));
  EXPECT_THAT(DecodeFromWorker("T\xff\xff\xff\xff").message(), HasSubstr("the results needs"));
  EXPECT_THAT(DecodeToWorker("V\xff\xff\xff\xff").message(), HasSubstr("the rules needs"));
}

TEST(Messages, RowsMustBelongToTheResultsThatClaimThem) {
  const auto decode = [](std::vector<TaskResult> results, std::string rows) {
    return DecodeFromWorker(Encode(FromWorker(TaskResults{std::move(results), std::move(rows)})));
  };
  EXPECT_TRUE(decode({Succeeded(1, 3, 3), Succeeded(2, 2, 0)}, "abc12").ok());
  EXPECT_THAT(decode({Succeeded(1, 3, 0), Succeeded(2, 3, 0)}, "abc12").message(),
              HasSubstr("mini-batch 2 claims 3 bytes of rows, 2 are left"));
  EXPECT_THAT(decode({Succeeded(1, 0xffffffffffffffff, 0), Succeeded(2, 1, 0)}, "").message(),
              HasSubstr("mini-batch 1 claims 18446744073709551615 bytes"));
  EXPECT_THAT(decode({Succeeded(1, 4, 0)}, "abc12").message(), HasSubstr("1 bytes of rows belong to no result"));
  EXPECT_THAT(decode({Succeeded(1, 3, 4)}, "abc").message(), HasSubstr("the header is larger"));
}

TEST(Messages, AnyBytesGiveAMessageOrAnError) {
  ExpectAnyBytesAreAnswered(AllToWorker(), DecodeToWorker);
  ExpectAnyBytesAreAnswered(AllFromWorker(), DecodeFromWorker);
}

}  // namespace
}  // namespace batchscope::wire
