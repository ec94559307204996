// Which runs there are, and which one is meant.
#include <fmt/format.h>

#include <algorithm>
#include <system_error>
#include <utility>

#include "runtime/base/text.h"
#include "runtime/record/journal.h"
#include "runtime/record/reader.h"
#include "runtime/record/run_facts.h"

namespace batchscope::record {
namespace {

constexpr std::size_t kMostListed = 10;

bool IsRun(const RunFolder& folder) {
  std::error_code ignored;
  return std::filesystem::exists(folder.journal(), ignored) &&
         (std::filesystem::exists(folder.complete(), ignored) || std::filesystem::exists(folder.incomplete(), ignored));
}

std::int64_t StartOf(const RunFolder& folder) {
  const auto journal = CommittedJournal::Open(folder.journal());
  if (!journal.ok()) return 0;
  const auto facts = ParseFacts(journal->first_line());
  return facts.ok() ? facts->started_unix_us : 0;
}

std::string Names(const std::vector<RunFolder>& runs) {
  std::string names;
  for (std::size_t i = 0; i < std::min(runs.size(), kMostListed); ++i) names += (i == 0 ? "" : ", ") + runs[i].id();
  if (runs.size() > kMostListed) names += fmt::format(" and {} more", runs.size() - kMostListed);
  return names;
}

}  // namespace

std::vector<RunFolder> ListRuns(const std::filesystem::path& home) {
  std::vector<std::pair<std::int64_t, RunFolder>> found;
  std::error_code ignored;
  for (const auto& entry : std::filesystem::directory_iterator(home, ignored)) {
    if (RunFolder folder(entry.path()); IsRun(folder)) found.emplace_back(StartOf(folder), folder);
  }
  std::sort(found.begin(), found.end(), [](const auto& a, const auto& b) {
    return std::pair(a.first, a.second.id()) > std::pair(b.first, b.second.id());
  });
  std::vector<RunFolder> runs;
  runs.reserve(found.size());
  for (auto& [start, folder] : found) runs.push_back(std::move(folder));
  return runs;
}

Result<RunFolder> FindRun(const std::filesystem::path& home, const std::string& which) {
  std::error_code ignored;
  if (which.find('/') != std::string::npos || which == "." || which == "..") {
    std::filesystem::path path = std::filesystem::absolute(which, ignored).lexically_normal();
    if (!path.has_filename()) path = path.parent_path();  // It ended with a slash.
    RunFolder folder(path);
    if (IsRun(folder)) return folder;
    return Status::Error(ToDisplay(which) + " is no folder of a run");
  }
  const std::vector<RunFolder> runs = ListRuns(home);
  if (runs.empty()) return Status::Error("there are no runs in " + home.string());
  if (which == "latest") return runs.front();
  std::vector<RunFolder> matching;
  for (const RunFolder& run : runs) {
    if (run.id() == which) return run;
    if (!which.empty() && run.id().starts_with(which)) matching.push_back(run);
  }
  if (matching.size() == 1) return matching.front();
  if (matching.empty()) {
    return Status::Error(
        fmt::format("there is no run {} in {}; there are {}", ToDisplay(which), home.string(), Names(runs)));
  }
  return Status::Error(fmt::format("{} may be any of {}; name one of them", ToDisplay(which), Names(matching)));
}

}  // namespace batchscope::record
