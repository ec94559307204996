#include <gmock/gmock.h>

#include "runtime/base/text.h"
#include "runtime/config/step.h"
#include "tests/runtime/config/step_folder.h"

namespace batchscope::config {
namespace {

using nlohmann::json;
using testing::ElementsAre;
using Debug = StepFolder;

TEST_F(Debug, EverySpellingIsReadAndWrittenBack) {
  const auto with = [](DebugMode mode, LaneTakes takes, std::vector<std::uint32_t> chosen = {}) {
    DebugOptions options;
    options.mode = mode;
    options.lane_takes = takes;
    options.lane_mini_batches = std::move(chosen);
    return options;
  };
  const std::vector<std::pair<json, DebugOptions>> spellings = {
      {json::object(), with(DebugMode::kOn, LaneTakes::kNext)},
      {{{"debug", "On"}}, with(DebugMode::kOn, LaneTakes::kNext)},
      {{{"debug", true}}, with(DebugMode::kOn, LaneTakes::kNext)},
      {{{"debug", "off"}, {"debug_lane", nullptr}}, with(DebugMode::kOff, LaneTakes::kNext)},
      {{{"debug", false}, {"hold_on_failure", 0}}, with(DebugMode::kOff, LaneTakes::kNext)},
      {{{"debug", "lane"}}, with(DebugMode::kLane, LaneTakes::kNext)},
      {{{"debug", "lane"}, {"debug_lane", "next"}}, with(DebugMode::kLane, LaneTakes::kNext)},
      {{{"debug", "lane"}, {"debug_lane", "Failed"}}, with(DebugMode::kLane, LaneTakes::kFailed)},
      {{{"debug", "lane"}, {"debug_lane", 117}}, with(DebugMode::kLane, LaneTakes::kChosen, {117})},
      {{{"debug", "lane"}, {"debug_lane", {3, 1, 3}}}, with(DebugMode::kLane, LaneTakes::kChosen, {1, 3})},
  };
  const json plain = step_;
  for (const auto& [settings, expected] : spellings) {
    SCOPED_TRACE(settings.dump());
    step_ = plain;
    step_.update(settings);
    const auto step = Parse();
    ASSERT_TRUE(step.ok()) << step.message();
    EXPECT_EQ(step->debug, expected);
    const auto again = ParseStep(json::parse(ToJson(*step).dump()), "/");
    ASSERT_TRUE(again.ok()) << again.message();
    EXPECT_EQ(again->debug, expected);
  }
}

TEST_F(Debug, WhatIsWrongIsSaidAllAtOnce) {
  step_.update({{"debug", "lan"}, {"debug_lane", "next"}, {"debug_lease", 0}, {"hold_on_failure", -1}});
  EXPECT_THAT(Split(Problems(), '\n'),
              ElementsAre("debug: found \"lan\", expected off or on or lane (did you mean lane?)",
                          "debug_lane: says what the debug lane gets, and there is none; expected debug = \"lane\" "
                          "beside it",
                          "debug_lease: found 0, expected a number above 0, at most 31622400",
                          "hold_on_failure: found -1, expected a number from 0 to 31622400"));
  step_.update(
      {{"debug", "lane"}, {"debug_lane", {0, -1, 1.5, "2"}}, {"debug_lease", nullptr}, {"hold_on_failure", 1}});
  EXPECT_THAT(Split(Problems(), '\n'),
              ElementsAre("debug_lane[1]: found -1, expected the number of a mini-batch, from 0 on",
                          "debug_lane[2]: found 1.5, expected the number of a mini-batch, from 0 on",
                          "debug_lane[3]: found \"2\", expected the number of a mini-batch, from 0 on"));
  step_["debug_lane"] = json::array();
  EXPECT_EQ(Problems(), "debug_lane: found an empty list, expected next, failed or numbers of mini-batches");
  step_["debug_lane"] = "faild";
  EXPECT_EQ(Problems(), "debug_lane: found \"faild\", expected next or failed (did you mean failed?)");
  step_["debug_lane"] = true;
  EXPECT_EQ(Problems(), "debug_lane: found true, expected next, failed or a list of the numbers of mini-batches");
  step_.erase("debug_lane");
  step_["debug"] = "off";
  EXPECT_EQ(Problems(), "hold_on_failure: keeps workers for a debugger, and debug = \"off\" allows none; expected 0");
}

TEST_F(Debug, ALaneForFailedMiniBatchesNeedsASecondTry) {
  step_.update({{"debug", "lane"}, {"debug_lane", "failed"}});
  run()["run_max_try"] = 2;
  EXPECT_TRUE(Parse().ok());
  run()["run_max_try"] = 1;
  EXPECT_THAT(Problems(), testing::HasSubstr("run_max_try = 1 allows none"));
}

}  // namespace
}  // namespace batchscope::config
