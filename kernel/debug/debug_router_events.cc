// Runs that come and go, and what their fleets and the kernel's own debugger report.
#include <algorithm>
#include <utility>

#include "kernel/debug/debug_router.h"
#include "runtime/base/files.h"
#include "runtime/record/run_folder.h"

namespace batchscope::kernel {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;

constexpr const char* kFleetFilters[] = {"raised", "uncaught", "failed"};

int ThreadOf(const Json& event) { return event.value("body", Json::object()).value("threadId", 0); }

Json ThreadGone(int thread) {
  return {{"type", "event"}, {"event", "thread"}, {"body", {{"reason", "exited"}, {"threadId", thread}}}};
}

bool HaveSameText(const fs::path& one, const fs::path& other) {
  const auto text = ReadFile(one);
  const auto other_text = ReadFile(other);
  return text.ok() && other_text.ok() && text.value() == other_text.value();
}

}  // namespace

DebugRouter::DebugRouter(Outside outside) : outside_(std::move(outside)) {}

DebugRouter::~DebugRouter() {
  std::map<Slot, Member> left;
  {
    const std::lock_guard lock(mutex_);
    left.swap(members_);
  }
  left.clear();  // without the lock: their last reports may wait for it
}

bool DebugRouter::is_on() const {
  const std::lock_guard lock(mutex_);
  return is_on_;
}

void DebugRouter::OnRun(const std::string& folder) {
  std::vector<std::shared_ptr<Fleet>> gone;
  const std::lock_guard lock(mutex_);
  if (runs_.insert(folder).second && is_on_) {
    gone = TakeGoneLocked();
    ConnectLocked(folder);
  }
}

void DebugRouter::OnRunEnded(const std::string& folder) {
  const std::lock_guard lock(mutex_);
  runs_.erase(folder);
}

void DebugRouter::OnKernelEvent(const Json& event) {
  const std::string name = event.value("event", "");
  const std::lock_guard lock(mutex_);
  if (name == "stopped") {
    stops_.OnKernelStopped(ThreadOf(event));
  } else if (name == "continued") {
    PublishLocked(stops_.OnKernelContinued(ThreadOf(event), outside_.now()));
  }
}

// ---- fleets

void DebugRouter::ConnectLocked(const std::string& folder) {
  Slot slot = 0;
  while (members_.contains(slot)) {
    ++slot;
  }
  if (slot >= kMostFleets) {
    outside_.say("The debugger looks into " + std::to_string(kMostFleets) + " runs at once; not into " + folder +
                 ".\n");
    return;
  }
  Member member;
  member.folder = folder;
  member.fleet = outside_.make_fleet(kFirstId + slot * kIdsOfOne, ReportsOf(slot));
  member.fleet->Post("initialize", {{"clientID", "jupyter"},
                                    {"clientName", "the notebook's debugger"},
                                    {"adapterID", "batchscope"},
                                    {"pathFormat", "path"},
                                    {"linesStartAt1", true},
                                    {"columnsStartAt1", true},
                                    {"supportsVariableType", true}});
  member.fleet->Post("attach", {{"run", folder}});
  members_.emplace(slot, std::move(member));
}

FleetReports DebugRouter::ReportsOf(Slot slot) {
  return {.on_event = [this, slot](const Json& event) { OnEvent(slot, event); },
          .on_failure = [this, slot](const std::string& command,
                                     const std::string& message) { OnFailure(slot, command, message); },
          .on_gone = [this, slot] { OnGone(slot); },
          .next_time =
              [this] {
                const std::lock_guard lock(mutex_);
                return stops_.next_time();
              },
          .on_time =
              [this] {
                const std::lock_guard lock(mutex_);
                PublishLocked(stops_.OnTime(outside_.now()));
              }};
}

// What a fleet says of itself as a session stays here: the front end's session is the kernel's.
void DebugRouter::OnEvent(Slot slot, const Json& event) {
  const std::string name = event.value("event", "");
  const Json body = event.value("body", Json::object());
  const std::lock_guard lock(mutex_);
  const auto found = members_.find(slot);
  if (found == members_.end()) {
    return;  // the debugger was switched off meanwhile
  }
  Member& member = found->second;
  if (name == "initialized") {
    member.configured = true;
    TellPointsLocked();
    PostFiltersLocked(*member.fleet);
    member.fleet->Post("configurationDone", Json::object());
  } else if (name == "stopped") {
    PublishLocked(stops_.OnStopped(event));
  } else if (name == "continued") {
    PublishLocked(stops_.OnContinued(ThreadOf(event), outside_.now()));
  } else if (name == "thread") {
    const int thread = ThreadOf(event);
    if (body.value("reason", "") == "exited") {
      member.threads.erase(thread);
      PublishLocked(stops_.OnGone(thread));
    } else {
      member.threads.insert(thread);
    }
    outside_.publish(event);
  } else if (name == "terminated") {
    LeaveLocked(slot, member);  // the adapter would wait for a disconnect
  } else if (name == "output" && body.value("category", "console") != "telemetry") {
    const std::string text = body.value("output", "");
    const std::string run = "The run " + fs::path(member.folder).filename().string() + " ";
    if (text.rfind(run, 0) != 0) {  // how it ended stands in the cell already
      outside_.say(text);
    }
  }
}

