#include "runtime/cli/places.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include "runtime/base/text.h"
#include "runtime/record/run_folder.h"

namespace batchscope::cli {
namespace {

namespace fs = std::filesystem;

std::string Variable(const char* name) {
  const char* value = std::getenv(name);  // NOLINT(concurrency-mt-unsafe): before any thread.
  return value == nullptr ? "" : value;
}

bool IsProgram(const fs::path& path) {
  std::error_code error;
  return fs::is_regular_file(path, error) && ::access(path.c_str(), X_OK) == 0;
}

bool HoldsPackage(const fs::path& folder) {
  std::error_code error;
  return fs::is_regular_file(folder / "batchscope" / "_forkserver.py", error);
}

std::optional<fs::path> InSearchPath(const std::string& name, const std::string& search_path) {
  for (const std::string_view folder : Split(search_path, ':')) {
    const fs::path path = fs::path(folder.empty() ? "." : folder) / name;
    if (IsProgram(path)) return fs::absolute(path);
  }
  return std::nullopt;
}

/// PREFIX/lib/python3.*/{site,dist}-packages that hold the package, the newest Python first.
std::vector<fs::path> PackageFoldersOf(const fs::path& prefix) {
  std::vector<std::pair<int, fs::path>> found;
  for (const char* lib : {"lib", "lib64"}) {
    std::error_code error;
    for (const fs::directory_entry& entry : fs::directory_iterator(prefix / lib, error)) {
      const std::string name = entry.path().filename().string();
      if (!name.starts_with("python3")) continue;
      for (const char* packages : {"site-packages", "dist-packages"}) {
        const fs::path folder = entry.path() / packages;
        if (HoldsPackage(folder)) found.emplace_back(name.size() > 8 ? std::atoi(name.c_str() + 8) : 0, folder);
      }
    }
  }
  std::sort(found.begin(), found.end(), std::greater<>());
  std::vector<fs::path> folders;
  folders.reserve(found.size());
  for (auto& [minor, folder] : found) folders.push_back(std::move(folder));
  return folders;
}

std::string Quoted(const std::string& text) {
  std::string quoted = "'";
  for (const char letter : text) quoted += letter == '\'' ? std::string("'\\''") : std::string(1, letter);
  return quoted + "'";
}

/// The package's folder as the interpreter sees it, without importing the package.
std::optional<fs::path> AskPython(const fs::path& python) {
  const std::string command = Quoted(python.string()) +
                              " -c 'import importlib.util as u, os; s = u.find_spec(\"batchscope\");"
                              " print(os.path.dirname(os.path.dirname(s.origin)) if s else \"\")' 2>/dev/null";
  const std::unique_ptr<FILE, int (*)(FILE*)> pipe(::popen(command.c_str(), "re"), ::pclose);
  if (pipe == nullptr) return std::nullopt;
  std::string answer;
  std::array<char, 4096> buffer{};
  while (const std::size_t size = std::fread(buffer.data(), 1, buffer.size(), pipe.get()))
    answer.append(buffer.data(), size);
  while (answer.ends_with('\n')) answer.pop_back();
  if (answer.empty() || !HoldsPackage(answer)) return std::nullopt;
  return answer;
}

}  // namespace

fs::path HomeOf(const fs::path& wanted) { return fs::absolute(wanted.empty() ? record::RunsHome() : wanted); }

Surroundings SurroundingsOfThisProcess() {
  std::error_code error;
  return {.program = fs::read_symlink("/proc/self/exe", error),
          .virtual_env = Variable("VIRTUAL_ENV"),
          .package = Variable("BATCHSCOPE_PACKAGE"),
          .search_path = Variable("PATH")};
}

Result<fs::path> FindPython(const fs::path& wanted, const Surroundings& around) {
  if (!wanted.empty()) {
    if (wanted.has_parent_path()) {
      if (IsProgram(wanted)) return fs::absolute(wanted);
    } else if (const auto found = InSearchPath(wanted.string(), around.search_path)) {
      return *found;
    }
    return Status::Error(
        fmt::format("--python {}: there is no such program; give the path of a Python interpreter", wanted.string()));
  }
  if (!around.virtual_env.empty()) {
    const fs::path python = around.virtual_env / "bin" / "python";
    if (IsProgram(python)) return fs::absolute(python);
  }
  if (const fs::path beside = around.program.parent_path() / "python"; IsProgram(beside)) return beside;
  if (const auto found = InSearchPath("python3", around.search_path)) return *found;
  return Status::Error(
      "found no Python interpreter: no virtual environment is activated, none lies beside this program, and PATH has "
      "no python3; "
      "say which with --python PATH");
}

Result<fs::path> FindPackage(const fs::path& python, const Surroundings& around) {
  if (!around.package.empty()) {
    if (HoldsPackage(around.package)) return fs::absolute(around.package);
    return Status::Error(fmt::format(
        "$BATCHSCOPE_PACKAGE is {}, which does not hold the package: expected batchscope/_forkserver.py in it",
        around.package.string()));
  }
  const fs::path prefix = around.program.parent_path().parent_path();
  if (const auto folders = PackageFoldersOf(prefix); !folders.empty()) return folders.front();
  if (const auto folders = PackageFoldersOf(prefix / "local"); !folders.empty()) return folders.front();
  if (const auto folder = AskPython(python)) return *folder;
  return Status::Error(
      fmt::format("the Python package `batchscope` is neither under {} nor known to {}; install it there (pip install "
                  "batchscope) or set "
                  "BATCHSCOPE_PACKAGE to the folder that holds it",
                  prefix.string(), python.string()));
}

fs::path FindDebugpy(const fs::path& package_folder) {
  std::error_code error;
  const bool is_there = fs::is_regular_file(package_folder / "debugpy" / "__init__.py", error);
  return is_there ? package_folder : fs::path();
}

std::string AdapterCommand(const Surroundings& around) {
  const fs::path adapter = around.program.parent_path() / "batchscope-dap";
  if (!IsProgram(adapter)) return adapter.filename();
  const std::string path = adapter.string();
  const bool plain = std::all_of(path.begin(), path.end(), [](unsigned char letter) {
    return std::isalnum(letter) != 0 ||
           std::string_view("/._-+").find(static_cast<char>(letter)) != std::string_view::npos;
  });
  return plain ? path : Quoted(path);
}

}  // namespace batchscope::cli
