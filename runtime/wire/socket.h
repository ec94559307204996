#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/base/status.h"

namespace batchscope::wire {

/// A libzmq socket, its context with one thread, and a descriptor that says truly whether there is something to
/// receive.
///
/// libzmq's own descriptor is edge-triggered, and a send may use up its edge. This one is readable as long as a message
/// waits, so it fits any poll set. One thread uses the object.
class Socket {
 public:
  enum class Kind { kRouter, kDealer };
  struct Options {
    Kind kind = Kind::kDealer;
    std::string routing_id;  ///< What the other side knows this one by; empty: libzmq's choice.
  };
  static Result<std::unique_ptr<Socket>> Open(const Options& options);
  virtual ~Socket() = default;  ///< Drops what has not left yet, unless Close() came before.

  virtual Status Bind(const std::string& endpoint) = 0;
  virtual Status Connect(const std::string& endpoint) = 0;
  virtual int fd() const = 0;
  /// Sends the frames as one message. Never blocks.
  virtual Status Send(std::initializer_list<std::string_view> frames) = 0;
  /// The frames of the next message; none when there is none now. They live until the next call.
  virtual Result<std::vector<std::string_view>> Receive() = 0;
  /// Waits until what was sent has left, at most `linger`, and ends the socket.
  virtual void Close(std::chrono::milliseconds linger) = 0;
};

}  // namespace batchscope::wire
