#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "tests/runtime/config/step_folder.h"

/// runtime/config/step_file.cc
namespace batchscope::config {
namespace {

using nlohmann::json;
using testing::HasSubstr;
using testing::StartsWith;
using StepFile = StepFolder;

TEST_F(StepFile, YamlHasTypes) {
  Write("s.yml",
        "a: 10\nb: \"10\"\nc: '10'\nd: !!str 10\ne: 0.5\nf: 1e3\ng: true\nh: \"true\"\ni: ~\nj:\nk: text with "
        "spaces\nl: -7\n"
        "m: 0x1F\nn: 2024-01-01\no: 1.2.3\np: -.5\nq: 5.\nr: [1, two]\ns: {t: -1}\nu: |\n  line\n7: seven\nw: "
        "0o17\n"
        "x: &x [1]\ny: *x\nz: no\n");
  const auto step = ReadStepFile(In("s.yml"));
  ASSERT_TRUE(step.ok()) << step.message();
  EXPECT_EQ(*step,
            json({{"a", 10},     {"b", "10"},       {"c", "10"},         {"d", "10"},     {"e", 0.5},
                  {"f", 1000.0}, {"g", true},       {"h", "true"},       {"i", nullptr},  {"j", nullptr},
                  {"l", -7},     {"m", 31},         {"n", "2024-01-01"}, {"o", "1.2.3"},  {"p", -0.5},
                  {"q", 5.0},    {"r", {1, "two"}}, {"s", {{"t", -1}}},  {"u", "line\n"}, {"7", "seven"},
                  {"w", 15},     {"x", {1}},        {"y", {1}},          {"z", "no"},     {"k", "text with spaces"}}));
}

TEST_F(StepFile, RelativePathsAreTakenFromTheFilesFolder) {
  Write("steps/code/score.py", "def run(b): return b");
  Write("steps/digits.yml",
        "name: digits\nparallel_run_config:\n  entry_script: code/score.py\n  error_threshold: -1\ninputs:\n  - "
        "../images\n");
  const auto step = LoadStepFile(In("steps/digits.yml"));
  ASSERT_TRUE(step.ok()) << step.message();
  EXPECT_EQ(step->run.entry_script, In("steps/code/score.py"));
  EXPECT_EQ(step->inputs, (std::vector<FileInput>{{"input_0", {In("images")}}}));
}

TEST_F(StepFile, JsonIsReadToo) {
  Write("s.json", step_.dump());
  const auto step = LoadStepFile(In("s.json"));
  ASSERT_TRUE(step.ok()) << step.message();
  EXPECT_EQ(*step, *Parse());
}

TEST_F(StepFile, ProblemsNameTheFile) {
  step_["name"] = "x";
  Write("s.json", step_.dump());
  EXPECT_EQ(Shortened(LoadStepFile(In("s.json")).message()),
            "FOLDER/s.json cannot run:\nname: found \"x\", expected 3 to 32 of a-z, 0-9 and -, with a letter first and "
            "no - last");
  EXPECT_THAT(Shortened(ReadStepFile(In("none.yml")).message()), StartsWith("cannot open FOLDER/none.yml: "));
  Write("list.yml", "- 1");
  EXPECT_THAT(Shortened(ReadStepFile(In("list.yml")).message()), StartsWith("FOLDER/list.yml holds no step; expected"));
  Write("empty.yml", "");
  EXPECT_THAT(Shortened(ReadStepFile(In("empty.yml")).message()),
              StartsWith("FOLDER/empty.yml holds no step; expected"));
}

TEST_F(StepFile, WhatCannotBeReadIsNamedByItsLine) {
  Write("s.yml", "name: x\ninputs: [a\n");
  EXPECT_THAT(Shortened(ReadStepFile(In("s.yml")).message()), StartsWith("FOLDER/s.yml is no YAML: line "));
  Write("s.json", "{\"name\":\n oops}");
  EXPECT_THAT(Shortened(ReadStepFile(In("s.json")).message()),
              StartsWith("FOLDER/s.json is no JSON: parse error at line 2"));
  Write("twice.yml", "name: x\nname: y\n");
  EXPECT_EQ(Shortened(ReadStepFile(In("twice.yml")).message()),
            "FOLDER/twice.yml is no YAML: line 2, column 1: found name a second time");
  Write("bytes.yml", "name: \"\xFF\"\n");
  EXPECT_FALSE(ReadStepFile(In("bytes.yml")).ok());
}

TEST_F(StepFile, AliasesThatNeverEndAreRefused) {
  std::string bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n";
  for (int i = 1; i < 12; ++i) {
    const std::string below = "*a" + std::to_string(i - 1);
    bomb += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [";
    for (int j = 0; j < 10; ++j) bomb += below + (j < 9 ? ", " : "]\n");
  }
  Write("bomb.yml", bomb);
  EXPECT_THAT(ReadStepFile(In("bomb.yml")).message(), HasSubstr("found aliases that never end"));
  Write("loop.yml", "a: &a [*a]\n");
  EXPECT_THAT(ReadStepFile(In("loop.yml")).message(), HasSubstr("is no YAML"));
}

}  // namespace
}  // namespace batchscope::config
