#include "kernel/debug_front_end.h"

#include <chrono>
#include <memory>
#include <string>

#include <nlohmann/json.hpp>

#include "kernel/channels/server.h"
#include "kernel/debug/fleet_client.h"

namespace batchscope::kernel {

using Json = nlohmann::json;

DebugFrontEnd::DebugFrontEnd(Server& server)
    : server_(server),
      parent_(std::make_shared<const Json>(Json::object())),
      router_({.publish = [this](const Json& event) { Publish(event); },
               .say = [this](const std::string& text) { server_.iopub().Write(Stream::kStderr, text); },
               .make_fleet = MakeFleetClient,
               .now = std::chrono::steady_clock::now}) {
  server.set_debug_handlers(
      [this](const Json& header, const Json& request, const Server::KernelDebugger& kernel) {
        {
          const std::lock_guard lock(mutex_);
          parent_ = std::make_shared<const Json>(header);
        }
        return router_.Answer(request, kernel);
      },
      [this](const Json& event) { router_.OnKernelEvent(event); });
}

void DebugFrontEnd::Publish(const Json& event) {
  Parent parent;
  {
    const std::lock_guard lock(mutex_);
    parent = parent_;
  }
  server_.iopub().Publish("debug_event", parent, Json::object(), Json(event), {});
}

}  // namespace batchscope::kernel
