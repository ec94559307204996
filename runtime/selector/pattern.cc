#include "runtime/selector/pattern.h"

#include <fmt/format.h>

#include <algorithm>

#include "runtime/base/text.h"

namespace batchscope::selector {
namespace {

/// The character at `place`, which moves behind it.
char32_t Next(std::string_view text, std::size_t& place) {
  const auto first = static_cast<unsigned char>(text[place]);
  const std::size_t size = first < 0xc0 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
  const std::string_view bytes = text.substr(place, size);
  if (size == 1 || bytes.size() < size || !IsUtf8(bytes)) {
    ++place;
    return first < 0x80 ? first : 0xdc00U + first;  // As Python's surrogateescape: no character that UTF-8 can spell.
  }
  place += size;
  char32_t character = first & (0xffU >> (size + 1));
  for (const char byte : bytes.substr(1)) character = character << 6 | (static_cast<unsigned char>(byte) & 0x3fU);
  return character;
}

}  // namespace

Result<Pattern> Pattern::Parse(std::string_view text) {
  Pattern pattern;
  for (std::size_t place = 0; place < text.size();) {
    const char first = text[place];
    Piece piece;
    if (first == '*') {
      ++place;
      piece.many = true;
      if (!pattern.pieces_.empty() && pattern.pieces_.back().many) continue;
    } else if (first == '?') {
      ++place;
      piece.negated = true;
    } else if (first == '[') {
      BATCHSCOPE_ASSIGN_OR_RETURN(piece, ParseSet(text, ++place));
    } else {
      const char32_t character = Next(text, place);
      piece.ranges = {{character, character}};
    }
    pattern.pieces_.push_back(std::move(piece));
  }
  return pattern;
}

/// `place` is behind the `[`, and moves behind the `]`.
Result<Pattern::Piece> Pattern::ParseSet(std::string_view text, std::size_t& place) {
  const std::string_view set = text.substr(place - 1);
  Piece piece;
  if (place < text.size() && (text[place] == '!' || text[place] == '^')) {
    piece.negated = true;
    ++place;
  }
  for (bool first = true; place < text.size(); first = false) {
    if (text[place] == ']' && !first) {
      ++place;
      return piece;
    }
    const std::size_t start = place;
    Range range;
    range.first = range.second = Next(text, place);
    if (place + 1 < text.size() && text[place] == '-' && text[place + 1] != ']') {
      ++place;
      range.second = Next(text, place);
      if (range.second < range.first) {
        return Status::Error(fmt::format("the range `{}` of the pattern ends before it starts",
                                         ToDisplay(text.substr(start, place - start))));
      }
    }
    piece.ranges.push_back(range);
  }
  return Status::Error(fmt::format("`{}` of the pattern has no `]`; `[[]` stands for a `[`", ToDisplay(set)));
}

bool Pattern::Takes(const Piece& piece, char32_t character) {
  const auto inside = [character](const Range& range) { return range.first <= character && character <= range.second; };
  return std::any_of(piece.ranges.begin(), piece.ranges.end(), inside) != piece.negated;
}

bool Pattern::Matches(std::string_view text) const {
  constexpr std::size_t kNone = std::string_view::npos;
  std::size_t piece = 0;
  std::size_t place = 0;
  // Only the last `*` ever needs to take more: whatever an earlier one could take instead, the last one can too.
  std::size_t many = kNone;
  std::size_t many_end = 0;
  while (place < text.size()) {
    if (piece < pieces_.size() && pieces_[piece].many) {
      many = piece++;
      many_end = place;
      continue;
    }
    std::size_t behind = place;
    if (piece < pieces_.size() && Takes(pieces_[piece], Next(text, behind))) {
      ++piece;
      place = behind;
      continue;
    }
    if (many == kNone) return false;
    Next(text, many_end);
    piece = many + 1;
    place = many_end;
  }
  if (piece < pieces_.size() && pieces_[piece].many) ++piece;
  return piece == pieces_.size();
}

}  // namespace batchscope::selector
