// The text of a message from a client that speaks DAP.
#include "debugadapter/protocol/json_text.h"
#include "debugadapter/protocol/message.h"
#include "tests/fuzz/require.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace batchscope;
  const Result<protocol::Json> json = protocol::ReadJson(fuzz::AsText(data, size));
  if (!json.ok()) {
    Check(!json.message().empty(), "an error without words");
    return 0;
  }
  const Result<protocol::Json> again = protocol::ReadJson(protocol::WriteJson(*json));
  Check(again.ok() && *again == *json, "what was written is read as something else: {}", again.message());
  const Result<protocol::Request> request = protocol::ParseRequest(*json);
  if (!request.ok()) {
    Check(!request.message().empty(), "an error without words");
    return 0;
  }
  Check((*json)["seq"] == request->seq && (*json)["command"] == request->command, "another request was read");
  const protocol::Json answer = protocol::Success(*request);
  Check(answer["request_seq"] == request->seq, "the answer is for another request");
  return 0;
}
