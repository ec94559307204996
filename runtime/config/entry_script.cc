#include "runtime/config/entry_script.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <system_error>
#include <vector>

#include "runtime/base/files.h"
#include "runtime/base/status.h"
#include "runtime/base/text.h"

namespace batchscope::config {
namespace {

bool IsNamePart(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || (c & 0x80) != 0; }

/// The words and signs of one line, comments and spaces left out: `def run(x):  # y` gives "def", "run", "(", "x", ")",
/// ":".
std::vector<std::string_view> Tokens(std::string_view line) {
  std::vector<std::string_view> tokens;
  for (std::size_t i = 0; i < line.size() && line[i] != '#';) {
    std::size_t end = i + 1;
    if (IsNamePart(line[i])) {
      while (end < line.size() && IsNamePart(line[end])) ++end;
    } else if (line[i] == '"' || line[i] == '\'') {
      end = std::min(line.find(line[i], end), line.size() - 1) + 1;
    }
    if (std::isspace(static_cast<unsigned char>(line[i])) == 0) tokens.push_back(line.substr(i, end - i));
    i = end;
  }
  return tokens;
}

bool Has(const std::vector<std::string_view>& tokens, std::string_view word) {
  return std::find(tokens.begin(), tokens.end(), word) != tokens.end();
}

/// `run = ...`, `run: Callable = ...`, `init, run = ...`: the name stands before a sole `=`.
bool AssignsRun(const std::vector<std::string_view>& tokens) {
  const auto run = std::find(tokens.begin(), tokens.end(), "run");
  if (run == tokens.end() || (run != tokens.begin() && *(run - 1) == ".")) return false;
  const auto sign = std::find(run, tokens.end(), "=");
  return sign != tokens.end() && (sign + 1 == tokens.end() || *(sign + 1) != "=") &&
         std::none_of(run, sign, [](std::string_view token) { return token == "(" || token == "!"; });
}

/// The script's functions in the module itself, for the message.
std::vector<std::string> Functions(std::string_view source) {
  std::vector<std::string> names;
  for (const std::string_view line : Split(source, '\n')) {
    const auto tokens = Tokens(line);
    if (line.starts_with("def ") && tokens.size() > 1) names.push_back(std::string(tokens[1]) + "()");
  }
  return names;
}

}  // namespace

bool MayDefineRun(std::string_view source) {
  bool in_body = false;    // Of a function or class of the module.
  bool in_import = false;  // Between the brackets of an import.
  for (const std::string_view line : Split(source, '\n')) {
    std::vector<std::string_view> tokens = Tokens(line);
    if (tokens.empty()) continue;
    const bool indented = std::isspace(static_cast<unsigned char>(line[0])) != 0;
    if (tokens[0] == "async") tokens.erase(tokens.begin());
    if (tokens.empty()) continue;
    if (!indented) in_body = tokens[0] == "class" || tokens[0] == "def";
    if (indented && in_body) continue;
    if (tokens[0] == "def" && tokens.size() > 1 && tokens[1] == "run") return true;
    if (in_body) continue;
    const bool imports = in_import || Has(tokens, "import");
    if (imports && (Has(tokens, "run") || Has(tokens, "*"))) return true;
    in_import = imports && (in_import || Has(tokens, "(")) && !Has(tokens, ")");
    if (AssignsRun(tokens) || Has(tokens, "globals") || Has(tokens, "exec")) return true;
  }
  return false;
}

std::optional<std::string> EntryScriptProblem(const std::filesystem::path& script) {
  std::error_code error;
  if (!std::filesystem::exists(script, error)) {
    return fmt::format("found no file {}; expected a Python file with def run(mini_batch)", ToDisplay(script.string()));
  }
  if (!std::filesystem::is_regular_file(script, error)) {
    return fmt::format("{} is not a file; expected a Python file with def run(mini_batch)", ToDisplay(script.string()));
  }
  const Result<std::string> source = ReadFile(script);
  if (!source.ok()) return ToDisplay(source.message());
  if (MayDefineRun(*source)) return std::nullopt;
  const auto functions = Functions(*source);
  return fmt::format("{} has no run(); found {}, expected def run(mini_batch) at its top level",
                     ToDisplay(script.string()),
                     functions.empty() ? "no functions" : fmt::format("{}", fmt::join(functions, ", ")));
}

}  // namespace batchscope::config
