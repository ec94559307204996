#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace batchscope::record {

/// The fields of a flat JSON object on one line, as LineWriter writes it: a million of them a second can be read,
/// nothing is allocated.
///
/// Not nlohmann's: that one refuses the escapes which bytes that are no UTF-8 are kept as, and builds a tree.
class JsonLine {
 public:
  static constexpr std::size_t kMostFields = 32;

  /// Nothing when it is no whole object of at most kMostFields fields. Keeps views of `line`.
  static std::optional<JsonLine> Parse(std::string_view line);

  /// The value as it is written; empty when there is no such field.
  std::string_view Raw(std::string_view key) const;
  std::int64_t Number(std::string_view key, std::int64_t otherwise = 0) const;
  double Real(std::string_view key, double otherwise = 0) const;
  /// The bytes of a string; empty when it is not there or no string.
  std::string Text(std::string_view key) const;
  /// The field "e".
  std::string_view kind() const { return kind_; }

 private:
  struct Field {
    std::string_view key;
    std::string_view value;
  };
  std::array<Field, kMostFields> fields_;
  std::size_t size_ = 0;
  std::string_view kind_;
};

/// The elements of a JSON array as they are written; nothing when `array` is none.
std::optional<std::vector<std::string_view>> ElementsOf(std::string_view array);

/// An integer as it is written; nothing else may stand around it.
std::optional<std::int64_t> ParseNumber(std::string_view text);

}  // namespace batchscope::record
