#pragma once

#include <compare>
#include <cstdint>
#include <string>

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

}  // namespace batchscope
