#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <type_traits>

#include "runtime/base/status.h"

namespace batchscope::wire {

static_assert(std::endian::native == std::endian::little, "the wire's integers are copied as they lie in memory");

/// Appends integers and texts to a string.
class Writer {
 public:
  /// `expected_size` spares the string from growing in steps.
  explicit Writer(std::size_t expected_size = 64) { bytes_.reserve(expected_size); }

  template <typename Integer>
  void Put(Integer value) {
    static_assert(std::is_integral_v<Integer> && !std::is_same_v<Integer, bool>);
    char raw[sizeof value];
    std::memcpy(raw, &value, sizeof value);
    bytes_.append(raw, sizeof raw);
  }
  /// Its length as 8 bytes, then its bytes.
  void PutText(std::string_view text);
  std::string Take() { return std::move(bytes_); }

 private:
  std::string bytes_;
};

/// Takes integers and texts from bytes that somebody else wrote.
///
/// The first thing that is wrong stays: what is read after it is 0 or empty, and Finish() tells what it was. So callers
/// read on without looking, but never loop over a count that Count() did not allow.
class Reader {
 public:
  explicit Reader(std::string_view bytes) : bytes_(bytes) {}

  template <typename Integer>
  Integer Get(const char* what) {
    static_assert(std::is_integral_v<Integer> && !std::is_same_v<Integer, bool>);
    Integer value = 0;
    if (Has(sizeof value, what)) {
      std::memcpy(&value, bytes_.data() + place_, sizeof value);
      place_ += sizeof value;
    }
    return value;
  }
  std::string_view GetText(const char* what);
  /// A 4-byte number of things that take at least `least_size` bytes each; an error when they cannot all be there.
  std::uint32_t GetCount(const char* what, std::size_t least_size);
  /// A byte from 0 to `largest`.
  std::uint8_t GetChoice(const char* what, std::uint8_t largest);
  /// Remembers `problem` as found just before the next byte to read.
  void Refuse(const std::string& problem);

  /// The first error; a byte that nothing read is one.
  Status Finish();

 private:
  bool Has(std::uint64_t size, const char* what);

  std::string_view bytes_;
  std::size_t place_ = 0;
  Status problem_;
};

}  // namespace batchscope::wire
