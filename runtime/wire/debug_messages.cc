#include "runtime/wire/debug_messages.h"

#include "runtime/wire/message_parts.h"

namespace batchscope::wire {
namespace {

constexpr std::size_t kLeastRule = 4 + 8;  // Bounds what a count may promise.

}  // namespace

void Put(Writer& to, const Attempt& attempt) {
  to.Put(attempt.mini_batch.value);
  to.Put(attempt.number);
}

void Get(Reader& from, Attempt& attempt) {
  attempt.mini_batch.value = from.Get<std::uint32_t>("the mini-batch");
  attempt.number = from.Get<std::uint32_t>("the attempt");
}

void Put(Writer& to, WorkerId worker) { to.Put(worker.value); }
void Get(Reader& from, WorkerId& worker) { worker.value = from.Get<std::uint32_t>("the worker"); }

void Put(Writer& to, const Failure& failure) {
  to.Put(static_cast<std::uint8_t>(failure.kind));
  to.PutText(failure.type);
  to.PutText(failure.message);
  to.PutText(failure.traceback);
}

void Get(Reader& from, Failure& failure) {
  constexpr auto kLast = static_cast<std::uint8_t>(FailureKind::kRejected);
  failure.kind = static_cast<FailureKind>(from.GetChoice("the kind of failure", kLast));
  failure.type = from.GetText("the failure's type");
  failure.message = from.GetText("the failure's message");
  failure.traceback = from.GetText("the failure's traceback");
}

bool GetBool(Reader& from, const char* what) { return from.GetChoice(what, 1) == 1; }

void Put(Writer&, const ArmDebugger&) {}
void Get(Reader&, ArmDebugger&) {}
void Put(Writer&, const DisarmDebugger&) {}
void Get(Reader&, DisarmDebugger&) {}

void Put(Writer& to, const DebuggerInput& input) { to.PutText(input.json); }
void Get(Reader& from, DebuggerInput& input) { input.json = from.GetText("the debugger's message"); }

void Put(Writer& to, const Watch& watch) {
  to.Put(static_cast<std::uint32_t>(watch.rules.size()));
  for (const WatchRule& rule : watch.rules) {
    to.Put(rule.id);
    to.PutText(rule.selector);
  }
  Put(to, watch.uncaught);
  Put(to, watch.last_failure);
}

void Get(Reader& from, Watch& watch) {
  watch.rules.resize(from.GetCount("the rules", kLeastRule));
  for (WatchRule& rule : watch.rules) {
    rule.id = from.Get<std::uint32_t>("the rule's number");
    rule.selector = from.GetText("the rule's selector");
  }
  watch.uncaught = GetBool(from, "whether exceptions are watched");
  watch.last_failure = GetBool(from, "whether last failures are watched");
}

void Put(Writer&, const PassGate&) {}
void Get(Reader&, PassGate&) {}
void Put(Writer&, const RefuseHold&) {}
void Get(Reader&, RefuseHold&) {}
void Put(Writer&, const DebuggerArmed&) {}
void Get(Reader&, DebuggerArmed&) {}

void Put(Writer& to, const DebuggerGone& gone) { to.PutText(gone.why); }
void Get(Reader& from, DebuggerGone& gone) { gone.why = from.GetText("why the debugger is gone"); }

void Put(Writer& to, const DebuggerOutput& output) { to.PutText(output.json); }
void Get(Reader& from, DebuggerOutput& output) { output.json = from.GetText("the debugger's message"); }

void Put(Writer& to, const WorkerStopped& stopped) {
  to.PutText(stopped.file);
  to.Put(stopped.line);
  to.PutText(stopped.reason);
}

void Get(Reader& from, WorkerStopped& stopped) {
  stopped.file = from.GetText("the file of the stop");
  stopped.line = from.Get<std::uint32_t>("the line of the stop");
  stopped.reason = from.GetText("the reason of the stop");
}

void Put(Writer&, const WorkerContinued&) {}
void Get(Reader&, WorkerContinued&) {}

void Put(Writer& to, const AtGate& at) {
  to.Put(static_cast<std::uint8_t>(at.gate));
  Put(to, at.attempt);
  to.Put(static_cast<std::uint32_t>(at.rules.size()));
  for (const std::uint32_t rule : at.rules) to.Put(rule);
  Put(to, at.in_init);
  Put(to, at.failure);
}

void Get(Reader& from, AtGate& at) {
  at.gate = static_cast<Gate>(from.GetChoice("the gate", static_cast<std::uint8_t>(Gate::kFailure)));
  Get(from, at.attempt);
  at.rules.resize(from.GetCount("the rules", sizeof(std::uint32_t)));
  for (std::uint32_t& rule : at.rules) rule = from.Get<std::uint32_t>("the rule's number");
  at.in_init = GetBool(from, "whether it is init()'s");
  Get(from, at.failure);
}

}  // namespace batchscope::wire
