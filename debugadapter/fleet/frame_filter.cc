#include "debugadapter/fleet/frame_filter.h"

#include <algorithm>
#include <cstdint>

namespace batchscope::fleet {
namespace {

using protocol::Json;

bool EndsWith(std::string_view text, std::string_view end) {
  return text.size() >= end.size() && text.substr(text.size() - end.size()) == end;
}

}  // namespace

bool IsOurFile(std::string_view path) {
  return EndsWith(path, "/batchscope/_forkserver.py") || EndsWith(path, "/batchscope/_debugger.py");
}

std::string WithoutNote(std::string text) {
  const std::size_t note = text.find("(note: full exception trace is shown but execution is paused at:");
  if (note == std::string::npos) return text;
  const std::size_t end = text.find(')', note);
  text.erase(note, end == std::string::npos ? std::string::npos : end + 1 - note);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\n')) text.pop_back();
  return text;
}

std::string WithoutCurrentFrame(std::string text) {
  constexpr std::string_view kMark = " (Current frame)";
  for (std::size_t at = text.find(kMark); at != std::string::npos; at = text.find(kMark, at)) {
    text.erase(at, kMark.size());
  }
  return text;
}

Json PageOfFrames(const Json& body, std::int64_t start, std::int64_t levels) {
  Json frames = Json::array();
  std::int64_t total = 0;
  const auto all = body.find("stackFrames");
  if (all != body.end() && all->is_array()) {
    for (const Json& frame : *all) {
      if (!frame.is_object()) continue;
      const Json source = frame.value("source", Json::object());
      if (source.is_object()) {
        const auto path = source.find("path");
        if (path != source.end() && path->is_string() && IsOurFile(path->get_ref<const std::string&>())) continue;
      }
      if (total >= start && (levels <= 0 || total - start < levels)) frames.push_back(frame);
      ++total;
    }
  }
  return {{"stackFrames", std::move(frames)}, {"totalFrames", total}};
}

}  // namespace batchscope::fleet
