#include "debugadapter/fleet/entry_points.h"

#include <cctype>
#include <cstddef>
#include <string>
#include <vector>

#include "debugadapter/fleet/python_lines.h"

namespace batchscope::fleet {
namespace {

/// Takes `word` and the white space behind it off the front.
bool TakeWord(std::string_view& text, std::string_view word) {
  if (text.substr(0, word.size()) != word) return false;
  std::string_view rest = text.substr(word.size());
  if (!rest.empty() && (std::isalnum(static_cast<unsigned char>(rest[0])) != 0 || rest[0] == '_')) return false;
  while (!rest.empty() && rest[0] == ' ') rest.remove_prefix(1);
  text = rest;
  return true;
}

bool Defines(std::string_view text, std::string_view name) {
  TakeWord(text, "async");
  return TakeWord(text, "def") && TakeWord(text, name);
}

/// A statement that is a string and nothing else: what it says is left out of `text`, its quotes are not.
bool IsDocstring(std::string_view text) {
  while (!text.empty() && std::string_view("rRuU").find(text[0]) != std::string_view::npos) text.remove_prefix(1);
  return !text.empty() && text.find_first_not_of("'\" ") == std::string_view::npos;
}

/// Python makes no code of these, so nothing stops there.
bool HasNoCode(std::string_view text) { return TakeWord(text, "global") || TakeWord(text, "nonlocal"); }

/// The first line that stops, of the function defined by the statement at `at`.
int FirstLine(const std::vector<LogicalLine>& lines, std::size_t at) {
  const LogicalLine& head = lines[at];
  if (head.text.back() != ':') return head.first;  // `def run(x): return x`
  int line = head.first;
  for (std::size_t next = at + 1; next < lines.size() && lines[next].indent > 0; ++next) {
    line = lines[next].first;
    if (!(next == at + 1 && IsDocstring(lines[next].text)) && !HasNoCode(lines[next].text)) break;
  }
  return line;
}

}  // namespace

EntryPoints FindEntryPoints(std::string_view source) {
  EntryPoints points;
  const std::vector<LogicalLine> lines = LogicalLines(source);
  for (std::size_t at = 0; at < lines.size(); ++at) {
    if (lines[at].indent > 0) continue;
    if (Defines(lines[at].text, "run")) points.run = FirstLine(lines, at);
    if (Defines(lines[at].text, "init")) points.init = FirstLine(lines, at);
  }
  return points;
}

}  // namespace batchscope::fleet
