#include "runtime/selector/tokens.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace batchscope::selector {
namespace {

bool IsBlank(char byte) { return byte == ' ' || byte == '\t' || byte == '\n' || byte == '\r'; }
bool IsDigit(char byte) { return byte >= '0' && byte <= '9'; }
bool IsInWord(char byte) {
  return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') || byte == '_' || IsDigit(byte);
}
/// Not the first byte of a character of UTF-8.
bool IsInside(char byte) { return (static_cast<unsigned char>(byte) & 0xc0U) == 0x80U; }

std::size_t Length(std::string_view text, std::size_t from, bool (*belongs)(char)) {
  std::size_t end = from;
  while (end < text.size() && belongs(text[end])) ++end;
  return end;
}

constexpr std::array<std::string_view, 7> kSymbols = {"==", "!=", "<=", ">=", "&&", "||", ".."};

}  // namespace

Result<Token> Tokens::Next() {
  while (place_ < text_.size() && IsBlank(text_[place_])) {
    ++place_;
    ++column_;
  }
  Token token;
  token.column = column_;
  const std::string_view rest = text_.substr(place_);
  if (rest.empty()) return token;
  std::size_t size = 1;
  const char first = rest.front();
  if (first == '$') {
    token.kind = Token::Kind::kName;
    size = Length(rest, 1, IsInWord);
  } else if (IsDigit(first)) {
    token.kind = Token::Kind::kNumber;
    size = Length(rest, 0, IsDigit);
  } else if (IsInWord(first)) {
    token.kind = Token::Kind::kWord;
    size = Length(rest, 0, IsInWord);
  } else if (first == '"' || first == '\'') {
    token.kind = Token::Kind::kText;
    while (size < rest.size() && rest[size] != first) {
      const bool escapes = rest[size] == '\\' && size + 1 < rest.size() &&
                           (rest[size + 1] == '\\' || rest[size + 1] == '"' || rest[size + 1] == '\'');
      if (escapes) ++size;
      token.text.push_back(rest[size++]);
    }
    if (size == rest.size())
      return Status::Error(fmt::format("the text at column {} has no closing {}", column_, first));
    ++size;
  } else {
    token.kind = Token::Kind::kSymbol;
    if (std::find(kSymbols.begin(), kSymbols.end(), rest.substr(0, 2)) != kSymbols.end()) {
      size = 2;
    } else {
      size = Length(rest, 1, IsInside);  // A whole character, for the message.
    }
  }
  token.source = rest.substr(0, size);
  place_ += size;
  column_ += static_cast<std::size_t>(
      std::count_if(token.source.begin(), token.source.end(), [](char byte) { return !IsInside(byte); }));
  return token;
}

}  // namespace batchscope::selector
