#include "runtime/record/json_line.h"

#include <charconv>

#include "runtime/base/text.h"

namespace batchscope::record {
namespace {

// Takes a string literal with its quotes off the front; empty: there is no whole one.
std::string_view TakeString(std::string_view& rest) {
  if (rest.empty() || rest.front() != '"') return {};
  for (std::size_t i = 1; i < rest.size(); ++i) {
    if (rest[i] == '\\') {
      ++i;
    } else if (rest[i] == '"') {
      const std::string_view literal = rest.substr(0, i + 1);
      rest.remove_prefix(i + 1);
      return literal;
    }
  }
  return {};
}

// Takes a value off the front, arrays and objects as a whole; empty: there is no whole one.
std::string_view TakeValue(std::string_view& rest) {
  const std::string_view begin = rest;
  int depth = 0;
  while (!rest.empty()) {
    const char c = rest.front();
    if (c == '"') {
      if (TakeString(rest).empty()) return {};
    } else if (c == '[' || c == '{') {
      ++depth;
      rest.remove_prefix(1);
    } else if (depth == 0 && (c == ',' || c == ']' || c == '}')) {
      break;
    } else {
      if (c == ']' || c == '}') --depth;
      rest.remove_prefix(1);
    }
  }
  return depth == 0 ? begin.substr(0, begin.size() - rest.size()) : std::string_view();
}

bool Take(std::string_view& rest, char c) {
  if (rest.empty() || rest.front() != c) return false;
  rest.remove_prefix(1);
  return true;
}

}  // namespace

std::optional<JsonLine> JsonLine::Parse(std::string_view line) {
  JsonLine parsed;
  if (!Take(line, '{')) return std::nullopt;
  while (true) {
    const std::string_view key = TakeString(line);
    if (key.empty() || !Take(line, ':')) return std::nullopt;
    const std::string_view value = TakeValue(line);
    if (value.empty() || parsed.size_ == kMostFields) return std::nullopt;
    parsed.fields_[parsed.size_++] = {key.substr(1, key.size() - 2), value};
    if (Take(line, '}')) break;
    if (!Take(line, ',')) return std::nullopt;
  }
  if (!line.empty()) return std::nullopt;
  if (const std::string_view kind = parsed.Raw("e"); kind.size() >= 2) parsed.kind_ = kind.substr(1, kind.size() - 2);
  return parsed;
}

std::string_view JsonLine::Raw(std::string_view key) const {
  for (std::size_t i = 0; i < size_; ++i) {
    if (fields_[i].key == key) return fields_[i].value;
  }
  return {};
}

std::int64_t JsonLine::Number(std::string_view key, std::int64_t otherwise) const {
  return ParseNumber(Raw(key)).value_or(otherwise);
}

double JsonLine::Real(std::string_view key, double otherwise) const {
  const std::string_view text = Raw(key);
  double value = otherwise;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

std::string JsonLine::Text(std::string_view key) const { return ParseJsonString(Raw(key)).value_or(std::string()); }

std::optional<std::vector<std::string_view>> ElementsOf(std::string_view array) {
  std::vector<std::string_view> elements;
  if (!Take(array, '[')) return std::nullopt;
  if (array == "]") return elements;
  while (true) {
    const std::string_view element = TakeValue(array);
    if (element.empty()) return std::nullopt;
    elements.push_back(element);
    if (array == "]") return elements;
    if (!Take(array, ',')) return std::nullopt;
  }
}

std::optional<std::int64_t> ParseNumber(std::string_view text) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

}  // namespace batchscope::record
