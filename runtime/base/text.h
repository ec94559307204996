#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace batchscope {

bool IsUtf8(std::string_view bytes);

/// UTF-8 for people and JSON: each byte that is not valid UTF-8 becomes "\xNN".
std::string ToDisplay(std::string_view bytes);

/// Appends `text` as a JSON string with its quotes. Bytes that are not UTF-8 become "\udcNN", as Python's
/// surrogateescape writes them, so that os.fsencode(json.loads(...)) gives the bytes back.
void AppendJsonString(std::string& out, std::string_view text);

/// The bytes behind what AppendJsonString wrote. `literal` includes its quotes; nothing when it is not one whole JSON
/// string.
std::optional<std::string> ParseJsonString(std::string_view literal);

/// The candidate nearest to `name` by edit distance, when it is near enough to be a slip of the finger.
std::optional<std::string> NearestName(std::string_view name, std::span<const std::string_view> candidates);

/// The parts between `separator`s; "" gives one empty part.
std::vector<std::string_view> Split(std::string_view text, char separator);

}  // namespace batchscope
