#include "runtime/record/environment.h"

#include <sched.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <nlohmann/json.hpp>
#include <set>
#include <system_error>

#include "runtime/base/text.h"

namespace batchscope::record {
namespace {

namespace fs = std::filesystem;

// "numpy-2.1.0.dist-info" -> "numpy==2.1.0".
void AddPackages(const fs::path& site_packages, std::set<std::string>& packages) {
  constexpr std::string_view kEnding = ".dist-info";
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator(site_packages, ignored)) {
    const std::string name = entry.path().filename().string();
    const std::size_t dash = name.rfind('-', name.size() - std::min(name.size(), kEnding.size() + 1));
    if (!name.ends_with(kEnding) || dash == std::string::npos) continue;
    packages.insert(
        ToDisplay(name.substr(0, dash) + "==" + name.substr(dash + 1, name.size() - kEnding.size() - dash - 1)));
  }
}

// Of the environment whose bin/ the interpreter lies in.
std::set<std::string> PackagesBeside(const fs::path& interpreter) {
  std::set<std::string> packages;
  std::error_code ignored;
  const fs::path root = interpreter.parent_path().parent_path();
  for (const char* folder : {"lib", "lib64"}) {
    for (const auto& entry : fs::directory_iterator(root / folder, ignored)) {
      if (!entry.path().filename().string().starts_with("python3")) continue;
      AddPackages(entry.path() / "site-packages", packages);
      AddPackages(entry.path() / "dist-packages", packages);
    }
  }
  return packages;
}

}  // namespace

std::string DescribeEnvironment(const fs::path& interpreter, const std::string& node) {
  utsname system{};
  ::uname(&system);
  cpu_set_t cores;
  CPU_ZERO(&cores);
  ::sched_getaffinity(0, sizeof cores, &cores);
  std::error_code ignored;
  const nlohmann::json environment = {
      {"batchscope", BATCHSCOPE_VERSION},
      {"interpreter", ToDisplay(interpreter.native())},
      {"interpreter_resolved", ToDisplay(fs::weakly_canonical(interpreter, ignored).native())},
      {"packages", PackagesBeside(interpreter)},
      {"node", node},
      {"host_name", ToDisplay(system.nodename)},
      {"system", ToDisplay(std::string(system.sysname) + " " + system.release + " " + system.machine)},
      {"cores", CPU_COUNT(&cores)},
      {"user_id", ::getuid()},
  };
  return environment.dump(2) + "\n";
}

}  // namespace batchscope::record
