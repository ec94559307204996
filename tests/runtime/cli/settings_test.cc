#include "runtime/cli/settings.h"

#include <gmock/gmock.h>

#include <fstream>

#include "tests/support/temp_folder.h"

namespace batchscope::cli {
namespace {

using testing::HasSubstr;

class SettingsTest : public testing::Test {
 protected:
  SettingsTest() {
    std::ofstream(folder_.path() / "score.py") << "def run(mini_batch):\n    return mini_batch\n";
    std::ofstream(folder_.path() / "step.yml") << "name: some-step\n"
                                                  "parallel_run_config:\n"
                                                  "  entry_script: score.py\n"
                                                  "  error_threshold: 0\n"
                                                  "  environment_variables: {LANG: C}\n"
                                                  "inputs: [.]\n";
  }
  Result<config::StepConfig> Load(const std::vector<std::string>& settings) {
    return LoadStep(folder_.path() / "step.yml", settings);
  }

  TempFolder folder_;
};

TEST_F(SettingsTest, ChangeTheConfigurationTheStepAndWhatLiesDeeper) {
  const auto step = Load({"run_max_try=5", "name=other-step", "parallel_run_config.mini_batch_size=7",
                          "environment_variables.TZ=UTC", "arguments=[\"--a\", \"b=c\"]"});
  ASSERT_TRUE(step.ok()) << step.message();
  EXPECT_EQ(step->run.run_max_try, 5u);
  EXPECT_EQ(step->name, "other-step");
  EXPECT_EQ(step->run.mini_batch_size, 7u);
  EXPECT_EQ(step->run.environment_variables, (std::map<std::string, std::string>{{"LANG", "C"}, {"TZ", "UTC"}}));
  EXPECT_EQ(step->arguments, (std::vector<std::string>{"--a", "b=c"}));
}

TEST_F(SettingsTest, TakePathsFromTheFilesFolder) {
  std::filesystem::create_directory(folder_.path() / "more");
  const auto step = Load({"inputs=[\"more\"]"});
  ASSERT_TRUE(step.ok()) << step.message();
  EXPECT_EQ(step->inputs.at(0).paths, std::vector<std::string>{(folder_.path() / "more").string()});
}

TEST_F(SettingsTest, MendWhatTheFileHasWrong) {
  std::ofstream(folder_.path() / "step.yml", std::ios::app) << "arguments: [misplaced]\n";
  EXPECT_FALSE(Load({}).ok());
  const auto step = Load({"arguments=[\"--right\"]"});
  ASSERT_TRUE(step.ok()) << step.message();
  EXPECT_EQ(step->arguments, std::vector<std::string>{"--right"});
}

TEST_F(SettingsTest, AreCheckedLikeTheFile) {
  EXPECT_THAT(Load({"run_max_try=0"}).message(), HasSubstr("run_max_try"));
  EXPECT_THAT(Load({"run_max_tri=1"}).message(), HasSubstr("run_max_try"));
  EXPECT_THAT(Load({"name.x=1"}).message(), HasSubstr("--set name.x: there is nothing inside a string"));
  EXPECT_THAT(Load({"=5"}).message(), HasSubstr("expected KEY=VALUE"));
}

}  // namespace
}  // namespace batchscope::cli
