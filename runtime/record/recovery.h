#pragma once

#include "runtime/base/status.h"
#include "runtime/record/journal.h"
#include "runtime/record/run_facts.h"
#include "runtime/record/run_folder.h"

namespace batchscope::record {

/// Brings output file and journal to the last commit, appends the rows that waited in the spool, in order, and commits
/// `end` behind it. The caller holds the host lock. When the output file is gone or belongs to a later run, it is left
/// alone and end.reason says so. After an error everything is as it was at the last commit; calling again is fine.
Status RecoverRows(const RunFolder& folder, const RunFacts& facts, const CommittedJournal& committed, RunEnd& end);

/// What follows the last commit of a run: the end is noted, `incomplete` becomes `complete`, and what only a living run
/// needs is removed.
Status Complete(const RunFolder& folder, const RunEnd& end);

}  // namespace batchscope::record
