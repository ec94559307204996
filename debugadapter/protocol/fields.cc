#include "debugadapter/protocol/fields.h"

#include <fmt/format.h>

#include <cmath>
#include <limits>
#include <utility>

namespace batchscope::protocol {
namespace {

std::string Named(const Json& value) {
  const std::string type = value.type_name();
  return (type == "object" || type == "array" ? "an " : "a ") + type;
}

/// Clients in JavaScript may write 3 as 3.0.
std::optional<std::int64_t> WholeNumber(const Json& value) {
  if (value.is_number_unsigned()) {
    const auto number = value.get<std::uint64_t>();
    if (number > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())) return std::nullopt;
    return static_cast<std::int64_t>(number);
  }
  if (value.is_number_integer()) return value.get<std::int64_t>();
  if (!value.is_number_float()) return std::nullopt;
  const double number = value.get<double>();
  constexpr double kMost = 9007199254740992.0;  // 2 to the 53
  if (!(std::abs(number) <= kMost) || number != std::floor(number)) return std::nullopt;
  return static_cast<std::int64_t>(number);
}

}  // namespace

Fields::Fields(const Json& object, std::string where) : object_(object), where_(std::move(where)) {
  if (!object.is_object()) {
    status_ = Status::Error(fmt::format("'{}' is {}, expected an object", where_, Named(object)));
  }
}

const Json* Fields::Find(std::string_view name) const {
  if (!object_.is_object()) return nullptr;
  const auto found = object_.find(name);
  return found == object_.end() || found->is_null() ? nullptr : &*found;
}

std::string Fields::Where(std::string_view name) const { return fmt::format("{}.{}", where_, name); }

void Fields::Note(const Status& failure) {
  if (status_.ok()) status_ = failure;
}

void Fields::Wrong(std::string_view name, const Json& found, std::string_view expected) {
  const std::string what = found.is_number() ? found.dump() : Named(found);
  Note(Status::Error(fmt::format("'{}' is {}, expected {}", Where(name), what, expected)));
}

void Fields::Missing(std::string_view name, std::string_view expected) {
  Note(Status::Error(fmt::format("'{}' is missing, expected {}", Where(name), expected)));
}

bool Fields::Has(std::string_view name) const { return Find(name) != nullptr; }

std::string Fields::Text(std::string_view name, std::string fallback) {
  const Json* found = Find(name);
  if (found == nullptr) return fallback;
  if (found->is_string()) return found->get<std::string>();
  Wrong(name, *found, "a string");
  return fallback;
}

bool Fields::Flag(std::string_view name, bool fallback) {
  const Json* found = Find(name);
  if (found == nullptr) return fallback;
  if (found->is_boolean()) return found->get<bool>();
  Wrong(name, *found, "true or false");
  return fallback;
}

std::optional<std::int64_t> Fields::MaybeInteger(std::string_view name) {
  const Json* found = Find(name);
  if (found == nullptr) return std::nullopt;
  const auto number = WholeNumber(*found);
  if (!number) Wrong(name, *found, "a whole number");
  return number;
}

std::int64_t Fields::Integer(std::string_view name, std::int64_t fallback) {
  return MaybeInteger(name).value_or(fallback);
}

const Json& Fields::Array(std::string_view name) {
  static const Json none = Json::array();
  const Json* found = Find(name);
  if (found == nullptr) return none;
  if (found->is_array()) return *found;
  Wrong(name, *found, "an array");
  return none;
}

const Json& Fields::Object(std::string_view name) {
  static const Json none = Json::object();
  const Json* found = Find(name);
  if (found == nullptr) return none;
  if (found->is_object()) return *found;
  Wrong(name, *found, "an object");
  return none;
}

std::vector<std::string> Fields::Texts(std::string_view name) {
  std::vector<std::string> texts;
  for (const Json& element : Array(name)) {
    if (element.is_string()) {
      texts.push_back(element.get<std::string>());
    } else {
      Wrong(fmt::format("{}[{}]", name, texts.size()), element, "a string");
      return {};
    }
  }
  return texts;
}

std::vector<std::int64_t> Fields::Integers(std::string_view name) {
  std::vector<std::int64_t> numbers;
  for (const Json& element : Array(name)) {
    if (const auto number = WholeNumber(element)) {
      numbers.push_back(*number);
    } else {
      Wrong(fmt::format("{}[{}]", name, numbers.size()), element, "a whole number");
      return {};
    }
  }
  return numbers;
}

std::string Fields::NeededText(std::string_view name) {
  if (!Has(name)) Missing(name, "a string");
  return Text(name);
}

std::int64_t Fields::NeededInteger(std::string_view name) {
  if (!Has(name)) Missing(name, "a whole number");
  return Integer(name);
}

}  // namespace batchscope::protocol
