#pragma once

#include <charconv>
#include <cstdint>
#include <string>
#include <string_view>

#include "runtime/base/text.h"

namespace batchscope::record {

inline void AppendNumber(std::string& out, std::int64_t value) {
  char digits[24];
  out.append(digits, std::to_chars(digits, digits + sizeof digits, value).ptr);
}

/// Seconds with six decimals.
inline void AppendSeconds(std::string& out, std::int64_t nanoseconds) {
  if (nanoseconds < 0) nanoseconds = 0;
  const std::int64_t micros = nanoseconds / 1000;
  AppendNumber(out, micros / 1'000'000);
  char digits[8] = ".000000";
  std::int64_t rest = micros % 1'000'000;
  for (int place = 6; place > 0; --place, rest /= 10) digits[place] = static_cast<char>('0' + rest % 10);
  out.append(digits, 7);
}

/// Appends one line, a flat JSON object, to a text that is kept and reused: nothing is allocated once it has grown.
class LineWriter {
 public:
  /// `kind` becomes the field "e".
  LineWriter(std::string& out, std::string_view kind) : out_(out) {
    out_.append("{\"e\":\"").append(kind).push_back('"');
  }

  LineWriter& Number(std::string_view key, std::int64_t value) {
    AppendNumber(Key(key), value);
    return *this;
  }
  LineWriter& Text(std::string_view key, std::string_view value) {
    AppendJsonString(Key(key), value);
    return *this;
  }
  /// `value` is JSON already.
  LineWriter& Raw(std::string_view key, std::string_view value) {
    Key(key).append(value);
    return *this;
  }
  void End() { out_.append("}\n"); }

 private:
  std::string& Key(std::string_view key) {
    out_.append(",\"").append(key).append("\":");
    return out_;
  }

  std::string& out_;
};

}  // namespace batchscope::record
