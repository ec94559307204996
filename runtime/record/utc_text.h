#pragma once

#include <cstdint>
#include <string>

#include "runtime/base/clock.h"

namespace batchscope::record {

inline std::int64_t UnixMicros(WallTime time) {
  return std::chrono::duration_cast<std::chrono::microseconds>(time.time_since_epoch()).count();
}
inline WallTime FromUnixMicros(std::int64_t micros) { return WallTime(std::chrono::microseconds(micros)); }

/// FormatUtc for a million times a second: the text of the last second is kept.
class UtcText {
 public:
  /// Appends "2026-05-04T10:11:12.345678Z".
  void AppendTo(std::string& out, std::int64_t unix_micros);

 private:
  std::int64_t second_ = -1;
  std::string text_;  ///< Of that second, without its fraction.
};

}  // namespace batchscope::record
