#include "debugadapter/fleet/evaluation_errors.h"

#include <gtest/gtest.h>

namespace batchscope::fleet {
namespace {

const std::string kOfCondition = "pydevd: Error while evaluating expression in conditional breakpoint: ";

Configuration Sent() {
  Configuration sent;
  sent.lines["/run/a.py"] = {{3, 1, "x == 1", "", ""}, {5, 2, "x ==", "", ""}, {7, 3, "", "", "at {x"}};
  sent.lines["/run/b.py"] = {{3, 4, "x ==", "", "{y}"}, {4, LineStop::kTemporary, "", "", ""}, {9, 6, "", "", "here"}};
  sent.functions = {{"load", 5, "z\n+", ""}};
  return sent;
}

TEST(EvaluationErrors, OfConditionsAreFoundByTheirText) {
  const auto find = [](const std::string& text) { return FindEvaluationError(kOfCondition + text, Sent()); };
  EXPECT_EQ(find("x ==\n  File \"<string>\", line 1\n    x ==\nSyntaxError: invalid syntax\n\n"),
            (EvaluationError{{2, 4}, false, "SyntaxError: invalid syntax"}));
  EXPECT_EQ(find("x == 1\nTypeError: no"), (EvaluationError{{1}, false, "TypeError: no"}));
  EXPECT_EQ(find("z\n+\nSyntaxError: no\n"), (EvaluationError{{5}, false, "SyntaxError: no"}));
  // Of one that was taken back, or cut.
  for (const char* text : {"gone\nSyntaxError: no\n", "x == 1", "", "\n"}) EXPECT_EQ(find(text), std::nullopt) << text;
}

TEST(EvaluationErrors, OfLogMessagesCanBeThoseOfAllThatHaveExpressions) {
  EXPECT_EQ(FindEvaluationError("invalid syntax (<string>, line 1)\n", Sent()),
            (EvaluationError{{3, 4}, true, "SyntaxError: invalid syntax"}));
  for (const char* text :
       {"", "7\n", "x (<string>, line 1", "x (<string>, line )", "x (<string>, line 1) y", "(", ")"}) {
    EXPECT_EQ(FindEvaluationError(text, Sent()), std::nullopt) << text;
  }
  EXPECT_EQ(FindEvaluationError("invalid syntax (<string>, line 1)\n", {}), std::nullopt);
}

}  // namespace
}  // namespace batchscope::fleet
