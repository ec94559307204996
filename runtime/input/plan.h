#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/base/ids.h"
#include "runtime/base/status.h"
#include "runtime/config/step.h"

namespace batchscope::input {

/// The numbered mini-batches of a run: for each its files, as absolute paths in the order of their names.
///
/// Paths are kept in one block of text, folders once; a million files cost about their names. Immutable once built; any
/// thread may read.
class Plan {
 public:
  /// Starts a new mini-batch of the input with that place in StepConfig::inputs; its files share `folder`.
  void AddMiniBatch(std::uint32_t input, std::string_view folder);
  /// Adds a file, by its name inside the folder, to the last mini-batch.
  void AddFile(std::string_view name);

  std::uint32_t size() const { return static_cast<std::uint32_t>(mini_batches_.size()); }
  std::uint64_t items() const { return file_ends_.size(); }
  /// How many files the mini-batch has; at least 1.
  std::uint32_t items(MiniBatchId id) const;
  std::uint32_t input(MiniBatchId id) const { return mini_batches_[id.value].input; }
  /// Absolute paths, raw bytes.
  std::vector<std::string> Paths(MiniBatchId id) const;
  /// Appends the paths to `out`, each ended by a NUL byte, and returns how many they are: the form they travel in.
  std::uint32_t AppendPaths(MiniBatchId id, std::string& out) const;

 private:
  /// Of the file at that place in file_ends_.
  std::string_view Name(std::size_t file) const;

  struct MiniBatch {
    std::uint32_t first_file;  ///< Place in file_ends_.
    std::uint32_t folder;      ///< Place in folders_.
    std::uint32_t input;
  };

  std::vector<MiniBatch> mini_batches_;
  std::vector<std::string> folders_;
  std::string names_;                     ///< The files' names, one behind the other.
  std::vector<std::uint64_t> file_ends_;  ///< End of each name in names_.
};

/// Expands the inputs (links followed, each folder once) and cuts them, each on its own: folder by folder in the order
/// of their paths, in each its files in the order of their names (bytes), `mini_batch_size` files each; a folder's last
/// mini-batch has the rest, so that none has files of two folders. Errors, a line each: a path that is not there, a
/// folder or glob without files, an unreadable folder; each names the input and the path.
Result<Plan> PlanFiles(const std::vector<config::FileInput>& inputs, std::uint32_t mini_batch_size);

}  // namespace batchscope::input
