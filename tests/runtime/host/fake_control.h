#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "runtime/wire/control.h"

namespace batchscope::host {

/// What went through a control endpoint that has no socket.
struct ControlBook {
  std::vector<wire::ClientEvent> events;  ///< What the host is told next.
  std::map<wire::ClientId, std::vector<wire::ToClient>> sent;
  std::map<wire::ClientId, std::string> refused;
};

class FakeControl final : public wire::ControlServer {
 public:
  explicit FakeControl(ControlBook& book) : book_(book) {}
  int fd() const override { return -1; }
  std::vector<wire::ClientEvent> Take() override { return std::exchange(book_.events, {}); }
  void Send(wire::ClientId client, const wire::ToClient& message) override { book_.sent[client].push_back(message); }
  void Refuse(wire::ClientId client, const std::string& why) override { book_.refused[client] = why; }

 private:
  ControlBook& book_;
};

}  // namespace batchscope::host
