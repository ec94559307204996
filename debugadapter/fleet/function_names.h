#pragma once

#include <filesystem>
#include <set>
#include <string>
#include <string_view>

namespace batchscope::fleet {

/// Names of functions in the files that a run executes.
struct FunctionNames {
  std::set<std::string> defined;  ///< By a `def`, at any depth, in any of the files.
  std::set<std::string> used;     ///< Words of the entry script's code: what may be a function from elsewhere.
  bool complete = true;           ///< No file was left out.
};

/// Of the entry script, and of the Python files beside and below it; of very many not all are read.
FunctionNames ReadFunctionNames(const std::filesystem::path& entry_script);

/// Adds what a source's `def` statements define.
void AddDefinedFunctions(std::string_view source, std::set<std::string>& names);
/// Adds the words of a source's code. `import *` is the word "*".
void AddUsedNames(std::string_view source, std::set<std::string>& names);

/// What is to be known of a breakpoint on each function of a name.
struct FunctionAdvice {
  std::string trouble;  ///< Why it cannot stop anything; empty: it can.
  std::string remark;   ///< It may stop, but perhaps not where it is thought to.

  friend bool operator==(const FunctionAdvice&, const FunctionAdvice&) = default;
};
/// `script`: the entry script's name, for people.
FunctionAdvice AdviseOnFunction(const std::string& name, const std::string& script, const FunctionNames& names);

}  // namespace batchscope::fleet
