#include "debugadapter/fleet/breakpoints.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <string_view>
#include <utility>

namespace batchscope::fleet {
namespace {

std::string_view WithoutBlanks(std::string_view text) {
  const std::size_t first = text.find_first_not_of(" \t\r\n");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t\r\n") + 1 - first);
}

/// Why a hit count never stops anything; empty: it does. Debuggers take it for an expression and say nothing when it
/// is none.
std::string TroubleOfHitCount(const std::string& text) {
  std::string_view rest = WithoutBlanks(text);
  if (rest.empty()) return {};
  std::string_view sign;
  for (const std::string_view one : {"==", ">=", "<=", ">", "<", "%"}) {
    if (sign.empty() && rest.substr(0, one.size()) == one) sign = one;
  }
  rest = WithoutBlanks(rest.substr(sign.size()));
  const bool is_number = !rest.empty() && (rest[0] != '0' || rest.size() == 1) &&
                         std::all_of(rest.begin(), rest.end(), [](unsigned char c) { return std::isdigit(c) != 0; });
  if (!is_number) {
    return fmt::format("'{}' is no hit count, expected such as 3, == 3, > 3, >= 3, < 3, <= 3 or % 3", text);
  }
  const bool is_never = (rest == "0" && sign != ">" && sign != ">=") || (rest == "1" && sign == "<");
  if (is_never) return fmt::format("The hit count '{}' is never reached: hits are counted from 1", text);
  return {};
}

Breakpoint Made(int id, WantedBreakpoint wanted) {
  Breakpoint made;
  made.id = id;
  Result<selector::Condition> condition = selector::ParseCondition(wanted.condition);
  if (condition.ok()) {
    made.selector = std::move(condition->selector);
    made.python = std::move(condition->python);
  }
  made.trouble = wanted.trouble.empty() ? condition.message() : wanted.trouble;
  if (made.trouble.empty()) made.trouble = TroubleOfHitCount(wanted.hit_condition);
  made.wanted = std::move(wanted);
  made.told = made.Judge();
  return made;
}

}  // namespace

Verdict Breakpoint::Judge() const {
  Verdict verdict{true, wanted.line, wanted.remark};
  if (!trouble.empty()) return {false, wanted.line, trouble};
  if (spent) return {false, wanted.line, fmt::format("$once: it stopped {} and is over", spent_by)};
  const auto yes = std::find_if(verdicts.begin(), verdicts.end(), [](const auto& one) { return one.second.verified; });
  if (yes == verdicts.end() && !verdicts.empty()) {
    verdict.verified = false;
    verdict.message = verdicts.begin()->second.message;
  } else if (yes != verdicts.end() && yes->second.line != 0 && wanted.line != 0) {
    verdict.line = std::max(1, wanted.line + yes->second.line - wanted.worker_line);
  }
  return verdict;
}

std::vector<int> Breakpoints::Set(const std::string& source, const std::vector<WantedBreakpoint>& wanted) {
  std::vector<int> before = std::exchange(by_source_[source], {});
  std::vector<int> ids;
  for (const WantedBreakpoint& one : wanted) {
    const auto same = std::find_if(before.begin(), before.end(), [&](int id) { return all_.at(id).wanted == one; });
    if (same != before.end()) {
      ids.push_back(*same);
      before.erase(same);
    } else {
      ids.push_back(next_id_);
      all_.emplace(next_id_, Made(next_id_, one));
      ++next_id_;
    }
  }
  for (const int gone : before) all_.erase(gone);
  by_source_[source] = ids;
  return ids;
}

Breakpoint* Breakpoints::Find(int id) {
  const auto found = all_.find(id);
  return found == all_.end() ? nullptr : &found->second;
}

void Breakpoints::Forget(WorkerId worker) {
  for (auto& [id, breakpoint] : all_) breakpoint.verdicts.erase(worker);
}

bool Breakpoints::any_everywhere() const {
  return std::any_of(all_.begin(), all_.end(),
                     [](const auto& one) { return one.second.live() && !one.second.bound(); });
}

std::vector<wire::WatchRule> Breakpoints::Rules() const {
  std::vector<wire::WatchRule> rules;
  for (const auto& [id, breakpoint] : all_) {
    if (breakpoint.live() && breakpoint.bound()) {
      rules.push_back({static_cast<std::uint32_t>(id), breakpoint.selector->text()});
    }
  }
  return rules;
}

}  // namespace batchscope::fleet
