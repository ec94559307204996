#pragma once
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "kernel/debug/fleet.h"
#include "kernel/debug/stop_queue.h"
#include "kernel/debug/written_cells.h"

namespace batchscope::kernel {

// One debug session of a front end over two kinds of debuggees: the kernel itself, and the workers of the runs that
// this kernel started while the debugger is on. Requests go where their ids lead; breakpoints go to both.
//
// Any thread: requests come on the control thread, events of workers on those of their fleets, the kernel's own events
// on the beat thread, runs on the engine's. One lock; held while publishing, so that events keep their order, and never
// while a debugger is asked.
class DebugRouter {
 public:
  using Json = nlohmann::json;

  // The smallest id (of threads, frames, variables) that a fleet uses. The kernel's debugger stays far below.
  static constexpr int kFirstId = 1'000'000;
  // The room of each fleet's ids, so that several runs can be told apart.
  static constexpr int kIdsOfOne = 100'000'000;
  static constexpr int kMostFleets = 20;

  struct Outside {
    std::function<void(const Json& event)> publish;    // for the front end; does not block
    std::function<void(const std::string& text)> say;  // whole lines for the person, in the cell
    MakeFleet make_fleet;
    std::function<MonotonicTime()> now;
  };
  // The kernel's own debugger: the response to a request.
  using Kernel = std::function<Json(const Json& request)>;

  explicit DebugRouter(Outside outside);
  ~DebugRouter();
  DebugRouter(const DebugRouter&) = delete;
  DebugRouter& operator=(const DebugRouter&) = delete;

  // The response to a request of the front end. Control thread only.
  Json Answer(const Json& request, const Kernel& kernel);
  // The kernel's own debugger has published this.
  void OnKernelEvent(const Json& event);

  // A run of this process is under way; may be said again. Does not block.
  void OnRun(const std::string& folder);
  // ... and has ended.
  void OnRunEnded(const std::string& folder);

  // Lets all workers go and leaves them; for the end of the kernel, too.
  void Leave();

  // Whether a front end debugs: a run that begins should wait for it.
  [[nodiscard]] bool is_on() const;

 private:
  using Points = std::vector<Json>;  // breakpoints of one source
  using PointsByPath = std::map<std::string, Points>;
  using Slot = int;  // of a fleet: which range of ids is its own
  struct Member {
    std::string folder;  // of the run
    std::shared_ptr<Fleet> fleet;
    bool configured = false;
    bool gone = false;
    PointsByPath points;    // that it was told
    std::set<int> threads;  // that were reported as started, and not yet as gone
  };

  Json Attach(const Json& request, const Kernel& kernel);
  Json Disconnect(const Json& request, const Kernel& kernel);
  Json Initialize(const Json& request, const Kernel& kernel);
  Json DumpCell(const Json& request, const Kernel& kernel);
  Json SetBreakpoints(const Json& request, const Kernel& kernel);
  Json SetExceptionBreakpoints(const Json& request, const Kernel& kernel);
  Json Info(const Json& request, const Kernel& kernel);
  Json Threads(const Json& request, const Kernel& kernel);
  Json Modules(const Json& request, const Kernel& kernel);
  Json JoinLists(const Json& request, const Kernel& kernel, const char* list, const char* key);
  Json InspectRichly(const Json& request, const Kernel& kernel);
  Json Pause(const Json& request, const Kernel& kernel);
  Json Route(const Json& request, const Kernel& kernel);

  Json AskFleet(const Json& request, std::optional<Slot> slot, const std::string& command, Json arguments);
  void NameFrames(Json& frames, Slot slot, int thread);
  std::shared_ptr<Fleet> FleetOf(Slot slot) const;
  std::vector<std::shared_ptr<Fleet>> Fleets() const;

  // With the lock held.
  void ConnectLocked(const std::string& folder);
  void LeaveLocked(Slot slot, Member& member);
  void TellPointsLocked();
  PointsByPath PointsOfLocked(const Member& member) const;
  void PostFiltersLocked(Fleet& fleet) const;
  void PublishLocked(const StopQueue::Events& events);
  std::vector<std::shared_ptr<Fleet>> TakeGoneLocked();

  FleetReports ReportsOf(Slot slot);
  void OnEvent(Slot slot, const Json& event);
  void OnFailure(Slot slot, const std::string& command, const std::string& message);
  void OnGone(Slot slot);

  const Outside outside_;
  mutable std::mutex mutex_;  // guards all below
  bool is_on_ = false;
  std::set<std::string> runs_;  // folders of those under way
  std::map<Slot, Member> members_;
  PointsByPath points_;                 // the front end's, by its names of the sources
  std::vector<std::string> filters_;    // of exceptions
  std::set<std::string> cell_sources_;  // what the front end calls its cells
  WrittenCells cells_;
  StopQueue stops_;
};

}  // namespace batchscope::kernel
