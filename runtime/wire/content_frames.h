#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "runtime/base/status.h"

/// The framing of the Debug Adapter Protocol (base protocol): "Content-Length: <bytes>\r\n\r\n", then that many bytes
/// of JSON.
namespace batchscope::wire {

/// Cuts a stream into messages.
class ContentFrames {
 public:
  /// `most`: the largest message taken, in bytes.
  explicit ContentFrames(std::size_t most) : most_(most) {}

  /// What came off the stream.
  void Append(std::string_view bytes);
  /// The next whole message; nothing when it is not all there yet. Errors: a header that cannot be read, a message that
  /// is larger than `most`; the stream is of no use from then on, and each further call gives the same error. Header
  /// names are not case-sensitive, other headers than Content-Length are skipped, a lone "\n" ends a line too.
  Result<std::optional<std::string>> Next();

 private:
  const std::size_t most_;
  std::string bytes_;
  std::size_t taken_ = 0;
  std::optional<Status> broken_;
};

/// The message with its header.
std::string WithContentLength(std::string_view json);

}  // namespace batchscope::wire
