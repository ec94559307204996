#include "runtime/selector/pattern.h"

#include <gtest/gtest.h>

#include <string>

namespace batchscope::selector {
namespace {

bool Matches(std::string_view pattern, std::string_view text) {
  const Result<Pattern> parsed = Pattern::Parse(pattern);
  EXPECT_TRUE(parsed.ok()) << pattern << ": " << parsed.message();
  return parsed.ok() && parsed->Matches(text);
}

TEST(Pattern, MatchesTheWholeText) {
  EXPECT_TRUE(Matches("", ""));
  EXPECT_FALSE(Matches("", "a"));
  EXPECT_TRUE(Matches("abc", "abc"));
  EXPECT_FALSE(Matches("abc", "ab"));
  EXPECT_FALSE(Matches("abc", "abcd"));
  EXPECT_FALSE(Matches("abc", "ABC"));
}

TEST(Pattern, AStarTakesAnyNumberOfCharactersSlashesToo) {
  EXPECT_TRUE(Matches("*", ""));
  EXPECT_TRUE(Matches("**", "a/b"));
  EXPECT_TRUE(Matches("*.png", ".png"));
  EXPECT_TRUE(Matches("/a/*/c", "/a/b/b/c"));
  EXPECT_FALSE(Matches("/a/*/c", "/a/c"));
  EXPECT_TRUE(Matches("*ab*ab", "abaab"));
  EXPECT_FALSE(Matches("*ab*ab", "aab"));
  EXPECT_TRUE(Matches("a*b*c", "abbcbc"));
  EXPECT_FALSE(Matches("a*b*c", "abcb"));
}

TEST(Pattern, AQuestionMarkTakesOneCharacter) {
  EXPECT_TRUE(Matches("a?c", "a/c"));
  EXPECT_FALSE(Matches("a?c", "ac"));
  EXPECT_FALSE(Matches("a?", "a"));
  EXPECT_TRUE(Matches("?", "\xc3\xa4"));
  EXPECT_TRUE(Matches("?", "\xf0\x9f\x98\x80"));
  EXPECT_FALSE(Matches("??", "\xc3\xa4"));
  EXPECT_TRUE(Matches("??", "\xff\xc3"));  // No UTF-8: each byte is one.
}

TEST(Pattern, BracketsTakeOneOfTheirCharacters) {
  EXPECT_TRUE(Matches("[a-c_]x", "bx"));
  EXPECT_TRUE(Matches("[a-c_]x", "ax"));
  EXPECT_TRUE(Matches("[a-c_]x", "cx"));
  EXPECT_TRUE(Matches("[a-c_]x", "_x"));
  EXPECT_FALSE(Matches("[a-c_]x", "dx"));
  EXPECT_FALSE(Matches("[a-c]", ""));
  EXPECT_TRUE(Matches("[!a-c]", "d"));
  EXPECT_FALSE(Matches("[!a-c]", "b"));
  EXPECT_FALSE(Matches("[^a]", "a"));
  EXPECT_TRUE(Matches("[]]", "]"));
  EXPECT_TRUE(Matches("[!]]", "a"));
  EXPECT_TRUE(Matches("[[]*[*]", "[x*"));
  EXPECT_TRUE(Matches("[-a]", "-"));
  EXPECT_TRUE(Matches("[a-]", "-"));
  EXPECT_TRUE(Matches("[\xc3\xa4-\xc3\xbc]", "\xc3\xb6"));
  EXPECT_FALSE(Matches("[\xc3\xa4]", "\xc3"));
  EXPECT_TRUE(Matches("a]", "a]"));
}

TEST(Pattern, RefusesBracketsThatCannotBeRead) {
  EXPECT_EQ(Pattern::Parse("a[b").message(), "`[b` of the pattern has no `]`; `[[]` stands for a `[`");
  EXPECT_EQ(Pattern::Parse("[]").message(), "`[]` of the pattern has no `]`; `[[]` stands for a `[`");
  EXPECT_EQ(Pattern::Parse("[!").message(), "`[!` of the pattern has no `]`; `[[]` stands for a `[`");
  EXPECT_EQ(Pattern::Parse("[a-").message(), "`[a-` of the pattern has no `]`; `[[]` stands for a `[`");
  EXPECT_EQ(Pattern::Parse("[c-a]").message(), "the range `c-a` of the pattern ends before it starts");
}

TEST(Pattern, TakesNoTimeThatDoublesWithEachStar) {
  std::string pattern;
  for (int i = 0; i < 100; ++i) pattern += "*a";
  EXPECT_FALSE(Matches(pattern + "b", std::string(2000, 'a')));
  EXPECT_TRUE(Matches(pattern, std::string(2000, 'a')));
}

}  // namespace
}  // namespace batchscope::selector