void DebugRouter::OnFailure(Slot slot, const std::string& command, const std::string& message) {
  const std::lock_guard lock(mutex_);
  const auto member = members_.find(slot);
  if (command != "attach" || member == members_.end()) {
    return;
  }
  if (runs_.contains(member->second.folder)) {  // else it was over too soon: nobody needs to know
    outside_.say("The notebook's debugger cannot look into the run's workers: " + message + "\n");
  }
  LeaveLocked(slot, member->second);
}

void DebugRouter::OnGone(Slot slot) {
  const std::lock_guard lock(mutex_);
  const auto member = members_.find(slot);
  if (member != members_.end()) {
    LeaveLocked(slot, member->second);
  }
}

// The fleet itself is taken away later: this may be its own thread.
void DebugRouter::LeaveLocked(Slot slot, Member& member) {
  member.gone = true;
  std::set<int> threads = std::exchange(member.threads, {});
  for (const int thread : stops_.stopped()) {
    if ((thread - kFirstId) / kIdsOfOne == slot) {
      threads.insert(thread);
    }
  }
  for (const int thread : threads) {
    PublishLocked(stops_.OnGone(thread));
    outside_.publish(ThreadGone(thread));
  }
}

std::vector<std::shared_ptr<Fleet>> DebugRouter::TakeGoneLocked() {
  std::vector<std::shared_ptr<Fleet>> gone;
  for (auto member = members_.begin(); member != members_.end();) {
    if (member->second.gone) {
      gone.push_back(std::move(member->second.fleet));
      member = members_.erase(member);
    } else {
      ++member;
    }
  }
  return gone;
}

// ---- what fleets are told

void DebugRouter::TellPointsLocked() {
  for (auto& [slot, member] : members_) {
    if (!member.configured || member.gone) {
      continue;
    }
    PointsByPath wanted = PointsOfLocked(member);
    for (const auto& [path, points] : member.points) {
      wanted.try_emplace(path);  // an empty list takes breakpoints away
    }
    for (const auto& [path, points] : wanted) {
      const auto told = member.points.find(path);
      if (told == member.points.end() ? !points.empty() : told->second != points) {
        member.fleet->Post("setBreakpoints",
                           {{"source", {{"path", path}}}, {"breakpoints", points}, {"sourceModified", false}});
      }
    }
    member.points = std::move(wanted);
  }
}

// Breakpoints of cells lie in the run's copy of the file that the cell wrote, when it is what the cell wrote; the copy
// is what runs, whatever became of the file since. Those of other files are the adapter's to map.
DebugRouter::PointsByPath DebugRouter::PointsOfLocked(const Member& member) const {
  const fs::path entry = record::RunFolder(member.folder).entry();
  PointsByPath wanted;
  for (const auto& [source, points] : points_) {
    if (const WrittenFile* written = cells_.Find(source)) {
      const auto copy = CopyInRun(entry, written->path);
      const auto text = copy ? ReadFile(*copy) : Result<std::string>(Status::Error(""));
      const auto lines = text.ok() ? LinesToCell(*written, text.value()) : std::nullopt;
      for (const Json& point : points) {
        const int line = point.value("line", 0);
        if (lines && line >= written->first_line) {
          Json moved = point;
          moved["line"] = line - *lines;
          wanted[copy->string()].push_back(std::move(moved));
        }
      }
    } else if (!cell_sources_.contains(source)) {
      const auto copy = CopyInRun(entry, source);
      auto& list = wanted[copy && HaveSameText(*copy, source) ? copy->string() : source];
      list.insert(list.end(), points.begin(), points.end());
    }
  }
  return wanted;
}

void DebugRouter::PostFiltersLocked(Fleet& fleet) const {
  Json filters = Json::array();
  for (const char* filter : kFleetFilters) {
    if (std::find(filters_.begin(), filters_.end(), filter) != filters_.end()) {
      filters.push_back(filter);
    }
  }
  fleet.Post("setExceptionBreakpoints", {{"filters", std::move(filters)}});
}

void DebugRouter::PublishLocked(const StopQueue::Events& events) {
  for (const Json& event : events) {
    outside_.publish(event);
  }
}

}  // namespace batchscope::kernel
