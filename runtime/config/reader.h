#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/base/status.h"

/// Typed reading of JSON that collects every problem, each by its path, instead of stopping at the first.
namespace batchscope::config {

/// What is wrong with a configuration, in the order it was found.
class Problems {
 public:
  void Add(const std::string& path, const std::string& sentence);
  bool empty() const { return lines_.empty(); }
  /// Ok, or one error with a line for each problem.
  Status status() const;

 private:
  std::vector<std::string> lines_;
};

/// A value as a person reads it in "found ...": text quoted and shortened, "a list", "an object".
std::string Found(const nlohmann::json& value);

/// "a.b" of "a" and "b"; the key alone at the top.
std::string Join(const std::string& path, std::string_view key);

/// Reads the members of one JSON object. Each call names one key that is legal; null counts as missing. A value of the
/// wrong type or out of range is a problem, and reads as missing.
class ObjectReader {
 public:
  /// `object` and `problems` outlive the reader. A value that is no object is a problem and reads as an empty one.
  ObjectReader(const nlohmann::json& object, std::string path, Problems& problems);

  /// The value itself; nullptr when missing.
  const nlohmann::json* Get(std::string_view key);
  std::optional<std::string> Text(std::string_view key);
  std::optional<std::int64_t> Integer(std::string_view key, std::int64_t least, std::int64_t most);
  /// Any number from `least` on; `least` itself only with `Least::kAllowed`.
  enum class Least { kAllowed, kExcluded };
  std::optional<double> Number(std::string_view key, double least, double most, Least allowed);
  std::optional<bool> Flag(std::string_view key);
  /// Place in `choices` of the text, in any case.
  std::optional<std::size_t> Choice(std::string_view key, std::span<const std::string_view> choices);

  /// Adds a problem of one of the object's members.
  void Complain(std::string_view key, const std::string& sentence) { problems_.Add(Join(path_, key), sentence); }
  void ComplainMissing(std::string_view key, const std::string& expected) {
    Complain(key, "is missing; expected " + expected);
  }
  const std::string& path() const { return path_; }
  Problems& problems() { return problems_; }

  /// Every key that no call has named is a problem, with the nearest right name. Called once, at the end.
  void RefuseUnknownKeys();

 private:
  void ComplainFound(std::string_view key, const nlohmann::json& value, const std::string& expected);

  const nlohmann::json& object_;
  const std::string path_;
  Problems& problems_;
  std::vector<std::string_view> known_;
};

}  // namespace batchscope::config
