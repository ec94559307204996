#include <fmt/format.h>

#include <array>
#include <charconv>
#include <limits>

#include "runtime/base/text.h"
#include "runtime/selector/node.h"
#include "runtime/selector/tokens.h"

namespace batchscope::selector {
namespace {

using Node = Selector::Node;
using Kind = Node::Kind;

constexpr std::size_t kMostText = std::size_t{1} << 16;
constexpr int kMostDepth = 50;  // Of parentheses and `not`; parsing and matching need stack for each.
constexpr std::uint32_t kLargest = std::numeric_limits<std::uint32_t>::max();
constexpr std::array<std::string_view, 5> kNames = {"$attempt", "$batch", "$item", "$once", "$worker"};
constexpr const char* kOperand = "`$attempt`, `$batch`, `$item`, `$once`, `$worker`, `not` or `(`";

/// Recursive descent, one token ahead. The first error stays; what is read after it means nothing, and ends soon as all
/// tokens are then the end.
class Parser {
 public:
  explicit Parser(std::string_view text) : tokens_(text) { Advance(); }

  Result<Node> Parse() {
    Node root = ParseOr();
    if (problem_.ok() && token_.kind != Token::Kind::kEnd) Expected("`and`, `or` or the end");
    if (!problem_.ok()) return problem_;
    return root;
  }

 private:
  void Advance() {
    if (!problem_.ok()) return;
    Result<Token> next = tokens_.Next();
    if (next.ok()) {
      token_ = std::move(next).value();
    } else {
      Fail(next.status());
    }
  }
  void Fail(const Status& problem) {
    if (!problem_.ok()) return;
    problem_ = problem;
    token_ = Token();
  }
  void Expected(std::string_view what) {
    const std::string found =
        token_.kind == Token::Kind::kEnd ? "the end" : fmt::format("`{}`", ToDisplay(token_.source));
    Fail(Status::Error(fmt::format("found {} at column {}, expected {}", found, token_.column, what)));
  }
  bool Is(std::string_view source) const {
    return token_.source == source && (token_.kind == Token::Kind::kWord || token_.kind == Token::Kind::kSymbol);
  }
  bool Accept(std::string_view source) {
    const bool is = Is(source);
    if (is) Advance();
    return is;
  }

  Node ParseOr();
  Node ParseAnd();
  Node ParseNot();
  Node ParseComparison();
  Node ParseNumber(Node::Number number);
  Node ParseItem();
  std::uint32_t TakeInteger();
  std::string TakeText();

