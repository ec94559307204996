#include "debugadapter/fleet/python_lines.h"

#include <algorithm>
#include <cctype>

namespace batchscope::fleet {
namespace {

class Scanner {
 public:
  explicit Scanner(std::string_view source) : source_(source) {}

  std::vector<LogicalLine> Scan() {
    if (source_.substr(0, 3) == "\xEF\xBB\xBF") at_ = 3;
    BeginLine();
    while (at_ < source_.size()) Step();
    EndStatement();
    return std::move(lines_);
  }

 private:
  void Step() {
    const char c = source_[at_];
    if (c == '\n') {
      ++at_;
      if (depth_ == 0) EndStatement();
      ++line_;
      if (depth_ == 0) BeginLine();
    } else if (c == '#') {
      at_ = std::min(source_.find('\n', at_), source_.size());
    } else if (c == '\\' && Continues()) {
      at_ = source_.find('\n', at_) + 1;
      ++line_;
    } else if (c == '\'' || c == '"') {
      Begin();
      String(c);
    } else if (std::isspace(static_cast<unsigned char>(c)) != 0) {
      if (open_ && !text_.empty() && text_.back() != ' ') text_ += ' ';
      ++at_;
    } else {
      Begin();
      if (c == '(' || c == '[' || c == '{') ++depth_;
      if ((c == ')' || c == ']' || c == '}') && depth_ > 0) --depth_;
      text_ += c;
      ++at_;
      last_ = line_;
    }
  }

  /// A backslash that ends its line.
  bool Continues() const {
    const std::size_t next = at_ + 1;
    return next < source_.size() && (source_[next] == '\n' || source_.substr(next, 2) == "\r\n");
  }

  /// Raw strings too take a backslash and what follows it as they are, so a quote behind one never ends a string.
  void String(char quote) {
    const bool triple = source_.substr(at_, 3) == std::string(3, quote);
    const std::size_t width = triple ? 3 : 1;
    text_.append(width, quote);
    at_ += width;
    while (at_ < source_.size()) {
      const char c = source_[at_];
      if (c == '\\') {
        if (at_ + 1 < source_.size() && source_[at_ + 1] == '\n') ++line_;
        at_ += 2;
        continue;
      }
      if (c == '\n') {
        if (!triple) break;  // An error in Python; the next line is another statement.
        ++line_;
      }
      if (c == quote && (!triple || source_.substr(at_, 3) == std::string(3, quote))) {
        at_ += width;
        break;
      }
      ++at_;
    }
    at_ = std::min(at_, source_.size());
    text_.append(width, quote);
    last_ = line_;
  }

  void BeginLine() {
    indent_ = 0;
    for (; at_ < source_.size(); ++at_) {
      const char c = source_[at_];
      if (c == '\t') {
        indent_ = (indent_ / 8 + 1) * 8;
      } else if (c == '\f') {
        indent_ = 0;
      } else if (c == ' ') {
        ++indent_;
      } else {
        break;
      }
    }
  }

  void Begin() {
    if (!open_) {
      open_ = true;
      first_ = line_;
    }
    last_ = line_;
  }

  void EndStatement() {
    if (open_) {
      while (!text_.empty() && text_.back() == ' ') text_.pop_back();
      lines_.push_back({first_, last_, indent_, std::move(text_)});
    }
    open_ = false;
    text_.clear();
  }

  const std::string_view source_;
  std::size_t at_ = 0;
  int line_ = 1;
  int depth_ = 0;
  bool open_ = false;
  int first_ = 0;
  int last_ = 0;
  int indent_ = 0;
  std::string text_;
  std::vector<LogicalLine> lines_;
};

}  // namespace

std::vector<LogicalLine> LogicalLines(std::string_view source) { return Scanner(source).Scan(); }

int LineOfStatement(const std::vector<LogicalLine>& lines, int line) {
  const auto found = std::find_if(lines.begin(), lines.end(), [&](const LogicalLine& one) { return one.last >= line; });
  if (found == lines.end()) return 0;
  return std::max(found->first, line);
}

}  // namespace batchscope::fleet
