#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "runtime/base/ids.h"
#include "runtime/selector/selector.h"
#include "runtime/wire/debug_messages.h"

namespace batchscope::fleet {

/// A breakpoint as a client asks for it, with the place it means in the workers' files.
struct WantedBreakpoint {
  std::string path;         ///< The client's file; empty: stops where `function` begins.
  int line = 0;             ///< In it.
  std::string worker_path;  ///< The file in the workers; empty: by `function` alone.
  int worker_line = 0;
  std::string function;
  std::string condition;
  std::string hit_condition;
  std::string log_message;
  std::string trouble;  ///< Why it cannot stop anything, for people; empty: it can.
  std::string remark;   ///< What to know of it although it can.

  friend bool operator==(const WantedBreakpoint&, const WantedBreakpoint&) = default;
};

/// What a worker's debugger made of a breakpoint.
struct Verdict {
  bool verified = false;
  int line = 0;  ///< In the worker's file; 0: not told.
  std::string message;

  friend bool operator==(const Verdict&, const Verdict&) = default;
};

/// A breakpoint of the fleet.
struct Breakpoint {
  int id = 0;
  WantedBreakpoint wanted;
  std::optional<selector::Selector> selector;
  std::string python;    ///< The rest of the condition.
  std::string trouble;   ///< Of what is wanted, or of the condition.
  bool spent = false;    ///< `$once`, and it stopped somebody.
  std::string spent_by;  ///< The worker.
  std::map<WorkerId, Verdict> verdicts;
  Verdict told;  ///< What the client knows of it, its line in the client's file.

  /// Whether it waits for data: no worker has it before it comes to such a mini-batch.
  bool bound() const { return selector && selector->any_data(); }
  bool once() const { return selector && selector->once(); }
  /// Whether it can stop anybody.
  bool live() const { return !spent && trouble.empty(); }
  /// What the fleet says of it, its line in the client's file.
  Verdict Judge() const;
};

/// Exception filters, by the names that clients show.
struct ExceptionFilters {
  bool raised = false;    ///< "raised": where an exception is raised.
  bool uncaught = false;  ///< "uncaught": one leaves run() or init().
  bool failed = false;    ///< "failed": a mini-batch failed for the last time.

  friend bool operator==(const ExceptionFilters&, const ExceptionFilters&) = default;
};

/// All breakpoints of a client.
class Breakpoints {
 public:
  explicit Breakpoints(int first_id) : next_id_(first_id) {}

  /// Replaces those of a file, or those of functions (`source` empty). One that was there already stays itself: its
  /// number, and whether it is spent. Ids in the order of `wanted`.
  std::vector<int> Set(const std::string& source, const std::vector<WantedBreakpoint>& wanted);
  Breakpoint* Find(int id);
  const Breakpoint* Find(int id) const { return const_cast<Breakpoints*>(this)->Find(id); }
  const std::map<int, Breakpoint>& all() const { return all_; }
  std::map<int, Breakpoint>& all() { return all_; }
  void Forget(WorkerId worker);

  /// Whether some breakpoint has to be in every worker.
  bool any_everywhere() const;
  /// What workers are to watch for: the data that breakpoints are bound to. Rules have the breakpoints' numbers.
  std::vector<wire::WatchRule> Rules() const;

  ExceptionFilters filters;

 private:
  int next_id_;
  std::map<int, Breakpoint> all_;
  std::map<std::string, std::vector<int>> by_source_;
};

}  // namespace batchscope::fleet
