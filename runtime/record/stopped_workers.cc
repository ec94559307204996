#include "runtime/record/stopped_workers.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <system_error>
#include <utility>

#include "runtime/base/clock.h"
#include "runtime/base/files.h"
#include "runtime/base/text.h"
#include "runtime/record/json_line.h"

namespace batchscope::record {

std::string InWords(const StoppedWorker& stopped) {
  return fmt::format("worker {}: {} for {}", stopped.worker, ToDisplay(stopped.where),
                     FormatDuration(std::chrono::duration<double>(stopped.seconds)));
}

void StoppedFile::Renew(std::int64_t now_unix_us, const std::vector<StoppedWorker>& stopped) {
  std::vector<Stop> stops;
  std::string text;
  for (const StoppedWorker& now : stopped) {
    const auto known = std::find_if(stops_.begin(), stops_.end(), [&](const Stop& stop) {
      return stop.last.worker == now.worker && stop.last.where == now.where && stop.last.seconds <= now.seconds;
    });
    const std::int64_t since =
        known == stops_.end() ? now_unix_us - static_cast<std::int64_t>(now.seconds * 1e6) : known->since_unix_us;
    stops.push_back({now, since});
    text += fmt::format(R"({{"e":"stopped","w":{},"at":{},"where":)", now.worker, since);
    AppendJsonString(text, now.where);
    text += "}\n";
  }
  stops_ = std::move(stops);
  if (text == text_) return;
  text_ = std::move(text);
  std::error_code ignored;
  if (text_.empty()) {
    std::filesystem::remove(path_, ignored);
  } else {
    (void)WriteFileAtomically(path_, text_);
  }
}

std::vector<StoppedWorker> ReadStopped(const RunFolder& folder, std::int64_t now_unix_us) {
  std::vector<StoppedWorker> stopped;
  const Result<std::string> text = ReadFile(folder.stopped());
  if (!text.ok()) return stopped;
  for (const std::string_view line : Split(*text, '\n')) {
    const auto parsed = JsonLine::Parse(line);
    if (!parsed || parsed->kind() != "stopped") continue;
    const auto since = std::max<std::int64_t>(0, now_unix_us - parsed->Number("at"));
    stopped.push_back({.worker = static_cast<std::uint32_t>(parsed->Number("w")),
                       .where = parsed->Text("where"),
                       .seconds = static_cast<double>(since) / 1e6});
  }
  return stopped;
}

}  // namespace batchscope::record
