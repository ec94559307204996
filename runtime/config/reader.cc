#include "runtime/config/reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>
#include <utility>

#include "runtime/base/text.h"

namespace batchscope::config {
namespace {

using nlohmann::json;

const json& EmptyObject() {
  static const json nothing = json::object();
  return nothing;
}

std::string Lowered(std::string_view text) {
  std::string lowered(text);
  std::transform(lowered.begin(), lowered.end(), lowered.begin(), [](unsigned char c) { return std::tolower(c); });
  return lowered;
}

std::string Bound(double value) { return fmt::format("{}", value); }

}  // namespace

void Problems::Add(const std::string& path, const std::string& sentence) {
  lines_.push_back(path.empty() ? sentence : path + ": " + sentence);
}

Status Problems::status() const {
  if (lines_.empty()) return {};
  return Status::Error(fmt::format("{}", fmt::join(lines_, "\n")));
}

std::string Found(const json& value) {
  constexpr std::size_t kLongest = 80;
  if (value.is_object()) return value.contains("default_value") ? "a PipelineParameter" : "an object";
  if (value.is_array()) return "a list";
  if (!value.is_string()) return value.dump();
  const auto& text = value.get_ref<const std::string&>();
  if (text.size() <= kLongest) return "\"" + ToDisplay(text) + "\"";
  return "\"" + ToDisplay(text.substr(0, kLongest)) + "...\"";
}

std::string Join(const std::string& path, std::string_view key) {
  return path.empty() ? std::string(key) : path + "." + std::string(key);
}

ObjectReader::ObjectReader(const json& object, std::string path, Problems& problems)
    : object_(object.is_object() ? object : EmptyObject()), path_(std::move(path)), problems_(problems) {
  if (!object.is_object()) problems_.Add(path_, fmt::format("found {}, expected an object", Found(object)));
}

const json* ObjectReader::Get(std::string_view key) {
  if (std::find(known_.begin(), known_.end(), key) == known_.end()) known_.push_back(key);
  const auto found = object_.find(key);
  return found == object_.end() || found->is_null() ? nullptr : &*found;
}

void ObjectReader::ComplainFound(std::string_view key, const json& value, const std::string& expected) {
  const bool parameter = value.is_object() && value.contains("default_value");
  Complain(key, fmt::format("found {}, expected {}{}", Found(value), expected,
                            parameter ? "; PipelineParameter is not supported yet, give the value itself" : ""));
}

std::optional<std::string> ObjectReader::Text(std::string_view key) {
  const json* value = Get(key);
  if (value == nullptr) return std::nullopt;
  if (value->is_string()) return value->get<std::string>();
  ComplainFound(key, *value, "text");
  return std::nullopt;
}

std::optional<std::int64_t> ObjectReader::Integer(std::string_view key, std::int64_t least, std::int64_t most) {
  const json* value = Get(key);
  if (value == nullptr) return std::nullopt;
  const bool fits = value->is_number_integer() &&
                    (!value->is_number_unsigned() || value->get<std::uint64_t>() <= std::uint64_t{INT64_MAX});
  if (fits) {
    const auto number = value->get<std::int64_t>();
    if (number >= least && number <= most) return number;
  }
  ComplainFound(key, *value,
                most == std::numeric_limits<std::int64_t>::max()
                    ? fmt::format("a whole number of at least {}", least)
                    : fmt::format("a whole number from {} to {}", least, most));
  return std::nullopt;
}

std::optional<double> ObjectReader::Number(std::string_view key, double least, double most, Least allowed) {
  const json* value = Get(key);
  if (value == nullptr) return std::nullopt;
  if (value->is_number()) {
    const auto number = value->get<double>();
    const bool above = allowed == Least::kAllowed ? number >= least : number > least;
    if (above && number <= most) return number;  // Not a number is neither.
  }
  const std::string from = allowed == Least::kAllowed ? "a number from " : "a number above ";
  ComplainFound(
      key, *value,
      fmt::format("{}{}{}{}", from, Bound(least), allowed == Least::kAllowed ? " to " : ", at most ", Bound(most)));
  return std::nullopt;
}

std::optional<bool> ObjectReader::Flag(std::string_view key) {
  const json* value = Get(key);
  if (value == nullptr) return std::nullopt;
  if (value->is_boolean()) return value->get<bool>();
  ComplainFound(key, *value, "true or false");
  return std::nullopt;
}

std::optional<std::size_t> ObjectReader::Choice(std::string_view key, std::span<const std::string_view> choices) {
  const json* value = Get(key);
  if (value == nullptr) return std::nullopt;
  std::optional<std::string> nearest;
  if (value->is_string()) {
    const std::string text = Lowered(value->get_ref<const std::string&>());
    for (std::size_t i = 0; i < choices.size(); ++i) {
      if (Lowered(choices[i]) == text) return i;
    }
    nearest = NearestName(value->get_ref<const std::string&>(), choices);
  }
  const std::string expected = fmt::format("{}", fmt::join(choices.begin(), choices.end(), " or "));
  ComplainFound(key, *value, nearest ? fmt::format("{} (did you mean {}?)", expected, *nearest) : expected);
  return std::nullopt;
}

void ObjectReader::RefuseUnknownKeys() {
  for (const auto& [key, value] : object_.items()) {
    if (std::find(known_.begin(), known_.end(), key) != known_.end()) continue;
    const auto nearest = NearestName(key, known_);
    Complain(ToDisplay(key), nearest ? fmt::format("there is no such setting; did you mean {}?", *nearest)
                                     : fmt::format("there is no such setting; there are {}", fmt::join(known_, ", ")));
  }
}

}  // namespace batchscope::config
