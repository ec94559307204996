#pragma once
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include <nlohmann/json_fwd.hpp>

#include "runtime/base/clock.h"

namespace batchscope::kernel {

// Who debugs the workers of one run: a debug adapter that speaks DAP. Any thread may use it.
class Fleet {
 public:
  virtual ~Fleet() = default;
  Fleet() = default;
  Fleet(const Fleet&) = delete;
  Fleet& operator=(const Fleet&) = delete;

  // Sends a request; nobody waits for the answer. Does not block.
  virtual void Post(const std::string& command, nlohmann::json arguments) = 0;
  // The response to a request; waits a bounded time and then gives one of its own (`success` false, with a message).
  virtual nlohmann::json Ask(const std::string& command, nlohmann::json arguments) = 0;
};

// What a fleet reports, from a thread of its own; it ends with OnGone.
struct FleetReports {
  std::function<void(const nlohmann::json& event)> on_event;
  // A request that was posted had no success.
  std::function<void(const std::string& command, const std::string& message)> on_failure;
  std::function<void()> on_gone;
  // When on_time wants to be called; asked after each of the others.
  std::function<std::optional<MonotonicTime>()> next_time;
  std::function<void()> on_time;
};

// Makes the fleet of a run's folder, whose ids begin with `first_id`. Does not block.
using MakeFleet = std::function<std::shared_ptr<Fleet>(int first_id, FleetReports reports)>;

}  // namespace batchscope::kernel
