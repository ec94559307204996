#include "debugadapter/fleet/line_diff.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "runtime/base/text.h"

namespace batchscope::fleet {
namespace {

constexpr std::size_t kMostCells = std::size_t{4} << 20;
constexpr int kContext = 3;

std::vector<std::string> Lines(std::string_view text) {
  std::vector<std::string> lines;
  for (const std::string_view line : Split(text, '\n')) lines.emplace_back(line);
  if (!lines.empty() && lines.back().empty()) lines.pop_back();
  return lines;
}

}  // namespace

LineDiff::LineDiff(std::string_view old_text, std::string_view new_text)
    : same_(old_text == new_text), old_(Lines(old_text)), new_(Lines(new_text)) {
  const int old_size = static_cast<int>(old_.size());
  const int new_size = static_cast<int>(new_.size());
  const auto old_at = [&](int line) -> const std::string& { return old_[static_cast<std::size_t>(line)]; };
  const auto new_at = [&](int line) -> const std::string& { return new_[static_cast<std::size_t>(line)]; };
  int front = 0;
  while (front < std::min(old_size, new_size) && old_at(front) == new_at(front)) {
    matches_.push_back({front, front});
    ++front;
  }
  int back = 0;
  while (back < std::min(old_size, new_size) - front && old_at(old_size - 1 - back) == new_at(new_size - 1 - back)) {
    ++back;
  }
  MatchMiddle(front, old_size - back, new_size - back);
  for (int left = back; left > 0; --left) matches_.push_back({old_size - left, new_size - left});
  matches_.push_back({old_size, new_size});
}

/// The longest common subsequence of what lies between the common front and end.
void LineDiff::MatchMiddle(int front, int old_end, int new_end) {
  const auto rows = static_cast<std::size_t>(old_end - front);
  const auto columns = static_cast<std::size_t>(new_end - front);
  if (rows == 0 || columns == 0 || rows * columns > kMostCells) return;
  const auto begin = static_cast<std::size_t>(front);
  std::vector<std::uint32_t> longest((rows + 1) * (columns + 1));
  const auto cell = [&](std::size_t row, std::size_t column) -> std::uint32_t& {
    return longest[row * (columns + 1) + column];
  };
  for (std::size_t row = rows; row-- > 0;) {
    for (std::size_t column = columns; column-- > 0;) {
      cell(row, column) = old_[begin + row] == new_[begin + column]
                              ? cell(row + 1, column + 1) + 1
                              : std::max(cell(row + 1, column), cell(row, column + 1));
    }
  }
  std::size_t row = 0;
  std::size_t column = 0;
  while (row < rows && column < columns) {
    if (old_[begin + row] == new_[begin + column]) {
      matches_.push_back({static_cast<int>(begin + row++), static_cast<int>(begin + column++)});
    } else if (cell(row + 1, column) >= cell(row, column + 1)) {
      ++row;
    } else {
      ++column;
    }
  }
}

int LineDiff::ToOld(int line) const {
  Pair before{-1, -1};
  for (const Pair& match : matches_) {
    if (match.new_line >= line - 1) return match.new_line == line - 1 ? match.old_line + 1 : before.old_line + 2;
    before = match;
  }
  return before.old_line + 1;
}

std::string LineDiff::Unified(const std::string& old_name, const std::string& new_name, int most_lines) const {
  if (same_) return {};
  struct Line {
    char mark;
    const std::string* text;
    int old_line;
    int new_line;
  };
  std::vector<Line> all;
  int old_at = 0;
  int new_at = 0;
  for (const Pair& match : matches_) {
    for (; old_at < match.old_line; ++old_at) {
      all.push_back({'-', &old_[static_cast<std::size_t>(old_at)], old_at, new_at});
    }
    for (; new_at < match.new_line; ++new_at) {
      all.push_back({'+', &new_[static_cast<std::size_t>(new_at)], old_at, new_at});
    }
    if (old_at == static_cast<int>(old_.size())) break;
    all.push_back({' ', &old_[static_cast<std::size_t>(old_at)], old_at, new_at});
    ++old_at;
    ++new_at;
  }
  std::vector<bool> shown(all.size());
  for (std::size_t at = 0; at < all.size(); ++at) {
    if (all[at].mark == ' ') continue;
    const std::size_t from = at < kContext ? 0 : at - kContext;
    for (std::size_t near = from; near <= at + kContext && near < all.size(); ++near) shown[near] = true;
  }
  std::string diff = fmt::format("--- {}\n+++ {}\n", old_name, new_name);
  int lines = 0;
  for (std::size_t at = 0; at < all.size(); ++at) {
    if (!shown[at]) continue;
    if (lines++ >= most_lines) return diff + "(and so on)\n";
    if (at == 0 || !shown[at - 1]) diff += fmt::format("@@ -{} +{} @@\n", all[at].old_line + 1, all[at].new_line + 1);
    diff += fmt::format("{}{}\n", all[at].mark, *all[at].text);
  }
  // Only the end of the last line can differ otherwise.
  return lines > 0 ? diff : diff + "(they differ in the end of their last lines)\n";
}

}  // namespace batchscope::fleet
