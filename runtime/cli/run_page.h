#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "runtime/record/reader.h"

/// What the record of a run looks like to people and to programs. Pure: records in, text out.
namespace batchscope::cli {

/// Failed attempts that look the same: one kind, type and message, numbers aside.
struct ErrorGroup {
  std::string title;  ///< "ValueError: cannot identify image file 'a.png'", of the first one.
  std::string place;  ///< The last place in the traceback; may be empty.
  std::uint64_t attempts = 0;
  std::vector<std::int64_t> mini_batches;  ///< Each once, in order of time; -1: init().
};
/// The most frequent first.
std::vector<ErrorGroup> GroupErrors(const std::vector<record::ErrorRow>& rows);

/// The errors in groups, a few lines each; empty when there are none. Ends with a line break.
std::string ErrorsText(const record::Errors& errors);
/// The page of `batchscope show`.
std::string RunPage(const record::RunSummary& run, const record::Errors& errors);
/// The traceback of what ended the run, behind an empty line; empty when there is none.
std::string FatalText(const record::RunSummary& run);
/// What `batchscope run` says at the end: how it ended and where things lie.
std::string ResultText(const record::RunSummary& run);
/// The run's summary with its counts, for programs. Bytes that are not UTF-8 are shown as "\xNN".
nlohmann::json ToJson(const record::RunSummary& run);
nlohmann::json ToJson(const record::Errors& errors);
/// The text of a JSON object as commands print it.
std::string Pretty(const nlohmann::json& object);

/// "1 mini-batch", "3 mini-batches": the plural where it belongs.
std::string Counted(std::uint64_t count, const std::string& one, const std::string& many);

}  // namespace batchscope::cli
