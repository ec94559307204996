#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "debugadapter/fleet/entry_points.h"
#include "debugadapter/fleet/line_diff.h"
#include "debugadapter/fleet/path_map.h"
#include "debugadapter/fleet/python_lines.h"
#include "tests/support/temp_folder.h"

namespace batchscope::fleet {
namespace {

TEST(LogicalLines, KnowBracketsStringsCommentsAndContinuedLines) {
  const std::string source =
      "# comment\n"
      "x = f(1,  # in a bracket: not the end\n"
      "      ')')\n"
      "\n"
      "s = '''a\n"
      "def run(): # not code\n"
      "'''\n"
      "if x and \\\n"
      "   y:\n"
      "\tpass\n"
      "t = 'it\\'s # no comment'";
  EXPECT_EQ(LogicalLines(source), (std::vector<LogicalLine>{{2, 3, 0, "x = f(1, '')"},
                                                            {5, 7, 0, "s = ''''''"},
                                                            {8, 9, 0, "if x and y:"},
                                                            {10, 10, 8, "pass"},
                                                            {11, 11, 0, "t = ''"}}));
}

TEST(LogicalLines, OfWhatIsNoPythonAreSomething) {
  for (const char* source : {"", "\n", "'", "\"\"\"", "(((", ")))", "\\", "\\\n", "'\\", "\xFF\x00(\n'"}) {
    LogicalLines(source);
  }
}

TEST(LineOfStatement, IsTheNextOneWithCode) {
  const auto lines = LogicalLines("\n# c\nx = (1,\n  2)\n\ny = 1\n\n");
  EXPECT_EQ(LineOfStatement(lines, 1), 3);
  EXPECT_EQ(LineOfStatement(lines, 3), 3);
  EXPECT_EQ(LineOfStatement(lines, 4), 4);
  EXPECT_EQ(LineOfStatement(lines, 5), 6);
  EXPECT_EQ(LineOfStatement(lines, 6), 6);
  EXPECT_EQ(LineOfStatement(lines, 7), 0);
}

TEST(EntryPoints, AreTheFirstStatementsBehindTheDocstrings) {
  EXPECT_EQ(FindEntryPoints("def init():\n  '''Doc\n  more.'''\n  # c\n  global m\n  m = 1\n\n"
                            "@decorated\n@twice(\n 1)\nasync def run(mini_batch,\n   context=None):\n  return []\n"),
            (EntryPoints{6, 13}));
  EXPECT_EQ(FindEntryPoints("def run(b): return b\n"), (EntryPoints{std::nullopt, 1}));
  EXPECT_EQ(FindEntryPoints("def run(b):\n  'only this'\n"), (EntryPoints{std::nullopt, 2}));
  EXPECT_EQ(FindEntryPoints("def run(b):\n  r'''a''' + b\n"), (EntryPoints{std::nullopt, 2}));
  EXPECT_EQ(FindEntryPoints("def run(b) -> list:\n  f(b)\ndef run(b):\n  g(b)\n"), (EntryPoints{std::nullopt, 4}));
}

TEST(EntryPoints, OfOtherFunctionsAndClassesAreNotTaken) {
  EXPECT_EQ(FindEntryPoints("def runner(b):\n  pass\nclass A:\n  def run(self):\n    pass\ndefrun(1)\n"
                            "from x import run\nrun = init = None\n"),
            EntryPoints{});
}

TEST(LineDiff, FollowsLinesThatMoved) {
  const LineDiff diff("a\nb\nc\nd\n", "new\na\nc\nchanged\n");
  EXPECT_FALSE(diff.same());
  EXPECT_EQ(diff.ToOld(2), 1);
  EXPECT_EQ(diff.ToOld(3), 3);
  EXPECT_EQ(diff.ToOld(4), 4);
  EXPECT_EQ(diff.Unified("old", "new", 100), "--- old\n+++ new\n@@ -1 +1 @@\n+new\n a\n-b\n c\n-d\n+changed\n");
  EXPECT_EQ(diff.Unified("old", "new", 2), "--- old\n+++ new\n@@ -1 +1 @@\n+new\n a\n(and so on)\n");
}

TEST(LineDiff, ShowsThreeLinesAroundAChange) {
  const LineDiff diff("1\n2\n3\n4\n5\n6\n7\n8\n9\n", "1\n2\n3\n4\nX\n6\n7\n8\n9\n");
  EXPECT_EQ(diff.Unified("a", "b", 100), "--- a\n+++ b\n@@ -2 +2 @@\n 2\n 3\n 4\n-5\n+X\n 6\n 7\n 8\n");
  EXPECT_TRUE(LineDiff("x\n", "x\n").same());
  EXPECT_EQ(LineDiff("x\n", "x\n").Unified("a", "b", 9), "");
  EXPECT_EQ(LineDiff("x\n", "x").Unified("a", "b", 9), "--- a\n+++ b\n(they differ in the end of their last lines)\n");
  EXPECT_EQ(LineDiff("", "x\n").ToOld(1), 1);
}

class Paths : public testing::Test {
 protected:
  void Write(const char* name, const std::string& text) {
    const std::filesystem::path path = folder.path() / name;
    std::filesystem::create_directories(path.parent_path());
    std::ofstream(path) << text;
  }
  std::string In(const char* name) const { return (folder.path() / name).string(); }

