#pragma once

#include <fmt/format.h>

#include <string>
#include <utility>
#include <vector>

#include "runtime/engine/ledger.h"

namespace batchscope::engine {

/// "start 0 at 0", "assign 1: 4 5 6#1", "settle 4 succeeded after 1" and so on: commands as tests read them.
inline std::string InWords(const Command& command) {
  struct Words {
    std::string operator()(const StartWorker& it) const {
      return fmt::format("start {} at {}{}", it.worker.value, it.place, it.lane ? " as the lane" : "");
    }
    std::string operator()(const Assign& it) const {
      std::string words = fmt::format("assign {}:", it.worker.value);
      for (const Attempt& attempt : it.attempts) {
        words += fmt::format(" {}", attempt.mini_batch.value);
        if (attempt.number > 0) words += fmt::format("#{}", attempt.number);
      }
      return words;
    }
    std::string operator()(const DismissWorker& it) const { return fmt::format("dismiss {}", it.worker.value); }
    std::string operator()(const KillWorker& it) const { return fmt::format("kill {}", it.worker.value); }
    std::string operator()(const Settle& it) const {
      return fmt::format("settle {} {} after {}", it.mini_batch.value, it.succeeded ? "succeeded" : "failed",
                         it.attempts);
    }
    std::string operator()(const EndRun&) const { return "end"; }
  };
  return std::visit(Words(), command);
}

inline std::vector<std::string> InWords(const std::vector<Command>& commands) {
  std::vector<std::string> words;
  for (const Command& command : commands) words.push_back(InWords(command));
  return words;
}

inline Failure Raised(std::string message) { return {FailureKind::kException, "ValueError", std::move(message), ""}; }

/// A ledger on a stage: each call is one event, checked with Validate(), and gives the commands that followed, in
/// words.
class Play {
 public:
  using Words = std::vector<std::string>;

  Play(Rules rules, std::uint32_t mini_batches, std::uint32_t items_each = 1)
      : ledger_(
            std::move(rules), [items_each](MiniBatchId) { return items_each; }, mini_batches) {}

  Words Start() { return InWords(ledger_.Start()); }
  Words Ready(std::uint32_t worker) { return Apply(WorkerReady{{worker}}); }
  Words InitFails(std::uint32_t worker, const std::string& message) {
    return Apply(InitFailed{{worker}, Raised(message)});
  }
  Words Finishes(std::uint32_t worker, std::uint32_t mini_batch, std::uint32_t number = 0, std::uint32_t results = 1) {
    return Apply(AttemptFinished{{worker}, {{mini_batch}, number}, results});
  }
  Words Fails(std::uint32_t worker, std::uint32_t mini_batch, std::uint32_t number = 0) {
    return Apply(AttemptFailed{{worker}, {{mini_batch}, number}, Raised("bad")});
  }
  Words Holds(std::uint32_t worker, std::uint32_t mini_batch, std::uint32_t number = 0) {
    return Apply(WorkerHeld{{worker}, {{mini_batch}, number}});
  }
  Words Exits(std::uint32_t worker, std::vector<Attempt> begun = {}) {
    return Apply(WorkerExited{{worker}, std::move(begun), {FailureKind::kProcessDied, "SIGSEGV", "", ""}});
  }
  Words Apply(const Event& event) {
    std::vector<Command> commands;
    ledger_.Apply(event, commands);
    ledger_.Validate();
    return InWords(commands);
  }

  const Ledger& ledger() const { return ledger_; }
  const Counts& counts() const { return ledger_.counts(); }
  std::string status() const { return ToString(ledger_.status()); }

 private:
  Ledger ledger_;
};

}  // namespace batchscope::engine
