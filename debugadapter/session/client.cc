#include "debugadapter/session/client.h"

#include <algorithm>
#include <utility>

namespace batchscope::session {

using protocol::Json;

Ticket Client::Open(protocol::Request request) {
  const Ticket ticket{next_++};
  open_.emplace(ticket, std::move(request));
  return ticket;
}

std::optional<protocol::Request> Client::Take(Ticket ticket) {
  auto taken = open_.extract(ticket);
  if (taken.empty()) return std::nullopt;
  return std::move(taken.mapped());
}

void Client::Succeed(Ticket ticket, Json body) {
  if (const auto request = Take(ticket)) Send(protocol::Success(*request, std::move(body)));
}

void Client::Fail(Ticket ticket, protocol::ErrorId id, const std::string& why) {
  if (const auto request = Take(ticket)) Send(protocol::Failure(*request, id, why));
}

void Client::Deny(Ticket ticket, const std::string& why, protocol::ErrorId id) {
  if (const auto request = Take(ticket)) {
    Json answer = protocol::Failure(*request, id, why);
    answer["body"]["error"]["showUser"] = false;
    Send(std::move(answer));
  }
}

void Client::Cancel(std::int64_t request_seq) {
  const auto found =
      std::find_if(open_.begin(), open_.end(), [&](const auto& one) { return one.second.seq == request_seq; });
  if (found == open_.end()) return;
  Json answer = protocol::Failure(found->second, protocol::kCancelled, "cancelled");
  answer["message"] = "cancelled";  // The protocol's own word.
  answer["body"]["error"]["showUser"] = false;
  open_.erase(found);
  Send(std::move(answer));
}

void Client::FailAll(protocol::ErrorId id, const std::string& why) {
  for (const auto& [ticket, request] : std::exchange(open_, {})) Send(protocol::Failure(request, id, why));
}

void Client::Event(const std::string& name, Json body) { Send(protocol::Event(name, std::move(body))); }

void Client::Output(const char* category, std::string text) {
  if (text.empty() || text.back() != '\n') text += '\n';
  Event("output", {{"category", category}, {"output", std::move(text)}});
}

void Client::Console(std::string text) { Output("console", std::move(text)); }
void Client::Important(std::string text) { Output("important", std::move(text)); }

}  // namespace batchscope::session
