#include "runtime/base/attempt.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <string_view>

namespace batchscope {
namespace {
constexpr std::array<std::string_view, 6> kKinds = {"exception", "wrong_type",   "timed_out",
                                                    "overhead",  "process_died", "rejected"};
}  // namespace

std::string ToString(FailureKind kind) { return std::string(kKinds.at(static_cast<std::size_t>(kind))); }

FailureKind FailureKindFrom(const std::string& text) {
  const auto found = std::find(kKinds.begin(), kKinds.end(), text);
  if (found == kKinds.end()) return FailureKind::kException;
  return static_cast<FailureKind>(std::distance(kKinds.begin(), found));
}

}  // namespace batchscope
