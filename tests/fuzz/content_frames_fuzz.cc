// A stream of DAP messages: the first four bytes say in which pieces the rest arrives. The pieces must make no
// difference, and the messages that are found are found again when they are written anew.
#include "runtime/wire/content_frames.h"

#include <algorithm>
#include <vector>

#include "tests/fuzz/require.h"

namespace batchscope {
namespace {

constexpr std::size_t kMost = 512;
constexpr std::size_t kSizes = 4;

struct Found {
  std::vector<std::string> messages;
  std::string error;

  friend bool operator==(const Found&, const Found&) = default;
};

/// Takes what is there; false after an error.
bool Take(wire::ContentFrames& frames, Found& found) {
  while (true) {
    auto next = frames.Next();
    if (!next.ok()) {
      found.error = next.message();
      return false;
    }
    if (!*next) return true;
    Check((*next)->size() <= kMost, "a message of {} bytes", (*next)->size());
    found.messages.push_back(**next);
  }
}

Found AllAtOnce(std::string_view stream) {
  Found found;
  wire::ContentFrames frames(kMost);
  frames.Append(stream);
  Take(frames, found);
  return found;
}

Found InPieces(std::string_view stream, std::string_view sizes) {
  Found found;
  wire::ContentFrames frames(kMost);
  for (std::size_t piece = 0; !stream.empty(); ++piece) {
    const auto size = std::min<std::size_t>(stream.size(), 1 + static_cast<unsigned char>(sizes[piece % kSizes]));
    frames.Append(stream.substr(0, size));
    stream.remove_prefix(size);
    if (!Take(frames, found)) break;
  }
  return found;
}

}  // namespace
}  // namespace batchscope

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace batchscope;
  if (size < kSizes) return 0;
  const std::string_view sizes = fuzz::AsText(data, kSizes);
  const std::string_view stream = fuzz::AsText(data + kSizes, size - kSizes);
  const Found found = AllAtOnce(stream);
  Check(InPieces(stream, sizes) == found, "the pieces of the stream make a difference");
  std::string written;
  for (const std::string& message : found.messages) written += wire::WithContentLength(message);
  Check(InPieces(written, sizes) == Found{found.messages, ""}, "messages are not found again");
  return 0;
}
