#include "runtime/record/plan_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>

#include <fstream>
#include <functional>
#include <map>
#include <string_view>

#include "runtime/base/files.h"
#include "runtime/base/text.h"
#include "runtime/record/json_line.h"
#include "runtime/record/line_writer.h"

namespace batchscope::record {
namespace {

constexpr std::size_t kMuch = 1 << 20;

// [name, size, time of change in nanoseconds]; size -1 when the file is gone.
void AppendFileEntry(std::string& text, const std::string& path, std::string_view name) {
  struct stat about {};
  const bool found = ::stat(path.c_str(), &about) == 0;
  text.push_back('[');
  AppendJsonString(text, name);
  text.push_back(',');
  AppendNumber(text, found ? about.st_size : -1);
  text.push_back(',');
  AppendNumber(text, found ? about.st_mtim.tv_sec * 1'000'000'000 + about.st_mtim.tv_nsec : 0);
  text.push_back(']');
}

void AppendMiniBatch(std::string& text, const input::Plan& plan, MiniBatchId id) {
  const std::vector<std::string> paths = plan.Paths(id);
  const std::string folder = paths.empty() ? std::string() : paths.front().substr(0, paths.front().rfind('/') + 1);
  std::string files = "[";
  for (const std::string& path : paths) {
    if (files.size() > 1) files.push_back(',');
    const bool is_below = path.compare(0, folder.size(), folder) == 0;
    AppendFileEntry(files, path, is_below ? std::string_view(path).substr(folder.size()) : path);
  }
  files.push_back(']');
  LineWriter(text, "mini_batch")
      .Number("b", id.value)
      .Number("n", static_cast<std::int64_t>(paths.size()))
      .Number("input", plan.input(id))
      .Text("folder", folder)
      .Raw("files", files)
      .End();
}

std::vector<std::string> PathsOf(const JsonLine& line) {
  std::vector<std::string> paths;
  const std::string folder = line.Text("folder");
  for (const std::string_view file : ElementsOf(line.Raw("files")).value_or(std::vector<std::string_view>())) {
    const auto parts = ElementsOf(file);
    if (!parts || parts->empty()) continue;
    std::string name = ParseJsonString(parts->front()).value_or(std::string());
    paths.push_back(!name.empty() && name.front() == '/' ? std::move(name) : folder + name);
  }
  return paths;
}

// Calls `take` with each line behind the first, until it says that it has enough.
Result<std::uint32_t> ForEachLine(const std::filesystem::path& file,
                                  const std::function<bool(std::uint32_t, const std::string&)>& take) {
  std::ifstream stream(file, std::ios::binary);
  std::string text;
  if (!std::getline(stream, text)) return Status::Error("cannot read the plan " + file.string());
  const auto head = JsonLine::Parse(text);
  if (!head || head->kind() != "plan") return Status::Error(file.string() + " is no plan of a run");
  const auto mini_batches = static_cast<std::uint32_t>(head->Number("mini_batches"));
  for (std::uint32_t id = 0; id < mini_batches; ++id) {
    if (!std::getline(stream, text)) {
      return Status::Error(fmt::format("{} ends after {} of {} mini-batches", file.string(), id, mini_batches));
    }
    if (!take(id, text)) break;
  }
  return mini_batches;
}

}  // namespace

Status WritePlan(const std::filesystem::path& file, const config::StepConfig& step, const input::Plan& plan) {
  BATCHSCOPE_ASSIGN_OR_RETURN(const UniqueFd fd, OpenFile(file, O_WRONLY | O_CREAT | O_TRUNC));
  std::string text, names;
  for (const config::FileInput& input : step.inputs) {
    names.push_back(names.empty() ? '[' : ',');
    AppendJsonString(names, input.name);
  }
  LineWriter(text, "plan")
      .Number("mini_batches", plan.size())
      .Number("items", static_cast<std::int64_t>(plan.items()))
      .Raw("inputs", names.empty() ? "[]" : names + "]")
      .End();
  for (std::uint32_t id = 0; id < plan.size(); ++id) {
    AppendMiniBatch(text, plan, MiniBatchId{id});
    if (text.size() < kMuch) continue;
    BATCHSCOPE_RETURN_IF_ERROR(WriteAll(fd.get(), text).Within(file.string()));
    text.clear();
  }
  return WriteAll(fd.get(), text).Within(file.string());
}

Result<std::vector<std::uint32_t>> ReadItemCounts(const std::filesystem::path& file) {
  std::vector<std::uint32_t> counts;
  const auto read = ForEachLine(file, [&](std::uint32_t, const std::string& text) {
    // Stands before the files, which are long and not wanted here.
    constexpr std::string_view kField = ",\"n\":";
    const std::size_t begin = text.find(kField) + kField.size();
    const std::size_t end = text.find(',', begin);
    const auto count =
        end == std::string::npos ? std::nullopt : ParseNumber(std::string_view(text).substr(begin, end - begin));
    counts.push_back(static_cast<std::uint32_t>(count.value_or(0)));
    return true;
  });
  if (!read.ok()) return read.status();
  return counts;
}

Result<std::vector<std::vector<std::string>>> ReadPaths(const std::filesystem::path& file,
                                                        const std::vector<MiniBatchId>& mini_batches) {
  std::multimap<std::uint32_t, std::size_t> places;
  for (std::size_t i = 0; i < mini_batches.size(); ++i) places.emplace(mini_batches[i].value, i);
  std::vector<std::vector<std::string>> paths(mini_batches.size());
  if (places.empty()) return paths;
  const std::uint32_t last = places.rbegin()->first;
  const auto size = ForEachLine(file, [&](std::uint32_t id, const std::string& text) {
    const auto [begin, end] = places.equal_range(id);
    if (begin == end) return true;
    const auto line = JsonLine::Parse(text);
    for (auto each = begin; line && each != end; ++each) paths[each->second] = PathsOf(*line);
    return id < last;
  });
  if (!size.ok()) return size.status();
  if (last >= *size) {
    return Status::Error(fmt::format("there is no mini-batch {}; the run has {}, numbered from 0", last, *size));
  }
  return paths;
}

}  // namespace batchscope::record
