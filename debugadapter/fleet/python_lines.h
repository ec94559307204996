#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace batchscope::fleet {

/// A statement of Python source with its brackets, strings and continued lines: what Python calls a logical line.
struct LogicalLine {
  int first = 0;  ///< From 1.
  int last = 0;
  int indent = 0;    ///< Width of the white space in front; a tab goes to the next multiple of 8.
  std::string text;  ///< Without comments and indentation; the contents of strings are left out, their quotes not.

  friend bool operator==(const LogicalLine&, const LogicalLine&) = default;
};

/// The logical lines of a source in order; blank and comment lines belong to none. Never fails: of what is no Python it
/// makes what it can.
std::vector<LogicalLine> LogicalLines(std::string_view source);

/// The line a breakpoint at `line` stops at: of a blank or comment line the next one with a statement on it. 0 when
/// there is none behind it.
int LineOfStatement(const std::vector<LogicalLine>& lines, int line);

}  // namespace batchscope::fleet
