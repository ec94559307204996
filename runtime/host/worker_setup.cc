#include "runtime/host/worker_setup.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <string_view>
#include <system_error>

#include "runtime/base/files.h"
#include "runtime/base/text.h"

namespace batchscope::host {
namespace {

constexpr std::array<std::string_view, 2> kSlowModules = {"numpy", "pandas"};
constexpr std::size_t kMostFilesRead =
    200;  // Of a big source directory the first ones tell enough: this is only a head start.

const char* LevelName(config::LoggingLevel level) {
  switch (level) {
    case config::LoggingLevel::kWarning:
      return "WARNING";
    case config::LoggingLevel::kInfo:
      return "INFO";
    case config::LoggingLevel::kDebug:
      return "DEBUG";
  }
  return "INFO";
}

/// The text as a JSON string that keeps bytes which are not UTF-8.
std::string Quoted(std::string_view text) {
  std::string quoted;
  AppendJsonString(quoted, text);
  return quoted;
}

template <typename Range, typename Name>
std::string QuotedList(const Range& values, Name name) {
  std::string list = "[";
  for (const auto& value : values) {
    if (list.size() > 1) list += ", ";
    list += Quoted(name(value));
  }
  return list + "]";
}

/// Whether a line of Python source imports the module: "import numpy as np", "from numpy.linalg import norm".
bool Imports(std::string_view line, std::string_view module) {
  line.remove_prefix(std::min(line.find_first_not_of(" \t"), line.size()));
  if (!line.starts_with("import ") && !line.starts_with("from ")) return false;
  const std::size_t at = line.find(module);
  if (at == std::string_view::npos || line[at - 1] != ' ') return false;
  const std::size_t end = at + module.size();
  return end == line.size() || (std::isalnum(static_cast<unsigned char>(line[end])) == 0 && line[end] != '_');
}

/// Whether a worker may stay with what its mini-batch raised.
bool Holds(const config::DebugOptions& debug) {
  return debug.mode != config::DebugMode::kOff && debug.hold_on_failure.count() > 0;
}

}  // namespace

std::string WorkerSetup(const config::StepConfig& step, const record::Recorder& recorder, const std::string& endpoint,
                        int board_fd, const std::filesystem::path& package_folder,
                        const std::filesystem::path& debugpy_folder) {
  const record::RunFolder& folder = recorder.folder();
  const std::filesystem::path script = step.run.entry_script.lexically_relative(step.run.source_directory);
  std::string json = "{";
  const auto raw = [&](std::string_view name, std::string_view value) {
    if (json.size() > 1) json += ", ";
    json += Quoted(name);
    json += ": ";
    json += value;
  };
  const auto text = [&](std::string_view name, const std::string& value) { raw(name, Quoted(value)); };
  text("run_id", folder.id());
  text("run_folder", folder.path());
  text("endpoint", endpoint);
  raw("board_fd", std::to_string(board_fd));
  text("node", record::NodeName());
  text("entry_script", folder.entry() / script);
  text("source_directory", folder.entry());
  raw("arguments", QuotedList(step.arguments, [](const std::string& argument) { return argument; }));
  text("output_dir", recorder.output_file().parent_path());
  const bool rows = step.run.output_action == config::OutputAction::kAppendRow;
  text("output_action", rows ? "append_row" : "summary_only");
  raw("append_header", step.append_header ? "true" : "false");
  text("model_dir", step.model_dir);
  text("logging_level", LevelName(step.run.logging_level));
  text("work_folder", folder.work());
  text("logs_folder", folder.logs());
  text("stacks_folder", folder.stacks());
  text("names_folder", package_folder / "batchscope" / "names");
  raw("input_names", QuotedList(step.inputs, [](const config::FileInput& input) { return input.name; }));
  raw("debug", step.debug.mode == config::DebugMode::kOff ? "false" : "true");
  text("debugpy_folder", debugpy_folder);
  raw("hold_on_failure", Holds(step.debug) ? "true" : "false");
  return json + "}";
}

std::map<std::string, std::string> WorkerEnvironment(const config::StepConfig& step) {
  std::map<std::string, std::string> environment = step.run.environment_variables;
  environment.emplace("PYTHONHASHSEED", "0");  // The same order of sets in every worker, attempt and run.
  return environment;
}

std::vector<std::string> SlowImports(const std::filesystem::path& entry) {
  std::array<bool, kSlowModules.size()> wanted{};
  std::size_t files = 0;
  std::error_code error;
  auto walk = std::filesystem::recursive_directory_iterator(entry, error);
  for (; !error && walk != std::filesystem::recursive_directory_iterator(); walk.increment(error)) {
    if (walk->path().extension() != ".py") continue;
    if (++files > kMostFilesRead) break;
    const Result<std::string> source = ReadFile(walk->path());
    if (!source.ok()) continue;
    for (const std::string_view line : Split(*source, '\n')) {
      for (std::size_t i = 0; i < kSlowModules.size(); ++i) wanted[i] = wanted[i] || Imports(line, kSlowModules[i]);
    }
  }
  std::vector<std::string> modules;
  for (std::size_t i = 0; i < kSlowModules.size(); ++i) {
    if (wanted[i]) modules.emplace_back(kSlowModules[i]);
  }
  return modules;
}

Result<std::filesystem::path> FindInterpreter(const std::filesystem::path& wanted,
                                              const std::filesystem::path& otherwise) {
  const std::filesystem::path& python = wanted.empty() ? otherwise : wanted;
  if (::access(python.c_str(), X_OK) == 0) return python;
  return Status::Error(std::string(wanted.empty() ? "the interpreter" : "environment") + ": found " + python.string() +
                       ", which is no program that can be executed; expected a Python interpreter, such as "
                       "/path/to/venv/bin/python");
}

std::vector<std::string> UsableGpus(const std::filesystem::path& devices, const char* visible) {
  std::vector<std::string> gpus;
  if (visible != nullptr) {
    for (const std::string_view gpu : Split(visible, ',')) {
      if (gpu.empty() || gpu == "-1") break;  // CUDA, too, stops at the first that is none.
      gpus.emplace_back(gpu);
    }
    return gpus;
  }
  const auto device = [&](std::size_t number) { return devices / ("nvidia" + std::to_string(number)); };
  std::error_code error;
  while (std::filesystem::exists(device(gpus.size()), error)) gpus.push_back(std::to_string(gpus.size()));
  return gpus;
}

}  // namespace batchscope::host
