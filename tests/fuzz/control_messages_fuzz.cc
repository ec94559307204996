// Bytes of a client that looks into a run, or of the run's host.
#include "runtime/wire/control_messages.h"
#include "tests/fuzz/require.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace batchscope;
  fuzz::RequireSameBytes(fuzz::AsText(data, size), wire::DecodeFromClient);
  fuzz::RequireSameBytes(fuzz::AsText(data, size), wire::DecodeToClient);
  return 0;
}
