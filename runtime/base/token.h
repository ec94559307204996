#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "runtime/base/status.h"

/// Secrets that a client shows to be let in.
namespace batchscope {

/// The fewest characters of a token: 32 hexadecimal digits are 16 bytes, which nobody guesses.
inline constexpr std::size_t kLeastToken = 32;

/// 32 random bytes as 64 hexadecimal digits.
Result<std::string> MakeToken();

/// The token in a file, without the white space around it. Errors: the file cannot be read, is another user's, others
/// than its owner may read it, or the token has fewer than kLeastToken characters.
Result<std::string> ReadToken(const std::filesystem::path& file);

/// Takes the same time for each `shown` of the same length, wherever it differs.
bool IsSameToken(std::string_view expected, std::string_view shown);

}  // namespace batchscope
