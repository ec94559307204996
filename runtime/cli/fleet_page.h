#pragma once

#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <vector>

#include "runtime/base/status.h"
#include "runtime/record/reader.h"
#include "runtime/wire/control_messages.h"

/// What editors show beneath a run: its workers and its mini-batches.
namespace batchscope::cli {

/// The workers of this moment, asked of the run's host. None: the run is over, or its host does not answer within
/// seconds; that is no error, since a run may end at any time.
std::optional<wire::Workers> AskForWorkers(const record::RunFolder& folder);

/// A list of {worker, pid, phase, mini_batch, attempt, lane, stopped, file, line}; mini_batch and attempt (from 0) are
/// null without one.
nlohmann::json ToJson(const wire::Workers& workers);

/// A list of {mini_batch, status, attempts, process, items, run_seconds, error}, at most `limit` of each status.
nlohmann::json ToJson(const std::vector<record::MiniBatchRow>& rows, std::size_t limit);

}  // namespace batchscope::cli
