#include "runtime/record/run_facts.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <set>

#include "runtime/base/files.h"
#include "runtime/base/text.h"

namespace batchscope::record {
namespace {

constexpr std::size_t kEndRoom = 16 << 10;
constexpr std::size_t kLongestReason = 1000;
constexpr std::size_t kLongestText = 256 << 10;

void AddCounts(LineWriter& line, const engine::Counts& counts) {
  line.Number("mini_batches", counts.mini_batches)
      .Number("succeeded", counts.succeeded)
      .Number("failed", counts.failed)
      .Number("items_succeeded", static_cast<std::int64_t>(counts.items_succeeded))
      .Number("items_failed", static_cast<std::int64_t>(counts.items_failed))
      .Number("workers_alive", counts.workers_alive)
      .Number("workers_ready", counts.workers_ready)
      .Number("retries", counts.retries);
}

engine::Counts CountsOf(const JsonLine& line) {
  const auto small = [&](std::string_view key) { return static_cast<std::uint32_t>(line.Number(key)); };
  return {.mini_batches = small("mini_batches"),
          .succeeded = small("succeeded"),
          .failed = small("failed"),
          .items_succeeded = static_cast<std::uint64_t>(line.Number("items_succeeded")),
          .items_failed = static_cast<std::uint64_t>(line.Number("items_failed")),
          .workers_alive = small("workers_alive"),
          .workers_ready = small("workers_ready"),
          .retries = small("retries")};
}

void FillEnd(LineWriter& line, const RunEnd& end) {
  line.Number("at", end.ended_unix_us).Text("status", end.status).Text("reason", end.reason);
  AddCounts(line, end.counts);
  if (end.fatal) AddFailure(line, *end.fatal);
  line.End();
}

RunEnd EndOf(const JsonLine& line) {
  RunEnd end{.status = line.Text("status"),
             .reason = line.Text("reason"),
             .ended_unix_us = line.Number("at"),
             .counts = CountsOf(line),
             .fatal = {}};
  if (!line.Raw("kind").empty()) end.fatal = FailureOf(line);
  return end;
}

Status WriteInPlace(int fd, std::string text) {
  text.resize(std::max(text.size(), kEndRoom - 1), ' ');
  text.push_back('\n');
  if (::lseek(fd, 0, SEEK_SET) != 0) return Status::FromErrno("cannot write", errno);
  return WriteAll(fd, text);
}

}  // namespace

std::optional<FileIdentity> FileIdentity::Of(int fd) {
  struct statx about {};
  if (::statx(fd, "", AT_EMPTY_PATH, STATX_INO | STATX_BTIME, &about) != 0) return std::nullopt;
  FileIdentity identity;
  // Without a time of birth (some network file systems) the rest has to do.
  const std::int64_t birth =
      (about.stx_mask & STATX_BTIME) != 0
          ? about.stx_btime.tv_sec * 1'000'000'000 + static_cast<std::int64_t>(about.stx_btime.tv_nsec)
          : 0;
  identity.parts = {about.stx_dev_major, about.stx_dev_minor, static_cast<std::int64_t>(about.stx_ino), birth};
  return identity;
}

void AddLine(Journal& journal, const RunFacts& facts) {
  const auto& identity = facts.output_identity.parts;
  journal.Add("run")
      .Number("format", kFormat)
      .Text("id", facts.id)
      .Text("step", facts.step)
      .Number("at", facts.started_unix_us)
      .Number("pid", facts.pid)
      .Text("node", facts.node)
      .Number("mini_batches", facts.mini_batches)
      .Number("items", static_cast<std::int64_t>(facts.items))
      .Number("workers", facts.workers)
      .Text("output_file", facts.output_file.native())
      .Raw("output_identity", fmt::format("[{},{},{},{}]", identity[0], identity[1], identity[2], identity[3]))
      .End();
}

Result<RunFacts> ParseFacts(const std::string& text) {
  const auto line = JsonLine::Parse(text);
  if (!line || line->kind() != "run")
    return Status::Error("this is no journal of a run: " + ToDisplay(text.substr(0, 80)));
  if (const auto format = line->Number("format"); format != kFormat) {
    return Status::Error(
        fmt::format("the run is recorded in format {}, this version reads format {}", format, kFormat));
  }
  RunFacts facts{.id = line->Text("id"),
                 .step = line->Text("step"),
                 .started_unix_us = line->Number("at"),
                 .pid = static_cast<int>(line->Number("pid")),
                 .node = line->Text("node"),
                 .mini_batches = static_cast<std::uint32_t>(line->Number("mini_batches")),
                 .items = static_cast<std::uint64_t>(line->Number("items")),
                 .workers = static_cast<std::uint32_t>(line->Number("workers")),
                 .output_file = line->Text("output_file"),
                 .output_identity = {}};
  const auto identity = ElementsOf(line->Raw("output_identity"));
  auto& parts = facts.output_identity.parts;
  if (!identity || identity->size() != parts.size()) return Status::Error("the journal's first line is not whole");
  for (std::size_t i = 0; i < parts.size(); ++i) parts[i] = ParseNumber((*identity)[i]).value_or(0);
  return facts;
}

std::string ToJson(const RunEnd& end) {
  std::string text;
  LineWriter line(text, "end");
  FillEnd(line, end);
  text.pop_back();
  return text;
}

void AddLine(Journal& journal, const RunEnd& end) {
  LineWriter line = journal.Add("end");
  FillEnd(line, end);
}

std::optional<RunEnd> ParseEnd(const std::string& text) {
  const auto line = JsonLine::Parse(std::string_view(text).substr(0, text.find_last_not_of(" \n") + 1));
  if (!line || line->kind() != "end") return std::nullopt;
  return EndOf(*line);
}

Status WriteIncomplete(const RunFolder& folder) {
  BATCHSCOPE_ASSIGN_OR_RETURN(const UniqueFd fd, OpenFile(folder.incomplete(), O_WRONLY | O_CREAT | O_EXCL));
  return WriteInPlace(fd.get(), "").Within(folder.incomplete().string());
}

Status NoteEnd(const RunFolder& folder, const RunEnd& end) {
  BATCHSCOPE_ASSIGN_OR_RETURN(const UniqueFd fd, OpenFile(folder.incomplete(), O_WRONLY));
  const Status written = WriteInPlace(fd.get(), ToJson(end));
  if (written.ok()) return {};
  RunEnd brief = end;
  brief.fatal.reset();
  brief.reason.resize(std::min(brief.reason.size(), kLongestReason));
  return WriteInPlace(fd.get(), ToJson(brief)).Within(folder.incomplete().string());
}

Status MarkComplete(const RunFolder& folder) {
  if (::rename(folder.incomplete().c_str(), folder.complete().c_str()) == 0) return {};
  return Status::FromErrno("cannot rename " + folder.incomplete().string(), errno);
}

std::optional<RunEnd> ReadEnd(const RunFolder& folder) {
  auto text = ReadFile(folder.complete());
  if (!text.ok()) text = ReadFile(folder.incomplete());
  return text.ok() ? ParseEnd(text.value()) : std::nullopt;
}

Result<JournalTotals> AddUp(const CommittedJournal& journal, const RunFacts& facts) {
  JournalTotals totals;
  engine::Counts& counts = totals.counts;
  counts.mini_batches = facts.mini_batches;
  std::set<std::int64_t> ready;
  const auto take = [&](const JsonLine& line) {
    const std::string_view kind = line.kind();
    if (kind == "ok") {
      const auto items = static_cast<std::uint64_t>(line.Number("n"));
      const auto succeeded = std::min(items, static_cast<std::uint64_t>(line.Number("r")));
      ++counts.succeeded;
      counts.items_succeeded += succeeded;
      counts.items_failed += items - succeeded;
      if (line.Number("t") > 0) ++counts.retries;
    } else if (kind == "fail") {
      if (line.Number("t") > 0) ++counts.retries;
    } else if (kind == "gave_up") {
      ++counts.failed;
      counts.items_failed += static_cast<std::uint64_t>(line.Number("n"));
    } else if (kind == "start") {
      ++counts.workers_alive;
    } else if (kind == "ready") {
      ready.insert(line.Number("w"));
    } else if (kind == "exit") {
      if (counts.workers_alive > 0) --counts.workers_alive;
      ready.erase(line.Number("w"));
    } else if (kind == "end") {
      totals.end = EndOf(line);
    }
  };
  BATCHSCOPE_RETURN_IF_ERROR(journal.ForEach(take));
  counts.workers_ready = static_cast<std::uint32_t>(ready.size());
  return totals;
}

void AddFailure(LineWriter& line, const Failure& failure) {
  // A message may hold a whole table, and each try repeats it. Of a stack the end tells most.
  const std::string_view message = std::string_view(failure.message).substr(0, kLongestText);
  std::string_view traceback = failure.traceback;
  if (traceback.size() > kLongestText) traceback.remove_prefix(traceback.size() - kLongestText);
  line.Text("kind", ToString(failure.kind))
      .Text("type", failure.type)
      .Text("message", message)
      .Text("traceback", traceback);
}

Failure FailureOf(const JsonLine& line) {
  return {FailureKindFrom(line.Text("kind")), line.Text("type"), line.Text("message"), line.Text("traceback")};
}

bool IsOwnDeath(const Failure& failure) {
  return failure.kind != FailureKind::kProcessDied || (!failure.type.empty() && failure.type != "exit code 0");
}

std::vector<Attempt> BegunOf(const JsonLine& line) {
  std::vector<Attempt> begun;
  for (const std::string_view pair : ElementsOf(line.Raw("begun")).value_or(std::vector<std::string_view>())) {
    const auto numbers = ElementsOf(pair);
    if (!numbers || numbers->size() != 2) continue;
    begun.push_back({MiniBatchId{static_cast<std::uint32_t>(ParseNumber((*numbers)[0]).value_or(0))},
                     static_cast<std::uint32_t>(ParseNumber((*numbers)[1]).value_or(0))});
  }
  return begun;
}

}  // namespace batchscope::record
