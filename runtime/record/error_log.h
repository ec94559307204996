#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "runtime/base/attempt.h"
#include "runtime/base/ids.h"
#include "runtime/record/logs_layout.h"

namespace batchscope::record {

/// user/error.txt and user/error/<node>/: what failed, each with its stack, and alike ones together.
///
/// Alike are failures of one kind and type, with the same first line of the message (digits apart) at the same place in
/// the code. Both the groups and the files are bounded; what goes beyond is counted.
class ErrorLog {
 public:
  struct Limits {
    std::size_t files = 1000;
    std::size_t groups = 200;
    std::size_t text = 64 << 10;  ///< Bytes of a message or stack that are kept.
  };

  ErrorLog(const LogsLayout& layout, const Limits& limits) : layout_(layout), limits_(limits) {}

  /// `attempt`: none for an init().
  void Add(const std::string& utc, WorkerId worker, const std::optional<Attempt>& attempt, const Failure& failure);
  /// Writes user/error.txt when something was added since.
  void Write();

  std::uint64_t total() const { return total_; }
  /// "ValueError: bad value (3 of 5 errors)"; empty when there are none.
  std::string MostFrequent() const;

 private:
  struct Group {
    std::uint64_t count = 0;
    std::string first, last;  ///< "mini-batch 7, attempt 1, process003, <time>".
    Failure example;
  };

  std::string Bounded(const std::string& text) const;
  void WriteFile(const std::string& utc, WorkerId worker, const std::optional<Attempt>& attempt,
                 const Failure& failure);

  const LogsLayout layout_;
  const Limits limits_;
  std::map<std::string, Group> groups_;
  std::uint64_t total_ = 0;
  std::uint64_t ungrouped_ = 0;
  std::uint64_t files_ = 0;
  bool changed_ = false;
};

/// "ValueError: bad value"; the type or the kind alone where there is no more. One line.
std::string OneLine(const Failure& failure);
/// What alike failures have in common: kind, type, first line of the message with each number as "#", last place of the
/// traceback.
std::string GroupKey(const Failure& failure);

}  // namespace batchscope::record
