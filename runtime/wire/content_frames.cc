#include "runtime/wire/content_frames.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "runtime/base/text.h"

namespace batchscope::wire {
namespace {

/// All lines in front of one message; people's clients need less than 100 bytes.
constexpr std::size_t kMostHeader = 4096;
constexpr std::string_view kLength = "content-length";

std::string_view WithoutBlanks(std::string_view text) {
  const std::size_t first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

bool IsContentLength(std::string_view name) {
  const auto same = [](char left, char right) {
    return right == (left >= 'A' && left <= 'Z' ? static_cast<char>(left - 'A' + 'a') : left);
  };
  return std::equal(name.begin(), name.end(), kLength.begin(), kLength.end(), same);
}

Status Unreadable(std::string_view line) {
  constexpr std::size_t kMostShown = 80;
  return Status::Error(fmt::format("the header of a message has the line \"{}\", expected \"Content-Length: <bytes>\"",
                                   ToDisplay(line.substr(0, kMostShown))));
}

struct Header {
  std::size_t size = 0;    ///< Its own, the empty line included.
  std::size_t length = 0;  ///< Of the message behind it.
};

/// The header at the front of `bytes`; nothing when its end is not there yet.
Result<std::optional<Header>> ReadHeader(std::string_view bytes, std::size_t most) {
  std::optional<std::uint64_t> length;
  std::size_t place = 0;
  while (true) {
    const std::size_t end = bytes.find('\n', place);
    if (std::min(end, bytes.size()) >= kMostHeader) {
      return Status::Error(fmt::format("the header of a message has more than {} bytes", kMostHeader));
    }
    if (end == std::string_view::npos) return std::optional<Header>();
    std::string_view line = bytes.substr(place, end - place);
    place = end + 1;
    if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
    if (line.empty()) break;
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos) return Unreadable(line);
    if (!IsContentLength(WithoutBlanks(line.substr(0, colon)))) continue;
    const std::string_view digits = WithoutBlanks(line.substr(colon + 1));
    std::uint64_t value = 0;
    const auto read = std::from_chars(digits.data(), digits.data() + digits.size(), value);
    const bool too_large = read.ec == std::errc::result_out_of_range;
    if (digits.empty() || read.ptr != digits.data() + digits.size() || (read.ec != std::errc() && !too_large)) {
      return Unreadable(line);
    }
    if (too_large || value > most) {
      return Status::Error(fmt::format("a message of {} bytes, expected at most {}", digits, most));
    }
    if (length) return Status::Error("the header of a message has two lines \"Content-Length\", expected one");
    length = value;
  }
  if (!length) return Status::Error("the header of a message ends without a line \"Content-Length: <bytes>\"");
  return std::optional<Header>({place, static_cast<std::size_t>(*length)});
}

}  // namespace

void ContentFrames::Append(std::string_view bytes) {
  if (broken_) return;
  if (taken_ > bytes_.size() / 2) {  // Not each time: what waits may be many messages.
    bytes_.erase(0, taken_);
    taken_ = 0;
  }
  bytes_.append(bytes);
}

Result<std::optional<std::string>> ContentFrames::Next() {
  if (broken_) return *broken_;
  const std::string_view rest = std::string_view(bytes_).substr(taken_);
  const Result<std::optional<Header>> header = ReadHeader(rest, most_);
  if (!header.ok()) {
    broken_ = header.status();
    bytes_ = std::string();
    return *broken_;
  }
  if (!*header || rest.size() - (*header)->size < (*header)->length) return std::optional<std::string>();
  taken_ += (*header)->size + (*header)->length;
  return std::optional<std::string>(rest.substr((*header)->size, (*header)->length));
}

std::string WithContentLength(std::string_view json) {
  return fmt::format("Content-Length: {}\r\n\r\n{}", json.size(), json);
}

}  // namespace batchscope::wire
