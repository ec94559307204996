#include "runtime/cli/app.h"

#include <gmock/gmock.h>

#include <fstream>
#include <sstream>
#include <vector>

#include "runtime/cli/exit_code.h"
#include "tests/support/temp_folder.h"

namespace batchscope::cli {
namespace {

using testing::HasSubstr;

struct Answer {
  int code = 0;
  std::string out, err;
};

Answer Say(std::vector<const char*> words) {
  words.insert(words.begin(), "batchscope");
  std::ostringstream out, err;
  const int code = Main(static_cast<int>(words.size()), words.data(), out, err);
  return {code, out.str(), err.str()};
}

TEST(App, RefusesWrongWordsWithTwo) {
  EXPECT_EQ(Say({}).code, kWrongUsage);
  EXPECT_EQ(Say({"walk"}).code, kWrongUsage);
  EXPECT_EQ(Say({"run"}).code, kWrongUsage);
  EXPECT_EQ(Say({"show", "latest", "--why", "first"}).code, kWrongUsage);
}

TEST(App, HelpNamesTheExitCodes) {
  const Answer help = Say({"run", "--help"});
  EXPECT_EQ(help.code, kCompleted);
  EXPECT_THAT(help.out, HasSubstr("42 the run failed"));
}

TEST(App, RefusesAStepFileThatIsNotThere) {
  const Answer answer = Say({"run", "/no/such/step.yml"});
  EXPECT_EQ(answer.code, kWrongUsage);
  EXPECT_THAT(answer.err, HasSubstr("/no/such/step.yml"));
  EXPECT_EQ(answer.out, "");
}

/// A step that could run.
std::string PutStep(const TempFolder& folder) {
  const std::filesystem::path step = folder.path() / "step.yml";
  std::ofstream(folder.path() / "score.py") << "def run(mini_batch):\n    return mini_batch\n";
  std::ofstream(step)
      << "name: some-step\nparallel_run_config:\n  entry_script: score.py\n  error_threshold: 0\ninputs: [.]\n";
  return step.string();
}

TEST(App, RefusesASettingWithoutItsEquals) {
  const TempFolder folder;
  const std::string step = PutStep(folder);
  const Answer answer = Say({"run", step.c_str(), "--set", "run_max_try"});
  EXPECT_EQ(answer.code, kWrongUsage);
  EXPECT_THAT(answer.err, HasSubstr("--set run_max_try: expected KEY=VALUE"));
}

TEST(App, RefusesToAnnounceWhereNobodyCanRead) {
  const TempFolder folder;
  const std::string step = PutStep(folder);
  EXPECT_EQ(Say({"run", step.c_str(), "--announce", "2"}).code, kWrongUsage) << "the terminal's own";
  const Answer answer = Say({"run", step.c_str(), "--announce", "999999"});
  EXPECT_EQ(answer.code, kWrongUsage);
  EXPECT_THAT(answer.err, HasSubstr("--announce 999999: expected a descriptor that is open for writing"));
}

TEST(App, RefusesToWaitForADebuggerThatIsNotLetIn) {
  const TempFolder folder;
  const std::string step = PutStep(folder);
  const Answer answer = Say({"run", step.c_str(), "--wait-for-debugger", "--set", "debug=off"});
  EXPECT_EQ(answer.code, kWrongUsage);
  EXPECT_THAT(answer.err, HasSubstr("--wait-for-debugger: the step says debug = \"off\""));
}

TEST(App, AttachSaysThatThereAreNoRuns) {
  const TempFolder folder;
  for (const bool named : {false, true}) {
    std::vector<const char*> words = {"attach", "--home", folder.path().c_str()};
    if (named) words.push_back("digits");
    const Answer answer = Say(words);
    EXPECT_EQ(answer.code, kOther);
    EXPECT_EQ(answer.err, "batchscope: there are no runs in " + folder.path().string() + "\n");
  }
}

TEST(App, SaysThatThereAreNoRunsAndWhereItLooked) {
  const TempFolder folder;
  const Answer answer = Say({"list", "--home", folder.path().c_str()});
  EXPECT_EQ(answer.code, kCompleted);
  EXPECT_EQ(answer.out, "");
  EXPECT_THAT(answer.err, HasSubstr(folder.path().string()));
  EXPECT_EQ(Say({"list", "--json", "--home", folder.path().c_str()}).out, "[]\n");
}

TEST(App, ShowOfARunThatIsNotThereIsNotACrash) {
  const TempFolder folder;
  const Answer answer = Say({"show", "latest", "--home", folder.path().c_str()});
  EXPECT_EQ(answer.code, kOther);
  EXPECT_NE(answer.err, "");
}

}  // namespace
}  // namespace batchscope::cli
