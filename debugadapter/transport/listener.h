#pragma once

#include <cstdint>

#include "debugadapter/transport/serve.h"
#include "runtime/base/files.h"
#include "runtime/base/status.h"

namespace batchscope::transport {

/// Takes DAP clients over TCP, from this machine only. They must show the token of the session's options.
class Listener {
 public:
  /// At 127.0.0.1; port 0: any that is free. Errors name the port.
  static Result<Listener> Bind(std::uint16_t port);

  std::uint16_t port() const { return port_; }
  /// Serves each client on a thread of its own, at most kMostClients at a time, until `options.stop_fd` is readable.
  /// Returns when the last of them is done.
  ///
  /// Who says nothing keeps nobody out: a client has `options.token_limit` to show the token, and when one more comes
  /// than there is room for, the one that has waited the longest without having shown it is dropped. Only when all have
  /// shown it does the next one wait.
  void Serve(const ServeOptions& options);

  static constexpr std::size_t kMostClients = 16;

 private:
  Listener(UniqueFd fd, std::uint16_t port) : fd_(std::move(fd)), port_(port) {}

  UniqueFd fd_;
  std::uint16_t port_;
};

}  // namespace batchscope::transport
