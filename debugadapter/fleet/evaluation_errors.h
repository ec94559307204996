#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "debugadapter/fleet/worker.h"

namespace batchscope::fleet {

/// A condition or a log message that a worker's debugger could not evaluate.
struct EvaluationError {
  std::vector<int> owners;  ///< The breakpoints it can be of; several when they have the same condition.
  bool in_log_message = false;
  std::string reason;  ///< "SyntaxError: invalid syntax"

  friend bool operator==(const EvaluationError&, const EvaluationError&) = default;
};

/// What a text means that a worker's debugger printed; nothing: it is no such error, or of a breakpoint that is gone.
/// Its own words name neither file nor line, so they are found by what `sent` told it to stop at.
std::optional<EvaluationError> FindEvaluationError(std::string_view output, const Configuration& sent);

}  // namespace batchscope::fleet
