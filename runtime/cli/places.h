#pragma once

#include <filesystem>
#include <string>

#include "runtime/base/status.h"

/// Where the parts of an installed Batchscope lie, found without starting Python: a run's first result is not to wait
/// for that.
namespace batchscope::cli {

/// The folder the runs lie in, absolute: `wanted`, or the usual one when that is empty.
std::filesystem::path HomeOf(const std::filesystem::path& wanted);

/// What the search depends on; tests make their own.
struct Surroundings {
  std::filesystem::path program;      ///< This program's own file.
  std::filesystem::path virtual_env;  ///< $VIRTUAL_ENV.
  std::filesystem::path package;      ///< $BATCHSCOPE_PACKAGE: the folder that holds the package `batchscope`.
  std::string search_path;            ///< $PATH.
};
Surroundings SurroundingsOfThisProcess();

/// The workers' interpreter: `wanted` (a path, or a name in PATH), else the activated virtual environment's, else the
/// one beside the program, else python3 in PATH. Absolute; links are kept, since a virtual environment's interpreter is
/// one.
Result<std::filesystem::path> FindPython(const std::filesystem::path& wanted, const Surroundings& around);

/// The folder that holds the package `batchscope`: $BATCHSCOPE_PACKAGE, else the site-packages that belong to the
/// program's place, else what `python` says (slow).
Result<std::filesystem::path> FindPackage(const std::filesystem::path& python, const Surroundings& around);

/// The folder that holds the package debugpy, for workers whose own environment has none: the package's own folder,
/// into which pip puts both; empty where it has none.
std::filesystem::path FindDebugpy(const std::filesystem::path& package_folder);

/// The command line of the debug adapter, as a shell takes it: the one beside this program, else its name alone.
std::string AdapterCommand(const Surroundings& around);

}  // namespace batchscope::cli
