// A condition as people write it, up to a NUL byte; behind it the items of a mini-batch.
#include "runtime/selector/selector.h"

#include <algorithm>

#include "tests/fuzz/require.h"

namespace batchscope {
namespace {

void RequireSense(std::string_view text, std::string_view items) {
  using selector::Selector;
  const Result<Selector> parsed = Selector::Parse(text);
  if (!parsed.ok()) {
    Check(!parsed.message().empty(), "an error without words");
    return;
  }
  const auto size = static_cast<std::uint32_t>(items.size());
  const selector::Subject subject{size, size % 4 + 1, size % 7, items};
  const bool matches = parsed->Matches(subject);
  Check(parsed->any_data() || (parsed->once() && matches), "a selector of nothing");
  // It says what it is; and the opposite, where that can be asked for, is the opposite.
  const Result<Selector> again = Selector::Parse(parsed->text());
  Check(again.ok() && again->Matches(subject) == matches, "it is read otherwise a second time");
  const Result<Selector> opposite = Selector::Parse("not (" + std::string(text) + ")");
  if (opposite.ok()) Check(opposite->Matches(subject) != matches, "its opposite is the same");
  const Result<Selector> once = Selector::Parse("(" + std::string(text) + ") and $once");
  if (once.ok()) Check(once->once() && once->Matches(subject) == matches, "$once makes a difference");
}

}  // namespace
}  // namespace batchscope

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace batchscope;
  const std::string_view input = fuzz::AsText(data, size);
  const std::string_view text = input.substr(0, input.find('\0'));
  const std::string_view items = input.substr(std::min(input.size(), text.size() + 1));
  RequireSense(text, items);
  const Result<selector::Condition> condition = selector::ParseCondition(text);
  if (condition.ok() && condition->selector) RequireSense(condition->selector->text(), items);
  return 0;
}
