#include "runtime/base/text.h"

#include <gmock/gmock.h>

#include <array>
#include <nlohmann/json.hpp>
#include <random>
#include <string>

namespace batchscope {
namespace {

using testing::ElementsAre;

std::string Quoted(std::string_view text) {
  std::string out;
  AppendJsonString(out, text);
  return out;
}

TEST(Text, KnowsUtf8ByItsDefinition) {
  for (const std::string good :
       {"", "abc", "\x7f", "\u0080", "\u07ff", "\u0800", "\ud7ff", "\ue000", "\uffff", "\U00010000", "\U0010ffff"}) {
    EXPECT_TRUE(IsUtf8(good)) << ToDisplay(good);
    EXPECT_EQ(ToDisplay(good), good);
  }
  EXPECT_TRUE(IsUtf8(std::string(1, '\0')));
  const std::pair<std::string, std::string> bad[] = {{"\x80", "\\x80"},
                                                     {"\xc0\xaf", "\\xc0\\xaf"},
                                                     {"\xc3", "\\xc3"},
                                                     {"\xc3(", "\\xc3("},
                                                     {"\xe0\x9f\xbf", "\\xe0\\x9f\\xbf"},
                                                     {"\xed\xa0\x80", "\\xed\\xa0\\x80"},
                                                     {"\xe2\x82", "\\xe2\\x82"},
                                                     {"\xf0\x8f\xbf\xbf", "\\xf0\\x8f\\xbf\\xbf"},
                                                     {"\xf4\x90\x80\x80", "\\xf4\\x90\\x80\\x80"},
                                                     {"\xf5\x80\x80\x80", "\\xf5\\x80\\x80\\x80"},
                                                     {"\xff", "\\xff"}};
  for (const auto& [bytes, shown] : bad) {
    EXPECT_FALSE(IsUtf8(bytes)) << shown;
    EXPECT_EQ(ToDisplay("a" + bytes + "\u00fc"), "a" + shown + "\u00fc");
  }
}

TEST(Text, WritesJsonThatPythonsSurrogateEscapeUndoes) {
  EXPECT_EQ(Quoted(""), "\"\"");
  EXPECT_EQ(Quoted("a\"b\\c\n\t\x01\x7f\u00fc\U0001F600"), "\"a\\\"b\\\\c\\n\\u0009\\u0001\\u007f\u00fc\U0001F600\"");
  EXPECT_EQ(Quoted("x\xff\x80y\xc3"), "\"x\\udcff\\udc80y\\udcc3\"");
  std::string out = "kept ";
  AppendJsonString(out, "a");
  EXPECT_EQ(out, "kept \"a\"");
}

TEST(Text, ReadsJsonStringsOfOthers) {
  EXPECT_EQ(ParseJsonString("\"\\\"\\\\\\/\\b\\f\\n\\r\\t\""), "\"\\/\b\f\n\r\t");
  EXPECT_EQ(ParseJsonString("\"\\u00FC\\u20ac\\ud83d\\ude00\\u0000\""), std::string("\u00fc\u20ac\U0001F600\0", 10));
  for (const char* bad : {"", "\"", "a", "\"a", "a\"", "\"\\\"", "\"a\"b\"", "\"\\x\"", "\"\\u12\"", "\"\\u12g4\"",
                          "\"\\ud83d\"", "\"\\ud83dx\"", "\"\\ud83d\\u0041\"", "\"\\ude00\""}) {
    EXPECT_EQ(ParseJsonString(bad), std::nullopt) << bad;
  }
}

TEST(Text, AnyBytesSurviveTheWayThroughJson) {
  std::mt19937 random(7);
  for (int round = 0; round < 2000; ++round) {
    std::string bytes(random() % 12, ' ');
    for (char& byte : bytes) byte = static_cast<char>(random() % 3 == 0 ? random() % 128 : random());
    const std::string literal = Quoted(bytes);
    ASSERT_EQ(ParseJsonString(literal), bytes) << literal;
    if (IsUtf8(bytes)) {
      ASSERT_EQ(nlohmann::json::parse(literal).get<std::string>(), bytes);
    }
  }
}

TEST(Text, FindsTheNearestName) {
  constexpr std::array<std::string_view, 3> kNames = {"run_max_try", "error_threshold", "name"};
  EXPECT_EQ(NearestName("run_max_trys", kNames), "run_max_try");
  EXPECT_EQ(NearestName("max_try", kNames), std::nullopt);
  EXPECT_EQ(NearestName("eror_treshold", kNames), "error_threshold");
  EXPECT_EQ(NearestName("nmae", kNames), "name");
  EXPECT_EQ(NearestName("game", kNames), "name");
  EXPECT_EQ(NearestName("gate", kNames), std::nullopt);
  EXPECT_EQ(NearestName("", kNames), std::nullopt);
  EXPECT_EQ(NearestName("name", {}), std::nullopt);
}

TEST(Text, SplitsAtEverySeparator) {
  EXPECT_THAT(Split("", ','), ElementsAre(""));
  EXPECT_THAT(Split("a", ','), ElementsAre("a"));
  EXPECT_THAT(Split(",a,,b,", ','), ElementsAre("", "a", "", "b", ""));
}

}  // namespace
}  // namespace batchscope
