#include "runtime/host/resources.h"

#include <fmt/format.h>
#include <unistd.h>

#include <charconv>
#include <optional>
#include <string_view>

#include "runtime/base/files.h"
#include "runtime/base/text.h"

namespace batchscope::host {
namespace {

template <typename Number>
Number ToNumber(std::string_view text) {
  Number number{};
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

/// The number behind "name: " in /proc/<pid>/io; 0 when it is not there (the file is readable for one's own processes
/// only).
std::uint64_t Field(const std::string& text, std::string_view name) {
  const std::size_t at = text.find(name);
  return at == std::string::npos ? 0 : ToNumber<std::uint64_t>(std::string_view(text).substr(at + name.size()));
}

std::optional<record::ResourceSample> ReadProcess(const ResourceMeter::Who& who, double& cpu_seconds) {
  const Result<std::string> stat = ReadFile(fmt::format("/proc/{}/stat", who.pid));
  if (!stat.ok()) return std::nullopt;
  // The program's name, in parentheses, may hold anything; the numbers start behind it (proc(5): field 3 is the state).
  const std::size_t name_end = stat->rfind(')');
  if (name_end == std::string::npos || name_end + 2 >= stat->size()) return std::nullopt;
  const std::vector<std::string_view> fields = Split(std::string_view(*stat).substr(name_end + 2), ' ');
  constexpr std::size_t kUserTime = 11, kSystemTime = 12, kResidentPages = 21;  // Fields 14, 15 and 24.
  if (fields.size() <= kResidentPages) return std::nullopt;
  const double ticks = ToNumber<double>(fields[kUserTime]) + ToNumber<double>(fields[kSystemTime]);
  cpu_seconds = ticks / static_cast<double>(::sysconf(_SC_CLK_TCK));
  record::ResourceSample sample;
  sample.who = who.name;
  sample.pid = who.pid;
  sample.rss_bytes =
      ToNumber<std::uint64_t>(fields[kResidentPages]) * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
  if (const Result<std::string> io = ReadFile(fmt::format("/proc/{}/io", who.pid)); io.ok()) {
    sample.read_bytes = Field(*io, "rchar: ");
    sample.written_bytes = Field(*io, "wchar: ");
  }
  return sample;
}

}  // namespace

std::vector<record::ResourceSample> ResourceMeter::Sample(const std::vector<Who>& processes, MonotonicTime now) {
  std::vector<record::ResourceSample> samples;
  std::map<pid_t, Last> seen;
  for (const Who& who : processes) {
    double cpu_seconds = 0;
    auto sample = ReadProcess(who, cpu_seconds);
    if (!sample) continue;
    if (const auto before = last_.find(who.pid); before != last_.end()) {
      const double passed = std::chrono::duration<double>(now - before->second.at).count();
      if (passed > 0) sample->cpu_percent = 100 * (cpu_seconds - before->second.cpu_seconds) / passed;
    }
    seen[who.pid] = {now, cpu_seconds};
    samples.push_back(std::move(*sample));
  }
  last_ = std::move(seen);
  return samples;
}

}  // namespace batchscope::host
