#include "runtime/input/plan.h"

#include <gmock/gmock.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "tests/support/temp_folder.h"

namespace batchscope::input {
namespace {

using testing::ElementsAre;
using Words = std::vector<std::string>;

/// Plans over a folder of its own; paths in plans and messages are seen from there.
class PlanFilesTest : public testing::Test {
 protected:
  void Make(const Words& names) {
    for (const std::string& name : names) {
      std::filesystem::create_directories((root() / name).parent_path());
      std::ofstream(root() / name) << name;
    }
  }
  void Link(const std::string& name, const std::string& target) {
    std::filesystem::create_symlink(target, root() / name);
  }

  Result<Plan> PlanOf(const std::vector<Words>& inputs, std::uint32_t size) const {
    std::vector<config::FileInput> files;
    for (std::size_t i = 0; i < inputs.size(); ++i) {
      files.push_back({"input_" + std::to_string(i), {}});
      for (const std::string& path : inputs[i]) files.back().paths.push_back(path.empty() ? root() : root() / path);
    }
    return PlanFiles(files, size);
  }
  /// "0: a/x a/y": for each mini-batch its input and its files.
  Words Described(const std::vector<Words>& inputs, std::uint32_t size) const {
    const auto plan = PlanOf(inputs, size);
    if (!plan.ok()) return {Seen(plan.message())};
    Words described;
    for (std::uint32_t i = 0; i < plan->size(); ++i) {
      described.push_back(std::to_string(plan->input({i})) + ":");
      for (const std::string& path : plan->Paths({i})) described.back() += " " + Seen(path);
    }
    return described;
  }
  std::string Seen(std::string text) const {
    const std::string prefix = root().string() + "/";
    for (std::size_t at = 0; (at = text.find(prefix, at)) != std::string::npos;) text.erase(at, prefix.size());
    return text;
  }
  const std::filesystem::path& root() const { return temp_.path(); }

