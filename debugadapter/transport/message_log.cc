#include "debugadapter/transport/message_log.h"

#include <fcntl.h>

#include "debugadapter/protocol/json_text.h"
#include "runtime/base/clock.h"

namespace batchscope::transport {

using protocol::Json;

Result<MessageLog> MessageLog::Open(const std::filesystem::path& file) {
  MessageLog log;
  BATCHSCOPE_ASSIGN_OR_RETURN(log.file_, OpenFile(file, O_WRONLY | O_CREAT | O_APPEND, 0600));
  return log;
}

void MessageLog::Write(std::string_view from, const Json& message) {
  if (!file_.valid()) return;
  Json shown = message;
  if (const auto token = Json::json_pointer("/arguments/token"); shown.is_object() && shown.contains(token)) {
    shown[token] = "...";
  }
  const Json line = {{"at", FormatUtc(SystemClock().WallNow())}, {"from", from}, {"message", std::move(shown)}};
  // A full disk ends the log, and not the session.
  if (!WriteAll(file_.get(), protocol::WriteJson(line) + "\n").ok()) file_.Reset();
}

}  // namespace batchscope::transport
