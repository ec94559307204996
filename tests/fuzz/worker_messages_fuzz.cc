// Bytes from a worker, or for one.
#include "runtime/wire/messages.h"
#include "tests/fuzz/require.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace batchscope;
  fuzz::RequireSameBytes(fuzz::AsText(data, size), wire::DecodeFromWorker);
  fuzz::RequireSameBytes(fuzz::AsText(data, size), wire::DecodeToWorker);
  return 0;
}
