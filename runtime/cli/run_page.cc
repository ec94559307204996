#include "runtime/cli/run_page.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <map>
#include <nlohmann/json.hpp>
#include <string_view>
#include <tuple>

#include "runtime/base/clock.h"
#include "runtime/base/text.h"

namespace batchscope::cli {
namespace {

constexpr std::size_t kGroupsShown = 10;
constexpr std::size_t kIdsShown = 8;

std::string FirstLine(const std::string& text) { return text.substr(0, text.find('\n')); }

/// Numbers differ between attempts of one and the same mistake.
std::string WithoutNumbers(const std::string& text) {
  std::string masked;
  for (const char letter : text) {
    const bool is_digit = std::isdigit(static_cast<unsigned char>(letter)) != 0;
    if (!is_digit) masked += letter;
    if (is_digit && !masked.ends_with('#')) masked += '#';
  }
  return masked;
}

std::string Title(const Failure& failure) {
  std::string message = FirstLine(failure.message);
  if (failure.type.empty() || message.starts_with(failure.type)) return message;
  return message.empty() ? failure.type : failure.type + ": " + message;
}

std::string Where(const ErrorGroup& group) {
  const std::size_t shown = std::min(group.mini_batches.size(), kIdsShown);
  std::vector<std::int64_t> ids(group.mini_batches.begin(),
                                group.mini_batches.begin() + static_cast<std::ptrdiff_t>(shown));
  const bool has_init = std::erase(ids, -1) > 0;
  std::vector<std::string> parts;
  if (has_init) parts.emplace_back("in init()");
  if (!ids.empty()) {
    const std::size_t more = group.mini_batches.size() - shown;
    parts.push_back(fmt::format("mini-batch{} {}{}", ids.size() + more == 1 ? "" : "es", fmt::join(ids, ", "),
                                more == 0 ? "" : fmt::format(" and {} more", more)));
  }
  return fmt::format("{}", fmt::join(parts, "; "));
}

std::string MiniBatchesText(const engine::Counts& counts) {
  const std::uint32_t left = counts.mini_batches - counts.succeeded - counts.failed;
  std::string text = fmt::format("{}: {} succeeded, {} failed", counts.mini_batches, counts.succeeded, counts.failed);
  if (left > 0) text += fmt::format(", {} not done", left);
  if (counts.retries > 0) text += fmt::format("; {} tried again", counts.retries);
  return text;
}

std::string Field(std::string_view name, const std::string& value) {
  return value.empty() ? "" : fmt::format("  {:<13} {}\n", name, value);
}

std::string PlacesText(const record::RunSummary& run) {
  return Field("output", ToDisplay(run.output_file.string())) + Field("logs", ToDisplay(run.logs.string()));
}

std::string CountsText(const record::RunSummary& run) {
  const engine::Counts& counts = run.counts;
  return Field("mini-batches", MiniBatchesText(counts)) +
         Field("items", fmt::format("{} succeeded, {} failed", counts.items_succeeded, counts.items_failed)) +
         Field("time", FormatDuration(std::chrono::duration<double>(run.elapsed_seconds)) +
                           (run.ended.empty() ? " so far" : ""));
}

std::string StoppedText(const record::RunSummary& run) {
  std::string text;
  for (const record::StoppedWorker& stopped : run.stopped) {
    text += Field(text.empty() ? "stopped" : "", record::InWords(stopped));
  }
  return text;
}

nlohmann::json ToJson(const std::vector<record::StoppedWorker>& stopped) {
  nlohmann::json list = nlohmann::json::array();
  for (const record::StoppedWorker& one : stopped) {
    list.push_back({{"worker", one.worker}, {"where", ToDisplay(one.where)}, {"seconds", one.seconds}});
  }
  return list;
}

nlohmann::json ToJson(const Failure& failure) {
  return {{"kind", ToString(failure.kind)},
          {"type", ToDisplay(failure.type)},
          {"message", ToDisplay(failure.message)},
          {"traceback", ToDisplay(failure.traceback)}};
}

}  // namespace

std::string Counted(std::uint64_t count, const std::string& one, const std::string& many) {
  return fmt::format("{} {}", count, count == 1 ? one : many);
}

std::vector<ErrorGroup> GroupErrors(const std::vector<record::ErrorRow>& rows) {
  using Key = std::tuple<FailureKind, std::string, std::string>;
  std::map<Key, std::size_t> places;
  std::vector<ErrorGroup> groups;
  for (const record::ErrorRow& row : rows) {
    const Key key(row.failure.kind, row.failure.type, WithoutNumbers(FirstLine(row.failure.message)));
    const auto [place, is_new] = places.try_emplace(key, groups.size());
    if (is_new)
      groups.push_back({.title = Title(row.failure),
                        .place = std::string(PlaceToLookAt(row.failure.traceback)),
                        .attempts = 0,
                        .mini_batches = {}});
    ErrorGroup& group = groups[place->second];
    ++group.attempts;
    group.mini_batches.push_back(row.mini_batch);
  }
  for (ErrorGroup& group : groups) {
    std::vector<std::int64_t> once;
    std::map<std::int64_t, bool> seen;
    for (const std::int64_t id : group.mini_batches) {
      if (seen.emplace(id, true).second) once.push_back(id);
    }
    group.mini_batches = std::move(once);
  }
  std::stable_sort(groups.begin(), groups.end(),
                   [](const ErrorGroup& a, const ErrorGroup& b) { return a.attempts > b.attempts; });
  return groups;
}

std::string ErrorsText(const record::Errors& errors) {
  if (errors.total == 0) return "";
  const std::vector<ErrorGroup> groups = GroupErrors(errors.rows);
  std::string text = fmt::format("errors: {}\n", Counted(errors.total, "failed attempt", "failed attempts"));
  for (std::size_t i = 0; i < std::min(groups.size(), kGroupsShown); ++i) {
    const ErrorGroup& group = groups[i];
    text += fmt::format("  {} x {}\n", group.attempts, ToDisplay(group.title));
    if (!group.place.empty()) text += fmt::format("      {}\n", ToDisplay(group.place));
    text += fmt::format("      {}\n", Where(group));
  }
  if (groups.size() > kGroupsShown) text += fmt::format("  and {} other kinds\n", groups.size() - kGroupsShown);
  if (errors.total > errors.rows.size()) text += fmt::format("  (counted: the first {})\n", errors.rows.size());
  return text;
}

std::string RunPage(const record::RunSummary& run, const record::Errors& errors) {
  std::string text = fmt::format("{}  {}\n", run.id, run.status);
  text += Field("reason", ToDisplay(run.reason)) + Field("step", run.name) + Field("started", run.started) +
          CountsText(run) + StoppedText(run) + PlacesText(run);
  text += FatalText(run);
  if (const std::string grouped = ErrorsText(errors); !grouped.empty()) text += "\n" + grouped;
  text += "\n";
  const auto failed = std::find_if(errors.rows.begin(), errors.rows.end(),
                                   [](const record::ErrorRow& row) { return row.mini_batch >= 0; });
  if (failed != errors.rows.end()) {
    text += fmt::format("  batchscope show {} --why {}    the story of one mini-batch\n", run.id, failed->mini_batch);
  }
  if (!errors.rows.empty()) {
    text += fmt::format("  {}    all errors\n", ToDisplay((run.logs / "user" / "error.txt").string()));
  }
  text += fmt::format("  {}    what each log holds\n", ToDisplay((run.logs / "readme.txt").string()));
  return text;
}

std::string FatalText(const record::RunSummary& run) {
  if (!run.fatal || run.fatal->traceback.empty()) return "";
  std::string traceback = ToDisplay(run.fatal->traceback);
  while (traceback.ends_with('\n')) traceback.pop_back();
  return "\n" + traceback + "\n";
}

std::string ResultText(const record::RunSummary& run) {
  return fmt::format("{}  {}\n", run.id, run.status) + CountsText(run) + PlacesText(run);
}

nlohmann::json ToJson(const record::RunSummary& run) {
  const engine::Counts& counts = run.counts;
  return {{"id", run.id},
          {"name", run.name},
          {"status", run.status},
          {"reason", ToDisplay(run.reason)},
          {"started", run.started},
          {"ended", run.ended.empty() ? nlohmann::json() : nlohmann::json(run.ended)},
          {"elapsed_seconds", run.elapsed_seconds},
          {"mini_batches",
           {{"total", counts.mini_batches},
            {"succeeded", counts.succeeded},
            {"failed", counts.failed},
            {"tried_again", counts.retries}}},
          {"items", {{"succeeded", counts.items_succeeded}, {"failed", counts.items_failed}}},
          {"folder", ToDisplay(run.folder.string())},
          {"output", run.output_file.empty() ? nlohmann::json() : nlohmann::json(ToDisplay(run.output_file.string()))},
          {"logs", ToDisplay(run.logs.string())},
          {"stopped", ToJson(run.stopped)},
          {"fatal", run.fatal ? ToJson(*run.fatal) : nlohmann::json()}};
}

nlohmann::json ToJson(const record::Errors& errors) {
  nlohmann::json rows = nlohmann::json::array();
  for (const record::ErrorRow& row : errors.rows) {
    nlohmann::json one = ToJson(row.failure);
    one["mini_batch"] = row.mini_batch < 0 ? nlohmann::json() : nlohmann::json(row.mini_batch);
    one["attempt"] = row.attempt;
    one["last"] = row.last;
    one["process"] = row.process;
    one["time"] = row.time;
    one["items"] = nlohmann::json::array();
    for (const std::string& item : row.items) one["items"].push_back(ToDisplay(item));
    rows.push_back(std::move(one));
  }
  return rows;
}

std::string Pretty(const nlohmann::json& object) { return object.dump(2) + "\n"; }

}  // namespace batchscope::cli
