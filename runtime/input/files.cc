#include "runtime/input/files.h"

#include <dirent.h>
#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <functional>
#include <memory>
#include <set>
#include <tuple>
#include <utility>

#include "runtime/base/text.h"
#include "runtime/input/pattern.h"

namespace batchscope::input {
namespace {

enum class Kind { kFile, kFolder, kOther };

std::string Below(const std::string& folder, std::string_view name) {
  std::string path = folder == "/" ? folder : folder + "/";
  return path.append(name);
}

/// Other: also what is not there, and links that lead nowhere.
Result<Kind> KindOf(const std::string& path) {
  struct stat about {};
  if (::stat(path.c_str(), &about) == 0) {
    return S_ISREG(about.st_mode) ? Kind::kFile : S_ISDIR(about.st_mode) ? Kind::kFolder : Kind::kOther;
  }
  if (errno == ENOENT || errno == ENOTDIR || errno == ELOOP) return Kind::kOther;
  return Status::FromErrno("cannot look at " + ToDisplay(path), errno);
}

Status CannotRead(const std::string& folder) {
  return Status::FromErrno("cannot read the folder " + ToDisplay(folder), errno);
}

struct CloseFolder {
  void operator()(DIR* folder) const { ::closedir(folder); }
};

/// Finds the files of one path of an input.
class Search {
 public:
  explicit Search(FilesByFolder& files) : files_(files) {}

  /// Takes every file in and below the folder.
  Status Walk(const std::string& root) {
    std::vector<std::string> open = {root};
    while (!open.empty()) {
      const std::string folder = std::move(open.back());
      open.pop_back();
      BATCHSCOPE_ASSIGN_OR_RETURN(const bool first, ListOnce(folder, kAll));
      if (!first) continue;
      for (const std::string& name : names_of_files_) Take(folder, name);
      // In order, so that of several names of one folder always the same one counts.
      std::sort(names_of_folders_.begin(), names_of_folders_.end(), std::greater<>());
      for (const std::string& name : names_of_folders_) open.push_back(Below(folder, name));
    }
    return {};
  }

  /// Takes the files below `folder` that match the components from `place` on.
  Status Glob(const std::string& folder, const std::vector<std::string_view>& components, std::size_t place) {
    const std::string_view component = components[place];
    const bool last = place + 1 == components.size();
    if (component == "**") {
      if (last) return Walk(folder);
      return GlobBelow(folder, components, place);
    }
    if (!IsPattern(component)) {
      const std::string path = Below(folder, component);
      BATCHSCOPE_ASSIGN_OR_RETURN(const Kind kind, KindOf(path));
      if (last && kind == Kind::kFile) Take(folder, component);
      return !last && kind == Kind::kFolder ? Glob(path, components, place + 1) : Status();
    }
    BATCHSCOPE_RETURN_IF_ERROR(List(folder));
    if (last) {
      for (const std::string& name : names_of_files_) {
        if (Matches(component, name)) Take(folder, name);
      }
      return {};
    }
    const std::vector<std::string> names = TakeSortedFolders();
    for (const std::string& name : names) {
      if (Matches(component, name)) BATCHSCOPE_RETURN_IF_ERROR(Glob(Below(folder, name), components, place + 1));
    }
    return {};
  }

  std::size_t found() const { return found_; }

 private:
  static constexpr std::size_t kAll = static_cast<std::size_t>(-1);

  /// `**` with components behind it: these match here, or below any folder.
  Status GlobBelow(const std::string& folder, const std::vector<std::string_view>& components, std::size_t place) {
    BATCHSCOPE_ASSIGN_OR_RETURN(const bool first, ListOnce(folder, place));
    if (!first) return {};
    const std::vector<std::string> names = TakeSortedFolders();
    BATCHSCOPE_RETURN_IF_ERROR(Glob(folder, components, place + 1));
    for (const std::string& name : names) BATCHSCOPE_RETURN_IF_ERROR(GlobBelow(Below(folder, name), components, place));
    return {};
  }

