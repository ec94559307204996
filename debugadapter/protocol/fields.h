#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "debugadapter/protocol/message.h"

namespace batchscope::protocol {

/// Reads the fields of a request's arguments. A field that is missing or null counts as not there; the first one of the
/// wrong type is remembered, so that a reader takes all it needs and asks status() once.
class Fields {
 public:
  /// `object` must outlive this. `where` names it in errors: "arguments.source".
  explicit Fields(const Json& object, std::string where = "arguments");

  bool Has(std::string_view name) const;
  std::string Text(std::string_view name, std::string fallback = "");
  bool Flag(std::string_view name, bool fallback = false);
  std::int64_t Integer(std::string_view name, std::int64_t fallback = 0);
  std::optional<std::int64_t> MaybeInteger(std::string_view name);
  std::vector<std::string> Texts(std::string_view name);
  std::vector<std::int64_t> Integers(std::string_view name);
  /// An empty one when it is not there.
  const Json& Object(std::string_view name);
  const Json& Array(std::string_view name);

  // The same, but it is an error when they are not there.
  std::string NeededText(std::string_view name);
  std::int64_t NeededInteger(std::string_view name);

  /// For readers of what lies further inside.
  std::string Where(std::string_view name) const;
  void Note(const Status& failure);
  const Status& status() const { return status_; }
  bool ok() const { return status_.ok(); }

 private:
  const Json* Find(std::string_view name) const;
  void Wrong(std::string_view name, const Json& found, std::string_view expected);
  void Missing(std::string_view name, std::string_view expected);

  const Json& object_;
  std::string where_;
  Status status_;
};

}  // namespace batchscope::protocol
