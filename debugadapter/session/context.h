#pragma once

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "debugadapter/fleet/breakpoints.h"
#include "debugadapter/fleet/function_names.h"
#include "debugadapter/fleet/id_table.h"
#include "debugadapter/fleet/path_map.h"
#include "debugadapter/fleet/worker.h"
#include "debugadapter/protocol/fields.h"
#include "debugadapter/session/client.h"
#include "debugadapter/session/session.h"

namespace batchscope::session {

using protocol::Fields;
using protocol::Json;

/// How far a session is; what a request needs is said in requests.cc.
enum class Stage { kNew, kInitialized, kJoining, kJoined, kRunning, kOver };

/// What attach or launch said.
struct Settings {
  bool launched = false;
  bool debug = true;  ///< False: launched with noDebug.
  bool just_my_code = true;
  bool show_return_value = false;
  bool show_all_threads = false;
  bool continue_all = false;
};

/// What a worker's debugger answered; not ok also when it will never answer.
struct Answer {
  bool ok = false;
  Json body = Json::object();
  std::string message;
};
using OnAnswer = std::function<void(const Answer&)>;

/// The clients' numbers for what lives in workers.
struct Ids {
  explicit Ids(int first) : threads(first), frames(first), variables(first), sources(first), step_in_targets(first) {}

  fleet::IdTable threads;  ///< RemoteId::id is the debugger's number, or 0: the thread that runs run().
  fleet::IdTable frames;
  fleet::IdTable variables;
  fleet::IdTable sources;
  fleet::IdTable step_in_targets;
};

/// All a session knows. Each group of its requests and events is a file of functions over this.
struct Context {
  Context(Outside& outside_of_it, SessionOptions options_of_it)
      : outside(outside_of_it),
        options(std::move(options_of_it)),
        client(outside_of_it),
        breakpoints(options.first_id),
        ids(options.first_id),
        next_target(options.first_id) {}

  Outside& outside;
  const SessionOptions options;
  Client client;
  std::string client_name = "a debugger";  ///< As `initialize` gave it.
  Stage stage = Stage::kNew;
  Settings settings;
  std::optional<Ticket> joining;  ///< The attach or launch that waits for its run.

  wire::Welcome run;
  fleet::PathMap paths;
  fleet::EntryScript entry;
  std::optional<fleet::FunctionNames> names;  ///< Read when they are needed; the run's copy does not change.
  bool run_over = false;
  bool client_gone = false;
  std::optional<int> exit_code;  ///< Of a launched step.

  std::map<WorkerId, fleet::Worker> workers;
  fleet::Breakpoints breakpoints;
  wire::Watch watch;  ///< As the host has it.
  Ids ids;
  std::map<std::string, Json> modules;           ///< By path, as the client knows them.
  std::map<std::int64_t, fleet::Place> targets;  ///< Lines to go to, in workers' files, by the client's numbers.
  int next_target;

  int last_seq = 0;  ///< Of requests to workers.
  std::map<std::pair<WorkerId, int>, OnAnswer> calls;

  std::set<std::string> said;  ///< Lines that the client gets once in a session.

  /// Those who wait for the next Workers of the host, one each.
  std::vector<std::function<void(const wire::Workers&)>> waiting_for_views;
  /// What is to be looked at later.
  std::multimap<MonotonicTime, std::function<void()>> timers;

  fleet::Worker* Find(WorkerId worker) {
    const auto found = workers.find(worker);
    return found == workers.end() ? nullptr : &found->second;
  }
};

/// A request being served.
struct Call {
  Ticket ticket;
  Fields& arguments;
  const Json& raw;  ///< The arguments as they came.
};

}  // namespace batchscope::session