  Tokens tokens_;
  Token token_;
  Status problem_;
  int depth_ = 0;
};

Node Parser::ParseOr() {
  Node first = ParseAnd();
  if (!Is("or") && !Is("||")) return first;
  Node all;
  all.kind = Kind::kOr;
  all.parts.push_back(std::move(first));
  while (Accept("or") || Accept("||")) all.parts.push_back(ParseAnd());
  return all;
}

Node Parser::ParseAnd() {
  Node first = ParseNot();
  if (!Is("and") && !Is("&&")) return first;
  Node all;
  all.kind = Kind::kAnd;
  all.parts.push_back(std::move(first));
  while (Accept("and") || Accept("&&")) all.parts.push_back(ParseNot());
  return all;
}

Node Parser::ParseNot() {
  const bool negated = Is("not") || Is("!");
  if (!negated && !Is("(")) return ParseComparison();
  if (++depth_ > kMostDepth) {
    Fail(Status::Error(
        fmt::format("found more than {} `(` and `not` within each other at column {}", kMostDepth, token_.column)));
    return {};
  }
  Advance();
  Node inner;
  if (negated) {
    inner.kind = Kind::kNot;
    inner.parts.push_back(ParseNot());
  } else {
    inner = ParseOr();
    if (!Accept(")")) Expected("`and`, `or` or `)`");
  }
  --depth_;
  return inner;
}

Node Parser::ParseComparison() {
  if (token_.kind == Token::Kind::kWord) {
    Expected(fmt::format("{}; a Python condition stands behind a `;`", kOperand));
  } else if (token_.kind != Token::Kind::kName) {
    Expected(kOperand);
  }
  const Token name = token_;
  Advance();
  if (name.source == "$batch") return ParseNumber(Node::Number::kBatch);
  if (name.source == "$attempt") return ParseNumber(Node::Number::kAttempt);
  if (name.source == "$worker") return ParseNumber(Node::Number::kWorker);
  if (name.source == "$item") return ParseItem();
  if (name.source == "$once") {
    Node once;
    once.kind = Kind::kOnce;
    once.column = name.column;
    return once;
  }
  const std::optional<std::string> nearest = NearestName(name.source, kNames);
  Fail(Status::Error(fmt::format("there is no `{}` (column {}){}; there are {}", name.source, name.column,
                                 nearest ? fmt::format(", did you mean `{}`?", *nearest) : "",
                                 fmt::join(kNames, ", "))));
  return {};
}

Node Parser::ParseNumber(Node::Number number) {
  Node node;
  node.kind = Kind::kNumber;
  node.number = number;
  const auto below = [&node](std::uint32_t value) {
    if (value > 0) node.ranges.emplace_back(0, value - 1);
  };
  const auto above = [&node](std::uint32_t value) {
    if (value < kLargest) node.ranges.emplace_back(value + 1, kLargest);
  };
  if (Accept("==")) {
    const std::uint32_t value = TakeInteger();
    node.ranges.emplace_back(value, value);
  } else if (Accept("!=")) {
    const std::uint32_t value = TakeInteger();
    below(value);
    above(value);
  } else if (Accept("<")) {
    below(TakeInteger());
  } else if (Accept("<=")) {
    node.ranges.emplace_back(0, TakeInteger());
  } else if (Accept(">")) {
    above(TakeInteger());
  } else if (Accept(">=")) {
    node.ranges.emplace_back(TakeInteger(), kLargest);
  } else if (!Accept("in")) {
    Expected("`==`, `!=`, `<`, `<=`, `>`, `>=` or `in`");
  } else if (Accept("[")) {
    do {
      const std::uint32_t value = TakeInteger();
      node.ranges.emplace_back(value, value);
    } while (Accept(","));
    if (!Accept("]")) Expected("`,` or `]`");
  } else {
    if (token_.kind != Token::Kind::kNumber) Expected("a list such as [1, 2, 3] or a range such as 10..19");
    const std::size_t column = token_.column;
    const std::uint32_t first = TakeInteger();
    if (!Accept("..")) Expected("`..` and the last number of the range");
    const std::uint32_t last = TakeInteger();
    if (last < first) {
      Fail(Status::Error(fmt::format("the range {}..{} at column {} ends before it starts", first, last, column)));
    }
    node.ranges.emplace_back(first, last);
  }
  return node;
}

Node Parser::ParseItem() {
  Node node;
  node.kind = Kind::kItemIs;
  if (Accept("==")) {
    node.text = TakeText();
  } else if (Accept("!=")) {
    Node equals = std::move(node);
    equals.text = TakeText();
    node = Node();
    node.kind = Kind::kNot;
    node.parts.push_back(std::move(equals));
  } else if (Accept("like")) {
    node.kind = Kind::kItemLike;
    const std::size_t column = token_.column;
    Result<Pattern> pattern = Pattern::Parse(TakeText());
    if (!pattern.ok()) {
      Fail(Status::Error(fmt::format("{} (column {})", pattern.message(), column)));
    } else {
      node.pattern = std::move(pattern).value();
    }
  } else {
    Expected("`==`, `!=` or `like`");
  }
  return node;
}

std::uint32_t Parser::TakeInteger() {
  if (token_.kind != Token::Kind::kNumber) {
    Expected("a whole number");
    return 0;
  }
  std::uint32_t value = 0;
  const std::string_view digits = token_.source;
  if (std::from_chars(digits.data(), digits.data() + digits.size(), value).ec != std::errc()) {
    Expected(fmt::format("a number up to {}", kLargest));
  }
  Advance();
  return value;
}

std::string Parser::TakeText() {
  if (token_.kind != Token::Kind::kText) {
    Expected("a text in quotes");
    return {};
  }
  std::string text = token_.text;
  Advance();
  return text;
}

/// Takes each $once out of what must be true as a whole; whether there was one.
bool TakeOnce(Node& node) {
  if (node.kind == Kind::kOnce) {
    node = Node();  // All of nothing: true.
    return true;
  }
  if (node.kind != Kind::kAnd) return false;
  bool once = false;
  std::vector<Node> rest;
  for (Node& part : node.parts) {
    once = TakeOnce(part) || once;
    if (part.kind != Kind::kAnd || !part.parts.empty()) rest.push_back(std::move(part));
  }
  node.parts = std::move(rest);
  return once;
}

/// The column of a $once anywhere in it; 0: there is none.
std::size_t ColumnOfOnce(const Node& node) {
  if (node.kind == Kind::kOnce) return node.column;
  for (const Node& part : node.parts) {
    if (const std::size_t column = ColumnOfOnce(part); column != 0) return column;
  }
  return 0;
}

}  // namespace

Result<Parsed> ParseText(std::string_view text) {
  if (text.size() > kMostText) {
    return Status::Error(fmt::format("a condition of {} bytes, expected at most {}", text.size(), kMostText));
  }
  BATCHSCOPE_ASSIGN_OR_RETURN(Node root, Parser(text).Parse());
  Parsed parsed;
  parsed.once = TakeOnce(root);
  if (const std::size_t column = ColumnOfOnce(root); column != 0) {
    return Status::Error(
        fmt::format("found `$once` at column {} below `or` or `not`, expected it alone or joined to all "
                    "of the rest with `and`",
                    column));
  }
  if (root.kind != Kind::kAnd || !root.parts.empty()) parsed.root = std::make_shared<const Node>(std::move(root));
  return parsed;
}

}  // namespace batchscope::selector
