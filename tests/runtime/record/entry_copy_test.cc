#include "runtime/record/entry_copy.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <set>

#include "tests/runtime/record/small_run.h"

namespace batchscope::record {
namespace {

namespace fs = std::filesystem;

class CopyEntryTest : public ::testing::Test {
 protected:
  std::set<std::string> Copied() const {
    std::set<std::string> names;
    for (const auto& entry : fs::recursive_directory_iterator(target_)) {
      if (entry.is_regular_file()) names.insert(entry.path().lexically_relative(target_));
    }
    return names;
  }

  const TempFolder temp_;
  const fs::path source_ = temp_.path() / "source";
  const fs::path target_ = temp_.path() / "target";
};

TEST_F(CopyEntryTest, CopiesWhatARunNeeds) {
  WriteAllTo(source_ / "score.py", "import helper\n");
  WriteAllTo(source_ / "pack" / "helper.py", std::string(300'000, '#'));
  for (const char* left :
       {".git/HEAD", "__pycache__/score.pyc", "pack/__pycache__/x.pyc", ".venv/bin/python", "runs/r/x", "out/rows"}) {
    WriteAllTo(source_ / left, "no");
  }
  WriteAllTo(temp_.path() / "elsewhere" / "shared.py", "shared\n");
  fs::create_directory_symlink(temp_.path() / "elsewhere", source_ / "linked");
  fs::create_symlink("score.py", source_ / "same.py");
  fs::permissions(source_ / "score.py", fs::perms(0750));
  const auto copy = CopyEntry(source_, target_, {source_ / "runs", source_ / "out", source_ / "missing"}, {});
  ASSERT_TRUE(copy.ok()) << copy.message();
  EXPECT_EQ(Copied(), (std::set<std::string>{"score.py", "pack/helper.py", "linked/shared.py", "same.py"}));
  EXPECT_EQ(ReadAll(target_ / "pack" / "helper.py"), std::string(300'000, '#'));
  EXPECT_FALSE(fs::is_symlink(target_ / "same.py"));
  EXPECT_EQ(fs::status(target_ / "score.py").permissions(), fs::perms(0750));
  EXPECT_EQ(copy->skipped, std::vector<std::string>());
}

TEST_F(CopyEntryTest, TellsOfLinksToNowhereAndInCircles) {
  WriteAllTo(source_ / "deep" / "score.py", "x");
  fs::create_symlink("nowhere", source_ / "broken");
  fs::create_directory_symlink(source_, source_ / "deep" / "up");
  ASSERT_EQ(::mkfifo((source_ / "pipe").c_str(), 0600), 0);
  const auto copy = CopyEntry(source_, target_, {}, {});
  ASSERT_TRUE(copy.ok()) << copy.message();
  EXPECT_EQ(Copied(), std::set<std::string>{"deep/score.py"});
  EXPECT_THAT(copy->skipped,
              ::testing::UnorderedElementsAre((source_ / "broken").string() + ": No such file or directory",
                                              (source_ / "deep" / "up").string() + ": a link to a folder it lies in"));
}

TEST_F(CopyEntryTest, RefusesWhatIsMoreThanSources) {
  WriteAllTo(source_ / "a", "12345");
  WriteAllTo(source_ / "b", "12345");
  EXPECT_TRUE(CopyEntry(source_, temp_.path() / "one", {}, {.files = 2, .bytes = 10}).ok());
  EXPECT_FALSE(CopyEntry(source_, temp_.path() / "two", {}, {.files = 1, .bytes = 10}).ok());
  EXPECT_FALSE(CopyEntry(source_, temp_.path() / "three", {}, {.files = 2, .bytes = 9}).ok());
}

}  // namespace
}  // namespace batchscope::record
