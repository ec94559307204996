#include "runtime/wire/control_messages.h"

#include <bit>
#include <cmath>

#include "runtime/wire/message_parts.h"

namespace batchscope::wire {
namespace {

// The first bytes, in the order of the variants.
constexpr std::string_view kFromClient = "JADTWPRQC";
constexpr std::string_view kToClient = "WXJLADFGHVNE";
static_assert(kFromClient.size() == std::variant_size_v<FromClient>);
static_assert(kToClient.size() == std::variant_size_v<ToClient>);

constexpr std::size_t kLeastWorkerView = 4 + 4 + 1 + 1 + 1 + 1 + 8 + 4;  // Bounds what a count may promise.

void Put(Writer& to, const Join& join) {
  to.Put(join.version);
  to.PutText(join.token);
  to.PutText(join.who);
  Put(to, join.debugger);
}

void Get(Reader& from, Join& join) {
  join.version = from.Get<std::uint32_t>("the version");
  join.token = from.GetText("the token");
  join.who = from.GetText("who joins");
  join.debugger = GetBool(from, "whether it is a debugger");
}

void Put(Writer& to, const ArmWorker& arm) { Put(to, arm.worker); }
void Get(Reader& from, ArmWorker& arm) { Get(from, arm.worker); }
void Put(Writer& to, const DisarmWorker& disarm) { Put(to, disarm.worker); }
void Get(Reader& from, DisarmWorker& disarm) { Get(from, disarm.worker); }

void Put(Writer& to, const ToDebugger& message) {
  Put(to, message.worker);
  to.PutText(message.json);
}

void Get(Reader& from, ToDebugger& message) {
  Get(from, message.worker);
  message.json = from.GetText("the debugger's message");
}

void Put(Writer& to, const SetWatch& set) { Put(to, set.watch); }
void Get(Reader& from, SetWatch& set) { Get(from, set.watch); }
void Put(Writer& to, const Pass& pass) { Put(to, pass.worker); }
void Get(Reader& from, Pass& pass) { Get(from, pass.worker); }
void Put(Writer& to, const ReleaseHold& release) { Put(to, release.worker); }
void Get(Reader& from, ReleaseHold& release) { Get(from, release.worker); }
void Put(Writer&, const AskWorkers&) {}
void Get(Reader&, AskWorkers&) {}
void Put(Writer&, const CancelRun&) {}
void Get(Reader&, CancelRun&) {}

void Put(Writer& to, const Welcome& welcome) {
  to.PutText(welcome.run_id);
  to.PutText(welcome.step);
  to.PutText(welcome.run_folder);
  to.PutText(welcome.entry_folder);
  to.PutText(welcome.source_directory);
  to.PutText(welcome.entry_script);
  to.Put(welcome.mini_batches);
}

void Get(Reader& from, Welcome& welcome) {
  welcome.run_id = from.GetText("the run's id");
  welcome.step = from.GetText("the step");
  welcome.run_folder = from.GetText("the run's folder");
  welcome.entry_folder = from.GetText("the entry folder");
  welcome.source_directory = from.GetText("the source directory");
  welcome.entry_script = from.GetText("the entry script");
  welcome.mini_batches = from.Get<std::uint32_t>("the number of mini-batches");
}

void Put(Writer& to, const Refused& refused) { to.PutText(refused.why); }
void Get(Reader& from, Refused& refused) { refused.why = from.GetText("why it is refused"); }

void Put(Writer& to, const WorkerJoined& joined) {
  Put(to, joined.worker);
  to.Put(joined.pid);
  Put(to, joined.lane);
}

void Get(Reader& from, WorkerJoined& joined) {
  Get(from, joined.worker);
  joined.pid = from.Get<std::int32_t>("the pid");
  joined.lane = GetBool(from, "whether it is the debug lane's");
}

void Put(Writer& to, const WorkerLeft& left) {
  Put(to, left.worker);
  to.PutText(left.why);
}

void Get(Reader& from, WorkerLeft& left) {
  Get(from, left.worker);
  left.why = from.GetText("why the worker left");
}

void Put(Writer& to, const WorkerArmed& armed) { Put(to, armed.worker); }
void Get(Reader& from, WorkerArmed& armed) { Get(from, armed.worker); }

void Put(Writer& to, const WorkerDisarmed& disarmed) {
  Put(to, disarmed.worker);
  to.PutText(disarmed.why);
}

void Get(Reader& from, WorkerDisarmed& disarmed) {
  Get(from, disarmed.worker);
  disarmed.why = from.GetText("why the worker was disarmed");
}

void Put(Writer& to, const FromDebugger& message) {
  Put(to, message.worker);
  to.PutText(message.json);
}

void Get(Reader& from, FromDebugger& message) {
  Get(from, message.worker);
  message.json = from.GetText("the debugger's message");
}

void Put(Writer& to, const WorkerAtGate& worker) {
  Put(to, worker.worker);
  Put(to, worker.at);
}

void Get(Reader& from, WorkerAtGate& worker) {
  Get(from, worker.worker);
  Get(from, worker.at);
}

void Put(Writer& to, const WorkerHeld& held) {
  Put(to, held.worker);
  Put(to, held.attempt);
  Put(to, held.failure);
  to.Put(std::bit_cast<std::uint64_t>(held.seconds_left));
}

void Get(Reader& from, WorkerHeld& held) {
  Get(from, held.worker);
  Get(from, held.attempt);
  Get(from, held.failure);
  const auto seconds = std::bit_cast<double>(from.Get<std::uint64_t>("the seconds that are left"));
  if (!std::isfinite(seconds)) from.Refuse("the seconds that are left are no number");
  held.seconds_left = seconds;
}

void Put(Writer& to, const WorkerView& view) {
  Put(to, view.worker);
  to.Put(view.pid);
  to.Put(static_cast<std::uint8_t>(view.phase));
  Put(to, view.attempt.has_value());
  if (view.attempt) Put(to, *view.attempt);
  Put(to, view.lane);
  Put(to, view.stopped);
  to.PutText(view.file);
  to.Put(view.line);
}

void Get(Reader& from, WorkerView& view) {
  Get(from, view.worker);
  view.pid = from.Get<std::int32_t>("the pid");
  constexpr auto kLast = static_cast<std::uint8_t>(WorkerPhase::kHeld);
  view.phase = static_cast<WorkerPhase>(from.GetChoice("the phase", kLast));
  if (GetBool(from, "whether it has an attempt")) Get(from, view.attempt.emplace());
  view.lane = GetBool(from, "whether it is the debug lane's");
  view.stopped = GetBool(from, "whether it is stopped");
  view.file = from.GetText("the file of the stop");
  view.line = from.Get<std::uint32_t>("the line of the stop");
}

void Put(Writer& to, const Workers& all) {
  to.Put(static_cast<std::uint32_t>(all.workers.size()));
  for (const WorkerView& view : all.workers) Put(to, view);
}

void Get(Reader& from, Workers& all) {
  all.workers.resize(from.GetCount("the workers", kLeastWorkerView));
  for (WorkerView& view : all.workers) Get(from, view);
}

void Put(Writer& to, const Notice& notice) { to.PutText(notice.text); }
void Get(Reader& from, Notice& notice) { notice.text = from.GetText("the notice"); }

void Put(Writer& to, const RunEnded& ended) {
  to.PutText(ended.status);
  to.PutText(ended.reason);
}

void Get(Reader& from, RunEnded& ended) {
  ended.status = from.GetText("the run's status");
  ended.reason = from.GetText("the reason");
}

/// What a message from or to a debugger is longer than others.
template <typename Carrier, typename Message>
std::size_t ExpectedSize(const Message& message) {
  const auto* carrier = std::get_if<Carrier>(&message);
  return 64 + (carrier == nullptr ? 0 : carrier->json.size());
}

constexpr auto kPut = [](Writer& to, const auto& part) { Put(to, part); };
constexpr auto kGet = [](Reader& from, auto& part) { Get(from, part); };

}  // namespace

std::string Encode(const FromClient& message) {
  return EncodeTagged(kFromClient, message, ExpectedSize<ToDebugger>(message), kPut);
}

std::string Encode(const ToClient& message) {
  return EncodeTagged(kToClient, message, ExpectedSize<FromDebugger>(message), kPut);
}

Result<FromClient> DecodeFromClient(std::string_view bytes) {
  return DecodeTagged<FromClient>(kFromClient, bytes, kGet);
}

Result<ToClient> DecodeToClient(std::string_view bytes) { return DecodeTagged<ToClient>(kToClient, bytes, kGet); }

}  // namespace batchscope::wire
