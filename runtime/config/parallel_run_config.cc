#include <fmt/format.h>
#include <sched.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <cstdint>
#include <limits>
#include <nlohmann/json.hpp>
#include <string_view>
#include <system_error>
#include <thread>

#include "runtime/base/text.h"
#include "runtime/config/entry_script.h"
#include "runtime/config/parse.h"

/// What stands under "parallel_run_config", and its limits.
namespace batchscope::config {
namespace {

using nlohmann::json;
using Least = ObjectReader::Least;

constexpr std::int64_t kAny = std::numeric_limits<std::int64_t>::max();
constexpr double kYear = 366.0 * 24 * 3600;
constexpr std::array<std::string_view, 2> kOutputActions = {"append_row", "summary_only"};
constexpr std::array<std::string_view, 3> kLoggingLevels = {"WARNING", "INFO", "DEBUG"};

std::uint32_t CoresAvailable() {
  cpu_set_t cores;
  CPU_ZERO(&cores);
  if (::sched_getaffinity(0, sizeof cores, &cores) == 0) return static_cast<std::uint32_t>(CPU_COUNT(&cores));
  return std::max(1U, std::thread::hardware_concurrency());
}

void ReadMiniBatchSize(ObjectReader& reader, ParallelRunConfig& config) {
  constexpr std::string_view kKey = "mini_batch_size";
  const json* value = reader.Get(kKey);
  if (value == nullptr) return;
  if (!value->is_string()) {
    const auto size = reader.Integer(kKey, 1, std::numeric_limits<std::uint32_t>::max());
    if (size) config.mini_batch_size = static_cast<std::uint32_t>(*size);
    return;
  }
  const auto& text = value->get_ref<const std::string&>();
  std::uint32_t size = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), size);
  if (error == std::errc() && end == text.data() + text.size() && size > 0) {
    config.mini_batch_size = size;
    return;
  }
  const bool has_unit =
      text.size() > 2 && (text.back() == 'B' || text.back() == 'b') && end == text.data() + text.size() - 2;
  reader.Complain(kKey, fmt::format("found {}, expected a whole number of at least 1{}", Found(*value),
                                    has_unit ? "; files are counted, sizes in KB, MB or GB are for tables" : ""));
}

void ReadEntryScript(ObjectReader& reader, const std::filesystem::path& base, ParallelRunConfig& config) {
  const auto script = reader.Text("entry_script");
  const auto source = reader.Text("source_directory");
  std::error_code error;
  if (source) {
    config.source_directory = Absolute(*source, base);
    if (!std::filesystem::is_directory(config.source_directory, error)) {
      reader.Complain("source_directory", fmt::format("found no folder {}; expected the folder that holds entry_script",
                                                      ToDisplay(config.source_directory.string())));
      return;
    }
  }
  if (!script || script->empty()) {
    if (reader.Get("entry_script") == nullptr || script) {
      reader.ComplainMissing("entry_script", "the Python file with run(mini_batch)");
    }
    return;
  }
  config.entry_script = Absolute(*script, source ? config.source_directory : base);
  if (!source) config.source_directory = config.entry_script.parent_path();
  const auto inside = config.entry_script.lexically_relative(config.source_directory);
  if (inside.empty() || *inside.begin() == "..") {
    reader.Complain("entry_script",
                    fmt::format("found {}, which is not inside source_directory {}",
                                ToDisplay(config.entry_script.string()), ToDisplay(config.source_directory.string())));
  } else if (const auto problem = EntryScriptProblem(config.entry_script)) {
    reader.Complain("entry_script", *problem);
  }
}

/// A virtual or conda environment's folder, or an interpreter.
void ReadEnvironment(ObjectReader& reader, const std::filesystem::path& base, ParallelRunConfig& config) {
  const auto text = reader.Text("environment");
  if (!text || text->empty()) return;
  std::filesystem::path python = Absolute(*text, base);
  std::error_code error;
  if (std::filesystem::is_directory(python, error)) python /= "bin/python";
  if (::access(python.c_str(), X_OK) == 0 && std::filesystem::is_regular_file(python, error)) {
    config.environment = python;
  } else {
    reader.Complain("environment",
                    fmt::format("found no Python interpreter {}; expected the folder of a virtual or conda "
                                "environment, or its interpreter",
                                ToDisplay(python.string())));
  }
}

void ReadFileName(ObjectReader& reader, ParallelRunConfig& config) {
  constexpr std::string_view kForbidden = "~\"#%&*:<>?/\\{|}";
  const auto name = reader.Text("append_row_file_name");
  if (!name) return;
  const bool has_control =
      std::any_of(name->begin(), name->end(), [](unsigned char c) { return c < 0x20 || c == 0x7F; });
  if (name->empty() || name->size() > 255 || *name == "." || *name == ".." || has_control ||
      name->find_first_of(kForbidden) != std::string::npos) {
    reader.Complain(
        "append_row_file_name",
        fmt::format(
            "found {}, expected a file name of at most 255 bytes without any of ~ \" # % & * : < > ? / \\ {{ | }}",
            Found(json(*name))));
  } else {
    config.append_row_file_name = *name;
  }
}

