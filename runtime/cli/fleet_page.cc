#include "runtime/cli/fleet_page.h"

#include <poll.h>

#include <chrono>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <variant>

#include "runtime/base/text.h"
#include "runtime/wire/control.h"

namespace batchscope::cli {
namespace {

using Deadline = std::chrono::steady_clock::time_point;

/// A run that is busy with its end may not answer any more.
constexpr std::chrono::seconds kPatience{5};

/// Whether the client's socket got ready before the deadline.
bool Wait(const wire::ControlClient& client, Deadline deadline) {
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
  if (left.count() <= 0) return false;
  pollfd wanted{client.fd(), static_cast<short>(POLLIN | (client.wants_to_write() ? POLLOUT : 0)), 0};
  return ::poll(&wanted, 1, static_cast<int>(left.count())) != 0;
}

const char* ToString(wire::WorkerPhase phase) {
  switch (phase) {
    case wire::WorkerPhase::kStarting:
      return "starting";
    case wire::WorkerPhase::kWaiting:
      return "waiting";
    case wire::WorkerPhase::kRunning:
      return "running";
    case wire::WorkerPhase::kEnding:
      return "ending";
    case wire::WorkerPhase::kHeld:
      return "held";
  }
  return "starting";
}

}  // namespace

std::optional<wire::Workers> AskForWorkers(const record::RunFolder& folder) {
  const Deadline deadline = std::chrono::steady_clock::now() + kPatience;
  wire::Join join;
  join.who = "batchscope show";
  auto connected = wire::ControlClient::Connect(folder.path(), std::move(join), kPatience);
  if (!connected.ok()) return std::nullopt;
  const std::unique_ptr<wire::ControlClient> client = std::move(connected->first);
  if (!client->Send(wire::AskWorkers{}).ok()) return std::nullopt;
  while (true) {
    Result<std::optional<wire::ToClient>> message = client->Receive();
    if (!message.ok()) return std::nullopt;
    if (message->has_value()) {
      if (auto* workers = std::get_if<wire::Workers>(&**message)) return std::move(*workers);
    } else if (!Wait(*client, deadline) || !client->Flush().ok()) {
      return std::nullopt;
    }
  }
}

nlohmann::json ToJson(const wire::Workers& workers) {
  nlohmann::json all = nlohmann::json::array();
  for (const wire::WorkerView& view : workers.workers) {
    const std::optional<Attempt>& attempt = view.attempt;
    all.push_back({{"worker", view.worker.value},
                   {"pid", view.pid},
                   {"phase", ToString(view.phase)},
                   {"mini_batch", attempt ? nlohmann::json(attempt->mini_batch.value) : nlohmann::json()},
                   {"attempt", attempt ? nlohmann::json(attempt->number) : nlohmann::json()},
                   {"lane", view.lane},
                   {"stopped", view.stopped},
                   {"file", ToDisplay(view.file)},
                   {"line", view.line}});
  }
  return all;
}

nlohmann::json ToJson(const std::vector<record::MiniBatchRow>& rows, std::size_t limit) {
  nlohmann::json all = nlohmann::json::array();
  std::map<std::string, std::size_t> taken;
  for (const record::MiniBatchRow& row : rows) {
    if (taken[row.status]++ >= limit) continue;
    all.push_back({{"mini_batch", row.id},
                   {"status", row.status},
                   {"attempts", row.picked_count},
                   {"process", row.process < 0 ? nlohmann::json() : nlohmann::json(row.process)},
                   {"items", row.total},
                   {"run_seconds", row.run_seconds},
                   {"error", ToDisplay(row.error_message)}});
  }
  return all;
}

}  // namespace batchscope::cli
