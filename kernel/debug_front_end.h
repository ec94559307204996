#pragma once
#include <mutex>

#include <nlohmann/json_fwd.hpp>

#include "kernel/channels/iopub.h"
#include "kernel/debug/debug_router.h"

namespace batchscope::kernel {

class Server;

// Puts the workers of this kernel's runs behind its debug_request messages. Their events go to the front end that sent
// the last request. Any thread.
class DebugFrontEnd {
 public:
  // The server's debug handlers lead here from then on.
  explicit DebugFrontEnd(Server& server);
  DebugRouter& router() { return router_; }

 private:
  void Publish(const nlohmann::json& event);

  Server& server_;
  std::mutex mutex_;  // guards parent_
  Parent parent_;
  DebugRouter router_;
};

}  // namespace batchscope::kernel