void ReadEnvironmentVariables(ObjectReader& reader, ParallelRunConfig& config) {
  const json* variables = reader.Get("environment_variables");
  if (variables == nullptr) return;
  const std::string path = Join(reader.path(), "environment_variables");
  if (!variables->is_object()) {
    reader.problems().Add(path, fmt::format("found {}, expected names with their values", Found(*variables)));
    return;
  }
  for (const auto& [name, value] : variables->items()) {
    if (name.empty() || name.find('=') != std::string::npos || name.find('\0') != std::string::npos) {
      reader.problems().Add(
          path, fmt::format("found {}, expected a name that is not empty and has no \"=\"", Found(json(name))));
    } else if (value.is_string() && value.get_ref<const std::string&>().find('\0') != std::string::npos) {
      reader.problems().Add(Join(path, name), "found text with a NUL character, which no environment can hold");
    } else if (value.is_string()) {
      config.environment_variables[name] = value.get<std::string>();
    } else if (value.is_boolean()) {
      config.environment_variables[name] = value.get<bool>() ? "True" : "False";
    } else if (value.is_number()) {
      config.environment_variables[name] = value.dump();
    } else {
      reader.problems().Add(Join(path, name), fmt::format("found {}, expected text", Found(value)));
    }
  }
}

void ReadTimes(ObjectReader& reader, ParallelRunConfig& config) {
  using Seconds = std::chrono::duration<double>;
  if (const auto limit = reader.Number("run_invocation_timeout", 0, kYear, Least::kExcluded)) {
    config.run_invocation_timeout = Seconds(*limit);
  }
  if (const auto limit = reader.Number("task_overhead_timeout", 0, kYear, Least::kExcluded)) {
    config.task_overhead_timeout = Seconds(*limit);
  }
  if (const auto limit = reader.Number("progress_update_timeout", 0, kYear, Least::kExcluded)) {
    config.progress_update_timeout = Seconds(*limit);
  }
  if (const auto interval = reader.Number("resource_monitor_interval", 0, kYear, Least::kAllowed)) {
    config.resource_monitor_interval = Seconds(*interval);
  }
}

void ReadFailureLimits(ObjectReader& reader, ParallelRunConfig& config) {
  const bool has_threshold = reader.Get("error_threshold") != nullptr;
  if (!has_threshold) {
    reader.ComplainMissing("error_threshold", "how many failed items the run bears, -1 for any number");
  }
  config.error_threshold = reader.Integer("error_threshold", -1, kAny).value_or(-1);
  config.allowed_failed_count = reader.Integer("allowed_failed_count", -1, kAny).value_or(-1);
  config.allowed_failed_percent = reader.Number("allowed_failed_percent", 0, 100, Least::kAllowed);
  if (const auto tries = reader.Integer("run_max_try", 1, 1'000'000)) {
    config.run_max_try = static_cast<std::uint32_t>(*tries);
  }
}

/// Names of Azure's that are read and mean nothing here, or not yet.
void ReadOthers(ObjectReader& reader) {
  reader.Get("compute_target");
  const json* nodes = reader.Get("node_count");
  if (nodes != nullptr && reader.Integer("node_count", 1, kAny).value_or(1) != 1) {
    reader.Complain("node_count",
                    fmt::format("found {}, expected 1; runs on several machines are not supported yet", Found(*nodes)));
  }
  const json* keys = reader.Get("partition_keys");
  if (keys != nullptr && !(keys->is_array() && keys->empty())) {
    reader.Complain("partition_keys", "is not supported yet; leave it out and use mini_batch_size");
  }
}

}  // namespace

std::string ToString(OutputAction action) { return std::string(kOutputActions.at(static_cast<std::size_t>(action))); }
std::string ToString(LoggingLevel level) { return std::string(kLoggingLevels.at(static_cast<std::size_t>(level))); }

std::filesystem::path Absolute(const std::filesystem::path& path, const std::filesystem::path& base) {
  std::filesystem::path whole = (base / path).lexically_normal();
  if (!whole.has_filename() && whole.has_relative_path()) whole = whole.parent_path();
  return whole;
}

ParallelRunConfig ParseRunConfig(const json& json_config, const std::string& path, const std::filesystem::path& base,
                                 Problems& problems) {
  ObjectReader reader(json_config, path, problems);
  ParallelRunConfig config;
  if (!json_config.is_object()) return config;
  ReadEntryScript(reader, base, config);
  ReadEnvironment(reader, base, config);
  ReadMiniBatchSize(reader, config);
  ReadFailureLimits(reader, config);
  if (const auto action = reader.Choice("output_action", kOutputActions)) {
    config.output_action = static_cast<OutputAction>(*action);
  }
  ReadFileName(reader, config);
  config.process_count_per_node =
      static_cast<std::uint32_t>(reader.Integer("process_count_per_node", 1, 10'000).value_or(CoresAvailable()));
  if (const auto level = reader.Choice("logging_level", kLoggingLevels)) {
    config.logging_level = static_cast<LoggingLevel>(*level);
  }
  ReadTimes(reader, config);
  ReadEnvironmentVariables(reader, config);
  config.description = reader.Text("description").value_or("");
  ReadOthers(reader);
  reader.RefuseUnknownKeys();
  return config;
}

}  // namespace batchscope::config
