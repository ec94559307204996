#include "runtime/cli/fleet_page.h"

#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "tests/support/temp_folder.h"

namespace batchscope::cli {
namespace {

record::MiniBatchRow Row(std::uint32_t id, const std::string& status) {
  record::MiniBatchRow row;
  row.id = id;
  row.status = status;
  return row;
}

TEST(FleetPage, SaysWhatEachWorkerDoes) {
  wire::Workers workers;
  wire::WorkerView waiting;
  waiting.pid = 41;
  waiting.phase = wire::WorkerPhase::kWaiting;
  workers.workers.push_back(waiting);
  workers.workers.push_back({.worker = WorkerId{3},
                             .pid = 42,
                             .phase = wire::WorkerPhase::kRunning,
                             .attempt = Attempt{MiniBatchId{117}, 1},
                             .lane = true,
                             .stopped = true,
                             .file = "/a/entry.py",
                             .line = 12});
  const nlohmann::json expected = nlohmann::json::parse(R"([
    {"worker": 0, "pid": 41, "phase": "waiting", "mini_batch": null, "attempt": null, "lane": false,
     "stopped": false, "file": "", "line": 0},
    {"worker": 3, "pid": 42, "phase": "running", "mini_batch": 117, "attempt": 1, "lane": true,
     "stopped": true, "file": "/a/entry.py", "line": 12}])");
  EXPECT_EQ(ToJson(workers), expected);
}

TEST(FleetPage, TakesTheFirstMiniBatchesOfEachStatus) {
  const std::vector<record::MiniBatchRow> rows = {Row(0, "Succeeded"), Row(1, "Failed"),  Row(2, "Succeeded"),
                                                  Row(3, "Succeeded"), Row(4, "Waiting"), Row(5, "Failed")};
  std::vector<int> taken;
  for (const nlohmann::json& row : ToJson(rows, 2)) taken.push_back(row["mini_batch"]);
  EXPECT_THAT(taken, testing::ElementsAre(0, 1, 2, 4, 5));
}

TEST(FleetPage, ARunWithoutAHostHasNoWorkers) {
  const TempFolder folder;
  EXPECT_EQ(AskForWorkers(record::RunFolder(folder.path())), std::nullopt);
}

}  // namespace
}  // namespace batchscope::cli
