#include "runtime/record/how_to_attach.h"

#include <fmt/format.h>

#include <cctype>
#include <nlohmann/json.hpp>
#include <string_view>

#include "runtime/base/text.h"
#include "runtime/config/step.h"
#include "runtime/record/reader.h"

namespace batchscope::record {
namespace {

/// As a value in a link's query.
std::string PercentEncoded(std::string_view text) {
  std::string encoded;
  for (const char letter : text) {
    const auto byte = static_cast<unsigned char>(letter);
    const bool plain = (byte < 0x80 && std::isalnum(byte) != 0) || std::string_view("-._~").find(letter) != text.npos;
    encoded += plain ? std::string(1, letter) : fmt::format("%{:02X}", byte);
  }
  return encoded;
}

std::string LaunchJson(const RunFolder& folder) {
  const nlohmann::ordered_json attach = {{"type", "batchscope"},
                                         {"request", "attach"},
                                         {"name", "Batchscope: attach to " + folder.id()},
                                         {"run", ToDisplay(folder.path().native())}};
  const nlohmann::ordered_json whole = {{"version", "0.2.0"},
                                        {"configurations", nlohmann::ordered_json::array({attach})}};
  return whole.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

Result<std::string> ObstacleOf(const RunFolder& folder) {
  BATCHSCOPE_ASSIGN_OR_RETURN(const RunSummary run, ReadSummary(folder));
  if (run.status != "running")
    return fmt::format("the run is {}; a debugger gets only to one that is running", run.status);
  const Result<nlohmann::json> step = config::ReadStepFile(folder.config());
  if (step.ok() && step->value("debug", "") == "off") {
    return std::string("the step says debug = \"off\"; submit it with debug = \"on\" to look inside");
  }
  return std::string();
}

std::string Indented(const std::string& text) {
  std::string indented;
  for (const std::string_view line : Split(text, '\n')) indented += fmt::format("    {}\n", line);
  return indented;
}

}  // namespace

Result<HowToAttach> ReadHowToAttach(const RunFolder& folder) {
  BATCHSCOPE_ASSIGN_OR_RETURN(std::string obstacle, ObstacleOf(folder));
  const std::string& path = folder.path().native();
  return HowToAttach{.run = ToDisplay(path),
                     .link = "vscode://batchscope.batchscope/attach?run=" + PercentEncoded(path),
                     .launch_json = LaunchJson(folder),
                     .obstacle = std::move(obstacle)};
}

std::string InWords(const HowToAttach& how, const std::string& adapter) {
  std::string text;
  if (!how.obstacle.empty()) text += fmt::format("No debugger can be attached now: {}.\n\n", how.obstacle);
  text += fmt::format("VS Code with the extension Batchscope: open this link\n    {}\n", how.link);
  text += fmt::format("or put this into .vscode/launch.json\n{}", Indented(how.launch_json));
  const nlohmann::ordered_json arguments = {{"run", how.run}};
  text += fmt::format(
      "Any other client of the Debug Adapter Protocol: start this adapter and send the request attach with {}\n    "
      "{}\n",
      arguments.dump(), adapter);
  return text;
}

}  // namespace batchscope::record
