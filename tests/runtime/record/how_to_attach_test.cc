#include "runtime/record/how_to_attach.h"

#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "tests/runtime/record/small_run.h"

namespace batchscope::record {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;

TEST(HowToAttach, NamesTheRunInALinkAndInALaunchJson) {
  SmallRun run;
  run.Begin();
  // A name with what a link cannot hold as it is.
  const std::filesystem::path moved = run.temp.path() / "a run+100% & more";
  std::filesystem::rename(run.folder().path(), moved);
  const auto how = ReadHowToAttach(RunFolder(moved));
  ASSERT_TRUE(how.ok()) << how.message();
  EXPECT_THAT(how->link, StartsWith("vscode://batchscope.batchscope/attach?run=%2F"));
  EXPECT_THAT(how->link, testing::EndsWith("%2Fa%20run%2B100%25%20%26%20more"));
  EXPECT_EQ(nlohmann::json::parse(how->launch_json),
            (nlohmann::json{{"version", "0.2.0"},
                            {"configurations",
                             {{{"type", "batchscope"},
                               {"request", "attach"},
                               {"name", "Batchscope: attach to a run+100% & more"},
                               {"run", moved.string()}}}}}));
  EXPECT_THAT(how->obstacle, IsEmpty());
  const std::string text = InWords(*how, "/bin/batchscope-dap");
  EXPECT_THAT(text, StartsWith("VS Code with the extension Batchscope: open this link\n    " + how->link + "\n"));
  EXPECT_THAT(text, HasSubstr("attach with {\"run\":\"" + moved.string() + "\"}\n    /bin/batchscope-dap\n"));
}

TEST(HowToAttach, SaysWhatStandsInTheWay) {
  SmallRun off;
  off.step.debug.mode = config::DebugMode::kOff;
  off.Begin();
  EXPECT_EQ(ReadHowToAttach(off.folder())->obstacle,
            "the step says debug = \"off\"; submit it with debug = \"on\" to look inside");
  SmallRun dead;
  dead.Begin();
  dead.Die();
  const auto how = ReadHowToAttach(dead.folder());
  EXPECT_EQ(how->obstacle, "the run is crashed; a debugger gets only to one that is running");
  EXPECT_THAT(InWords(*how, "batchscope-dap"),
              StartsWith("No debugger can be attached now: the run is crashed; a debugger gets only to one that is "
                         "running.\n\n"));
  EXPECT_FALSE(ReadHowToAttach(RunFolder(dead.temp.path() / "none")).ok());
}

}  // namespace
}  // namespace batchscope::record
