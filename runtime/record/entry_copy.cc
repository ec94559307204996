#include "runtime/record/entry_copy.h"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <memory>
#include <utility>

#include "runtime/base/files.h"

namespace batchscope::record {
namespace {

constexpr std::array<std::string_view, 3> kNeverCopied = {".git", "__pycache__", ".venv"};
constexpr std::size_t kMostTold = 100;
constexpr std::uint64_t kSmall = 1 << 17;

using Identity = std::pair<dev_t, ino_t>;
Identity IdentityOf(const struct stat& about) { return {about.st_dev, about.st_ino}; }

class Copier {
 public:
  Copier(const std::vector<std::filesystem::path>& left_out, const EntryCopyLimits& limits) : limits_(limits) {
    for (const auto& path : left_out) {
      struct stat about {};
      if (::stat(path.c_str(), &about) == 0) left_out_.push_back(IdentityOf(about));
    }
  }

  // `source` and `target` are open folders; `shown` is the source's path for people.
  Status CopyFolder(UniqueFd source, int target, const std::string& shown) {
    struct stat about {};
    if (::fstat(source.get(), &about) != 0) return Status::FromErrno("cannot read " + shown, errno);
    above_.push_back(IdentityOf(about));
    const std::unique_ptr<DIR, int (*)(DIR*)> folder(::fdopendir(source.get()), &::closedir);
    if (!folder) return Status::FromErrno("cannot read " + shown, errno);
    const int from = source.Release();  // closedir() closes it.
    Status status;
    while (status.ok()) {
      const dirent* entry = ::readdir(folder.get());
      if (entry == nullptr) break;
      const std::string_view name = entry->d_name;
      if (name == "." || name == "..") continue;
      if (std::find(kNeverCopied.begin(), kNeverCopied.end(), name) != kNeverCopied.end()) continue;
      status = CopyEntryOf(from, target, entry->d_name, shown + "/" + entry->d_name);
    }
    above_.pop_back();
    return status;
  }

  EntryCopy TakeResult() { return std::move(result_); }

 private:
  void Skip(const std::string& shown, const std::string& why) {
    if (result_.skipped.size() < kMostTold) result_.skipped.push_back(shown + ": " + why);
  }

  Status CopyEntryOf(int from, int to, const char* name, const std::string& shown) {
    // Without O_NONBLOCK, opening a pipe would wait for its other end.
    UniqueFd file(::openat(from, name, O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    struct stat about {};
    if (!file.valid() || ::fstat(file.get(), &about) != 0) {
      Skip(shown, std::strerror(errno));
      return {};
    }
    const Identity identity = IdentityOf(about);
    if (std::find(left_out_.begin(), left_out_.end(), identity) != left_out_.end()) return {};
    if (!S_ISREG(about.st_mode) && !S_ISDIR(about.st_mode)) return {};
    BATCHSCOPE_RETURN_IF_ERROR(CountIn(about));
    if (S_ISREG(about.st_mode)) return CopyFile(file.get(), about, to, name, shown);
    if (std::find(above_.begin(), above_.end(), identity) != above_.end()) {
      Skip(shown, "a link to a folder it lies in");
      return {};
    }
    if (::mkdirat(to, name, 0700) != 0) return Status::FromErrno("cannot copy " + shown, errno);
    const UniqueFd target(::openat(to, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!target.valid()) return Status::FromErrno("cannot copy " + shown, errno);
    BATCHSCOPE_RETURN_IF_ERROR(CopyFolder(std::move(file), target.get(), shown));
    // Kept writable for its owner, so that the run folder can be removed.
    if (::fchmod(target.get(), (about.st_mode & 07777) | 0700) != 0)
      return Status::FromErrno("cannot copy " + shown, errno);
    return {};
  }

  Status CountIn(const struct stat& about) {
    ++result_.files;
    if (S_ISREG(about.st_mode)) result_.bytes += static_cast<std::uint64_t>(about.st_size);
    if (result_.files <= limits_.files && result_.bytes <= limits_.bytes) return {};
    return Status::Error(
        fmt::format("source_directory holds more than {} files or {} MB, and a run keeps a copy of it. Put the entry "
                    "script and what it imports "
                    "into a folder of their own, and data elsewhere",
                    limits_.files, limits_.bytes >> 20));
  }

  Status CopyFile(int from, const struct stat& about, int to, const char* name, const std::string& shown) {
    const mode_t mode = about.st_mode & 07777;
    const UniqueFd target(::openat(to, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
    if (!target.valid()) return Status::FromErrno("cannot copy " + shown, errno);
    BATCHSCOPE_RETURN_IF_ERROR(CopyBytes(from, target.get(), static_cast<std::uint64_t>(about.st_size)).Within(shown));
    if (mode != 0600 && ::fchmod(target.get(), mode) != 0) return Status::FromErrno("cannot copy " + shown, errno);
    return {};
  }

  Status CopyBytes(int from, int to, std::uint64_t size) {
    if (size > kSmall) {
      if (::ioctl(to, FICLONE, from) == 0) return {};
      while (true) {
        const ssize_t copied = ::copy_file_range(from, nullptr, to, nullptr, std::size_t{1} << 30, 0);
        if (copied == 0) return {};
        if (copied < 0 && errno != EINTR)
          break;  // Not between these file systems, or a real failure: the plain way tells.
      }
    }
    buffer_.resize(kSmall);
    while (true) {
      const ssize_t got = ::read(from, buffer_.data(), buffer_.size());
      if (got < 0 && errno == EINTR) continue;
      if (got < 0) return Status::FromErrno("cannot read", errno);
      if (got == 0) return {};
      BATCHSCOPE_RETURN_IF_ERROR(WriteAll(to, std::string_view(buffer_.data(), static_cast<std::size_t>(got))));
    }
  }

  const EntryCopyLimits limits_;
  std::vector<Identity> left_out_;
  std::vector<Identity> above_;  ///< The folders that are open, outermost first.
  std::string buffer_;
  EntryCopy result_;
};

}  // namespace

Result<EntryCopy> CopyEntry(const std::filesystem::path& source, const std::filesystem::path& target,
                            const std::vector<std::filesystem::path>& left_out, const EntryCopyLimits& limits) {
  BATCHSCOPE_ASSIGN_OR_RETURN(UniqueFd from, OpenFile(source, O_RDONLY | O_DIRECTORY));
  BATCHSCOPE_RETURN_IF_ERROR(MakeFolders(target));
  BATCHSCOPE_ASSIGN_OR_RETURN(const UniqueFd to, OpenFile(target, O_RDONLY | O_DIRECTORY));
  Copier copier(left_out, limits);
  BATCHSCOPE_RETURN_IF_ERROR(copier.CopyFolder(std::move(from), to.get(), source.string()));
  return copier.TakeResult();
}

}  // namespace batchscope::record
