#include "runtime/cli/settings.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <string_view>

#include "runtime/base/text.h"

namespace batchscope::cli {
namespace {

using nlohmann::json;

constexpr std::array<std::string_view, 12> kStepKeys = {
    "name",      "parallel_run_config", "inputs", "output",     "side_inputs", "arguments",
    "model_dir", "allow_reuse",         "debug",  "debug_lane", "debug_lease", "hold_on_failure"};

Status Change(json& step, const std::string& setting) {
  const std::size_t equals = setting.find('=');
  if (equals == std::string::npos || equals == 0) {
    return Status::Error(fmt::format("--set {}: expected KEY=VALUE, for example --set run_max_try=5", setting));
  }
  const std::string key = setting.substr(0, equals);
  const std::string text = setting.substr(equals + 1);
  std::vector<std::string_view> path = Split(key, '.');
  if (std::find(kStepKeys.begin(), kStepKeys.end(), path.front()) == kStepKeys.end()) {
    path.insert(path.begin(), "parallel_run_config");
  }
  json* place = &step;
  for (const std::string_view name : path) {
    if (!place->is_object() && !place->is_null()) {
      return Status::Error(fmt::format("--set {}: there is nothing inside a {}", key, place->type_name()));
    }
    place = &(*place)[std::string(name)];
  }
  json value = json::parse(text, nullptr, false);
  *place = value.is_discarded() ? json(text) : std::move(value);
  return {};
}

}  // namespace

Result<config::StepConfig> LoadStep(const std::filesystem::path& file, const std::vector<std::string>& settings) {
  if (settings.empty()) return config::LoadStepFile(file);
  BATCHSCOPE_ASSIGN_OR_RETURN(json step, config::ReadStepFile(file));
  for (const std::string& setting : settings) BATCHSCOPE_RETURN_IF_ERROR(Change(step, setting));
  Result<config::StepConfig> changed = config::ParseStep(step, std::filesystem::absolute(file).parent_path());
  if (!changed.ok()) return changed.status().Within(file.string() + " with --set");
  return changed;
}

}  // namespace batchscope::cli
