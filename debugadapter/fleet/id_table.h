#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <tuple>

#include "runtime/base/ids.h"

namespace batchscope::fleet {

/// Something that a worker's debugger knows by a number of its own.
struct RemoteId {
  WorkerId worker;
  std::int64_t thread = 0;  ///< The thread it lives as long as: its debugger's number for it; 0: none.
  std::int64_t id = 0;
};

/// Numbers for clients in place of the workers' own, which collide. A number is never given twice.
class IdTable {
 public:
  explicit IdTable(int first) : next_(first) {}

  /// The same number for the same worker and id, until it is forgotten.
  int Of(const RemoteId& remote) {
    const auto [found, is_new] = numbers_.try_emplace({remote.worker, remote.id}, next_);
    if (is_new) remotes_.emplace(next_++, remote);
    return found->second;
  }

  /// Nothing for a number that was never given, or is forgotten.
  std::optional<RemoteId> Find(std::int64_t number) const {
    const auto found = remotes_.find(number);
    return found == remotes_.end() ? std::nullopt : std::optional(found->second);
  }

  /// All of a worker; or, with a thread, what lives as long as that.
  void Forget(WorkerId worker, std::optional<std::int64_t> thread = std::nullopt) {
    for (auto at = remotes_.begin(); at != remotes_.end();) {
      const RemoteId& remote = at->second;
      if (remote.worker == worker && (!thread || remote.thread == *thread)) {
        numbers_.erase({remote.worker, remote.id});
        at = remotes_.erase(at);
      } else {
        ++at;
      }
    }
  }

 private:
  int next_;
  std::map<std::tuple<WorkerId, std::int64_t>, int> numbers_;
  std::map<std::int64_t, RemoteId> remotes_;
};

}  // namespace batchscope::fleet
