#pragma once

#include <string_view>
#include <utility>
#include <vector>

#include "runtime/base/status.h"

namespace batchscope::selector {

/// A pattern such as `*/00[0-9]?.png`: `*` any characters (none and `/` too), `?` any one, `[a-z_]` one of these,
/// `[!a-z]` one that is not. A `]` right behind the `[` stands for itself, as does a `-` at an end.
///
/// Characters are those of UTF-8; a byte that is none counts as one. Matching takes at most length times length.
class Pattern {
 public:
  /// Errors: a `[` without its `]`, a range whose end comes before its start.
  static Result<Pattern> Parse(std::string_view text);

  /// Whether the whole of `text` is like it.
  bool Matches(std::string_view text) const;

 private:
  using Range = std::pair<char32_t, char32_t>;  ///< Both ends belong to it.
  struct Piece {
    bool many = false;     ///< `*`; else one character:
    bool negated = false;  ///< outside of `ranges`, not inside.
    std::vector<Range> ranges;
  };
  static Result<Piece> ParseSet(std::string_view text, std::size_t& place);
  static bool Takes(const Piece& piece, char32_t character);

  std::vector<Piece> pieces_;
};

}  // namespace batchscope::selector
