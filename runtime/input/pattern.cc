#include "runtime/input/pattern.h"

#include <cstddef>
#include <optional>
#include <tuple>
#include <utility>

namespace batchscope::input {
namespace {

/// The first character: a byte with the continuation bytes behind it.
std::string_view FirstCharacter(std::string_view text) {
  std::size_t length = 1;
  if (static_cast<unsigned char>(text[0]) >= 0xC0) {
    while (length < 4 && length < text.size() && (static_cast<unsigned char>(text[length]) & 0xC0) == 0x80) ++length;
  }
  return text.substr(0, length);
}

std::string_view TakeCharacter(std::string_view& text) {
  const std::string_view first = FirstCharacter(text);
  text.remove_prefix(first.size());
  return first;
}

/// A character of a pattern, a backslash before it left out.
std::string_view TakeLiteral(std::string_view& pattern) {
  if (pattern[0] == '\\' && pattern.size() > 1) pattern.remove_prefix(1);
  return TakeCharacter(pattern);
}

/// Takes a set off the pattern and says whether the character is in it; nothing (and nothing taken) when the bracket
/// never closes.
std::optional<bool> TakeSet(std::string_view& pattern, std::string_view character) {
  std::string_view rest = pattern.substr(1);
  const bool negated = !rest.empty() && (rest[0] == '!' || rest[0] == '^');
  if (negated) rest.remove_prefix(1);
  bool found = false;
  for (bool first = true; !rest.empty(); first = false) {
    if (rest[0] == ']' && !first) {
      pattern = rest.substr(1);
      return found != negated;
    }
    const std::string_view low = TakeLiteral(rest);
    std::string_view high = low;
    if (rest.size() > 1 && rest[0] == '-' && rest[1] != ']') {
      rest.remove_prefix(1);
      high = TakeLiteral(rest);
    }
    found = found || (low <= character && character <= high);
  }
  return std::nullopt;
}

/// Takes one sign that stands for one character off both; false when they differ.
bool TakeOne(std::string_view& pattern, std::string_view& name) {
  if (pattern[0] == '?') {
    pattern.remove_prefix(1);
    TakeCharacter(name);
    return true;
  }
  const std::string_view character = FirstCharacter(name);
  if (pattern[0] == '[') {
    if (const auto in_set = TakeSet(pattern, character)) {
      name.remove_prefix(character.size());
      return *in_set;
    }
  }
  if (TakeLiteral(pattern) != character) return false;
  name.remove_prefix(character.size());
  return true;
}

}  // namespace

bool IsPattern(std::string_view component) { return component.find_first_of("*?[") != std::string_view::npos; }

bool Matches(std::string_view pattern, std::string_view name) {
  // Behind the last star, and what of the name it has not taken yet: where to go on after a mismatch.
  std::optional<std::pair<std::string_view, std::string_view>> star;
  while (true) {
    if (!pattern.empty() && pattern[0] == '*') {
      pattern.remove_prefix(1);
      star = {pattern, name};
      continue;
    }
    if (pattern.empty() && name.empty()) return true;
    if (!pattern.empty() && !name.empty() && TakeOne(pattern, name)) continue;
    if (!star || star->second.empty()) return false;
    TakeCharacter(star->second);
    std::tie(pattern, name) = *star;
  }
}

}  // namespace batchscope::input
