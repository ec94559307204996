#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "runtime/base/attempt.h"
#include "runtime/base/status.h"
#include "runtime/engine/ledger.h"
#include "runtime/record/run_folder.h"
#include "runtime/record/stopped_workers.h"

/// Reads runs, living ones too, from their folders alone. Any process, any thread.
namespace batchscope::record {

struct RunSummary {
  std::string id;
  std::string name;     ///< The step's.
  std::string status;   ///< "running", "completed", "failed", "cancelled" or "crashed" (its host died).
  std::string reason;   ///< Why it failed; may be empty.
  std::string started;  ///< UTC, ISO 8601.
  std::string ended;    ///< Empty while it runs.
  double elapsed_seconds = 0;
  engine::Counts counts;  ///< As far as the journal is committed.
  std::filesystem::path folder;
  std::filesystem::path output_file;  ///< Empty with summary_only.
  std::filesystem::path logs;
  std::optional<Failure> fatal;
  std::vector<StoppedWorker> stopped;  ///< Who waits for a person, while it runs.
};

/// One mini-batch as a table shows it; the names are those of Azure's logs.
struct MiniBatchRow {
  std::uint32_t id = 0;
  std::string status;              ///< "Waiting", "Succeeded", "Failed".
  std::uint32_t picked_count = 0;  ///< Attempts begun.
  std::int64_t process = -1;       ///< Worker number of the last attempt; -1: none.
  std::int64_t start_unix_us = 0;
  std::uint32_t total = 0, succeeded = 0, failed = 0;  ///< Items.
  double elapsed_seconds = 0, process_seconds = 0, run_seconds = 0;
  std::string error_category, error_message;
};

/// A failed attempt, or an init() (mini_batch -1).
struct ErrorRow {
  std::int64_t mini_batch = -1;
  std::uint32_t attempt = 0;
  bool last = false;  ///< No try came after it.
  std::uint32_t process = 0;
  std::string time;  ///< UTC, ISO 8601.
  Failure failure;
  std::vector<std::string> items;  ///< The mini-batch's files, raw bytes.
};

struct Errors {
  std::vector<ErrorRow> rows;  ///< In order of time, at most the limit.
  std::uint64_t total = 0;
};

Result<RunSummary> ReadSummary(const RunFolder& folder);
Result<std::vector<MiniBatchRow>> ReadMiniBatches(const RunFolder& folder);
Result<Errors> ReadErrors(const RunFolder& folder, std::uint64_t limit = 10'000);
/// The files of one mini-batch, raw bytes. Error: no such mini-batch (says how many there are).
Result<std::vector<std::string>> ReadItems(const RunFolder& folder, MiniBatchId id);
/// The story of one mini-batch, a line an event: handed to whom, began, failed why, again, its rows.
Result<std::vector<std::string>> Why(const RunFolder& folder, MiniBatchId id);

/// The runs under `home`, newest first.
std::vector<RunFolder> ListRuns(const std::filesystem::path& home);
/// A run by its folder, id, beginning of an id, or "latest". Errors list what there is, or all that match.
Result<RunFolder> FindRun(const std::filesystem::path& home, const std::string& which);

}  // namespace batchscope::record
