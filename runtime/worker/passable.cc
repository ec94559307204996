#include "runtime/worker/passable.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <utility>

#include "runtime/worker/bounded_text.h"

namespace batchscope::worker {
namespace {

using nlohmann::json;

constexpr std::size_t kMostStoppedText = std::size_t{64} << 10;  // Bytes of each text in a `stopped` event.
constexpr std::size_t kMostName = 200;                           // Bytes.

std::string Size(std::size_t bytes) { return fmt::format("{:.1f} MiB", static_cast<double>(bytes) / (1 << 20)); }

std::string Text(const json& message) { return message.dump(-1, ' ', false, json::error_handler_t::replace); }

std::string TextAt(const json& object, const char* name) {
  const auto found = object.find(name);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

json Refusal(const json& response, std::size_t size, std::size_t most) {
  json refusal = {{"type", "response"}, {"success", false}};
  for (const char* name : {"seq", "request_seq", "command"}) {
    if (const auto found = response.find(name); found != response.end()) refusal[name] = *found;
  }
  refusal["message"] =
      fmt::format("the answer has {}, more than the {} that reach a client; ask for a part of it, such as a slice",
                  Size(size), Size(most));
  return refusal;
}

/// An exception's text may be of any size, and without the event nobody knew of the stop.
json Shortened(json stopped) {
  if (const auto body = stopped.find("body"); body != stopped.end() && body->is_object()) {
    for (auto& value : *body) {
      if (value.is_string()) value = Bounded(value.get<std::string>(), kMostStoppedText);
    }
  }
  return stopped;
}

json Notice(const std::string& what, std::size_t size, std::size_t most) {
  const std::string text =
      fmt::format("the debugger's {} was left out: it has {}, more than the {} that reach a client\n", what, Size(size),
                  Size(most));
  return {{"type", "event"}, {"seq", 0}, {"event", "output"}, {"body", {{"category", "important"}, {"output", text}}}};
}

}  // namespace

std::string Passable(std::string text, std::size_t most) {
  if (text.size() <= most) return text;
  const std::size_t size = text.size();
  json message = json::parse(std::exchange(text, {}), nullptr, false);
  if (!message.is_object()) return Text(Notice("message", size, most));
  if (TextAt(message, "type") == "response") return Text(Refusal(message, size, most));
  const std::string event = TextAt(message, "event");
  if (event == "stopped") {
    std::string stopped = Text(Shortened(std::move(message)));
    if (stopped.size() <= most) return stopped;
  }
  return Text(Notice(fmt::format("event '{}'", Bounded(event, kMostName)), size, most));
}

}  // namespace batchscope::worker
