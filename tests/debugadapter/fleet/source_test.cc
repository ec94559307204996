#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "debugadapter/fleet/entry_points.h"
#include "debugadapter/fleet/function_names.h"
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

TEST(FunctionNames, AreThoseOfDefsAnywhereAndOfTheScriptsWords) {
  std::set<std::string> names;
  AddDefinedFunctions(
      "def a(x): pass\nclass C:\n  async def b(self):\n    def c ():\n      '''\ndef no():'''\n"
      "define = 1  # def no\n",
      names);
  EXPECT_EQ(names, (std::set<std::string>{"a", "b", "c"}));
  std::set<std::string> used;
  AddUsedNames("from lib import *\nx = f('text') * 2  # no\n", used);
  EXPECT_EQ(used, (std::set<std::string>{"*", "f", "from", "import", "lib", "x"}));
}

TEST(FunctionNames, AreReadFromTheFilesBesideTheScript) {
  const TempFolder temp;
  std::filesystem::create_directories(temp.path() / "package");
  std::ofstream(temp.path() / "score.py") << "import other\ndef run(b): pass\n";
  std::ofstream(temp.path() / "other.py") << "def load(): pass\n";
  std::ofstream(temp.path() / "package" / "deep.py") << "def deep(): pass\n";
  std::ofstream(temp.path() / "notes.txt") << "def no(): pass\n";
  const FunctionNames names = ReadFunctionNames(temp.path() / "score.py");
  EXPECT_EQ(names.defined, (std::set<std::string>{"deep", "load", "run"}));
  EXPECT_EQ(names.used, (std::set<std::string>{"b", "def", "import", "other", "pass", "run"}));
  EXPECT_TRUE(names.complete);
  EXPECT_FALSE(ReadFunctionNames(temp.path() / "missing.py").complete);
}

TEST(FunctionNames, TellWhatABreakpointOnANameCanStop) {
  const FunctionNames names{{"load", "run"}, {"run", "predict"}, true};
  const auto advice = [&](const std::string& name) { return AdviseOnFunction(name, "score.py", names); };
  EXPECT_EQ(advice("load"), FunctionAdvice{});
  EXPECT_EQ(advice("<lambda>"), FunctionAdvice{});
  EXPECT_EQ(advice("init"), (FunctionAdvice{"score.py defines no init()", ""}));
  EXPECT_EQ(advice("run"),
            (FunctionAdvice{"", "score.py has no run() of its own; stops in any function of that name"}));
  EXPECT_EQ(advice("nothing"),
            (FunctionAdvice{"",
                            "No def in score.py or the files beside it is called nothing; stops in a library's "
                            "function of that name, if one is called"}));
  EXPECT_EQ(advice("Model.load"),
            (FunctionAdvice{"'Model.load' is no function's bare name, expected such as load", ""}));
  EXPECT_EQ(advice("a b"), (FunctionAdvice{"'a b' is no function's bare name, expected such as predict", ""}));
  // One that is imported may be there.
  EXPECT_EQ(AdviseOnFunction("init", "score.py", {{}, {"*"}, true}).trouble, "");
  EXPECT_EQ(AdviseOnFunction("init", "score.py", {{}, {"init"}, true}).trouble, "");
  EXPECT_EQ(AdviseOnFunction("nothing", "score.py", {{}, {}, false}), FunctionAdvice{});
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
