#include "debugadapter/fleet/worker.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace batchscope::fleet {
namespace {

using protocol::Json;

/// Rules of workers; breakpoints have smaller numbers.
constexpr std::uint32_t kWorkerRules = 0x80000000;

/// One stop a line is all a debugger has: the adapter's own wins, then the first.
void Add(std::vector<LineStop>& stops, LineStop stop) {
  const auto same =
      std::find_if(stops.begin(), stops.end(), [&](const LineStop& one) { return one.line == stop.line; });
  if (same == stops.end()) {
    stops.push_back(std::move(stop));
  } else if (stop.owner == LineStop::kTemporary) {
    *same = std::move(stop);
  }
}

Json WithConditions(Json stop, const std::string& condition, const std::string& hit_condition) {
  if (!condition.empty()) stop["condition"] = condition;
  if (!hit_condition.empty()) stop["hitCondition"] = hit_condition;
  return stop;
}

}  // namespace

bool Worker::any_stopped() const {
  return std::any_of(threads.begin(), threads.end(), [](const auto& one) { return one.second.stopped; });
}

bool Worker::needs_arms(const Breakpoints& breakpoints) const {
  return breakpoints.any_everywhere() || breakpoints.filters.raised || any_stopped() || pausing || stepping || lane ||
         !bound.empty() || failure || held || temporary;
}

Configuration Worker::Wanted(const Breakpoints& breakpoints, const EntryScript& entry) const {
  Configuration wanted;
  wanted.raised = breakpoints.filters.raised;
  for (const auto& [number, one] : breakpoints.all()) {
    if (!one.live() || (one.bound() && bound.count(number) == 0)) continue;
    if (one.wanted.worker_path.empty()) {
      wanted.functions.push_back({one.wanted.function, number, one.python, one.wanted.hit_condition});
    } else {
      Add(wanted.lines[one.wanted.worker_path],
          {one.wanted.worker_line, number, one.python, one.wanted.hit_condition, one.wanted.log_message});
    }
  }
  if (temporary && entry.points.run) {
    Add(wanted.lines[entry.path], {*entry.points.run, LineStop::kTemporary, {}, {}, {}});
  } else if (temporary) {
    wanted.functions.push_back({"run", LineStop::kTemporary, {}, {}});
  }
  for (auto& [path, stops] : wanted.lines) {
    std::sort(stops.begin(), stops.end(), [](const LineStop& a, const LineStop& b) { return a.line < b.line; });
  }
  return wanted;
}

void Worker::ForgetDebugger() {
  arms = Arms::kUnarmed;
  sent = {};
  unanswered = 0;
  owners.clear();
  threads.clear();
  main.reset();
  stepping = false;
}

Json SetBreakpointsArguments(const std::string& path, const std::vector<LineStop>& stops) {
  Json breakpoints = Json::array();
  for (const LineStop& stop : stops) {
    Json one = WithConditions({{"line", stop.line}}, stop.condition, stop.hit_condition);
    if (!stop.log_message.empty()) one["logMessage"] = stop.log_message;
    breakpoints.push_back(std::move(one));
  }
  return {{"source", {{"path", path}}}, {"breakpoints", std::move(breakpoints)}};
}

Json SetFunctionBreakpointsArguments(const std::vector<FunctionStop>& stops) {
  Json breakpoints = Json::array();
  for (const FunctionStop& stop : stops) {
    breakpoints.push_back(WithConditions({{"name", stop.name}}, stop.condition, stop.hit_condition));
  }
  return {{"breakpoints", std::move(breakpoints)}};
}

Json SetExceptionBreakpointsArguments(bool raised) {
  return {{"filters", raised ? Json::array({"raised"}) : Json::array()}};
}

wire::WatchRule RuleOf(WorkerId worker) {
  return {kWorkerRules + worker.value, fmt::format("$worker == {}", worker.value)};
}

std::optional<WorkerId> WorkerOfRule(std::uint32_t rule) {
  if (rule < kWorkerRules) return std::nullopt;
  return WorkerId{rule - kWorkerRules};
}

}  // namespace batchscope::fleet
