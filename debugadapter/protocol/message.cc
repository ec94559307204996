#include "debugadapter/protocol/message.h"

#include <fmt/format.h>

#include <cstdint>
#include <limits>
#include <utility>

namespace batchscope::protocol {
namespace {

/// The field, or null when there is none.
const Json& Field(const Json& message, const char* name) {
  static const Json none;
  const auto found = message.find(name);
  return found == message.end() ? none : *found;
}

std::string Named(const Json& value) {
  const std::string type = value.type_name();
  return (type == "object" || type == "array" ? "an " : "a ") + type;
}

Status WrongType(std::string_view where, const Json& found, std::string_view expected) {
  return Status::Error(found.is_null() ? fmt::format("{} is missing, expected {}", where, expected)
                                       : fmt::format("{} is {}, expected {}", where, Named(found), expected));
}

Result<int> Sequence(const Json& seq) {
  if (!seq.is_number_integer()) return WrongType("'seq'", seq, "an integer");
  constexpr int kMost = std::numeric_limits<int>::max();
  // What is parsed and not negative is unsigned; what was made of an int is not.
  const bool fits = seq.is_number_unsigned() ? seq.get<std::uint64_t>() <= std::uint64_t{kMost}
                                             : seq.get<std::int64_t>() >= 0 && seq.get<std::int64_t>() <= kMost;
  if (!fits) return Status::Error(fmt::format("'seq' is {}, expected 0 to {}", seq.dump(), kMost));
  return seq.get<int>();
}

Json WithBody(Json message, Json body) {
  if (!body.empty()) message["body"] = std::move(body);
  return message;
}

Json Response(const Request& request, bool success) {
  return {{"type", "response"}, {"request_seq", request.seq}, {"command", request.command}, {"success", success}};
}

}  // namespace

Result<Request> ParseRequest(const Json& message) {
  if (!message.is_object()) return WrongType("the message", message, "an object");
  const Json& type = Field(message, "type");
  if (!type.is_string()) return WrongType("'type'", type, "\"request\"");
  if (type != "request") return Status::Error(fmt::format("'type' is {}, expected \"request\"", type.dump()));
  Request request;
  BATCHSCOPE_ASSIGN_OR_RETURN(request.seq, Sequence(Field(message, "seq")));
  const Json& command = Field(message, "command");
  if (!command.is_string()) return WrongType("'command'", command, "a string");
  request.command = command.get<std::string>();
  const Json& arguments = Field(message, "arguments");
  if (arguments.is_object()) {
    request.arguments = arguments;
  } else if (!arguments.is_null()) {
    return WrongType("'arguments'", arguments, "an object");
  }
  return request;
}

Json Success(const Request& request, Json body) { return WithBody(Response(request, true), std::move(body)); }

Json Failure(const Request& request, int id, std::string_view for_user) {
  Json message = Response(request, false);
  message["message"] = for_user;
  message["body"] = {{"error", {{"id", id}, {"format", for_user}, {"showUser", true}}}};
  return message;
}

Json Event(std::string_view name, Json body) { return WithBody({{"type", "event"}, {"event", name}}, std::move(body)); }

}  // namespace batchscope::protocol
