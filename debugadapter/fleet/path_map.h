#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace batchscope::fleet {

/// A line of a file. Line from 1; 0: the file alone.
struct Place {
  std::string path;
  int line = 0;

  friend bool operator==(const Place&, const Place&) = default;
};

/// The person's own files and the run's copies of them, which are what workers run. Reads both to compare them.
class PathMap {
 public:
  /// Maps nothing.
  PathMap() = default;
  PathMap(const std::filesystem::path& source_directory, const std::filesystem::path& entry_folder);

  /// Of a place in a person's file: that in the run's copy; lines that moved since the copy was made are followed.
  /// Other files are their own place.
  Place ToWorker(const Place& place);
  /// Of a file in a worker: the person's own where that still has the same contents; else the file itself.
  std::string ToClient(const std::string& path);

  /// A person's file that differs from what the run executes.
  struct Difference {
    std::string path;
    std::string copy;
    std::string diff;  ///< Unified.
  };
  /// Those found since the last call; each file is told of once.
  std::vector<Difference> TakeDifferences();

 private:
  struct Root {
    std::filesystem::path named;      ///< As it was given.
    std::filesystem::path canonical;  ///< Without symbolic links.
  };
  static Root RootOf(const std::filesystem::path& path);
  static std::optional<std::filesystem::path> Under(const Root& root, const std::string& path);
  /// Whether both hold the same; tells of the difference once.
  bool SameContents(const std::filesystem::path& own, const std::filesystem::path& copy);

  std::optional<Root> source_;
  std::optional<Root> entry_;
  std::map<std::string, bool> told_;
  std::vector<Difference> differences_;
};

}  // namespace batchscope::fleet
