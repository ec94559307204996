#include "runtime/record/run_logs.h"

#include <fmt/format.h>

#include <iterator>

#include "runtime/base/files.h"
#include "runtime/base/text.h"

namespace batchscope::record {

RunLogs::RunLogs(const RunFolder& folder, const RunFacts& facts)
    : folder_(folder),
      facts_(facts),
      layout_(folder.logs(), facts.node),
      master_(layout_.master()),
      processes_(layout_),
      errors_(layout_, ErrorLog::Limits()),
      perf_overview_(layout_.perf_overview()),
      perf_processes_(layout_.perf_processes()) {
  perf_overview_.text() = "Time,Processes,CPU Percent,RSS Bytes,Read Bytes,Written Bytes\n";
  perf_processes_.text() = "Time,Process,Pid,CPU Percent,RSS Bytes,Read Bytes,Written Bytes\n";
}

void RunLogs::Master(std::int64_t at_unix_us, std::string_view level, std::string_view line) {
  std::string& text = master_.text();
  utc_.AppendTo(text, at_unix_us);
  text.append(" ").append(level).append(" ");
  const auto lines = Split(line, '\n');
  for (std::size_t i = 0; i < lines.size(); ++i) {
    if (i + 1 == lines.size() && lines[i].empty() && i > 0) break;
    text.append(i == 0 ? "" : "    ").append(lines[i]).append("\n");
  }
  master_.Note();
}

void RunLogs::Error(std::int64_t at_unix_us, WorkerId worker, const std::optional<Attempt>& attempt,
                    const Failure& failure) {
  errors_.Add(FormatUtc(FromUnixMicros(at_unix_us)), worker, attempt, failure);
}

void RunLogs::Sample(std::int64_t at_unix_us, const std::vector<ResourceSample>& samples) {
  const std::string utc = FormatUtc(FromUnixMicros(at_unix_us));
  ResourceSample sum;
  for (const ResourceSample& each : samples) {
    sum.cpu_percent += each.cpu_percent;
    sum.rss_bytes += each.rss_bytes;
    sum.read_bytes += each.read_bytes;
    sum.written_bytes += each.written_bytes;
    fmt::format_to(std::back_inserter(perf_processes_.text()), "{},{},{},{:.1f},{},{},{}\n", utc, each.who, each.pid,
                   each.cpu_percent, each.rss_bytes, each.read_bytes, each.written_bytes);
  }
  fmt::format_to(std::back_inserter(perf_overview_.text()), "{},{},{:.1f},{},{},{}\n", utc, samples.size(),
                 sum.cpu_percent, sum.rss_bytes, sum.read_bytes, sum.written_bytes);
}

void RunLogs::Renew(OverviewFacts overview) {
  overview.most_frequent_error = errors_.MostFrequent();
  if (std::string text = RenderOverview(folder_, facts_, overview); text != overview_) {
    overview_ = std::move(text);
    (void)WriteFileAtomically(layout_.overview(), overview_);
  }
  errors_.Write();
  master_.Flush();
  processes_.Flush();
  perf_overview_.Flush();
  perf_processes_.Flush();
}

void RunLogs::End(OverviewFacts overview) {
  (void)WriteFileAtomically(layout_.job_result(), RenderResult(folder_, facts_, overview));
  Renew(std::move(overview));
}

}  // namespace batchscope::record
