#pragma once

#include <cstdint>
#include <map>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/wire/debug_messages.h"
#include "runtime/worker/stop_clock.h"

namespace batchscope::worker {

/// Reads along what the debugger says: which threads it has stopped, and where. The control thread's.
class DebugStops {
 public:
  /// Requests with this `seq` or a greater one are ours; their answers are nobody else's.
  static constexpr std::int64_t kFirstOwnSeq = 1'000'000'000;

  explicit DebugStops(StopClock& clock) : clock_(clock) {}

  /// What follows from one message of the debugger.
  struct Follows {
    bool is_ours = false;                        ///< The message goes no further.
    std::optional<std::string> request;          ///< To be sent to the debugger.
    std::optional<wire::WorkerStopped> stopped;  ///< To be told.
    bool continued = false;                      ///< To be told: all threads run again.
  };
  Follows Read(std::string_view json);
  /// The debugger is gone: everything runs again. Whether that is news.
  bool Clear();

 private:
  struct Ask {
    std::int64_t thread = 0;
    std::string reason;
  };

  Follows ReadEvent(std::string_view name, const nlohmann::json& body);
  bool GoOn();

  StopClock& clock_;
  std::set<std::int64_t> threads_;     // Stopped ones.
  std::map<std::int64_t, Ask> asked_;  // By seq: where does this thread stand?
  std::int64_t next_seq_ = kFirstOwnSeq;
};

}  // namespace batchscope::worker
