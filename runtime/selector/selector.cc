#include "runtime/selector/selector.h"

#include <algorithm>
#include <utility>

#include "runtime/selector/node.h"

namespace batchscope::selector {
namespace {

using Node = Selector::Node;

std::uint32_t ValueOf(Node::Number number, const Subject& subject) {
  switch (number) {
    case Node::Number::kBatch:
      return subject.batch;
    case Node::Number::kAttempt:
      return subject.attempt;
    case Node::Number::kWorker:
      return subject.worker;
  }
  return 0;
}

template <typename Test>
bool AnyItem(std::string_view items, Test test) {
  while (!items.empty()) {
    const std::string_view item = items.substr(0, items.find('\0'));
    if (test(item)) return true;
    items.remove_prefix(std::min(items.size(), item.size() + 1));
  }
  return false;
}

bool IsTrue(const Node& node, const Subject& subject) {
  const auto part_is_true = [&subject](const Node& part) { return IsTrue(part, subject); };
  switch (node.kind) {
    case Node::Kind::kAnd:
      return std::all_of(node.parts.begin(), node.parts.end(), part_is_true);
    case Node::Kind::kOr:
      return std::any_of(node.parts.begin(), node.parts.end(), part_is_true);
    case Node::Kind::kNot:
      return !IsTrue(node.parts.front(), subject);
    case Node::Kind::kNumber: {
      const std::uint32_t value = ValueOf(node.number, subject);
      return std::any_of(node.ranges.begin(), node.ranges.end(),
                         [value](const auto& range) { return range.first <= value && value <= range.second; });
    }
    case Node::Kind::kItemIs:
      return AnyItem(subject.items, [&node](std::string_view item) { return item == node.text; });
    case Node::Kind::kItemLike:
      return AnyItem(subject.items, [&node](std::string_view item) { return node.pattern->Matches(item); });
    case Node::Kind::kOnce:
      break;
  }
  Check(false, "a selector with a $once in its tree");
  return false;
}

constexpr std::string_view kBlanks = " \t\r\n";

std::string_view WithoutBlanks(std::string_view text) {
  const std::size_t first = text.find_first_not_of(kBlanks);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kBlanks) - first + 1);
}

}  // namespace

Selector::Selector(std::string text, std::shared_ptr<const Node> root, bool once)
    : text_(std::move(text)), root_(std::move(root)), once_(once) {}

Result<Selector> Selector::Parse(std::string_view text) {
  BATCHSCOPE_ASSIGN_OR_RETURN(Parsed parsed, ParseText(text));
  return Selector(std::string(text), std::move(parsed.root), parsed.once);
}

bool Selector::Matches(const Subject& subject) const { return root_ == nullptr || IsTrue(*root_, subject); }

Result<Condition> ParseCondition(std::string_view text) {
  bool names = false;
  char quote = '\0';
  std::size_t end = 0;
  for (; end < text.size(); ++end) {
    const char byte = text[end];
    if (quote != '\0') {
      if (byte == '\\') {
        ++end;
      } else if (byte == quote) {
        quote = '\0';
      }
    } else if (byte == '"' || byte == '\'') {
      quote = byte;
    } else if (byte == ';') {
      break;
    } else if (byte == '$') {
      names = true;  // Python has no `$` outside of its texts.
    }
  }
  end = std::min(end, text.size());
  Condition condition;
  if (!names) {
    condition.python = WithoutBlanks(text);
    return condition;
  }
  const std::string_view data = text.substr(0, end);  // Blanks in front stay: errors count columns.
  BATCHSCOPE_ASSIGN_OR_RETURN(condition.selector, Selector::Parse(data.substr(0, data.find_last_not_of(kBlanks) + 1)));
  condition.python = WithoutBlanks(text.substr(std::min(end + 1, text.size())));
  return condition;
}

}  // namespace batchscope::selector
