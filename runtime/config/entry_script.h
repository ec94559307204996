#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

namespace batchscope::config {

/// Whether the Python source may give its module a `run`: it defines, assigns or imports that name outside of functions
/// and classes. Reads text, runs nothing: a script that passes may still lack one, and is then rejected by the worker
/// that imports it.
bool MayDefineRun(std::string_view source);

/// What keeps the file from being an entry script, as a sentence; nothing when it may be one.
std::optional<std::string> EntryScriptProblem(const std::filesystem::path& script);

}  // namespace batchscope::config
