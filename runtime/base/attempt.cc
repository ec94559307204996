#include "runtime/base/attempt.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <string_view>
#include <vector>

#include "runtime/base/text.h"

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

std::string_view PlaceToLookAt(std::string_view traceback) {
  constexpr std::string_view kInnermostFirst = "(most recent call first):\n";
  const std::size_t head = traceback.find(kInnermostFirst);
  const bool innermost_first = head != std::string_view::npos;
  if (innermost_first) {
    traceback.remove_prefix(head);
    traceback = traceback.substr(0, traceback.find("\n\n"));
  }
  std::vector<std::string_view> places;
  for (std::string_view line : Split(traceback, '\n')) {
    line.remove_prefix(std::min(line.find_first_not_of(' '), line.size()));
    if (line.starts_with("File \"")) places.push_back(line);
  }
  if (!innermost_first) std::reverse(places.begin(), places.end());
  const auto is_own = [](std::string_view place) { return place.find("/python3") == std::string_view::npos; };
  const auto own = std::find_if(places.begin(), places.end(), is_own);
  if (own != places.end()) return *own;
  return places.empty() ? std::string_view() : places.front();
}

}  // namespace batchscope
