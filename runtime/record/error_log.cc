#include "runtime/record/error_log.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <string_view>
#include <vector>

#include "runtime/base/files.h"
#include "runtime/base/text.h"

namespace batchscope::record {
namespace {

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

std::string MaskNumbers(std::string_view text) {
  std::string masked;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (!IsDigit(text[i])) {
      masked.push_back(text[i]);
    } else if (i == 0 || !IsDigit(text[i - 1])) {
      masked.push_back('#');
    }
  }
  return masked;
}

std::string_view FirstLine(std::string_view text) { return text.substr(0, text.find('\n')); }

std::string Where(const std::string& utc, WorkerId worker, const std::optional<Attempt>& attempt) {
  const std::string what =
      attempt ? fmt::format("mini-batch {}, attempt {}", attempt->mini_batch.value, attempt->number + 1) : "init()";
  return fmt::format("{}, {}, {}", what, ProcessName(worker), utc);
}

}  // namespace

std::string OneLine(const Failure& failure) {
  const std::string type = failure.type.empty() ? ToString(failure.kind) : failure.type;
  const std::string_view first = FirstLine(failure.message);
  return ToDisplay(first.empty() ? type : fmt::format("{}: {}", type, first));
}

std::string GroupKey(const Failure& failure) {
  return fmt::format("{}\n{}\n{}\n{}", ToString(failure.kind), failure.type, MaskNumbers(FirstLine(failure.message)),
                     PlaceToLookAt(failure.traceback));
}

std::string ErrorLog::Bounded(const std::string& text) const {
  if (text.size() <= limits_.text) return ToDisplay(text);
  // Stacks end with what matters, so the middle goes.
  const std::string_view all = text;
  const std::size_t half = limits_.text / 2;
  return ToDisplay(all.substr(0, half)) + fmt::format("\n... {} bytes left out ...\n", all.size() - 2 * half) +
         ToDisplay(all.substr(all.size() - half));
}

void ErrorLog::Add(const std::string& utc, WorkerId worker, const std::optional<Attempt>& attempt,
                   const Failure& failure) {
  ++total_;
  changed_ = true;
  WriteFile(utc, worker, attempt, failure);
  const std::string key = GroupKey(failure);
  auto found = groups_.find(key);
  if (found == groups_.end()) {
    if (groups_.size() >= limits_.groups) {
      ++ungrouped_;
      return;
    }
    found = groups_.emplace(key, Group()).first;
    found->second.first = Where(utc, worker, attempt);
    found->second.example = {failure.kind, failure.type, Bounded(failure.message), Bounded(failure.traceback)};
  }
  ++found->second.count;
  found->second.last = Where(utc, worker, attempt);
}

void ErrorLog::WriteFile(const std::string& utc, WorkerId worker, const std::optional<Attempt>& attempt,
                         const Failure& failure) {
  if (files_ >= limits_.files) return;
  ++files_;
  const std::string name =
      attempt ? fmt::format("mini_batch_{}_attempt_{}.txt", attempt->mini_batch.value, attempt->number + 1)
              : fmt::format("{}_init.txt", ProcessName(worker));
  std::string text = Where(utc, worker, attempt) + "\n" + ToString(failure.kind) + ": " + OneLine(failure) + "\n\n";
  text += Bounded(failure.traceback);
  // A traceback as Python prints it ends with the message; others (a signal, a time-out) do not.
  if (failure.traceback.find(failure.message) == std::string::npos) text += "\n" + Bounded(failure.message) + "\n";
  (void)WriteFileAtomically(layout_.error_files() / name, text);
}

void ErrorLog::Write() {
  if (!changed_) return;
  changed_ = false;
  std::vector<const Group*> groups;
  for (const auto& [key, group] : groups_) groups.push_back(&group);
  std::stable_sort(groups.begin(), groups.end(), [](auto* a, auto* b) { return a->count > b->count; });
  std::string text =
      fmt::format("{} errors of {} kinds; a mini-batch that failed twice counts twice.\n", total_, groups.size());
  if (total_ > files_) {
    text +=
        fmt::format("{} of them have a file in error/{}/, {} have none.\n", files_, layout_.node(), total_ - files_);
  }
  if (ungrouped_ > 0) text += fmt::format("{} more are of other kinds that are not listed.\n", ungrouped_);
  for (const Group* group : groups) {
    text += fmt::format("\n{} x {} ({})\n  first: {}\n  last:  {}\n", group->count, OneLine(group->example),
                        ToString(group->example.kind), group->first, group->last);
    if (!group->example.traceback.empty()) {
      for (const std::string_view line : Split(group->example.traceback, '\n')) text += fmt::format("  | {}\n", line);
    }
  }
  (void)WriteFileAtomically(layout_.errors(), text);
}

std::string ErrorLog::MostFrequent() const {
  if (groups_.empty()) return {};
  const auto most = std::max_element(groups_.begin(), groups_.end(),
                                     [](const auto& a, const auto& b) { return a.second.count < b.second.count; });
  return fmt::format("{} ({} of {} errors)", OneLine(most->second.example), most->second.count, total_);
}

}  // namespace batchscope::record
