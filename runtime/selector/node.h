#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "runtime/selector/pattern.h"
#include "runtime/selector/selector.h"

namespace batchscope::selector {

/// A part of a selector that is true or false of a subject.
struct Selector::Node {
  enum class Kind : std::uint8_t {
    kAnd,       ///< All of `parts`.
    kOr,        ///< Any of `parts`.
    kNot,       ///< Not `parts[0]`.
    kNumber,    ///< `number` lies in one of `ranges`.
    kItemIs,    ///< An item equals `text`.
    kItemLike,  ///< An item is like `pattern`.
    kOnce,      ///< Only while parsing: at which `column` $once stands.
  };
  enum class Number : std::uint8_t { kBatch, kAttempt, kWorker };

  Kind kind = Kind::kAnd;
  std::vector<Node> parts;
  Number number = Number::kBatch;
  std::vector<std::pair<std::uint32_t, std::uint32_t>> ranges;  ///< Both ends belong to it.
  std::string text;
  std::optional<Pattern> pattern;
  std::size_t column = 0;
};

/// What a text says. `root` is nothing when it asks for no data.
struct Parsed {
  std::shared_ptr<const Selector::Node> root;
  bool once = false;
};
Result<Parsed> ParseText(std::string_view text);

}  // namespace batchscope::selector
