#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace batchscope::fleet {

/// Which lines two texts have in common.
class LineDiff {
 public:
  /// Very large differences are taken for one whole replacement.
  LineDiff(std::string_view old_text, std::string_view new_text);

  bool same() const { return same_; }
  /// The line of the old text (from 1) that line `line` of the new one is; where it has none, where it would be.
  int ToOld(int line) const;
  /// A unified diff with three lines around each change, at most `most_lines` long; empty when both are the same.
  std::string Unified(const std::string& old_name, const std::string& new_name, int most_lines) const;

 private:
  struct Pair {
    int old_line;  ///< From 0.
    int new_line;
  };
  void MatchMiddle(int front, int old_end, int new_end);

  bool same_;
  std::vector<std::string> old_;
  std::vector<std::string> new_;
  std::vector<Pair> matches_;  ///< In order; its end is marked by a pair of both sizes.
};

}  // namespace batchscope::fleet
