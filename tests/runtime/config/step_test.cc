#include "runtime/config/step.h"

#include <gmock/gmock.h>

#include <tuple>
#include <vector>

#include "runtime/base/text.h"
#include "tests/runtime/config/step_folder.h"

namespace batchscope::config {
namespace {

using nlohmann::json;
using testing::ElementsAre;
using testing::HasSubstr;
using Step = StepFolder;

TEST_F(Step, NeedsFewSettingsAndHasAzuresDefaults) {
  StepConfig expected;
  expected.name = "digits";
  expected.run.entry_script = In("code/score.py");
  expected.run.source_directory = In("code");
  expected.run.error_threshold = 10;
  expected.run.process_count_per_node = 2;
  expected.inputs = {{"input_0", {In("images")}}};
  const auto step = Parse();
  ASSERT_TRUE(step.ok()) << step.message();
  EXPECT_EQ(*step, expected);
  EXPECT_EQ(ProgressLimit(step->run).count(), 270);
  run().erase("process_count_per_node");
  EXPECT_GE(Parse()->run.process_count_per_node, 1U);
}

TEST_F(Step, ReadsEverySettingAndWritesItBack) {
  Write("venv/bin/python", "");
  std::filesystem::permissions(In("venv/bin/python"), std::filesystem::perms::owner_all);
  step_ = {
      {"name", "a-2"},
      {"parallel_run_config",
       {{"entry_script", "score.py"},
        {"source_directory", "./code/"},
        {"environment", "venv"},
        {"mini_batch_size", "5"},
        {"error_threshold", -1},
        {"output_action", "Summary_Only"},
        {"append_row_file_name", "my rows.txt"},
        {"compute_target", "cpu-cluster"},
        {"node_count", 1},
        {"process_count_per_node", 7},
        {"logging_level", "debug"},
        {"run_invocation_timeout", 0.5},
        {"run_max_try", 1},
        {"allowed_failed_count", 0},
        {"allowed_failed_percent", 12.5},
        {"task_overhead_timeout", 40},
        {"progress_update_timeout", 600},
        {"resource_monitor_interval", 0},
        {"partition_keys", nullptr},
        {"environment_variables", {{"A", "text"}, {"B", 2}, {"C", true}}},
        {"description", "all of it"}}},
      {"inputs", {{{"name", "train"}, {"path", {"a/*.png", "/b"}}}, {{"path", "c"}}}},
      {"output", "out"},
      {"side_inputs", json::array()},
      {"arguments", {"--k", 5, "--f", 0.1, "--b", false, "--append_row_dataframe_header", "True", "", "{\"a\": 1}"}},
      {"model_dir", "model"},
      {"debug", "Lane"},
      {"debug_lane", {7, 0, 7}},
      {"debug_lease", 0.5},
      {"hold_on_failure", 60},
      {"allow_reuse", true}};
  StepConfig expected;
  expected.name = "a-2";
  expected.run = {.entry_script = In("code/score.py"),
                  .source_directory = In("code"),
                  .environment = In("venv/bin/python"),
                  .mini_batch_size = 5,
                  .error_threshold = -1,
                  .output_action = OutputAction::kSummaryOnly,
                  .append_row_file_name = "my rows.txt",
                  .process_count_per_node = 7,
                  .logging_level = LoggingLevel::kDebug,
                  .run_invocation_timeout = std::chrono::duration<double>(0.5),
                  .run_max_try = 1,
                  .allowed_failed_count = 0,
                  .allowed_failed_percent = 12.5,
                  .task_overhead_timeout = std::chrono::seconds(40),
                  .progress_update_timeout = std::chrono::seconds(600),
                  .resource_monitor_interval = std::chrono::seconds(0),
                  .environment_variables = {{"A", "text"}, {"B", "2"}, {"C", "True"}},
                  .description = "all of it"};
  expected.inputs = {{"train", {In("a/*.png"), "/b"}}, {"input_1", {In("c")}}};
  expected.output = In("out");
  expected.model_dir = In("model");
  expected.arguments = {"--k",  "5", "--f",       "0.1", "--b", "False", "--append_row_dataframe_header",
                        "True", "",  "{\"a\": 1}"};
  expected.append_header = true;
  expected.debug = {.mode = DebugMode::kLane,
                    .lane_takes = LaneTakes::kChosen,
                    .lane_mini_batches = {0, 7},
                    .debug_lease = std::chrono::duration<double>(0.5),
                    .hold_on_failure = std::chrono::seconds(60)};
  const auto step = Parse();
  ASSERT_TRUE(step.ok()) << step.message();
  EXPECT_EQ(*step, expected);
  const auto again = ParseStep(json::parse(ToJson(*step).dump()), "/");
  ASSERT_TRUE(again.ok()) << again.message();
  EXPECT_EQ(*again, expected);
}

TEST_F(Step, ReportsAllProblemsAtOnceEachByItsPath) {
  step_["nmae"] = "x";
  step_["inputs"] = json::array({5, {{"path", json::array()}}, {{"pth", "x"}}});
  step_["side_inputs"] = {"x"};
  run() = {{"entry_script", "code/score.py"},
           {"run_max_try", 0},
           {"run_max_trys", 3},
           {"output_action", "append_rows"},
           {"run_invocation_timeout", "60"},
           {"node_count", 2},
           {"process_count_per_node", {{"name", "p"}, {"default_value", 2}}},
           {"partition_keys", {"city"}},
           {"qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqq", 1}};
  EXPECT_THAT(
      Split(Problems(), '\n'),
      ElementsAre(
          "parallel_run_config.error_threshold: is missing; expected how many failed items the run bears, -1 for any "
          "number",
          "parallel_run_config.run_max_try: found 0, expected a whole number from 1 to 1000000",
          "parallel_run_config.output_action: found \"append_rows\", expected append_row or summary_only (did you mean "
          "append_row?)",
          "parallel_run_config.process_count_per_node: found a PipelineParameter, expected a whole number from 1 to "
          "10000; "
          "PipelineParameter is not supported yet, give the value itself",
          "parallel_run_config.run_invocation_timeout: found \"60\", expected a number above 0, at most 31622400",
          "parallel_run_config.node_count: found 2, expected 1; runs on several machines are not supported yet",
          "parallel_run_config.partition_keys: is not supported yet; leave it out and use mini_batch_size",
          testing::StartsWith(
              "parallel_run_config.qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqq: there is no such setting; there are "),
          "parallel_run_config.run_max_trys: there is no such setting; did you mean run_max_try?",
          "inputs[0]: found 5, expected the path of a file, a folder or a glob",
          "inputs[1].path: found an empty list, expected at least one path",
          "inputs[2].path: is missing; expected a path or a list of paths",
          "inputs[2].pth: there is no such setting; did you mean path?",
          "side_inputs: is not supported yet; give the folder's path among the arguments",
          "nmae: there is no such setting; did you mean name?"));
}

TEST_F(Step, NothingAtAllIsRefusedWithWhatIsNeeded) {
  step_ = json::object();
  EXPECT_EQ(Problems(),
            "name: is missing; expected 3 to 32 of a-z, 0-9 and -, with a letter first and no - last\n"
            "parallel_run_config: is missing; expected the settings of the run\n"
            "inputs: is missing; expected at least one file, folder or glob");
  step_ = json::array();
  EXPECT_EQ(Problems(), "the step: found a list, expected an object");
}

TEST_F(Step, AnEmptyListOfInputsIsNotCalledMissing) {
  step_["inputs"] = json::array();
  EXPECT_EQ(Problems(), "inputs: found an empty list, expected at least one file, folder or glob");
}

TEST_F(Step, HoldsEveryLimitAtItsEdge) {
  const auto problem = [&](const char* key, const json& value) {
    json kept = run();
    run()[key] = value;
    const std::string said = Problems();
    run() = kept;
    return said.empty() ? std::string() : said.substr(0, said.find(':'));
  };
  const std::vector<std::tuple<const char*, json, json>> edges = {
      {"mini_batch_size", 1, 0},
      {"mini_batch_size", "1", "0"},
      {"mini_batch_size", 4294967295U, 4294967296U},
      {"mini_batch_size", "4294967295", "4294967296"},
      {"mini_batch_size", 2, 2.0},
      {"mini_batch_size", 2, true},
      {"mini_batch_size", "2", " 2"},
      {"error_threshold", -1, -2},
      {"error_threshold", 9223372036854775807U, 9223372036854775808U},
      {"allowed_failed_count", -1, -2},
      {"allowed_failed_percent", 0, -0.1},
      {"allowed_failed_percent", 100, 100.1},
      {"node_count", 1, 0},
      {"process_count_per_node", 1, 0},
      {"process_count_per_node", 10000, 10001},
      {"run_max_try", 1, 0},
      {"run_invocation_timeout", 0.001, 0},
      {"run_invocation_timeout", 366 * 24 * 3600, 366 * 24 * 3600 + 1},
      {"run_invocation_timeout", 1, std::numeric_limits<double>::quiet_NaN()},
      {"task_overhead_timeout", 1, 0},
      {"progress_update_timeout", 1, 0},
      {"resource_monitor_interval", 0, -1},
      {"append_row_file_name", std::string(255, 'x'), std::string(256, 'x')},
      {"append_row_file_name", "a b.txt", "a/b.txt"},
      {"append_row_file_name", "...", ".."},
      {"append_row_file_name", "a", ""},
      {"logging_level", "warning", "ERROR"},
      {"environment_variables", {{"A", ""}}, {{"A", nullptr}}},
      {"description", "", 5},
  };
  for (const auto& [key, good, bad] : edges) {
    EXPECT_EQ(problem(key, good), "") << key << " " << good;
    EXPECT_THAT(problem(key, bad), HasSubstr("parallel_run_config." + std::string(key))) << bad;
  }
  for (const char forbidden : std::string("~\"#%&*:<>?/\\{|}")) {
    EXPECT_NE(problem("append_row_file_name", std::string("a") + forbidden), "") << forbidden;
  }
}

TEST_F(Step, SizesInBytesAreForTables) {
  run()["mini_batch_size"] = "10KB";
  EXPECT_EQ(
      Problems(),
      "parallel_run_config.mini_batch_size: found \"10KB\", expected a whole number of at least 1; files are counted, "
      "sizes in KB, MB or GB are for tables");
}

TEST_F(Step, NamesFollowAzuresGrammar) {
  for (const std::string good : {"abc", "a-b", "a12", "abcdefghijklmnopqrstuvwxyz-01234"}) {
    step_["name"] = good;
    EXPECT_EQ(Problems(), "") << good;
  }
  for (const std::string bad : {"", "ab", "Abc", "1bc", "-bc", "ab-", "a_b", "abcdefghijklmnopqrstuvwxyz-012345"}) {
    step_["name"] = bad;
    EXPECT_EQ(Problems(),
              "name: found \"" + bad + "\", expected 3 to 32 of a-z, 0-9 and -, with a letter first and no - last");
  }
}

TEST_F(Step, ArgumentsStartWithADashAndUseNoReservedName) {
  step_["arguments"] = {"value", "--output", "x", "--run_max_try=3", nullptr, json::object()};
  EXPECT_EQ(Problems(),
            "arguments[4]: found null, expected text or a number\n"
            "arguments[5]: found an object, expected text or a number\n"
            "arguments[0]: found \"value\", expected a name that starts with -\n"
            "arguments[1]: found --output, a reserved name; choose another for the script's own argument\n"
            "arguments[3]: found --run_max_try, a reserved name; choose another for the script's own argument");
  step_["arguments"] = {"--outputs", "x", "--append_row_dataframe_header=true"};
  EXPECT_TRUE(Parse()->append_header);
  step_["arguments"] = {"--append_row_dataframe_header"};
  EXPECT_FALSE(Parse()->append_header);
  step_["arguments"] = "--x 1";
  EXPECT_EQ(Problems(), "arguments: found \"--x 1\", expected a list");
}

TEST_F(Step, InputNamesAreDistinctWords) {
  step_["inputs"] = json::array({"a", {{"name", "input_0"}, {"path", "b"}}, {{"name", "two words"}, {"path", "c"}}});
  EXPECT_EQ(Problems(),
            "inputs[1].name: found \"input_0\" a second time, expected a name of its own\n"
            "inputs[2].name: found \"two words\", expected letters, digits and underscores");
}

TEST_F(Step, TheEntryScriptMustBeAFileInTheSourceDirectoryWithARun) {
  run()["entry_script"] = "code/scores.py";
  EXPECT_EQ(Problems(),
            "parallel_run_config.entry_script: found no file FOLDER/code/scores.py; expected a Python file with "
            "def run(mini_batch)");
  run()["entry_script"] = "code";
  EXPECT_THAT(Problems(), HasSubstr("FOLDER/code is not a file"));
  Write("code/none.py", "def init():\n    pass\ndef predict(x):\n    run(x)\n");
  run()["entry_script"] = "code/none.py";
  EXPECT_EQ(Problems(),
            "parallel_run_config.entry_script: FOLDER/code/none.py has no run(); found init(), predict(), expected "
            "def run(mini_batch) at its top level");
  run()["entry_script"] = In("code/score.py");
  run()["source_directory"] = "codes";
  EXPECT_EQ(Problems(),
            "parallel_run_config.source_directory: found no folder FOLDER/codes; expected the folder that holds "
            "entry_script");
  Write("codes/x", "");
  EXPECT_EQ(Problems(),
            "parallel_run_config.entry_script: found FOLDER/code/score.py, which is not inside source_directory "
            "FOLDER/codes");
  run()["source_directory"] = ".";
  EXPECT_EQ(Problems(), "");
  run()["entry_script"] = "";
  EXPECT_EQ(Problems(), "parallel_run_config.entry_script: is missing; expected the Python file with run(mini_batch)");
}

TEST_F(Step, TheEnvironmentMustHaveAnInterpreter) {
  run()["environment"] = "code";
  EXPECT_EQ(
      Problems(),
      "parallel_run_config.environment: found no Python interpreter FOLDER/code/bin/python; expected the folder of a "
      "virtual or conda environment, or its interpreter");
}

}  // namespace
}  // namespace batchscope::config
