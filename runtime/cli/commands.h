#pragma once

#include <cstdint>
#include <filesystem>
#include <iosfwd>
#include <optional>
#include <string>
#include <vector>

/// The commands, one file each; app.cc reads their options. Each returns the exit code.
namespace batchscope::cli {

struct RunOptions {
  std::filesystem::path step_file;
  std::filesystem::path home;         ///< The folder of the runs; empty: the usual one.
  std::filesystem::path python;       ///< Empty: see FindPython().
  std::filesystem::path output;       ///< Instead of the step's; empty: as the step says.
  std::vector<std::string> settings;  ///< "key=value", see WithSettings().
  bool quiet = false;
  bool json = false;
  bool wait_for_debugger = false;
  std::optional<int> announce;  ///< The descriptor that gets the run's folder.
};

struct AttachOptions {
  std::string run;  ///< Empty: the newest one that is running, else the latest.
  std::filesystem::path home;
};

struct ListOptions {
  std::filesystem::path home;
  bool json = false;
};

struct ShowOptions {
  std::string run;
  std::filesystem::path home;
  std::optional<std::uint32_t> why;  ///< A mini-batch whose story is wanted.
  bool json = false;
  bool workers = false;       ///< With json: the workers too.
  bool mini_batches = false;  ///< With json: the mini-batches too.
};

/// Runs a step to its end. SIGINT, SIGTERM and SIGHUP cancel it tidily, the second of them at once.
int RunStep(const RunOptions& options, std::ostream& out, std::ostream& err);
int HowToAttach(const AttachOptions& options, std::ostream& out, std::ostream& err);
int ListRuns(const ListOptions& options, std::ostream& out, std::ostream& err);
int ShowRun(const ShowOptions& options, std::ostream& out, std::ostream& err);

}  // namespace batchscope::cli
