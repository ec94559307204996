#include "runtime/base/text.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <numeric>
#include <utility>

namespace batchscope {
namespace {

/// Length of the valid UTF-8 sequence at the start of `bytes`, 0 when there is none (RFC 3629: no surrogates, no
/// overlong forms).
std::size_t SequenceLength(std::string_view bytes) {
  const auto at = [&](std::size_t i) { return static_cast<unsigned char>(bytes[i]); };
  const unsigned char lead = at(0);
  if (lead < 0x80) return 1;
  const std::size_t length = lead >= 0xC2 && lead < 0xE0   ? 2
                             : (lead & 0xF0) == 0xE0       ? 3
                             : lead >= 0xF0 && lead < 0xF5 ? 4
                                                           : 0;
  if (length == 0 || bytes.size() < length) return 0;
  for (std::size_t i = 1; i < length; ++i) {
    if ((at(i) & 0xC0) != 0x80) return 0;
  }
  const bool overlong = (lead == 0xE0 && at(1) < 0xA0) || (lead == 0xF0 && at(1) < 0x90);
  const bool outside = (lead == 0xED && at(1) > 0x9F) || (lead == 0xF4 && at(1) > 0x8F);
  return overlong || outside ? 0 : length;
}

void AppendUtf8(std::string& out, std::uint32_t code) {
  const auto put = [&](std::uint32_t byte) { out.push_back(static_cast<char>(byte)); };
  if (code < 0x80) {
    put(code);
  } else if (code < 0x800) {
    put(0xC0 | code >> 6), put(0x80 | (code & 0x3F));
  } else if (code < 0x10000) {
    put(0xE0 | code >> 12), put(0x80 | (code >> 6 & 0x3F)), put(0x80 | (code & 0x3F));
  } else {
    put(0xF0 | code >> 18), put(0x80 | (code >> 12 & 0x3F)), put(0x80 | (code >> 6 & 0x3F)), put(0x80 | (code & 0x3F));
  }
}

std::optional<std::uint32_t> Hex4(std::string_view digits) {
  if (digits.size() < 4) return std::nullopt;
  std::uint32_t value = 0;
  for (const char digit : digits.substr(0, 4)) {
    const auto lower = static_cast<char>(digit | 0x20);
    if (digit >= '0' && digit <= '9') {
      value = value * 16 + static_cast<std::uint32_t>(digit - '0');
    } else if (lower >= 'a' && lower <= 'f') {
      value = value * 16 + static_cast<std::uint32_t>(lower - 'a' + 10);
    } else {
      return std::nullopt;
    }
  }
  return value;
}

/// Reads what stands behind "\u" and takes it off `rest`: a code point, a surrogate pair, or one escaped byte.
bool TakeUnicodeEscape(std::string_view& rest, std::string& out) {
  const auto first = Hex4(rest);
  if (!first) return false;
  rest.remove_prefix(4);
  if (*first >= 0xDC80 && *first <= 0xDCFF) {
    out.push_back(static_cast<char>(*first - 0xDC00));
    return true;
  }
  if (*first >= 0xD800 && *first < 0xDC00) {
    const auto second = rest.starts_with("\\u") ? Hex4(rest.substr(2)) : std::nullopt;
    if (!second || *second < 0xDC00 || *second > 0xDFFF) return false;
    rest.remove_prefix(6);
    AppendUtf8(out, 0x10000 + ((*first - 0xD800) << 10) + (*second - 0xDC00));
    return true;
  }
  if (*first >= 0xDC00 && *first <= 0xDFFF) return false;
  AppendUtf8(out, *first);
  return true;
}

/// Insertions, deletions, replacements and swaps of neighbours that make one text the other.
std::size_t EditDistance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> before(b.size() + 1);  // The row above `above`, for swaps.
  std::vector<std::size_t> above(b.size() + 1);
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(above.begin(), above.end(), std::size_t{0});
  for (std::size_t i = 1; i <= a.size(); ++i) {
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      row[j] = std::min({above[j] + 1, row[j - 1] + 1, above[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1)});
      const bool swapped = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
      if (swapped) row[j] = std::min(row[j], before[j - 2] + 1);
    }
    std::swap(before, above);
    std::swap(above, row);
  }
  return above[b.size()];
}

}  // namespace