  TempFolder folder;
};

TEST_F(Paths, GoBothWaysBetweenEqualFiles) {
  Write("mine/pkg/a.py", "x\n");
  Write("run/entry/pkg/a.py", "x\n");
  Write("mine/new.py", "x\n");
  PathMap paths(In("mine"), In("run/entry"));
  EXPECT_EQ(paths.ToWorker({In("mine/pkg/a.py"), 1}), (Place{In("run/entry/pkg/a.py"), 1}));
  EXPECT_EQ(paths.ToWorker({In("mine/pkg/../pkg/a.py"), 1}), (Place{In("run/entry/pkg/a.py"), 1}));
  EXPECT_EQ(paths.ToClient(In("run/entry/pkg/a.py")), In("mine/pkg/a.py"));
  // Files the run has no copy of, and those of others, are themselves.
  for (const char* other : {"mine/new.py", "elsewhere.py", "mines/a.py", "run/entry/pkg/a.py"}) {
    EXPECT_EQ(paths.ToWorker({In(other), 3}), (Place{In(other), 3}));
  }
  EXPECT_EQ(paths.ToClient("/usr/lib/python3/json.py"), "/usr/lib/python3/json.py");
  EXPECT_EQ(paths.ToClient("<string>"), "<string>");
  EXPECT_TRUE(paths.TakeDifferences().empty());
}

TEST_F(Paths, ThroughLinksAreTheSame) {
  Write("mine/a.py", "x\n");
  Write("run/entry/a.py", "x\n");
  std::filesystem::create_directory_symlink(folder.path() / "mine", folder.path() / "link");
  PathMap paths(In("mine"), In("run/entry"));
  EXPECT_EQ(paths.ToWorker({In("link/a.py"), 1}), (Place{In("run/entry/a.py"), 1}));
}

TEST_F(Paths, OfARunInsideOfTheSourceDirectoryAreTheCopies) {
  Write("mine/a.py", "x\n");
  Write("mine/runs/1/entry/a.py", "x\n");
  PathMap paths(In("mine"), In("mine/runs/1/entry"));
  EXPECT_EQ(paths.ToWorker({In("mine/runs/1/entry/a.py"), 1}), (Place{In("mine/runs/1/entry/a.py"), 1}));
  EXPECT_EQ(paths.ToClient(In("mine/runs/1/entry/a.py")), In("mine/a.py"));
}

TEST_F(Paths, OfDifferingFilesFollowTheLinesAndTellOnce) {
  Write("mine/a.py", "# new\nx\n");
  Write("run/entry/a.py", "x\n");
  PathMap paths(In("mine"), In("run/entry"));
  EXPECT_EQ(paths.ToWorker({In("mine/a.py"), 2}), (Place{In("run/entry/a.py"), 1}));
  EXPECT_EQ(paths.ToClient(In("run/entry/a.py")), In("run/entry/a.py"));
  const auto told = paths.TakeDifferences();
  ASSERT_EQ(told.size(), 1u);
  EXPECT_EQ(told[0].path, In("mine/a.py"));
  EXPECT_NE(told[0].diff.find("\n+# new\n x\n"), std::string::npos) << told[0].diff;
  paths.ToWorker({In("mine/a.py"), 1});
  EXPECT_TRUE(paths.TakeDifferences().empty());
}

}  // namespace
}  // namespace batchscope::fleet
