#include "debugadapter/protocol/json_text.h"

#include <fmt/format.h>

#include <algorithm>

namespace batchscope::protocol {
namespace {

/// How deep brackets outside of strings lie in each other; exact for JSON, never too small for anything else that the
/// parser would go into.
int Depth(std::string_view text) {
  int depth = 0;
  int deepest = 0;
  bool in_string = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char letter = text[i];
    if (in_string) {
      if (letter == '\\') ++i;
      in_string = letter != '"';
    } else if (letter == '"') {
      in_string = true;
    } else if (letter == '[' || letter == '{') {
      deepest = std::max(deepest, ++depth);
    } else if (letter == ']' || letter == '}') {
      --depth;
    }
  }
  return deepest;
}

}  // namespace

Result<Json> ReadJson(std::string_view text) {
  if (const int depth = Depth(text); depth > kMostNested) {
    return Status::Error(fmt::format("JSON nested {} deep, expected at most {}", depth, kMostNested));
  }
  try {
    return Json::parse(text);
  } catch (const Json::exception& problem) {
    return Status::Error(fmt::format("no JSON: {}", problem.what()));
  }
}

std::string WriteJson(const Json& value) { return value.dump(-1, ' ', false, Json::error_handler_t::replace); }

}  // namespace batchscope::protocol
