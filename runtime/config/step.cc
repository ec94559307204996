#include "runtime/config/step.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <nlohmann/json.hpp>
#include <set>
#include <string_view>

#include "runtime/base/text.h"
#include "runtime/config/parse.h"

namespace batchscope::config {
namespace {

using nlohmann::json;

/// Arguments that Batchscope gives the script itself, or that Azure keeps for its own driver.
constexpr std::array<std::string_view, 11> kReservedArguments = {"--output",
                                                                 "--mini_batch_size",
                                                                 "--error_threshold",
                                                                 "--output_action",
                                                                 "--logging_level",
                                                                 "--process_count_per_node",
                                                                 "--run_invocation_timeout",
                                                                 "--run_max_try",
                                                                 "--append_row_file_name",
                                                                 "--scoring_module_name",
                                                                 "--input_fds_0"};
constexpr std::string_view kHeaderArgument = "--append_row_dataframe_header";

/// ^[a-z]([-a-z0-9]*[a-z0-9])?$ of 3 to 32 characters.
bool IsStepName(std::string_view name) {
  const auto is_letter = [](char c) { return c >= 'a' && c <= 'z'; };
  const auto is_part = [&](char c) { return is_letter(c) || (c >= '0' && c <= '9') || c == '-'; };
  return name.size() >= 3 && name.size() <= 32 && is_letter(name.front()) && name.back() != '-' &&
         std::all_of(name.begin(), name.end(), is_part);
}

/// Letters, digits and underscores, as as_named_input() wants them.
bool IsInputName(std::string_view name) {
  const auto is_part = [](unsigned char c) { return c < 0x80 && (std::isalnum(c) != 0 || c == '_'); };
  return !name.empty() && std::all_of(name.begin(), name.end(), is_part);
}

void ReadName(ObjectReader& reader, StepConfig& step) {
  constexpr const char* kExpected = "3 to 32 of a-z, 0-9 and -, with a letter first and no - last";
  if (reader.Get("name") == nullptr) return reader.ComplainMissing("name", kExpected);
  const auto name = reader.Text("name");
  if (!name) return;
  if (!IsStepName(*name))
    return reader.Complain("name", fmt::format("found {}, expected {}", Found(json(*name)), kExpected));
  step.name = *name;
}

void ReadInputPath(const json& value, const std::string& path, const std::filesystem::path& base, FileInput& input,
                   Problems& problems) {
  if (!value.is_string() || value.get_ref<const std::string&>().empty()) {
    problems.Add(path, fmt::format("found {}, expected the path of a file, a folder or a glob", Found(value)));
  } else if (value.get_ref<const std::string&>().find('\0') != std::string::npos) {
    problems.Add(path, "found a path with a NUL character, which no file name can hold");
  } else {
    input.paths.push_back(Absolute(value.get<std::string>(), base).string());
  }
}

void ReadInputPaths(const json& value, const std::string& path, const std::filesystem::path& base, FileInput& input,
                    Problems& problems) {
  if (!value.is_array()) return ReadInputPath(value, path, base, input, problems);
  if (value.empty()) problems.Add(path, "found an empty list, expected at least one path");
  for (std::size_t i = 0; i < value.size(); ++i) {
    ReadInputPath(value[i], fmt::format("{}[{}]", path, i), base, input, problems);
  }
}

FileInput ReadInput(const json& value, const std::string& path, std::size_t place, const std::filesystem::path& base,
                    Problems& problems) {
  FileInput input;
  input.name = fmt::format("input_{}", place);
  if (!value.is_object()) {
    ReadInputPath(value, path, base, input, problems);
    return input;
  }
  ObjectReader reader(value, path, problems);
  if (const auto name = reader.Text("name")) {
    input.name = *name;
    if (!IsInputName(*name)) {
      reader.Complain("name", fmt::format("found {}, expected letters, digits and underscores", Found(json(*name))));
    }
  }
  if (const json* paths = reader.Get("path")) {
    ReadInputPaths(*paths, Join(path, "path"), base, input, problems);
  } else {
    reader.ComplainMissing("path", "a path or a list of paths");
  }
  reader.RefuseUnknownKeys();
  return input;
}

void ReadInputs(ObjectReader& reader, const std::filesystem::path& base, StepConfig& step) {
  const json* inputs = reader.Get("inputs");
  constexpr const char* kExpected = "at least one file, folder or glob";
  if (inputs == nullptr) return reader.ComplainMissing("inputs", kExpected);
  if (inputs->is_array() && inputs->empty()) {
    return reader.Complain("inputs", fmt::format("found an empty list, expected {}", kExpected));
  }
  if (!inputs->is_array()) return reader.Complain("inputs", fmt::format("found {}, expected a list", Found(*inputs)));
  std::set<std::string> names;
  for (std::size_t i = 0; i < inputs->size(); ++i) {
    const std::string path = fmt::format("inputs[{}]", i);
    step.inputs.push_back(ReadInput((*inputs)[i], path, i, base, reader.problems()));
    if (!names.insert(step.inputs.back().name).second) {
      reader.problems().Add(path + ".name", fmt::format("found {} a second time, expected a name of its own",
                                                        Found(json(step.inputs.back().name))));
    }
  }
}

/// The text sys.argv gets for a JSON scalar, spelled as Python's str() does.
std::optional<std::string> ArgumentText(const json& value) {
  if (value.is_string()) return value.get<std::string>();
  if (value.is_boolean()) return value.get<bool>() ? "True" : "False";
  if (value.is_number()) return value.dump();
  return std::nullopt;
}

bool IsTrue(std::string_view text) {
  constexpr std::string_view kTrue = "true";
  return std::equal(text.begin(), text.end(), kTrue.begin(), kTrue.end(),
                    [](unsigned char a, char b) { return std::tolower(a) == b; });
}

void CheckArguments(ObjectReader& reader, StepConfig& step) {
  for (std::size_t i = 0; i < step.arguments.size(); ++i) {
    const std::string_view argument = step.arguments[i];
    const std::string_view flag = argument.substr(0, argument.find('='));
    if (std::find(kReservedArguments.begin(), kReservedArguments.end(), flag) != kReservedArguments.end()) {
      reader.Complain(fmt::format("arguments[{}]", i),
                      fmt::format("found {}, a reserved name; choose another for the script's own argument", flag));
    }
    if (argument.find('\0') != std::string_view::npos) {
      reader.Complain(fmt::format("arguments[{}]", i), "found text with a NUL character, which no argument can hold");
    }
    if (flag != kHeaderArgument) continue;
    const bool has_value = flag.size() < argument.size();
    const bool has_next = i + 1 < step.arguments.size();
    const std::string_view value = has_value  ? argument.substr(flag.size() + 1)
                                   : has_next ? std::string_view(step.arguments[i + 1])
                                              : std::string_view();
    step.append_header = IsTrue(value);
  }
}

void ReadArguments(ObjectReader& reader, StepConfig& step) {
  const json* arguments = reader.Get("arguments");
  if (arguments == nullptr) return;
  if (!arguments->is_array()) {
    return reader.Complain("arguments", fmt::format("found {}, expected a list", Found(*arguments)));
  }
  for (std::size_t i = 0; i < arguments->size(); ++i) {
    const json& value = (*arguments)[i];
    const auto text = ArgumentText(value);
    if (!text) {
      reader.Complain(fmt::format("arguments[{}]", i),
                      fmt::format("found {}, expected text or a number", Found(value)));
    }
    step.arguments.push_back(text.value_or(""));
  }
  const json& first = arguments->empty() ? json("-") : arguments->front();
  const auto text = ArgumentText(first);
  if (text && !text->starts_with('-')) {
    reader.Complain("arguments[0]", fmt::format("found {}, expected a name that starts with -", Found(first)));
  }
  CheckArguments(reader, step);
}

std::filesystem::path ReadPath(ObjectReader& reader, std::string_view key, const std::filesystem::path& base) {
  const auto text = reader.Text(key);
  if (!text || text->empty()) return {};
  if (text->find('\0') == std::string::npos) return Absolute(*text, base);
  reader.Complain(key, "found a path with a NUL character, which no file name can hold");
  return {};
}

}  // namespace

Result<StepConfig> ParseStep(const json& step_json, const std::filesystem::path& base) {
  std::error_code error;
  const std::filesystem::path from = std::filesystem::absolute(base, error);
  if (!IsUtf8(from.string())) {
    return Status::Error(
        fmt::format("the folder {} has a name that is not UTF-8; a step's own files must lie under names that are",
                    ToDisplay(from.string())));
  }
  Problems problems;
  ObjectReader reader(step_json, "", problems);
  if (!problems.empty()) return problems.status().Within("the step");
  StepConfig step;
  ReadName(reader, step);
  if (const json* config = reader.Get("parallel_run_config")) {
    step.run = ParseRunConfig(*config, "parallel_run_config", from, problems);
  } else {
    reader.ComplainMissing("parallel_run_config", "the settings of the run");
  }
  ReadInputs(reader, from, step);
  step.output = ReadPath(reader, "output", from);
  step.model_dir = ReadPath(reader, "model_dir", from);
  ReadArguments(reader, step);
  const json* side_inputs = reader.Get("side_inputs");
  if (side_inputs != nullptr && !((side_inputs->is_array() || side_inputs->is_object()) && side_inputs->empty())) {
    reader.Complain("side_inputs", "is not supported yet; give the folder's path among the arguments");
  }
  step.debug = ParseDebug(reader, step.run.run_max_try);
  reader.Flag("allow_reuse");
  reader.RefuseUnknownKeys();
  if (!problems.empty()) return problems.status();
  return step;
}

json ToJson(const StepConfig& step) {
  const ParallelRunConfig& run = step.run;
  json config = {{"entry_script", run.entry_script.string()},
                 {"source_directory", run.source_directory.string()},
                 {"mini_batch_size", run.mini_batch_size},
                 {"error_threshold", run.error_threshold},
                 {"output_action", ToString(run.output_action)},
                 {"append_row_file_name", run.append_row_file_name},
                 {"process_count_per_node", run.process_count_per_node},
                 {"logging_level", ToString(run.logging_level)},
                 {"run_invocation_timeout", run.run_invocation_timeout.count()},
                 {"run_max_try", run.run_max_try},
                 {"allowed_failed_count", run.allowed_failed_count},
                 {"task_overhead_timeout", run.task_overhead_timeout.count()},
                 {"resource_monitor_interval", run.resource_monitor_interval.count()},
                 {"environment_variables", run.environment_variables},
                 {"description", run.description}};
  if (!run.environment.empty()) config["environment"] = run.environment.string();
  if (run.allowed_failed_percent) config["allowed_failed_percent"] = *run.allowed_failed_percent;
  if (run.progress_update_timeout) config["progress_update_timeout"] = run.progress_update_timeout->count();
  json inputs = json::array();
  for (const FileInput& input : step.inputs) inputs.push_back({{"name", input.name}, {"path", input.paths}});
  json whole = {{"name", step.name},
                {"parallel_run_config", std::move(config)},
                {"inputs", std::move(inputs)},
                {"arguments", step.arguments}};
  if (!step.output.empty()) whole["output"] = step.output.string();
  if (!step.model_dir.empty()) whole["model_dir"] = step.model_dir.string();
  AddTo(whole, step.debug);
  return whole;
}

std::chrono::duration<double> ProgressLimit(const ParallelRunConfig& run) {
  return run.progress_update_timeout.value_or(3 * (run.run_invocation_timeout + run.task_overhead_timeout));
}

}  // namespace batchscope::config
