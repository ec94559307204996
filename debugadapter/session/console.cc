#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <string_view>
#include <utility>

#include "debugadapter/fleet/thread_names.h"
#include "debugadapter/session/handlers.h"
#include "debugadapter/session/stops.h"
#include "debugadapter/session/worker_link.h"
#include "runtime/base/text.h"

namespace batchscope::session {
namespace {

using Act = void (*)(Context&, fleet::Worker&);

void ContinueOne(Context& context, fleet::Worker& worker) { ResumeWorker(context, worker, std::nullopt); }

void ReleaseHold(Context& context, fleet::Worker& worker) {
  if (worker.held) context.outside.ToRun(wire::ReleaseHold{worker.id});
}

/// Who acts on whom. `act` none: a word that needs no workers.
struct Word {
  std::string_view word;
  std::string_view help;
  Act act;
  std::string_view done;
};

constexpr Word kWords[] = {
    {".continue", ".continue [all | w1 w3 ...]   lets workers go on", ContinueOne, "go on"},
    {".pause", ".pause [all | w1 w3 ...]      stops workers where they are", PauseWorker, "are to stop"},
    {".next-run", ".next-run [all | w1 w3 ...]   stops workers at the first line of their next run()",
     StopWorkerAtNextRun, "will stop at the first line of their next run()"},
    {".release", ".release [all | w1 w3 ...]    ends workers that hold a failed mini-batch", ReleaseHold,
     "need not hold a failed mini-batch any longer"},
    {".workers", ".workers                      lists the workers", nullptr, {}},
    {".help", ".help                         lists these words", nullptr, {}},
};

std::string Help() {
  std::string help;
  for (const Word& word : kWords) help += fmt::format("{}\n", word.help);
  return help;
}

/// All that are named are there, or none is acted on.
Result<std::vector<WorkerId>> Chosen(const Context& context, const std::vector<WorkerId>& named) {
  std::vector<WorkerId> chosen = named;
  if (named.empty()) {
    for (const auto& [id, worker] : context.workers) chosen.push_back(id);
  }
  for (const WorkerId id : chosen) {
    if (context.workers.count(id) == 0) {
      return Status::Error(fmt::format("There is no worker {}; .workers lists those there are", fleet::WorkerName(id)));
    }
  }
  return chosen;
}

std::vector<std::string> WordsIn(const std::string& text) {
  std::vector<std::string> words(1);
  for (const char c : text) {
    if (std::isspace(static_cast<unsigned char>(c)) == 0 && c != ',') {
      words.back() += c;
    } else if (!words.back().empty()) {
      words.emplace_back();
    }
  }
  if (words.back().empty()) words.pop_back();
  return words;
}

void ActOn(Context& context, const std::vector<WorkerId>& workers, Act act) {
  for (const WorkerId id : workers) {
    if (fleet::Worker* worker = context.Find(id)) act(context, *worker);
  }
}

void ServeAll(Context& context, const Call& call, Act act) {
  std::vector<WorkerId> named;
  for (const std::int64_t number : call.arguments.Integers("workers")) {
    if (number < 0 || number > 0x7FFFFFFF) {
      call.arguments.Note(Status::Error(fmt::format("'arguments.workers' has {}, which is no worker", number)));
    }
    named.push_back({static_cast<std::uint32_t>(number)});
  }
  if (!call.arguments.ok()) {
    return context.client.Fail(call.ticket, protocol::kMalformed, call.arguments.status().message());
  }
  // An empty list is nobody; none is everybody.
  if (call.arguments.Has("workers") && named.empty()) return context.client.Succeed(call.ticket);
  const auto chosen = Chosen(context, named);
  if (!chosen.ok()) return context.client.Fail(call.ticket, protocol::kNoSuchId, chosen.message());
  context.client.Succeed(call.ticket);
  ActOn(context, *chosen, act);
}

const char* PhaseName(wire::WorkerPhase phase) {
  switch (phase) {
    case wire::WorkerPhase::kStarting:
      return "starting";
    case wire::WorkerPhase::kWaiting:
      return "waiting";
    case wire::WorkerPhase::kRunning:
      return "running";
    case wire::WorkerPhase::kEnding:
      return "ending";
    case wire::WorkerPhase::kHeld:
      return "held";
  }
  return "";
}

Json Describe(Context& context, const fleet::Worker& worker) {
  const wire::WorkerView& view = worker.view;
  Json one = {{"worker", view.worker.value},
              {"threadId", ThreadId(context, worker, 0)},
              {"name", fleet::ThreadName(view)},
              {"pid", view.pid},
              {"phase", PhaseName(view.phase)},
              {"lane", view.lane},
              {"armed", worker.arms == fleet::Arms::kArmed},
              {"stopped", view.stopped}};
  if (view.attempt) {
    one["miniBatch"] = view.attempt->mini_batch.value;
    one["attempt"] = view.attempt->number + 1;
  }
  if (view.stopped && !view.file.empty()) {
    one["file"] = context.paths.ToClient(view.file);
    one["line"] = view.line;
  }
  return one;
}

}  // namespace

void ContinueWorkers(Context& context, const Call& call) { ServeAll(context, call, ContinueOne); }
void PauseWorkers(Context& context, const Call& call) { ServeAll(context, call, PauseWorker); }
void StopAtNextRun(Context& context, const Call& call) { ServeAll(context, call, StopWorkerAtNextRun); }

void ListWorkers(Context& context, const Call& call) {
  AskViews(context, [&context, ticket = call.ticket](const wire::Workers&) {
    Json workers = Json::array();
    for (const auto& [id, worker] : context.workers) workers.push_back(Describe(context, worker));
    context.client.Succeed(ticket, {{"workers", std::move(workers)}});
  });
}

bool IsConsoleWord(const std::string& text) {
  const std::size_t at = text.find_first_not_of(" \t\n");
  if (at == std::string::npos || text[at] != '.') return false;
  // No Python begins so; numbers have a digit there.
  return at + 1 < text.size() && std::isalpha(static_cast<unsigned char>(text[at + 1])) != 0;
}

std::vector<std::string> ConsoleWordsLike(const std::string& text) {
  std::vector<std::string> found;
  for (const Word& word : kWords) {
    if (word.word.substr(0, text.size()) == text) found.emplace_back(word.word);
  }
  return found;
}

void RunConsoleWord(Context& context, Ticket ticket, const std::string& text) {
  const auto answer = [&context](Ticket to, const std::string& result) {
    context.client.Succeed(to, {{"result", result}, {"variablesReference", 0}});
  };
  const std::vector<std::string> words = WordsIn(text);
  const auto* word =
      std::find_if(std::begin(kWords), std::end(kWords), [&](const Word& w) { return w.word == words[0]; });
  if (word == std::end(kWords)) {
    return context.client.Deny(ticket, fmt::format("There is no {}\n{}", words[0], Help()), protocol::kMalformed);
  }
  if (word->word == ".help") return answer(ticket, Help());
  if (word->word == ".workers" || context.stage != Stage::kRunning) {
    if (context.stage < Stage::kJoined) return answer(ticket, "The session has no run yet.\n");
    return AskViews(
        context, [ticket, answer](const wire::Workers& views) { answer(ticket, fleet::WorkerTable(views.workers)); });
  }
  std::vector<WorkerId> named;
  for (std::size_t at = 1; at < words.size(); ++at) {
    if (words[at] == "all") continue;
    const auto worker = fleet::ParseWorkerName(words[at]);
    if (!worker.ok()) return context.client.Deny(ticket, worker.message(), protocol::kMalformed);
    named.push_back(*worker);
  }
  if (std::find(words.begin(), words.end(), "all") != words.end()) named.clear();
  const auto chosen = Chosen(context, named);
  if (!chosen.ok()) return context.client.Deny(ticket, chosen.message(), protocol::kNoSuchId);
  std::string names;
  for (const WorkerId id : *chosen) names += fleet::WorkerName(id) + " ";
  answer(ticket, names.empty() ? "There are no workers now.\n" : fmt::format("{}{}\n", names, word->done));
  ActOn(context, *chosen, word->act);
}

}  // namespace batchscope::session
