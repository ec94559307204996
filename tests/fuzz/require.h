#pragma once

#include "runtime/base/check.h"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

/// libFuzzer calls this with one input after the other; it is defined once in each target.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace batchscope::fuzz {

inline std::string_view AsText(const std::uint8_t* data, std::size_t size) {
  return {reinterpret_cast<const char*>(data), size};
}

/// A message that was read is written as the very bytes it was read from, and any other bytes are an error in words.
template <typename Decode>
void RequireSameBytes(std::string_view bytes, Decode decode) {
  const auto message = decode(bytes);
  if (!message.ok()) {
    Check(!message.message().empty(), "an error without words");
    return;
  }
  const std::string again = Encode(*message);
  Check(again == bytes, "{} bytes were read, {} written", bytes.size(), again.size());
  const auto back = decode(again);
  Check(back.ok() && *back == *message, "what was written is read as something else: {}", back.message());
}

}  // namespace batchscope::fuzz
