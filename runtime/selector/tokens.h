#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "runtime/base/status.h"

namespace batchscope::selector {

/// A word of a selector's text.
struct Token {
  enum class Kind : std::uint8_t {
    kName,    ///< `$batch`
    kWord,    ///< `and`
    kNumber,  ///< Digits.
    kText,    ///< In quotes.
    kSymbol,  ///< `<=`, or a character that belongs nowhere.
    kEnd,
  };
  Kind kind = Kind::kEnd;
  std::string_view source;  ///< As it stands in the text.
  std::string text;         ///< Of kText: what is inside of the quotes.
  std::size_t column = 1;   ///< From 1, in characters.
};

/// Takes a selector's text apart, one word at a time.
class Tokens {
 public:
  explicit Tokens(std::string_view text) : text_(text) {}

  /// The next one; at the end kEnd again and again. Errors: quotes that do not end.
  Result<Token> Next();

 private:
  std::string_view text_;
  std::size_t place_ = 0;
  std::size_t column_ = 1;
};

}  // namespace batchscope::selector
