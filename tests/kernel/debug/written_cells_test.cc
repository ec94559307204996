#include "kernel/debug/written_cells.h"

#include <gtest/gtest.h>

#include "runtime/base/files.h"
#include "tests/support/temp_folder.h"

namespace batchscope::kernel {
namespace {

namespace fs = std::filesystem;

constexpr const char* kCell = "%%writefile entry.py\ndef run(batch):\n    return batch\n";

TEST(WrittenCells, ReadTheMagicAsIPythonDoes) {
  EXPECT_EQ(ParseWritefile(kCell), (WrittenFile{"entry.py", 2, "def run(batch):\n    return batch\n"}));
  EXPECT_EQ(ParseWritefile("\n \n%%writefile  -a  'my file.py' \nx = 1"), (WrittenFile{"my file.py", 4, "x = 1\n"}));
  EXPECT_EQ(ParseWritefile("%%file \"src/a.py\" --append\n\nx"), (WrittenFile{"src/a.py", 2, "\nx\n"}));
  for (const char* no : {"", "%%writefile a.py", "%%writefile\nx", "%%writefile a.py\n", "%%writefile a.py\n \n",
                         "%%time\n%%writefile a.py\nx", "x = 1\n%%writefile a.py\ny", "%writefile a.py\nx"}) {
    EXPECT_EQ(ParseWritefile(no), std::nullopt) << no;
  }
}

TEST(WrittenCells, KeepOfAPathWhatIsTheSameWhereverTheKernelRuns) {
  const auto path = [](const std::string& name) { return ParseWritefile("%%writefile " + name + "\nx")->path; };
  EXPECT_EQ(path("/a/b/c.py"), fs::path("a/b/c.py"));
  EXPECT_EQ(path("./b/./c.py"), fs::path("b/c.py"));
  EXPECT_EQ(path("../b/c.py"), fs::path("b/c.py"));
  EXPECT_EQ(path("~/b/c.py"), fs::path("b/c.py"));
  EXPECT_EQ(path("{folder}/$part/c.py"), fs::path("c.py"));
  EXPECT_EQ(ParseWritefile("%%writefile {name}.py\nx"), std::nullopt);
}

TEST(WrittenCells, KnowHowFarLinesOfTheFileAreFromThoseOfTheCell) {
  const WrittenFile written = *ParseWritefile("%%writefile -a a.py\ndef f():\n    pass\n");
  EXPECT_EQ(LinesToCell(written, "def f():\n    pass\n"), 1);
  EXPECT_EQ(LinesToCell(written, "import os\n\ndef f():\n    pass\n"), -1);
  EXPECT_EQ(LinesToCell(written, "def f():\n    pass"), std::nullopt);
  EXPECT_EQ(LinesToCell(written, "def f():\n    return 1\n"), std::nullopt);
  EXPECT_EQ(LinesToCell(written, "async def f():\n    pass\n"), std::nullopt);  // it must begin a line
  EXPECT_EQ(LinesToCell(written, ""), std::nullopt);
}

TEST(WrittenCells, FindTheCellOfALineByNameAndText) {
  const TempFolder folder;
  const fs::path file = folder.path() / "entry.py";
  ASSERT_TRUE(WriteFileAtomically(file, "def run(batch):\n    return batch\n").ok());
  WrittenCells cells;
  EXPECT_EQ(cells.CellOf(file, 2), std::nullopt);
  cells.Note("/tmp/1.py", kCell);
  EXPECT_EQ(cells.CellOf(file, 2), (WrittenCells::Place{"/tmp/1.py", 3}));
  EXPECT_EQ(cells.CellOf(folder.path() / "other.py", 2), std::nullopt);
  cells.Note("/tmp/2.py", std::string("\n") + kCell);  // the same text, noted last
  EXPECT_EQ(cells.CellOf(file, 1), (WrittenCells::Place{"/tmp/2.py", 3}));
  cells.Note("/tmp/2.py", "%%writefile entry.py\ndef run(batch):\n    return []\n");  // edited, not run yet
  EXPECT_EQ(cells.CellOf(file, 1), (WrittenCells::Place{"/tmp/1.py", 2}));
  cells.Note("/tmp/1.py", "x = 1");
  EXPECT_EQ(cells.Find("/tmp/1.py"), nullptr);
  EXPECT_EQ(cells.CellOf(file, 1), std::nullopt);
}

TEST(WrittenCells, LeaveLinesAloneThatOtherCellsWrote) {
  const TempFolder folder;
  const fs::path file = folder.path() / "entry.py";
  ASSERT_TRUE(WriteFileAtomically(file, "import os\ndef run(batch):\n    return batch\n").ok());
  WrittenCells cells;
  cells.Note("/tmp/1.py", "%%writefile -a entry.py\ndef run(batch):\n    return batch\n");
  EXPECT_EQ(cells.CellOf(file, 2), (WrittenCells::Place{"/tmp/1.py", 2}));
  EXPECT_EQ(cells.CellOf(file, 1), std::nullopt);
}

TEST(CopyInRun, IsTheLongestEndOfThePathThatExists) {
  const TempFolder folder;
  fs::create_directories(folder.path() / "b");
  ASSERT_TRUE(WriteFileAtomically(folder.path() / "c.py", "").ok());
  EXPECT_EQ(CopyInRun(folder.path(), "/a/b/c.py"), folder.path() / "c.py");
  ASSERT_TRUE(WriteFileAtomically(folder.path() / "b" / "c.py", "").ok());
  EXPECT_EQ(CopyInRun(folder.path(), "/a/b/c.py"), folder.path() / "b" / "c.py");
  EXPECT_EQ(CopyInRun(folder.path(), "/a/b/d.py"), std::nullopt);
  EXPECT_EQ(CopyInRun(folder.path(), "/a/b"), std::nullopt);  // a folder
}

}  // namespace
}  // namespace batchscope::kernel
