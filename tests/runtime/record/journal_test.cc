#include "runtime/record/journal.h"

#include <gtest/gtest.h>

#include "tests/runtime/record/small_run.h"

namespace batchscope::record {
namespace {

std::vector<std::string> KindsOf(const CommittedJournal& journal) {
  std::vector<std::string> kinds;
  EXPECT_TRUE(journal.ForEach([&](const JsonLine& line) { kinds.emplace_back(line.kind()); }).ok());
  return kinds;
}

TEST(JsonLine, GivesBackWhatALineWriterWrote) {
  std::string text;
  LineWriter(text, "fail")
      .Number("b", 117)
      .Number("low", -9'000'000'000'000'000'000)
      .Text("message", "a \"quoted\" \\ {[,:]} \n\t line \xFF \xC3\xA9")
      .Raw("begun", "[[1,0],[2,3]]")
      .Raw("limit", "2.5")
      .End();
  const auto line = JsonLine::Parse(std::string_view(text).substr(0, text.size() - 1));
  ASSERT_TRUE(line);
  EXPECT_EQ(line->kind(), "fail");
  EXPECT_EQ(line->Number("b"), 117);
  EXPECT_EQ(line->Number("low"), -9'000'000'000'000'000'000);
  EXPECT_EQ(line->Text("message"), "a \"quoted\" \\ {[,:]} \n\t line \xFF \xC3\xA9");
  EXPECT_EQ(ElementsOf(line->Raw("begun")), (std::vector<std::string_view>{"[1,0]", "[2,3]"}));
  EXPECT_EQ(line->Real("limit"), 2.5);
  EXPECT_EQ(line->Number("missing", -7), -7);
  EXPECT_EQ(line->Text("b"), "");
}

TEST(JsonLine, RefusesEveryTruncation) {
  const std::string text = R"({"e":"exit","w":3,"begun":[[1,0]],"kind":"process_died","message":"a \"b\" c"})";
  ASSERT_TRUE(JsonLine::Parse(text));
  for (std::size_t size = 0; size < text.size(); ++size) {
    EXPECT_FALSE(JsonLine::Parse(std::string_view(text).substr(0, size))) << size;
  }
  EXPECT_FALSE(JsonLine::Parse(text + "}"));
}

TEST(JsonLine, ReadsArrays) {
  EXPECT_EQ(ElementsOf("[]"), std::vector<std::string_view>());
  EXPECT_EQ(ElementsOf("[1]"), (std::vector<std::string_view>{"1"}));
  for (const char* wrong : {"", "[", "[1", "[1,", "[1,]", "1]", "[1]x"}) EXPECT_FALSE(ElementsOf(wrong)) << wrong;
}

TEST(Journal, IsReadUpToItsLastWholeCommit) {
  const TempFolder temp;
  const auto path = temp.path() / "journal";
  auto journal = Journal::Create(path);
  ASSERT_TRUE(journal.ok());
  journal->Add("run").Number("format", 1).End();
  ASSERT_TRUE(journal->Commit({}, 10).ok());
  const std::size_t first = ReadAll(path).size();
  journal->Add("ready").Number("w", 1).End();
  ASSERT_TRUE(journal->Commit({.output = 5, .next = 2, .has_header = true, .spool_from = 3, .spool_to = 9}, 20).ok());
  const std::string whole = ReadAll(path);
  for (std::size_t size = first; size <= whole.size(); ++size) {
    WriteAllTo(path, whole.substr(0, size));
    const auto read = CommittedJournal::Open(path);
    ASSERT_TRUE(read.ok()) << read.message();
    const bool both = size == whole.size();
    EXPECT_EQ(read->committed(), both ? whole.size() : first) << size;
    EXPECT_EQ(read->first_line(), R"({"e":"run","format":1})");
    EXPECT_EQ(read->last_commit_unix_us(), both ? 20 : 10);
    const CommitMark mark{.output = 5, .next = 2, .has_header = true, .spool_from = 3, .spool_to = 9};
    EXPECT_EQ(read->last_commit(), both ? mark : CommitMark());
    const std::vector<std::string> kinds =
        both ? std::vector<std::string>{"run", "commit", "ready", "commit"} : std::vector<std::string>{"run", "commit"};
    EXPECT_EQ(KindsOf(*read), kinds) << size;
  }
}

// The search goes backwards through blocks of 256 KiB: the commit line is put around every place of a border.
TEST(Journal, FindsACommitLineAcrossABlocksBorder) {
  const TempFolder temp;
  const auto path = temp.path() / "journal";
  const std::string head = "{\"e\":\"run\"}\n{\"e\":\"commit\",\"output\":7,\"at\":1}\n";
  const std::string prefix = "{\"e\":\"note\",\"text\":\"";
  for (std::size_t shift = 0; shift <= head.size() + 2; ++shift) {
    const std::size_t tail = (1 << 18) - shift;
    WriteAllTo(path, head + prefix + std::string(tail - prefix.size(), 'x'));
    const auto read = CommittedJournal::Open(path);
    ASSERT_TRUE(read.ok()) << shift << ": " << read.message();
    EXPECT_EQ(read->committed(), head.size()) << shift;
    EXPECT_EQ(read->last_commit().output, 7U) << shift;
  }
}

TEST(Journal, ReadsLinesAcrossBlocks) {
  const TempFolder temp;
  const auto path = temp.path() / "journal";
  auto journal = Journal::Create(path);
  ASSERT_TRUE(journal.ok());
  constexpr std::int64_t kLines = 20'000;
  for (std::int64_t i = 0; i < kLines; ++i)
    journal->Add("note").Number("i", i).Text("text", std::string(31, 'x')).End();
  ASSERT_TRUE(journal->Commit({}, 0).ok());
  const auto read = CommittedJournal::Open(path);
  ASSERT_TRUE(read.ok());
  std::int64_t next = 0;
  const Status all = read->ForEach([&](const JsonLine& line) {
    if (line.kind() == "note" && line.Number("i") == next) ++next;
  });
  EXPECT_TRUE(all.ok());
  EXPECT_EQ(next, kLines);
}

TEST(Journal, SaysThatNothingIsCommitted) {
  const TempFolder temp;
  WriteAllTo(temp.path() / "journal", "{\"e\":\"run\"}\n{\"e\":\"commit\",\"output\":1");
  const auto read = CommittedJournal::Open(temp.path() / "journal");
  ASSERT_FALSE(read.ok());
  EXPECT_NE(read.message().find("holds no whole commit"), std::string::npos) << read.message();
}

}  // namespace
}  // namespace batchscope::record
