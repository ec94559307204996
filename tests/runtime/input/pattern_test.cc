#include "runtime/input/pattern.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

namespace batchscope::input {
namespace {

using Pairs = std::vector<std::pair<std::string, std::string>>;

TEST(Pattern, Matches) {
  for (const auto& [pattern, name] : Pairs{{"*", ""},
                                           {"*", ".hidden"},
                                           {"*.png", "a.png"},
                                           {"*.png", ".png"},
                                           {"a*b*c", "aXbXbXc"},
                                           {"**", "ab"},
                                           {"a?c", "abc"},
                                           {"a?c", "a\u00e9c"},
                                           {"?", "\U0001F600"},
                                           {"?", "\xff"},
                                           {"[abc]", "b"},
                                           {"[a-c]x", "cx"},
                                           {"[!a-c]", "d"},
                                           {"[^a-c]", "d"},
                                           {"[]]", "]"},
                                           {"[!]]", "a"},
                                           {"[a-]", "-"},
                                           {"[\\]]", "]"},
                                           {"[\u00e0-\u00ff]", "\u00e9"},
                                           {"a[", "a["},
                                           {"[ab", "[ab"},
                                           {"\\*", "*"},
                                           {"a\\", "a\\"},
                                           {"*\xff*",
                                            "a\xff"
                                            "b"},
                                           {"", ""}}) {
    EXPECT_TRUE(Matches(pattern, name)) << pattern << " on " << name;
  }
}

TEST(Pattern, DoesNotMatch) {
  for (const auto& [pattern, name] : Pairs{{"", "a"},
                                           {"a", ""},
                                           {"?", ""},
                                           {"??", "\u00e9"},
                                           {"*.png", "a.PNG"},
                                           {"a*b", "aXc"},
                                           {"[a-c]", "d"},
                                           {"[!a-c]", "b"},
                                           {"[ab]", ""},
                                           {"\\*", "x"},
                                           {"a", "ab"}}) {
    EXPECT_FALSE(Matches(pattern, name)) << pattern << " on " << name;
  }
}

TEST(Pattern, ManyStarsStayQuick) {
  std::string pattern;
  for (int i = 0; i < 30; ++i) pattern += "*a";
  EXPECT_FALSE(Matches(pattern, std::string(5000, 'a') + "b"));
}

}  // namespace
}  // namespace batchscope::input
