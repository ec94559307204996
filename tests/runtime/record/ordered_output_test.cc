#include "runtime/record/ordered_output.h"

#include <fcntl.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>
#include <random>

#include "tests/runtime/record/small_run.h"

namespace batchscope::record {
namespace {

class OrderedOutputTest : public ::testing::Test {
 protected:
  OrderedOutputTest()
      : output_fd_(OpenFile(temp_.path() / "output", O_RDWR | O_CREAT).value()),
        spool_fd_(OpenFile(temp_.path() / "spool", O_RDWR | O_CREAT).value()) {}

  OrderedOutput Make(std::uint32_t mini_batches, const OrderedOutput::Budgets& budgets = {}) {
    return OrderedOutput(mini_batches, AppendFile(output_fd_.get(), temp_.path() / "output", 0),
                         AppendFile(spool_fd_.get(), temp_.path() / "spool", 0), budgets);
  }
  std::string Output() const { return ReadAll(temp_.path() / "output"); }
  std::string Spool() const { return ReadAll(temp_.path() / "spool"); }
  static void Commit(OrderedOutput& output) {
    ASSERT_TRUE(output.Write().ok());
    output.MarkCommitted();
  }

  TempFolder temp_;
  UniqueFd output_fd_, spool_fd_;
};

TEST_F(OrderedOutputTest, WritesNoSpoolForRowsWhoseTurnComesBeforeTheCommit) {
  OrderedOutput output = Make(3);
  output.Rows(MiniBatchId{1}, "b\n", 0);
  output.Rows(MiniBatchId{0}, "a\n", 0);
  ASSERT_TRUE(output.Write().ok());
  EXPECT_EQ(Output(), "a\nb\n");
  EXPECT_EQ(Spool(), "");
  EXPECT_EQ(output.mark(), (CommitMark{.output = 4, .next = 2}));
}

TEST_F(OrderedOutputTest, EmptiesTheSpoolOnlyBehindTheCommit) {
  OrderedOutput output = Make(3);
  output.Rows(MiniBatchId{1}, "b\n", 0);
  Commit(output);
  const std::string spooled = Spool();
  EXPECT_EQ(output.mark(), (CommitMark{.next = 0, .spool_to = spooled.size()}));
  output.Rows(MiniBatchId{0}, "a\n", 0);
  ASSERT_TRUE(output.Write().ok());
  EXPECT_EQ(Spool(), spooled);
  EXPECT_EQ(output.mark(), (CommitMark{.output = 4, .next = 2}));
  output.MarkCommitted();
  EXPECT_EQ(Spool(), "");
}

TEST_F(OrderedOutputTest, WritesTheHeaderOfTheFirstRowsOnly) {
  OrderedOutput output = Make(3);
  output.Rows(MiniBatchId{2}, "x y\n3\n", 4);
  output.Rows(MiniBatchId{0}, "x y\n", 4);
  output.Rows(MiniBatchId{1}, "x y\n2\n", 4);
  Commit(output);
  EXPECT_EQ(Output(), "x y\n2\n3\n");
}

TEST_F(OrderedOutputTest, ClosesGapsInOrderAtTheEnd) {
  OrderedOutput output = Make(9);
  output.Rows(MiniBatchId{7}, "7\n", 0);
  Commit(output);
  output.Rows(MiniBatchId{3}, "3\n", 0);
  output.WithoutRows(MiniBatchId{4});
  output.Rows(MiniBatchId{5}, "5\n", 0);
  output.CloseGaps();
  Commit(output);
  EXPECT_EQ(Output(), "3\n5\n7\n");
  EXPECT_EQ(output.mark(), (CommitMark{.output = 6, .next = 9}));
}

// Any order, rows of any size, and budgets so small that all ways are taken: memory, spool, reading back, giving space
// back.
TEST_F(OrderedOutputTest, KeepsTheOrderInEveryHistory) {
  for (const unsigned seed : {1U, 2U, 3U, 4U, 5U, 6U}) {
    std::mt19937 random(seed);
    constexpr std::uint32_t kMiniBatches = 300;
    std::vector<std::uint32_t> order(kMiniBatches);
    std::iota(order.begin(), order.end(), 0U);
    std::shuffle(order.begin(), order.end(), random);
    for (const auto* file : {"output", "spool"}) std::filesystem::resize_file(temp_.path() / file, 0);
    OrderedOutput output = Make(kMiniBatches, {.cache = seed % 2 * 3000, .fresh = 500, .output = 200, .free_by = 4096});
    std::vector<std::string> rows(kMiniBatches);
    std::uint64_t furthest_freed = 0;
    for (const std::uint32_t id : order) {
      const auto kind = random() % 10;
      if (kind == 0) {
        output.WithoutRows(MiniBatchId{id});
      } else {
        rows[id] = std::to_string(id) + std::string(random() % 150, '.') + "\n";
        output.Rows(MiniBatchId{id}, rows[id], 0);
      }
      if (kind > 6) Commit(output);
      furthest_freed = std::max(furthest_freed, output.mark().spool_from);
    }
    Commit(output);
    std::string all;
    for (const std::string& each : rows) all += each;
    ASSERT_EQ(Output(), all) << "seed " << seed;
    EXPECT_EQ(Spool(), "") << "seed " << seed;
    EXPECT_EQ(output.mark(), (CommitMark{.output = all.size(), .next = kMiniBatches})) << "seed " << seed;
  }
}

TEST_F(OrderedOutputTest, ResumesFromASpoolWhoseBeginWasGivenBack) {
  OrderedOutput::Budgets budgets{.cache = 0, .fresh = 0, .output = 0, .free_by = 100};
  OrderedOutput output = Make(100, budgets);
  const std::string rows(200, '.');
  for (std::uint32_t id = 1; id < 5; ++id) output.Rows(MiniBatchId{id}, rows, 0);
  output.Rows(MiniBatchId{99}, "last\n", 0);
  Commit(output);
  output.Rows(MiniBatchId{0}, "first\n", 0);
  Commit(output);
  const CommitMark mark = output.mark();
  EXPECT_GT(mark.spool_from, 4 * rows.size());
  EXPECT_EQ(Spool().substr(0, 8), std::string(8, '\0'));

  OrderedOutput resumed(100, AppendFile(output_fd_.get(), temp_.path() / "output", Output().size()),
                        AppendFile(spool_fd_.get(), temp_.path() / "spool", Spool().size()), budgets);
  ASSERT_TRUE(resumed.Resume(mark).ok());
  resumed.CloseGaps();
  Commit(resumed);
  EXPECT_EQ(Output(), "first\n" + rows + rows + rows + rows + "last\n");
}

TEST_F(OrderedOutputTest, RefusesToResumeAnOutputThatLostCommittedRows) {
  OrderedOutput output = Make(3);
  const Status resumed = output.Resume({.output = 4, .next = 2});
  EXPECT_EQ(resumed.message(),
            (temp_.path() / "output").string() + " has 0 bytes, but 4 are committed: it was changed by something else");
}

}  // namespace
}  // namespace batchscope::record
