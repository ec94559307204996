#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "runtime/base/status.h"
#include "runtime/wire/control_messages.h"

/// The control endpoint of a run: a Unix stream socket in its folder, and not libzmq as the workers' link is, because
/// a client that stops reading or vanishes must be seen at once and cost a bounded amount of memory.
namespace batchscope::wire {

/// Of the run folder; the two files in it have mode 0600.
inline constexpr const char* kControlFolder = "control";
inline constexpr const char* kControlSocket = "control.sock";
inline constexpr const char* kControlToken = "token";

/// The largest message either side takes, in bytes.
inline constexpr std::size_t kMostControlBytes = std::size_t{16} << 20;

enum class ClientId : std::uint32_t {};

/// Something about one client.
struct ClientJoined {
  ClientId client{};
  std::string who;
  bool debugger = false;
};
struct ClientSaid {
  ClientId client{};
  FromClient message;  ///< Never Join.
};
struct ClientGone {
  ClientId client{};
  std::string why;  ///< "it closed the connection", "it stopped reading: 64 MiB wait for it" ...
};
/// ClientGone follows each ClientJoined once, as the last word of that client.
using ClientEvent = std::variant<ClientJoined, ClientSaid, ClientGone>;

/// How far a client's faults are borne.
struct ControlLimits {
  std::chrono::milliseconds join{10'000};           ///< Until Join is there, and until a refused client has read why.
  std::size_t most_unread = std::size_t{64} << 20;  ///< Bytes that may wait for a client.
};

/// The host's end. One thread uses it; nothing blocks.
///
/// Only who is of this user (SO_PEERCRED) and shows the token, compared in constant time, is told of: anybody else gets
/// Refused, or nothing, and is dropped, as is a client that sends what cannot be read or leaves more than the limit
/// unread. A message that is too large to be sent is replaced by a Notice that says so.
class ControlServer {
 public:
  /// Makes the socket and the token in `folder` (the run's control/), however long its path is.
  static Result<std::unique_ptr<ControlServer>> Bind(const std::filesystem::path& folder,
                                                     const ControlLimits& limits = {});
  virtual ~ControlServer() = default;  ///< Sends what can be sent without waiting; removes both files.

  /// To poll for readability: readable as long as Take() has something to do, writing included.
  virtual int fd() const = 0;
  /// Accepts, reads, writes; what happened since, in order.
  virtual std::vector<ClientEvent> Take() = 0;
  /// To one client; one that is gone is no error.
  virtual void Send(ClientId client, const ToClient& message) = 0;
  /// Refuses a client that has joined, and closes its connection when that was sent.
  virtual void Refuse(ClientId client, const std::string& why) = 0;
};

/// A client's end. One thread uses it.
class ControlClient {
 public:
  /// Joins the run, its folder given; `join.token` is read from the folder here. Blocks for at most `limit`. Errors:
  /// the run has no control endpoint (it is over, or its host is gone), the token cannot be read, the host refused (its
  /// words), or did not answer.
  static Result<std::pair<std::unique_ptr<ControlClient>, Welcome>> Connect(const std::filesystem::path& run_folder,
                                                                            Join join, std::chrono::milliseconds limit);
  virtual ~ControlClient() = default;

  /// To poll: readable when Receive() may give something; writable wanted when wants_to_write().
  virtual int fd() const = 0;
  virtual bool wants_to_write() const = 0;
  /// Queues and sends what can be sent without waiting. Errors: the host is gone (what it said before can still be
  /// received), or the message is larger than kMostControlBytes and was left out.
  virtual Status Send(const FromClient& message) = 0;
  /// Sends what waits; never blocks.
  virtual Status Flush() = 0;
  /// The next message; nothing when there is none now. Errors: the host is gone, or what it says cannot be read.
  virtual Result<std::optional<ToClient>> Receive() = 0;
};

}  // namespace batchscope::wire