  void Take(const std::string& folder, std::string_view name) {
    files_[folder].emplace_back(name);
    ++found_;
  }

  std::vector<std::string> TakeSortedFolders() {
    std::sort(names_of_folders_.begin(), names_of_folders_.end());
    return std::exchange(names_of_folders_, {});
  }

  /// List(), unless the folder was listed for the same purpose before, by whatever name: links may lead in circles.
  Result<bool> ListOnce(const std::string& folder, std::size_t purpose) {
    struct stat about {};
    if (::stat(folder.c_str(), &about) != 0) return CannotRead(folder);
    if (!seen_.emplace(about.st_dev, about.st_ino, purpose).second) return false;
    BATCHSCOPE_RETURN_IF_ERROR(List(folder));
    return true;
  }

  /// Reads the folder's names into the two lists.
  Status List(const std::string& folder) {
    names_of_files_.clear();
    names_of_folders_.clear();
    const std::unique_ptr<DIR, CloseFolder> stream(::opendir(folder.c_str()));
    if (!stream) return CannotRead(folder);
    while (true) {
      errno = 0;
      const dirent* entry = ::readdir(stream.get());
      if (entry == nullptr) break;
      const std::string_view name = entry->d_name;
      if (name == "." || name == "..") continue;
      Kind kind = entry->d_type == DT_REG ? Kind::kFile : entry->d_type == DT_DIR ? Kind::kFolder : Kind::kOther;
      if (entry->d_type == DT_LNK || entry->d_type == DT_UNKNOWN) {
        BATCHSCOPE_ASSIGN_OR_RETURN(kind, KindOf(Below(folder, name)));
      }
      if (kind == Kind::kFile) names_of_files_.emplace_back(name);
      if (kind == Kind::kFolder) names_of_folders_.emplace_back(name);
    }
    return errno == 0 ? Status() : CannotRead(folder);
  }

  FilesByFolder& files_;
  std::size_t found_ = 0;
  std::set<std::tuple<dev_t, ino_t, std::size_t>> seen_;
  std::vector<std::string> names_of_files_;  ///< Of the last List().
  std::vector<std::string> names_of_folders_;
};

Status AddGlob(std::string_view path, FilesByFolder& files) {
  std::vector<std::string_view> components;
  for (const std::string_view component : Split(path, '/')) {
    if (component.empty() || (component == "**" && !components.empty() && components.back() == "**")) continue;
    components.push_back(component);
  }
  Search search(files);
  BATCHSCOPE_RETURN_IF_ERROR(search.Glob("/", components, 0));
  if (search.found() > 0) return {};
  return Status::Error(fmt::format(
      "no file matches the glob {}; for all files in and below a folder, name the folder itself", ToDisplay(path)));
}

}  // namespace

Status AddFiles(std::string_view path, FilesByFolder& files) {
  const std::string whole(path);
  BATCHSCOPE_ASSIGN_OR_RETURN(const Kind kind, KindOf(whole));
  if (kind == Kind::kFile) {
    const std::size_t slash = whole.rfind('/');
    files[whole.substr(0, std::max<std::size_t>(slash, 1))].push_back(whole.substr(slash + 1));
    return {};
  }
  if (kind == Kind::kFolder) {
    Search search(files);
    BATCHSCOPE_RETURN_IF_ERROR(search.Walk(whole));
    if (search.found() > 0) return {};
    return Status::Error(fmt::format("the folder {} holds no files", ToDisplay(path)));
  }
  struct stat about {};
  if (::lstat(whole.c_str(), &about) == 0) {
    return Status::Error(fmt::format("{} is no file and no folder, or a link that leads nowhere", ToDisplay(path)));
  }
  if (IsPattern(path)) return AddGlob(path, files);
  return Status::Error(fmt::format("there is no file or folder {}", ToDisplay(path)));
}

}  // namespace batchscope::input
