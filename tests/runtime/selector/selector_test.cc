#include "runtime/selector/selector.h"

#include <gmock/gmock.h>

#include <vector>

namespace batchscope::selector {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr std::uint32_t kMost = 0xffffffff;

std::string ItemsOf(const std::vector<std::string>& items) {
  std::string all;
  for (const std::string& item : items) all.append(item).push_back('\0');
  return all;
}

bool Matches(std::string_view text, const Subject& subject) {
  const Result<Selector> selector = Selector::Parse(text);
  EXPECT_TRUE(selector.ok()) << text << ": " << selector.message();
  return selector.ok() && selector->Matches(subject);
}

bool MatchesItems(std::string_view text, const std::vector<std::string>& items) {
  const std::string all = ItemsOf(items);
  return Matches(text, {0, 1, 0, all});
}

/// Those of `values` that it matches as a mini-batch.
std::vector<std::uint32_t> Batches(std::string_view text, const std::vector<std::uint32_t>& values) {
  std::vector<std::uint32_t> matching;
  for (const std::uint32_t value : values) {
    if (Matches(text, {value, 1, 0, {}})) matching.push_back(value);
  }
  return matching;
}

TEST(Selector, ComparesNumbersExactlyAtEquality) {
  const std::vector<std::uint32_t> around = {0, 6, 7, 8, kMost};
  EXPECT_THAT(Batches("$batch == 7", around), ElementsAre(7));
  EXPECT_THAT(Batches("$batch != 7", around), ElementsAre(0, 6, 8, kMost));
  EXPECT_THAT(Batches("$batch < 7", around), ElementsAre(0, 6));
  EXPECT_THAT(Batches("$batch <= 7", around), ElementsAre(0, 6, 7));
  EXPECT_THAT(Batches("$batch > 7", around), ElementsAre(8, kMost));
  EXPECT_THAT(Batches("$batch >= 7", around), ElementsAre(7, 8, kMost));
  EXPECT_THAT(Batches("$batch in [8, 7 ,8]", around), ElementsAre(7, 8));
  EXPECT_THAT(Batches("$batch in 7..8", around), ElementsAre(7, 8));
  EXPECT_THAT(Batches("$batch in 7 .. 7", around), ElementsAre(7));
}

TEST(Selector, ComparesNumbersAtTheEndsOfTheirRange) {
  const std::vector<std::uint32_t> ends = {0, 1, kMost - 1, kMost};
  EXPECT_THAT(Batches("$batch < 0", ends), IsEmpty());
  EXPECT_THAT(Batches("$batch <= 0", ends), ElementsAre(0));
  EXPECT_THAT(Batches("$batch != 0", ends), ElementsAre(1, kMost - 1, kMost));
  EXPECT_THAT(Batches("$batch >= 0", ends), ElementsAre(0, 1, kMost - 1, kMost));
  EXPECT_THAT(Batches("$batch > 4294967295", ends), IsEmpty());
  EXPECT_THAT(Batches("$batch >= 4294967295", ends), ElementsAre(kMost));
  EXPECT_THAT(Batches("$batch != 4294967295", ends), ElementsAre(0, 1, kMost - 1));
  EXPECT_THAT(Batches("$batch in 0..4294967295", ends), ElementsAre(0, 1, kMost - 1, kMost));
}

TEST(Selector, AsksForTheBatchTheAttemptOrTheWorker) {
  const Subject subject{1, 2, 3, {}};
  EXPECT_TRUE(Matches("$batch == 1 and $attempt == 2 and $worker == 3", subject));
  EXPECT_FALSE(Matches("$attempt == 1 or $worker == 2", subject));
}

TEST(Selector, BindsAsPythonDoes) {
  const auto truth = [](std::string text) {
    for (const auto& [letter, value] : {std::pair('T', "$batch == 0"), std::pair('F', "$batch != 0")}) {
      for (std::size_t at = text.find(letter); at != std::string::npos; at = text.find(letter)) {
        text.replace(at, 1, value);
      }
    }
    return Matches(text, {});
  };
  EXPECT_TRUE(truth("T or F and F"));
  EXPECT_FALSE(truth("(T or F) and F"));
  EXPECT_TRUE(truth("F and F or T"));
  EXPECT_FALSE(truth("F and (F or T)"));
  EXPECT_TRUE(truth("not F and T"));
  EXPECT_FALSE(truth("not (F and T) and F"));
  EXPECT_FALSE(truth("not T or F"));
  EXPECT_TRUE(truth("not not T"));
  EXPECT_TRUE(truth("!F&&T||F"));
  EXPECT_FALSE(truth("! (T || F)"));
  EXPECT_TRUE(truth("F or F or T"));
  EXPECT_FALSE(truth("T and T and F"));
}

TEST(Selector, HoldsForAnyItemOfTheMiniBatch) {
  EXPECT_TRUE(MatchesItems("$item == \"/a/b.png\"", {"/a", "/a/b.png"}));
  EXPECT_FALSE(MatchesItems("$item == \"/a/b.png\"", {"/a/b.pn", "/a/b.png2", "/A/b.png"}));
  EXPECT_TRUE(MatchesItems("$item != '/a'", {"/b", "/c"}));
  EXPECT_FALSE(MatchesItems("$item != '/a'", {"/b", "/a"}));
  EXPECT_TRUE(MatchesItems("$item like \"*/0042.png\"", {"/x/y/0041.png", "/x/y/0042.png"}));
  EXPECT_FALSE(MatchesItems("$item like \"0042.png\"", {"/x/y/0042.png"}));
  EXPECT_FALSE(MatchesItems("$item like \"*\"", {}));
  EXPECT_FALSE(MatchesItems("$item == ''", {}));
  EXPECT_TRUE(MatchesItems("$item == ''", {"a", ""}));
  EXPECT_TRUE(MatchesItems("$item != 'a'", {}));
  EXPECT_TRUE(Matches("$item == 'b'", {0, 1, 0, std::string_view("a\0b", 3)}));  // Its NUL byte is missing.
  EXPECT_TRUE(MatchesItems(R"($item == "\"a\\\'\n;")", {R"("a\'\n;)"}));
  EXPECT_TRUE(MatchesItems(R"($item == '"')", {"\""}));
}

TEST(Selector, OnceStandsAloneOrNextToTheRest) {
  const auto parsed = [](std::string_view text) { return Selector::Parse(text).value(); };
  EXPECT_TRUE(parsed("$once").once());
  EXPECT_FALSE(parsed("$once").any_data());
  EXPECT_TRUE(parsed("$once").Matches({}));
  for (const char* text : {"$once and $batch == 3", "$batch == 3 and $once", "($once && ($batch == 3) && $once)"}) {
    EXPECT_TRUE(parsed(text).once()) << text;
    EXPECT_TRUE(parsed(text).any_data()) << text;
    EXPECT_FALSE(parsed(text).Matches({2, 1, 0, {}})) << text;
    EXPECT_TRUE(parsed(text).Matches({3, 1, 0, {}})) << text;
  }
  EXPECT_FALSE(parsed("$batch == 3").once());
  EXPECT_EQ(parsed(" $batch == 3 ").text(), " $batch == 3 ");
}

TEST(Selector, SaysWhatItFoundWhereAndWhatItExpects) {
  const auto problem = [](std::string_view text) { return Selector::Parse(text).message(); };
  const std::string operand = "expected `$attempt`, `$batch`, `$item`, `$once`, `$worker`, `not` or `(`";
  EXPECT_EQ(problem(""), "found the end at column 1, " + operand);
  EXPECT_EQ(problem("$batch == 3 and"), "found the end at column 16, " + operand);
  EXPECT_EQ(problem("3 < $batch"), "found `3` at column 1, " + operand);
  EXPECT_EQ(problem("$batch == 3 and len(x) > 2"),
            "found `len` at column 17, " + operand + "; a Python condition stands behind a `;`");
  EXPECT_EQ(problem("$bach == 3"),
            "there is no `$bach` (column 1), did you mean `$batch`?; there are $attempt, $batch, "
            "$item, $once, $worker");
  EXPECT_EQ(problem("$batch == 1 or $elephant"),
            "there is no `$elephant` (column 16); there are $attempt, $batch, $item, $once, $worker");
  EXPECT_EQ(problem("$batch"), "found the end at column 7, expected `==`, `!=`, `<`, `<=`, `>`, `>=` or `in`");
  EXPECT_EQ(problem("$batch = 3"), "found `=` at column 8, expected `==`, `!=`, `<`, `<=`, `>`, `>=` or `in`");
  EXPECT_EQ(problem("$batch like 'a'"), "found `like` at column 8, expected `==`, `!=`, `<`, `<=`, `>`, `>=` or `in`");
  EXPECT_EQ(problem("$batch == -1"), "found `-` at column 11, expected a whole number");
  EXPECT_EQ(problem("$batch == '1'"), "found `'1'` at column 11, expected a whole number");
  EXPECT_EQ(problem("$batch == 1.5"), "found `.` at column 12, expected `and`, `or` or the end");
  EXPECT_EQ(problem("$batch == 4294967296"), "found `4294967296` at column 11, expected a number up to 4294967295");
  EXPECT_EQ(problem("$batch in 3"), "found the end at column 12, expected `..` and the last number of the range");
  EXPECT_EQ(problem("$batch in (3)"),
            "found `(` at column 11, expected a list such as [1, 2, 3] or a range such as 10..19");
  EXPECT_EQ(problem("$batch in 4..3"), "the range 4..3 at column 11 ends before it starts");
  EXPECT_EQ(problem("$batch in []"), "found `]` at column 12, expected a whole number");
  EXPECT_EQ(problem("$batch in [1 2]"), "found `2` at column 14, expected `,` or `]`");
  EXPECT_EQ(problem("$item < 'a'"), "found `<` at column 7, expected `==`, `!=` or `like`");
  EXPECT_EQ(problem("$item like *.png"), "found `*` at column 12, expected a text in quotes");
  EXPECT_EQ(problem("$item like '[ab'"), "`[ab` of the pattern has no `]`; `[[]` stands for a `[` (column 12)");
  EXPECT_EQ(problem("$item == 'ab"), "the text at column 10 has no closing '");
  EXPECT_EQ(problem("$item == 'a\\'"), "the text at column 10 has no closing '");
  EXPECT_EQ(problem("($batch == 3"), "found the end at column 13, expected `and`, `or` or `)`");
  EXPECT_EQ(problem("$batch == 3)"), "found `)` at column 12, expected `and`, `or` or the end");
  EXPECT_EQ(problem("$item == 'äö' ß"), "found `ß` at column 15, expected `and`, `or` or the end");
  EXPECT_EQ(problem("\xff"), "found `\\xff` at column 1, " + operand);
  const std::string once = " below `or` or `not`, expected it alone or joined to all of the rest with `and`";
  EXPECT_EQ(problem("$batch == 3 or $once"), "found `$once` at column 16" + once);
  EXPECT_EQ(problem("not $once"), "found `$once` at column 5" + once);
}

TEST(Selector, LimitsItsDepthAndItsLength) {
  const auto nested = [](int depth) {
    return std::string(static_cast<std::size_t>(depth), '(') + "$batch == 0" +
           std::string(static_cast<std::size_t>(depth), ')');
  };
  EXPECT_TRUE(Matches(nested(50), {}));
  EXPECT_EQ(Selector::Parse(nested(51)).message(), "found more than 50 `(` and `not` within each other at column 51");
  EXPECT_FALSE(Selector::Parse(std::string(60000, '!')).ok());

  std::string longest = "$batch == 0";
  while (longest.size() + 15 <= 65536) longest += " or $batch == 1";
  longest.resize(65536, ' ');
  EXPECT_TRUE(Matches(longest, {}));
  EXPECT_EQ(Selector::Parse(longest + " ").message(), "a condition of 65537 bytes, expected at most 65536");
}

TEST(ParseCondition, TakesTheSelectorAndThePythonApart) {
  struct Parts {
    const char* text;
    const char* selector;  // Null: none.
    const char* python;
  };
  for (const Parts& parts : std::vector<Parts>{
           {"$batch == 117; len(mini_batch) > 3", "$batch == 117", "len(mini_batch) > 3"},
           {" $once ; ", " $once", ""},
           {"$once;", "$once", ""},
           {"$once", "$once", ""},
           {"$item like 'a;b' ; x == ';' ; y", "$item like 'a;b'", "x == ';' ; y"},
           {"$item == \"a\\\";b\"; x", "$item == \"a\\\";b\"", "x"},
           {"", nullptr, ""},
           {"  ", nullptr, ""},
           {" x > 3 ", nullptr, "x > 3"},
           {"x == '$batch'; y", nullptr, "x == '$batch'; y"},
           {"x = 1; $batch", nullptr, "x = 1; $batch"},
           {"it's $batch", nullptr, "it's $batch"},
           {"x == '\\", nullptr, "x == '\\"},
       }) {
    const Result<Condition> condition = ParseCondition(parts.text);
    ASSERT_TRUE(condition.ok()) << parts.text << ": " << condition.message();
    EXPECT_EQ(condition->python, parts.python) << parts.text;
    ASSERT_EQ(condition->selector.has_value(), parts.selector != nullptr) << parts.text;
    if (parts.selector != nullptr) {
      EXPECT_EQ(condition->selector->text(), parts.selector) << parts.text;
    }
  }
}

TEST(ParseCondition, RefusesAWrongSelectorInItsWords) {
  EXPECT_EQ(ParseCondition("  $batch == ; x").message(), "found the end at column 12, expected a whole number");
  EXPECT_EQ(ParseCondition("x > 3 and $batch == 1").message(),
            "found `x` at column 1, expected `$attempt`, `$batch`, `$item`, `$once`, `$worker`, `not` or `(`; a Python "
            "condition stands behind a `;`");
  EXPECT_EQ(ParseCondition("$item == 'a; x").message(), "the text at column 10 has no closing '");
}

}  // namespace
}  // namespace batchscope::selector
