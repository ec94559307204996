#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "runtime/base/status.h"

/// The Debug Adapter Protocol's three kinds of messages. What is inside of a body stays JSON where the adapter only
/// hands it on between the client and a worker's debugger: nothing the two agree on gets lost that way. What the
/// adapter itself understands has structs in this folder, read and written here alone.
namespace batchscope::protocol {

using Json = nlohmann::json;

struct Request {
  int seq = 0;
  std::string command;
  Json arguments = Json::object();
};

/// A client's message as a request. Errors: it is none (its type, when it has one), or a field has the wrong type.
Result<Request> ParseRequest(const Json& message);

/// Messages for a client. `seq` is put in by whoever sends them.
Json Success(const Request& request, Json body = Json::object());
/// `for_user`: shown to the person as it is. `id` tells errors apart: see errors.h.
Json Failure(const Request& request, int id, std::string_view for_user);
Json Event(std::string_view name, Json body = Json::object());

}  // namespace batchscope::protocol
