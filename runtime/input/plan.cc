#include "runtime/input/plan.h"

#include "runtime/base/check.h"

namespace batchscope::input {

void Plan::AddMiniBatch(std::uint32_t input, std::string_view folder) {
  Check(mini_batches_.empty() || items(MiniBatchId{size() - 1}) > 0, "mini-batch {} has no file",
        mini_batches_.size() - 1);
  if (folders_.empty() || folders_.back() != folder) folders_.emplace_back(folder);
  mini_batches_.push_back(
      {static_cast<std::uint32_t>(file_ends_.size()), static_cast<std::uint32_t>(folders_.size() - 1), input});
}

void Plan::AddFile(std::string_view name) {
  Check(!mini_batches_.empty(), "a file without a mini-batch");
  names_.append(name);
  file_ends_.push_back(names_.size());
}

std::uint32_t Plan::items(MiniBatchId id) const {
  const std::size_t end = id.value + 1 < size() ? mini_batches_[id.value + 1].first_file : file_ends_.size();
  return static_cast<std::uint32_t>(end - mini_batches_[id.value].first_file);
}

std::string_view Plan::Name(std::size_t file) const {
  const std::uint64_t begin = file == 0 ? 0 : file_ends_[file - 1];
  return std::string_view(names_).substr(begin, file_ends_[file] - begin);
}

std::vector<std::string> Plan::Paths(MiniBatchId id) const {
  const MiniBatch& mini_batch = mini_batches_[id.value];
  const std::string& folder = folders_[mini_batch.folder];
  std::vector<std::string> paths;
  for (std::size_t file = mini_batch.first_file; file < mini_batch.first_file + items(id); ++file) {
    paths.push_back(folder == "/" ? folder : folder + "/");
    paths.back().append(Name(file));
  }
  return paths;
}

std::uint32_t Plan::AppendPaths(MiniBatchId id, std::string& out) const {
  const MiniBatch& mini_batch = mini_batches_[id.value];
  const std::string& folder = folders_[mini_batch.folder];
  const std::uint32_t count = items(id);
  for (std::size_t file = mini_batch.first_file; file < mini_batch.first_file + count; ++file) {
    out.append(folder);
    if (folder != "/") out.push_back('/');
    out.append(Name(file));
    out.push_back('\0');
  }
  return count;
}

}  // namespace batchscope::input
