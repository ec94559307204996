#include "debugadapter/transport/serve.h"

#include <utility>

#include "debugadapter/transport/client_stream.h"
#include "debugadapter/transport/message_log.h"
#include "debugadapter/transport/world.h"

namespace batchscope::transport {

void Serve(int in, int out, const ServeOptions& options) {
  MessageLog log;
  if (!options.log.empty()) {
    // Who names the file has tried it; a session is worth more than its log.
    if (Result<MessageLog> opened = MessageLog::Open(options.log); opened.ok()) log = std::move(opened).value();
  }
  ClientStream client(in, out, std::move(log));
  World(client, options).Run();
}

}  // namespace batchscope::transport
