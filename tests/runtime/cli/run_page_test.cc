#include "runtime/cli/run_page.h"

#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

namespace batchscope::cli {
namespace {

record::ErrorRow Row(std::int64_t mini_batch, const std::string& type, const std::string& message) {
  record::ErrorRow row;
  row.mini_batch = mini_batch;
  row.failure = {.kind = FailureKind::kException,
                 .type = type,
                 .message = message,
                 .traceback =
                     "Traceback (most recent call last):\n  File \"a.py\", line 1, in f\n    g()\n"
                     "  File \"b.py\", line 22, in g\n    raise X\n" +
                     type + ": " + message + "\n"};
  return row;
}

record::RunSummary Summary() {
  record::RunSummary run;
  run.id = "digits-x";
  run.name = "digits";
  run.status = "failed";
  run.reason = "more than 3 failed items";
  run.started = "2026-05-04T10:11:12.000000Z";
  run.ended = "2026-05-04T10:12:12.000000Z";
  run.elapsed_seconds = 60;
  run.counts = {
      .mini_batches = 9, .succeeded = 4, .failed = 2, .items_succeeded = 40, .items_failed = 20, .retries = 3};
  run.folder = "/runs/digits-x";
  run.output_file = "/out/rows \xff.txt";
  run.logs = "/runs/digits-x/logs";
  return run;
}

TEST(GroupErrors, PutsMessagesThatDifferInNumbersTogetherMostFrequentFirst) {
  const std::vector<ErrorGroup> groups =
      GroupErrors({Row(1, "KeyError", "'a'"), Row(2, "OSError", "no file 17.png"), Row(2, "OSError", "no file 1.png"),
                   Row(5, "OSError", "no file 230.png")});
  ASSERT_EQ(groups.size(), 2u);
  EXPECT_EQ(groups[0].title, "OSError: no file 17.png");
  EXPECT_EQ(groups[0].place, "File \"b.py\", line 22, in g");
  EXPECT_EQ(groups[0].attempts, 3u);
  EXPECT_EQ(groups[0].mini_batches, (std::vector<std::int64_t>{2, 5}));
  EXPECT_EQ(groups[1].title, "KeyError: 'a'");
}

TEST(GroupErrors, NamesThePlaceOutsideOfLibraries) {
  record::ErrorRow row = Row(0, "ValueError", "no");
  row.failure.traceback =
      "Traceback (most recent call last):\n  File \"/home/me/a.py\", line 1, in run\n    json.loads(x)\n"
      "  File \"/usr/lib/python3.11/json/__init__.py\", line 346, in loads\n    decode()\nValueError: no\n";
  EXPECT_EQ(GroupErrors({row}).at(0).place, "File \"/home/me/a.py\", line 1, in run");
  row.failure.traceback = "  File \"/usr/lib/python3.11/json/__init__.py\", line 346, in loads\n";
  EXPECT_EQ(GroupErrors({row}).at(0).place, "File \"/usr/lib/python3.11/json/__init__.py\", line 346, in loads");
}

TEST(ErrorsText, SaysWhatWhereAndHowOften) {
  record::Errors errors{.rows = {Row(-1, "ValueError", "no model"), Row(7, "ValueError", "no model")}, .total = 2};
  EXPECT_EQ(ErrorsText(errors),
            "errors: 2 failed attempts\n"
            "  2 x ValueError: no model\n"
            "      File \"b.py\", line 22, in g\n"
            "      in init(); mini-batch 7\n");
}

TEST(ErrorsText, CutsWhatIsLongAndSaysSo) {
  record::Errors errors;
  for (int i = 0; i < 9; ++i) errors.rows.push_back(Row(i, "A", "one"));
  for (int i = 0; i < 11; ++i)
    errors.rows.push_back(Row(i, "B" + std::string(static_cast<std::size_t>(i), 'b'), "two"));
  errors.total = 500;
  const std::string text = ErrorsText(errors);
  EXPECT_THAT(text, testing::StartsWith("errors: 500 failed attempts\n  9 x A: one\n"));
  EXPECT_THAT(text, testing::HasSubstr("mini-batches 0, 1, 2, 3, 4, 5, 6, 7 and 1 more\n"));
  EXPECT_THAT(text, testing::EndsWith("  and 2 other kinds\n  (counted: the first 20)\n"));
}

TEST(ErrorsText, IsEmptyWithoutErrors) { EXPECT_EQ(ErrorsText({}), ""); }

TEST(RunPage, IsOneScreen) {
  EXPECT_EQ(RunPage(Summary(), {.rows = {Row(7, "KeyError", "'a'")}, .total = 1}),
            "digits-x  failed\n"
            "  reason        more than 3 failed items\n"
            "  step          digits\n"
            "  started       2026-05-04T10:11:12.000000Z\n"
            "  mini-batches  9: 4 succeeded, 2 failed, 3 not done; 3 tried again\n"
            "  items         40 succeeded, 20 failed\n"
            "  time          1 min 0 s\n"
            "  output        /out/rows \\xff.txt\n"
            "  logs          /runs/digits-x/logs\n"
            "\n"
            "errors: 1 failed attempt\n"
            "  1 x KeyError: 'a'\n"
            "      File \"b.py\", line 22, in g\n"
            "      mini-batch 7\n"
            "\n"
            "  batchscope show digits-x --why 7    the story of one mini-batch\n"
            "  /runs/digits-x/logs/user/error.txt    all errors\n"
            "  /runs/digits-x/logs/readme.txt    what each log holds\n");
}

TEST(RunPage, SaysThatALivingRunsTimeGoesOn) {
  record::RunSummary run = Summary();
  run.ended.clear();
  EXPECT_THAT(RunPage(run, {}), testing::HasSubstr("time          1 min 0 s so far\n"));
}

TEST(RunPage, SaysWhoIsStoppedALineEach) {
  record::RunSummary run = Summary();
  run.stopped = {{3, "stopped in debugger at entry.py:12", 31}, {4, "held after mini-batch 7 failed", 120}};
  EXPECT_THAT(RunPage(run, {}),
              testing::HasSubstr("  time          1 min 0 s\n"
                                 "  stopped       worker 3: stopped in debugger at entry.py:12 for 31 s\n"
                                 "                worker 4: held after mini-batch 7 failed for 2 min 0 s\n"
                                 "  output "));
  EXPECT_EQ(ToJson(run)["stopped"],
            nlohmann::json::parse(R"([{"worker": 3, "where": "stopped in debugger at entry.py:12", "seconds": 31.0},)"
                                  R"({"worker": 4, "where": "held after mini-batch 7 failed", "seconds": 120.0}])"));
}

TEST(ToJson, HasTheSummaryForPrograms) {
  const nlohmann::json run = ToJson(Summary());
  EXPECT_EQ(run["stopped"], nlohmann::json::array());
  EXPECT_EQ(run["mini_batches"],
            nlohmann::json::parse(R"({"total": 9, "succeeded": 4, "failed": 2, "tried_again": 3})"));
  EXPECT_EQ(run["output"], "/out/rows \\xff.txt");
  EXPECT_TRUE(run["fatal"].is_null());
}

}  // namespace
}  // namespace batchscope::cli
