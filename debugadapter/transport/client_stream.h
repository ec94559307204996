#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "debugadapter/protocol/message.h"
#include "debugadapter/transport/message_log.h"
#include "runtime/base/status.h"
#include "runtime/wire/content_frames.h"

namespace batchscope::transport {

/// The largest message taken from a client, in bytes.
inline constexpr std::size_t kMostClientBytes = std::size_t{16} << 20;
/// A client that leaves more than this unread is dropped.
inline constexpr std::size_t kMostUnreadBytes = std::size_t{64} << 20;

/// DAP messages over two descriptors, which may be the same: sockets, pipes, a terminal. Nothing blocks, and the
/// descriptors' flags, which others may share, stay as they are. One thread.
class ClientStream {
 public:
  ClientStream(int in, int out, MessageLog log, std::size_t most_unread = kMostUnreadBytes);

  int in() const { return in_; }
  int out() const { return out_; }
  bool wants_to_write() const { return written_ < unsent_.size(); }
  /// Why nothing comes any more; empty as long as the stream lives. What was sent may still go out: a client may close
  /// its end as soon as it has asked for everything.
  const std::string& end() const { return end_; }

  /// What came, in order; to be called when `in` is readable or hung up. What cannot be read ends the stream.
  std::vector<protocol::Json> Receive();
  /// Queues the message with the next `seq`, and writes what can be written. To one who cannot be written to, or has
  /// more than `most_unread` unread, nothing is sent any more.
  void Send(protocol::Json message);
  /// Writes what can be written; to be called when `out` is writable or hung up.
  void Flush();

 private:
  void End(const std::string& why);
  void EndWriting(const std::string& why);

  const int in_;
  const int out_;
  const bool in_is_socket_;
  const bool out_is_socket_;
  const std::size_t most_unread_;
  MessageLog log_;
  wire::ContentFrames frames_;
  std::string unsent_;
  std::size_t written_ = 0;  ///< Of unsent_.
  int last_seq_ = 0;
  std::string end_;
  bool can_write_ = true;
};

}  // namespace batchscope::transport
