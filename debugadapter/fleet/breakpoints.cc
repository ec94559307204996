#include "debugadapter/fleet/breakpoints.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace batchscope::fleet {
namespace {

Breakpoint Made(int id, WantedBreakpoint wanted) {
  Breakpoint made;
  made.id = id;
  Result<selector::Condition> condition = selector::ParseCondition(wanted.condition);
  if (condition.ok()) {
    made.selector = std::move(condition->selector);
    made.python = std::move(condition->python);
  }
  made.trouble = wanted.trouble.empty() ? condition.message() : wanted.trouble;
  made.wanted = std::move(wanted);
  made.told = made.Judge();
  return made;
}

}  // namespace

Verdict Breakpoint::Judge() const {
  Verdict verdict{true, wanted.line, {}};
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
