#include "runtime/wire/messages.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <memory>
#include <random>

namespace batchscope::wire {
namespace {

using ::testing::HasSubstr;

const std::string kBytes("\0\xff\n\"a", 5);

Failure SomeFailure() { return {FailureKind::kRejected, "ValueError", "no " + kBytes, "  line 3\n"}; }

std::vector<ToWorker> AllToWorker() {
  return {
      Work{},
      Work{{{{{7}, 2}, 2, std::string("/a/b\0/c d\0", 10)}, {{{0xffffffff}, 0xffffffff}, 0xffffffff, ""}}},
      Dismiss{},
  };
}

TaskResult Succeeded(std::uint32_t mini_batch, std::uint64_t rows_size, std::uint32_t header_size) {
  return {{{mini_batch}, 1}, true, 5, 1'700'000'000'000'000, 1, 0xffffffffffffffff, rows_size, header_size, {}};
}

std::vector<FromWorker> AllFromWorker() {
  TaskResult failed{{{4}, 0}, false, 0, -1, 2, 3, 0, 0, SomeFailure()};
  return {
      Hello{{3}, 4711},
      Ready{0xfedcba9876543210},
      InitFailure{SomeFailure()},
      TaskResults{},
      TaskResults{{Succeeded(1, 3, 0), failed, Succeeded(2, 2, 2)}, kBytes},
  };
}

/// Decodes a copy in memory of just that size, so that the sanitizer sees a byte too far.
template <typename Decode>
auto DecodeAlone(Decode decode, std::string_view bytes) {
  const auto alone = std::make_unique<char[]>(bytes.size());
  std::copy(bytes.begin(), bytes.end(), alone.get());
  return decode(std::string_view(alone.get(), bytes.size()));
}

template <typename Message, typename Decode>
void ExpectRoundTripsAndNoPart(const std::vector<Message>& messages, Decode decode) {
  for (const Message& message : messages) {
    const std::string bytes = Encode(message);
    const auto back = DecodeAlone(decode, bytes);
    ASSERT_TRUE(back.ok()) << back.message();
    EXPECT_EQ(back.value(), message);
    for (std::size_t size = 0; size < bytes.size(); ++size) {
      EXPECT_FALSE(DecodeAlone(decode, bytes.substr(0, size)).ok()) << size << " of " << bytes.size() << " bytes";
    }
    EXPECT_FALSE(DecodeAlone(decode, bytes + '\0').ok());
  }
}

TEST(Messages, ComeBackAsTheyWereAndEveryTruncationIsAnError) {
  ExpectRoundTripsAndNoPart(AllToWorker(), DecodeToWorker);
  ExpectRoundTripsAndNoPart(AllFromWorker(), DecodeFromWorker);
}

TEST(Messages, HaveTheBytesThatTheirDocumentSays) {
  EXPECT_EQ(Encode(FromWorker(Hello{{3}, 258})), std::string("H\3\0\0\0\2\1\0\0", 9));
  EXPECT_EQ(Encode(ToWorker(Work{{{{{7}, 2}, 1, "/a"}}})),
            std::string("W\1\0\0\0\7\0\0\0\2\0\0\0\1\0\0\0\2\0\0\0\0\0\0\0/a", 27));
}

TEST(Messages, AreRefusedWithAReason) {
  EXPECT_THAT(DecodeToWorker("H").message(), HasSubstr("no message begins with the byte 72"));
  EXPECT_THAT(DecodeFromWorker("W").message(), HasSubstr("no message begins with the byte 87"));
  EXPECT_THAT(DecodeFromWorker("").message(), HasSubstr("the message needs 1 bytes, 0 are left (at byte 0 of 0)"));
  EXPECT_THAT(DecodeFromWorker(std::string("R\0\0", 3)).message(),
              HasSubstr("the time of init() needs 8 bytes, 2 are left (at byte 1 of 3)"));
  EXPECT_THAT(DecodeFromWorker(std::string("I\6", 2)).message(), HasSubstr("the kind of failure is 6"));
  EXPECT_THAT(DecodeToWorker(std::string("D\0", 2)).message(), HasSubstr("1 bytes follow the end"));
}

TEST(Messages, APromiseOfManyTasksReservesNoMemory) {
  EXPECT_THAT(DecodeToWorker("W\xff\xff\xff\xff").message(), HasSubstr("the tasks needs"));
  EXPECT_THAT(DecodeFromWorker("T\xff\xff\xff\xff").message(), HasSubstr("the results needs"));
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
  std::mt19937 random(1);  // NOLINT(cert-msc51-cpp): the same bytes every time.
  const auto spoil = [&random](std::string bytes) {
    for (int changes = 0; changes < 3; ++changes) bytes[random() % bytes.size()] = static_cast<char>(random());
    return bytes;
  };
  int understood = 0;
  for (int round = 0; round < 2000; ++round) {
    for (const ToWorker& message : AllToWorker()) {
      understood += DecodeAlone(DecodeToWorker, spoil(Encode(message))).ok() ? 1 : 0;
    }
    for (const FromWorker& message : AllFromWorker()) {
      understood += DecodeAlone(DecodeFromWorker, spoil(Encode(message))).ok() ? 1 : 0;
    }
  }
  EXPECT_GT(understood, 0);
}

}  // namespace
}  // namespace batchscope::wire
