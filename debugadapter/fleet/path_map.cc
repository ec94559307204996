#include "debugadapter/fleet/path_map.h"

#include <system_error>
#include <utility>

#include "debugadapter/fleet/line_diff.h"
#include "runtime/base/files.h"

namespace batchscope::fleet {
namespace {

namespace fs = std::filesystem;

constexpr int kMostDiffLines = 120;

/// What is left of `path` below `root`.
std::optional<fs::path> Below(const fs::path& root, const fs::path& path) {
  if (root.empty()) return std::nullopt;
  auto at = path.begin();
  for (const fs::path& part : root) {
    if (part.empty()) continue;  // behind a slash at the end
    if (at == path.end() || *at != part) return std::nullopt;
    ++at;
  }
  fs::path rest;
  for (; at != path.end(); ++at) rest /= *at;
  return rest.empty() ? std::nullopt : std::optional(rest);
}

fs::path Canonical(const fs::path& path) {
  std::error_code ignored;
  fs::path canonical = fs::weakly_canonical(path, ignored);
  return ignored ? path : canonical;
}

}  // namespace

PathMap::Root PathMap::RootOf(const fs::path& path) { return {path.lexically_normal(), Canonical(path)}; }

PathMap::PathMap(const fs::path& source_directory, const fs::path& entry_folder)
    : source_(RootOf(source_directory)), entry_(RootOf(entry_folder)) {}

std::optional<fs::path> PathMap::Under(const Root& root, const std::string& path) {
  if (auto below = Below(root.named, fs::path(path).lexically_normal())) return below;
  return Below(root.canonical, Canonical(path));
}

bool PathMap::SameContents(const fs::path& own, const fs::path& copy) {
  const Result<std::string> mine = ReadFile(own);
  const Result<std::string> runs = ReadFile(copy);
  if (!mine.ok() || !runs.ok()) return false;
  if (*mine == *runs) return true;
  if (told_.emplace(own.string(), true).second) {
    const LineDiff diff(*runs, *mine);
    differences_.push_back(
        {own.string(), copy.string(), diff.Unified("the run's copy: " + copy.string(), own.string(), kMostDiffLines)});
  }
  return false;
}

Place PathMap::ToWorker(const Place& place) {
  // The run may lie inside of the source directory: its copies are what they are.
  if (!source_ || Under(*entry_, place.path)) return place;
  const auto below = Under(*source_, place.path);
  if (!below) return place;
  const fs::path copy = entry_->named / *below;
  std::error_code ignored;
  if (!fs::exists(copy, ignored)) return place;
  if (SameContents(place.path, copy) || place.line == 0) return {copy.string(), place.line};
  const Result<std::string> mine = ReadFile(place.path);
  const Result<std::string> runs = ReadFile(copy);
  if (!mine.ok() || !runs.ok()) return {copy.string(), place.line};
  return {copy.string(), LineDiff(*runs, *mine).ToOld(place.line)};
}

std::string PathMap::ToClient(const std::string& path) {
  if (!entry_) return path;
  const auto below = Under(*entry_, path);
  if (!below) return path;
  const fs::path own = source_->named / *below;
  return SameContents(own, path) ? own.string() : path;
}

std::vector<PathMap::Difference> PathMap::TakeDifferences() { return std::exchange(differences_, {}); }

}  // namespace batchscope::fleet
