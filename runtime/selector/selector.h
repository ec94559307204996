#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "runtime/base/status.h"

/// Conditions on data: which mini-batches, items, attempts and workers a breakpoint is for. Pure.
namespace batchscope::selector {

/// What a selector is held against: a mini-batch just before run().
struct Subject {
  std::uint32_t batch = 0;
  std::uint32_t attempt = 1;  ///< From 1, as people count: 2 is the first retry.
  std::uint32_t worker = 0;
  std::string_view items;  ///< Each ended by a NUL byte (wire::Task::paths).
};

/// A parsed condition such as `$batch == 117`, `$item like "*/0042.png" and $attempt > 1`, `$once`.
///
///     $batch, $attempt, $worker   ==  !=  <  <=  >  >=  integer;  in [1, 2, 3];  in 10..19 (both belong
///                                 to it)
///     $item                       == "text", != "text", like "pattern" (* ? [a-z] [!a-z]; * also crosses /): whether
///                                 ANY item of the mini-batch does (for != : none equals); 'text' too; \" \' \\ in it
///     and  or  not  ( )           also spelled && || !, and bind as in Python: not, then and, then or
///     $once                       alone, or joined to the rest with `and`: the first stop only
///
/// A value; cheap to copy.
class Selector {
 public:
  /// Errors: what was found at which column, what is expected there, the nearest right name for a misspelt `$name`.
  static Result<Selector> Parse(std::string_view text);

  bool Matches(const Subject& subject) const;
  bool once() const { return once_; }
  /// Whether anything but $once is asked.
  bool any_data() const { return root_ != nullptr; }
  const std::string& text() const { return text_; }

  struct Node;

 private:
  Selector(std::string text, std::shared_ptr<const Node> root, bool once);

  std::string text_;
  std::shared_ptr<const Node> root_;
  bool once_ = false;
};

/// A breakpoint's condition as people write it, taken apart.
struct Condition {
  std::optional<Selector> selector;
  std::string python;  ///< What stands behind the `;`, or all of it when there is no selector. May be empty.
};
/// `$batch == 117; len(mini_batch) > 3` is a selector and a Python condition. One that does not begin with a selector
/// (no `$name` before the first `;` outside of quotes) is Python as a whole. Errors: as Selector::Parse's.
Result<Condition> ParseCondition(std::string_view text);

}  // namespace batchscope::selector
