#include "runtime/worker/mailbox.h"

#include <gmock/gmock.h>
#include <poll.h>

#include <string>
#include <utility>
#include <vector>

namespace batchscope::worker {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

bool Rings(const Bell& bell) {
  pollfd wanted{bell.fd(), POLLIN, 0};
  return ::poll(&wanted, 1, 0) == 1;
}

wire::Work WorkOf(std::vector<std::uint32_t> mini_batches) {
  wire::Work work;
  for (const std::uint32_t number : mini_batches) work.tasks.push_back({{{number}, 0}, 0, ""});
  return work;
}

std::vector<std::uint32_t> Numbers(const std::vector<wire::Task>& tasks) {
  std::vector<std::uint32_t> numbers;
  for (const wire::Task& task : tasks) numbers.push_back(task.attempt.mini_batch.value);
  return numbers;
}

void Push(Outbox& outbox, std::uint32_t number, std::string rows, Urgency urgency) {
  wire::TaskResult result;
  result.attempt.mini_batch.value = number;
  result.ok = true;
  outbox.Push(result, rows, urgency);
  EXPECT_THAT(rows, IsEmpty());
}

TEST(Inbox, GivesAllThatWaitsInOrderAndThenTheDismissal) {
  Inbox inbox;
  std::vector<wire::Task> tasks;
  EXPECT_EQ(inbox.Take(tasks), Inbox::State::kNothing);
  EXPECT_FALSE(Rings(inbox.bell()));
  inbox.Put(WorkOf({4, 5}));
  inbox.Put(WorkOf({6}));
  inbox.Dismiss();
  EXPECT_TRUE(Rings(inbox.bell()));
  EXPECT_EQ(inbox.Take(tasks), Inbox::State::kWork);
  EXPECT_THAT(Numbers(tasks), ElementsAre(4, 5, 6));
  EXPECT_TRUE(inbox.has_news());
  EXPECT_EQ(inbox.Take(tasks), Inbox::State::kDismissed);
  EXPECT_THAT(tasks, IsEmpty());
}

TEST(Inbox, IsSilentOnceItsWorkIsTaken) {
  Inbox inbox;
  std::vector<wire::Task> tasks;
  inbox.Put(WorkOf({1}));
  EXPECT_EQ(inbox.Take(tasks), Inbox::State::kWork);
  EXPECT_FALSE(inbox.has_news());
  EXPECT_FALSE(Rings(inbox.bell()));
  EXPECT_EQ(inbox.Take(tasks), Inbox::State::kNothing);
}

TEST(Outbox, RingsForTheFirstOfAGroupAndForTheFirstUrgentOne) {
  Outbox outbox;
  EXPECT_EQ(outbox.state(), Outbox::State::kEmpty);
  Push(outbox, 0, "a\n", Urgency::kSoon);
  EXPECT_TRUE(Rings(outbox.bell()));
  outbox.bell().Silence();
  Push(outbox, 1, "", Urgency::kSoon);
  EXPECT_FALSE(Rings(outbox.bell()));
  EXPECT_EQ(outbox.state(), Outbox::State::kGathering);
  Push(outbox, 2, "bc\n", Urgency::kNow);
  EXPECT_TRUE(Rings(outbox.bell()));
  outbox.bell().Silence();
  Push(outbox, 3, "", Urgency::kNow);
  EXPECT_FALSE(Rings(outbox.bell()));
  EXPECT_EQ(outbox.state(), Outbox::State::kUrgent);

  const Outbox::Group group = outbox.Take();
  std::vector<std::pair<std::uint32_t, std::uint64_t>> sizes;
  for (const wire::TaskResult& result : group.results.results) {
    sizes.emplace_back(result.attempt.mini_batch.value, result.rows_size);
  }
  EXPECT_THAT(sizes, ElementsAre(std::pair(0, 2), std::pair(1, 0), std::pair(2, 3), std::pair(3, 0)));
  EXPECT_EQ(group.results.rows, "a\nbc\n");
  EXPECT_EQ(outbox.state(), Outbox::State::kEmpty);
}

TEST(Outbox, DoesNotGatherMoreThanAMebibyteOfRows) {
  Outbox outbox;
  Push(outbox, 0, std::string((1U << 20) - 1, 'x'), Urgency::kSoon);
  EXPECT_EQ(outbox.state(), Outbox::State::kGathering);
  outbox.bell().Silence();
  Push(outbox, 1, "x", Urgency::kSoon);
  EXPECT_EQ(outbox.state(), Outbox::State::kUrgent);
  EXPECT_TRUE(Rings(outbox.bell()));
}

TEST(Outbox, GivesWordsBesideResultsAtOnce) {
  Outbox outbox;
  outbox.Say(wire::Ready{5});
  EXPECT_EQ(outbox.state(), Outbox::State::kUrgent);
  EXPECT_TRUE(Rings(outbox.bell()));
  const Outbox::Group group = outbox.Take();
  ASSERT_EQ(group.words.size(), 1U);
  EXPECT_EQ(std::get<wire::Ready>(group.words.front()).init_ns, 5U);
  EXPECT_THAT(group.results.results, IsEmpty());
  EXPECT_EQ(outbox.state(), Outbox::State::kEmpty);
}

TEST(Outbox, KeepsTheOrderOfWordsAndResults) {
  Outbox outbox;
  Push(outbox, 0, "a\n", Urgency::kSoon);
  outbox.Say(wire::DebuggerArmed{});
  Push(outbox, 1, "b\n", Urgency::kSoon);
  EXPECT_EQ(outbox.state(), Outbox::State::kUrgent);
  const Outbox::Group first = outbox.Take();
  EXPECT_THAT(first.words, IsEmpty());
  EXPECT_EQ(first.results.rows, "a\n");
  EXPECT_EQ(outbox.state(), Outbox::State::kUrgent);
  const Outbox::Group second = outbox.Take();
  EXPECT_EQ(second.words.size(), 1U);
  EXPECT_EQ(second.results.rows, "b\n");
  EXPECT_EQ(outbox.state(), Outbox::State::kEmpty);
}

}  // namespace
}  // namespace batchscope::worker
