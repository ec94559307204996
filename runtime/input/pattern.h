#pragma once

#include <string_view>

namespace batchscope::input {

/// Whether the path component has one of the signs `*`, `?` or `[`.
bool IsPattern(std::string_view component);

/// Whether the name matches: `*` stands for any text, `?` for one character, `[a-z]` and `[!a-z]` for one of (or none
/// of) a set; a backslash takes the next sign literally. A character is one of UTF-8, or a byte where the name is not
/// UTF-8. Hidden names match like others, and the locale does not matter.
bool Matches(std::string_view pattern, std::string_view name);

}  // namespace batchscope::input
