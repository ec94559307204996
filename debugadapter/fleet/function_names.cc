#include "debugadapter/fleet/function_names.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <system_error>

#include "debugadapter/fleet/python_lines.h"
#include "runtime/base/files.h"

namespace batchscope::fleet {
namespace {

namespace fs = std::filesystem;

constexpr int kMostEntries = 2000;  ///< Of folders and files looked at.
constexpr std::uintmax_t kMostBytes = 1 << 20;

/// Letters beyond ASCII count, as Python's may.
bool IsWordPart(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || static_cast<unsigned char>(c) >= 0x80;
}

std::string_view TakeWord(std::string_view& text) {
  while (!text.empty() && text[0] == ' ') text.remove_prefix(1);
  const auto end = std::find_if_not(text.begin(), text.end(), IsWordPart);
  const std::string_view word = text.substr(0, static_cast<std::size_t>(end - text.begin()));
  text.remove_prefix(word.size());
  return word;
}

bool IsIdentifier(std::string_view name) {
  return !name.empty() && std::isdigit(static_cast<unsigned char>(name[0])) == 0 &&
         std::all_of(name.begin(), name.end(), IsWordPart);
}

/// "<lambda>", "<listcomp>", "<module>": what Python calls code that has no name.
bool IsCodeWithoutName(std::string_view name) {
  return name.size() > 2 && name.front() == '<' && name.back() == '>' && IsIdentifier(name.substr(1, name.size() - 2));
}

}  // namespace

void AddDefinedFunctions(std::string_view source, std::set<std::string>& names) {
  for (const LogicalLine& line : LogicalLines(source)) {
    std::string_view text = line.text;
    std::string_view word = TakeWord(text);
    if (word == "async") word = TakeWord(text);
    if (word == "def") names.emplace(TakeWord(text));
  }
}

void AddUsedNames(std::string_view source, std::set<std::string>& names) {
  for (const LogicalLine& line : LogicalLines(source)) {
    std::string_view text = line.text;
    bool imports = false;
    while (!text.empty()) {
      const std::string_view word = TakeWord(text);
      if (!word.empty()) {
        imports = word == "import";
        if (IsIdentifier(word)) names.emplace(word);
      } else if (!text.empty()) {
        if (imports && text[0] == '*') names.emplace("*");
        text.remove_prefix(1);
      }
    }
  }
}

FunctionNames ReadFunctionNames(const fs::path& entry_script) {
  FunctionNames names;
  const Result<std::string> script = ReadFile(entry_script);
  if (!script.ok()) return {{}, {}, false};
  AddUsedNames(*script, names.used);
  AddDefinedFunctions(*script, names.defined);
  std::error_code trouble;
  int entries = 0;
  for (fs::recursive_directory_iterator at(entry_script.parent_path(), trouble), end; at != end && !trouble;
       at.increment(trouble)) {
    if (++entries > kMostEntries) {
      names.complete = false;
      break;
    }
    if (at->path().extension() != ".py") continue;
    std::error_code ignored;
    if (!at->is_regular_file(ignored)) continue;
    const std::uintmax_t size = at->file_size(ignored);
    const Result<std::string> source =
        ignored || size > kMostBytes ? Status::Error("it is too large") : ReadFile(at->path());
    if (source.ok()) {
      AddDefinedFunctions(*source, names.defined);
    } else {
      names.complete = false;
    }
  }
  if (trouble) names.complete = false;
  return names;
}

FunctionAdvice AdviseOnFunction(const std::string& name, const std::string& script, const FunctionNames& names) {
  if (!IsIdentifier(name) && !IsCodeWithoutName(name)) {
    const std::string last = name.substr(name.rfind('.') + 1);
    return {fmt::format("'{}' is no function's bare name, expected such as {}", name,
                        IsIdentifier(last) ? last : "predict"),
            ""};
  }
  const bool is_entry_point = name == "run" || name == "init";
  const bool may_be_elsewhere = !names.complete || IsCodeWithoutName(name);
  if (names.defined.count(name) > 0 || may_be_elsewhere) {
    if (!is_entry_point) return {};
    return {"", fmt::format("{} has no {}() of its own; stops in any function of that name", script, name)};
  }
  if (is_entry_point && names.used.count(name) == 0 && names.used.count("*") == 0) {
    return {fmt::format("{} defines no {}()", script, name), ""};
  }
  return {"", fmt::format("No def in {} or the files beside it is called {}; stops in a library's function of that "
                          "name, if one is called",
                          script, name)};
}

}  // namespace batchscope::fleet
