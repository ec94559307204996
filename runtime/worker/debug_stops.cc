#include "runtime/worker/debug_stops.h"

#include <filesystem>
#include <nlohmann/json.hpp>
#include <utility>

namespace batchscope::worker {
namespace {

using nlohmann::json;

// pydevd gives the frames of the user's code only, but for one of ours on top of what show() shows.
constexpr int kFramesToLookAt = 8;
constexpr std::string_view kOurFile = "batchscope/_debugger.py";

std::string TextAt(const json& object, const char* name) {
  const auto found = object.find(name);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

std::int64_t NumberAt(const json& object, const char* name, std::int64_t otherwise) {
  const auto found = object.find(name);
  return found != object.end() && found->is_number_integer() ? found->get<std::int64_t>() : otherwise;
}

bool TruthAt(const json& object, const char* name) {
  const auto found = object.find(name);
  return found != object.end() && found->is_boolean() && found->get<bool>();
}

const json& ObjectAt(const json& object, const char* name) {
  static const json kNothing = json::object();
  const auto found = object.find(name);
  return found != object.end() && found->is_object() ? *found : kNothing;
}

bool EndsWith(std::string_view text, std::string_view end) {
  return text.size() >= end.size() && text.substr(text.size() - end.size()) == end;
}

/// Where the user's innermost frame of a stackTrace answer is.
void SetPlace(const json& answer, wire::WorkerStopped& stopped) {
  const json& body = ObjectAt(answer, "body");
  const auto frames = body.find("stackFrames");
  if (frames == body.end() || !frames->is_array()) return;
  for (const json& frame : *frames) {
    if (!frame.is_object()) continue;
    std::string file = TextAt(ObjectAt(frame, "source"), "path");
    if (file.empty() || EndsWith(file, kOurFile)) continue;
    stopped.file = std::move(file);
    stopped.line = static_cast<std::uint32_t>(NumberAt(frame, "line", 0));
    return;
  }
}

}  // namespace

DebugStops::Follows DebugStops::Read(std::string_view text) {
  Follows follows;
  const json message = json::parse(text, nullptr, false);
  if (!message.is_object()) return follows;
  const std::string type = TextAt(message, "type");
  if (type == "event") return ReadEvent(TextAt(message, "event"), ObjectAt(message, "body"));
  const std::int64_t seq = NumberAt(message, "request_seq", 0);
  if (type != "response" || seq < kFirstOwnSeq) return follows;
  follows.is_ours = true;
  const auto asked = asked_.find(seq);
  if (asked == asked_.end()) return follows;
  const Ask ask = std::move(asked->second);
  asked_.erase(asked);
  if (threads_.count(ask.thread) == 0) return follows;
  follows.stopped = wire::WorkerStopped{"", 0, ask.reason};
  SetPlace(message, *follows.stopped);
  return follows;
}

DebugStops::Follows DebugStops::ReadEvent(std::string_view name, const json& body) {
  Follows follows;
  const std::int64_t thread = NumberAt(body, "threadId", -1);
  if (name == "stopped") {
    if (threads_.empty()) clock_.Stop();
    threads_.insert(thread);
    const std::int64_t seq = next_seq_++;
    asked_[seq] = Ask{thread, TextAt(body, "reason")};
    const json arguments = {{"threadId", thread}, {"startFrame", 0}, {"levels", kFramesToLookAt}};
    follows.request =
        json{{"seq", seq}, {"type", "request"}, {"command", "stackTrace"}, {"arguments", arguments}}.dump();
  } else if (name == "continued" && TruthAt(body, "allThreadsContinued")) {
    follows.continued = Clear();
  } else if (name == "continued" || (name == "thread" && TextAt(body, "reason") == "exited")) {
    if (threads_.erase(thread) > 0 && threads_.empty()) follows.continued = GoOn();
  }
  return follows;
}

bool DebugStops::Clear() {
  if (threads_.empty()) return false;
  threads_.clear();
  return GoOn();
}

bool DebugStops::GoOn() {
  asked_.clear();
  clock_.GoOn();
  return true;
}

}  // namespace batchscope::worker
