#pragma once

#include <filesystem>
#include <string_view>

#include "debugadapter/protocol/message.h"
#include "runtime/base/files.h"
#include "runtime/base/status.h"

namespace batchscope::transport {

/// A file with every DAP message of a session, a JSON object a line: `at` (UTC), `from` ("client" or "adapter") and
/// `message`. Tokens are left out. Made to look into a session that went wrong.
class MessageLog {
 public:
  /// Appends to the file; mode 0600, since values of variables come by.
  static Result<MessageLog> Open(const std::filesystem::path& file);
  /// One that writes nothing.
  MessageLog() = default;

  void Write(std::string_view from, const protocol::Json& message);

 private:
  UniqueFd file_;
};

}  // namespace batchscope::transport