bool IsUtf8(std::string_view bytes) {
  while (!bytes.empty()) {
    const std::size_t length = SequenceLength(bytes);
    if (length == 0) return false;
    bytes.remove_prefix(length);
  }
  return true;
}

std::string ToDisplay(std::string_view bytes) {
  std::string shown;
  while (!bytes.empty()) {
    const std::size_t length = SequenceLength(bytes);
    if (length == 0) {
      fmt::format_to(std::back_inserter(shown), "\\x{:02x}", static_cast<unsigned char>(bytes[0]));
      bytes.remove_prefix(1);
    } else {
      shown.append(bytes.substr(0, length));
      bytes.remove_prefix(length);
    }
  }
  return shown;
}

void AppendJsonString(std::string& out, std::string_view text) {
  out.push_back('"');
  std::size_t plain = 0;  // Bytes since the last special one, appended in one go.
  const auto flush = [&](std::size_t to) { out.append(text.substr(plain, to - plain)); };
  for (std::size_t i = 0; i < text.size();) {
    const auto byte = static_cast<unsigned char>(text[i]);
    const std::size_t length = byte < 0x80 ? 1 : SequenceLength(text.substr(i));
    if (length != 0 && byte >= 0x20 && byte != '"' && byte != '\\' && byte != 0x7F) {
      i += length;
      continue;
    }
    flush(i);
    if (byte == '"' || byte == '\\') {
      out.push_back('\\');
      out.push_back(static_cast<char>(byte));
    } else if (byte == '\n') {
      out.append("\\n");
    } else {
      fmt::format_to(std::back_inserter(out), "\\u{}{:02x}", byte < 0x80 ? "00" : "dc", byte);
    }
    plain = ++i;
  }
  flush(text.size());
  out.push_back('"');
}

std::optional<std::string> ParseJsonString(std::string_view literal) {
  if (literal.size() < 2 || literal.front() != '"' || literal.back() != '"') return std::nullopt;
  std::string_view rest = literal.substr(1, literal.size() - 2);
  std::string out;
  while (!rest.empty()) {
    const std::size_t escape = rest.find_first_of("\\\"");
    out.append(rest.substr(0, escape));
    if (escape == std::string_view::npos) break;
    if (rest[escape] == '"' || escape + 1 >= rest.size()) return std::nullopt;
    const char kind = rest[escape + 1];
    rest.remove_prefix(escape + 2);
    if (kind == 'u') {
      if (!TakeUnicodeEscape(rest, out)) return std::nullopt;
      continue;
    }
    constexpr std::string_view kFrom = "\"\\/bfnrt";
    constexpr std::string_view kTo = "\"\\/\b\f\n\r\t";
    const std::size_t known = kFrom.find(kind);
    if (known == std::string_view::npos) return std::nullopt;
    out.push_back(kTo[known]);
  }
  return out;
}

std::optional<std::string> NearestName(std::string_view name, std::span<const std::string_view> candidates) {
  std::optional<std::string> nearest;
  std::size_t least = std::max<std::size_t>(1, name.size() / 3) + 1;
  for (const std::string_view candidate : candidates) {
    const std::size_t distance = EditDistance(name, candidate);
    if (distance < least) {
      least = distance;
      nearest = std::string(candidate);
    }
  }
  return nearest;
}

std::vector<std::string_view> Split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  while (true) {
    const std::size_t end = text.find(separator);
    parts.push_back(text.substr(0, end));
    if (end == std::string_view::npos) return parts;
    text.remove_prefix(end + 1);
  }
}

}  // namespace batchscope