 private:
  const TempFolder temp_;
};

TEST_F(PlanFilesTest, CutsEachFolderInTheOrderOfItsNames) {
  Make({"a/2", "a/10", "a/1", "a/b/1", "a/3", "a-b/1", ".h/.x"});
  EXPECT_THAT(Described({{""}}, 2), ElementsAre("0: .h/.x", "0: a/1 a/10", "0: a/2 a/3", "0: a-b/1", "0: a/b/1"));
  EXPECT_THAT(Described({{"a"}}, 4), ElementsAre("0: a/1 a/10 a/2 a/3", "0: a/b/1"));
  EXPECT_THAT(Described({{"a"}}, 3), ElementsAre("0: a/1 a/10 a/2", "0: a/3", "0: a/b/1"));
}

TEST_F(PlanFilesTest, SplitsEachInputOnItsOwn) {
  Make({"a/1", "a/2", "b/1"});
  const std::vector<Words> inputs = {{"b", "a/1"}, {"a"}};
  EXPECT_THAT(Described(inputs, 5), ElementsAre("0: a/1", "0: b/1", "1: a/1 a/2"));
  const auto plan = PlanOf(inputs, 5);
  EXPECT_EQ(plan->size(), 3U);
  EXPECT_EQ(plan->items(), 4U);
  EXPECT_EQ(plan->items({0}), 1U);
  EXPECT_EQ(plan->items({2}), 2U);
}

TEST_F(PlanFilesTest, AFileNamedTwiceCountsOnce) {
  Make({"a/1", "a/2"});
  EXPECT_THAT(Described({{"a", "a/1", "a/*"}}, 1), ElementsAre("0: a/1", "0: a/2"));
}

TEST_F(PlanFilesTest, FollowsLinksAndReadsNoFolderTwice) {
  Make({"real/1", "real/sub/2", "elsewhere/3"});
  Link("real/again", "sub");
  Link("real/sub/up", "..");
  Link("real/file", "../elsewhere/3");
  Link("real/folder", "../elsewhere");
  Link("real/nowhere", "nothing");
  Link("real/itself", "itself");
  EXPECT_THAT(Described({{"real"}}, 9), ElementsAre("0: real/1 real/file", "0: real/again/2", "0: real/folder/3"));
  EXPECT_THAT(Described({{"real/**/2"}}, 9), ElementsAre("0: real/again/2"));
}

TEST_F(PlanFilesTest, GlobsMatchFilesAndTwoStarsAnyFolders) {
  Make({"2024/01/a.png", "2024/01/b.txt", "2024/02/c.png", "2025/01/x/d.png", "e.png"});
  EXPECT_THAT(Described({{"*.png"}}, 9), ElementsAre("0: e.png"));
  EXPECT_THAT(Described({{"*/*/*.png"}}, 9), ElementsAre("0: 2024/01/a.png", "0: 2024/02/c.png"));
  EXPECT_THAT(Described({{"**/*.png"}}, 9),
              ElementsAre("0: e.png", "0: 2024/01/a.png", "0: 2024/02/c.png", "0: 2025/01/x/d.png"));
  EXPECT_THAT(Described({{"**/01/**"}}, 9), ElementsAre("0: 2024/01/a.png 2024/01/b.txt", "0: 2025/01/x/d.png"));
  EXPECT_THAT(Described({{"2024/**/**/a.png"}}, 9), ElementsAre("0: 2024/01/a.png"));
  EXPECT_THAT(Described({{"202?/0[2-9]/[!a]*"}}, 9), ElementsAre("0: 2024/02/c.png"));
}

TEST_F(PlanFilesTest, APathThatExistsIsNoGlob) {
  Make({"a[1]/x", "a1/y"});
  EXPECT_THAT(Described({{"a[1]"}}, 9), ElementsAre("0: a[1]/x"));
  EXPECT_THAT(Described({{"a[1]/*"}}, 9), ElementsAre("0: a1/y"));
}

TEST_F(PlanFilesTest, EveryByteANameCanHaveIsKept) {
  const Words names = {"d/a b", "d/line\nbreak", "d/\xff\xfe", "d/\u00fc", "d/'\"\\"};
  Make(names);
  EXPECT_THAT(Described({{"d"}}, 9), ElementsAre("0: d/'\"\\ d/a b d/line\nbreak d/\u00fc d/\xff\xfe"));
  std::string block;
  EXPECT_EQ(PlanOf({{"d"}}, 2)->AppendPaths({1}, block), 2U);
  EXPECT_EQ(block, root().string() + "/d/line\nbreak" + '\0' + root().string() + "/d/\u00fc" + '\0');
}

TEST_F(PlanFilesTest, OtherThingsThanFilesArePassedOver) {
  Make({"a/1"});
  ASSERT_EQ(::mkfifo((root() / "a/pipe").c_str(), 0600), 0);
  EXPECT_THAT(Described({{"a"}}, 9), ElementsAre("0: a/1"));
}

TEST_F(PlanFilesTest, NamesEveryPathThatGivesNoFiles) {
  Make({"a/1"});
  std::filesystem::create_directories(root() / "empty/too");
  Link("nowhere", "nothing");
  EXPECT_THAT(
      Described({{"a", "b"}, {"empty", "*.png", "nowhere", "b*/*"}}, 9),
      ElementsAre(
          "inputs[0]: there is no file or folder b\n"
          "inputs[1]: the folder empty holds no files\n"
          "inputs[1]: no file matches the glob *.png; for all files in and below a folder, name the folder itself\n"
          "inputs[1]: nowhere is no file and no folder, or a link that leads nowhere\n"
          "inputs[1]: no file matches the glob b*/*; for all files in and below a folder, name the folder itself"));
}

TEST(Plan, FilesOfTheRootFolderHaveOneSlash) {
  Plan plan;
  plan.AddMiniBatch(0, "/");
  plan.AddFile("x");
  std::string block;
  EXPECT_EQ(plan.AppendPaths({0}, block), 1U);
  EXPECT_EQ(block, std::string("/x\0", 3));
  EXPECT_THAT(plan.Paths({0}), ElementsAre("/x"));
}

}  // namespace
}  // namespace batchscope::input
