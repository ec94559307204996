#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

#include "runtime/base/ids.h"

namespace batchscope {

/// One try of one mini-batch.
struct Attempt {
  MiniBatchId mini_batch;
  std::uint32_t number = 0;  ///< retry_count, from 0.

  // NOLINTNEXTLINE(modernize-use-nullptr): as in ids.h.
  friend auto operator<=>(const Attempt&, const Attempt&) = default;
};

/// Why an attempt, an init() or a worker failed.
enum class FailureKind : std::uint8_t {
  kException,    ///< User code raised.
  kWrongType,    ///< run() returned something that is no list, tuple, DataFrame or array.
  kTimedOut,     ///< Over run_invocation_timeout.
  kOverhead,     ///< Over its limit outside run(): init() or task_overhead_timeout.
  kProcessDied,  ///< A signal, os._exit, out of memory.
  kRejected,     ///< The script could not be imported or has no run().
};

/// A failure in the words people read.
struct Failure {
  FailureKind kind = FailureKind::kException;
  std::string type;       ///< "ValueError"; "SIGSEGV"; "exit code 3"; empty when there is none.
  std::string message;    ///< One or a few lines.
  std::string traceback;  ///< As Python prints it, user code's frames only; may be empty.

  friend bool operator==(const Failure&, const Failure&) = default;
};

/// "exception", "wrong_type" and so on: the spelling in records.
std::string ToString(FailureKind kind);
/// Of a spelling in records; kException for one that is not known.
FailureKind FailureKindFrom(const std::string& text);

/// The place in a traceback that a person will want to look at, `File "x.py", line 3, in run`: the innermost outside of
/// Python's own and installed libraries, else the innermost of all; empty when it names none. Of stacks as faulthandler
/// writes them, innermost first, that of their first thread.
std::string_view PlaceToLookAt(std::string_view traceback);

}  // namespace batchscope
