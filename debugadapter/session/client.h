#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "debugadapter/protocol/errors.h"
#include "debugadapter/session/session.h"

namespace batchscope::session {

/// A request of the client, from its arrival to its answer. Clients may use a `seq` twice, so it is not that.
enum class Ticket : std::uint32_t {};

/// The client's end: sees to it that each request is answered once. An answer to a request that has one already is
/// dropped, so whoever is late need not know.
class Client {
 public:
  explicit Client(Outside& outside) : outside_(outside) {}

  Ticket Open(protocol::Request request);
  void Succeed(Ticket ticket, protocol::Json body = protocol::Json::object());
  /// An error that clients show to the person in a window of its own.
  void Fail(Ticket ticket, protocol::ErrorId id, const std::string& why);
  /// An error that belongs to what was asked, as an expression that cannot be evaluated; clients show it there.
  void Deny(Ticket ticket, const std::string& why, protocol::ErrorId id = protocol::kRefusedByWorker);
  /// Cancels the open request of the client's own number, if there is one.
  void Cancel(std::int64_t request_seq);
  void FailAll(protocol::ErrorId id, const std::string& why);

  void Event(const std::string& name, protocol::Json body = protocol::Json::object());
  /// A line in the debug console; the line's end is added when it has none.
  void Console(std::string text);
  /// The same, and clients that can make more of it: a notification.
  void Important(std::string text);
  /// A message without a request behind it: the answer to what is none.
  void Send(protocol::Json message) { outside_.ToClient(std::move(message)); }

 private:
  std::optional<protocol::Request> Take(Ticket ticket);
  void Output(const char* category, std::string text);

  Outside& outside_;
  std::map<Ticket, protocol::Request> open_;
  std::uint32_t next_ = 0;
};

}  // namespace batchscope::session
