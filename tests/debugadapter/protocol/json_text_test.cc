#include "debugadapter/protocol/json_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace batchscope::protocol {
namespace {

std::string Nested(int depth) {
  const auto size = static_cast<std::size_t>(depth);
  return std::string(size, '[') + std::string(size, ']');
}

TEST(JsonText, IsReadAsItWasWritten) {
  const Json value = {{"a", {1, 2.5, "\"[{\\", nullptr, true}}, {"b", Json::object()}};
  EXPECT_EQ(ReadJson(WriteJson(value)).value(), value);
  EXPECT_EQ(WriteJson("a\xFF"), "\"a\xEF\xBF\xBD\"");
}

TEST(JsonText, RefusesWhatIsNoJson) {
  for (const char* text : {"", "{", "nul", "{} {}", "\"\xFF\"", "{\"a\":1,}"}) {
    EXPECT_THAT(ReadJson(text).message(), ::testing::StartsWith("no JSON: ")) << text;
  }
}

TEST(JsonText, RefusesWhatIsNestedTooDeep) {
  EXPECT_TRUE(ReadJson(Nested(kMostNested)).ok());
  EXPECT_EQ(ReadJson(Nested(kMostNested + 1)).message(), "JSON nested 201 deep, expected at most 200");
  EXPECT_FALSE(ReadJson(std::string(1'000'000, '[')).ok());
  EXPECT_TRUE(ReadJson("\"" + Nested(kMostNested + 1) + "\\\"" + Nested(kMostNested + 1) + "\"").ok());
}

}  // namespace
}  // namespace batchscope::protocol
