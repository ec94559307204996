#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <filesystem>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "debugadapter/session/session.h"
#include "tests/support/temp_folder.h"

namespace batchscope::session {

using protocol::Json;

/// pydevd in one worker, as far as a session can tell: what it answers, what it leaves without an answer.
struct FakeDebugger {
  bool armed = false;
  bool silent = false;            ///< The GIL is held: it answers nothing.
  std::set<std::string> refused;  ///< Commands that it answers with an error.
  std::map<std::string, Json> breakpoints;
  Json functions = Json::array();
  Json filters = Json::array();
  int last_id = -1;
  std::vector<std::int64_t> ids;  ///< Of the breakpoints made last.
  Json threads = Json::array({{{"id", 1}, {"name", "MainThread"}}});
  std::map<std::int64_t, std::string> stopped;  ///< Threads, by reason.
  Json frames = Json::array();                  ///< Of each stopped thread.
  std::vector<std::string> commands;            ///< All it was asked.
  Json last;                                    ///< The arguments of the last one.
};

/// A client, a run with workers, and the time, around a session. Messages wait in a queue, as on sockets, until
/// Settle().
class FakeRun : public Outside {
 public:
  explicit FakeRun(SessionOptions options = {});

  void ToClient(Json message) override;
  void Join(const std::string& run) override { joined = run; }
  void Launch(const LaunchPlan& plan) override { launched.push_back(plan); }
  void ToRun(const wire::FromClient& message) override;
  void Leave() override { ++left; }
  void StopLaunched() override { ++stopped_launched; }
  void End() override { ++ended; }
  MonotonicTime Now() const override { return now; }

  // The client's side.
  /// Sends a request and lets all settle; its number.
  int Send(const std::string& command, Json arguments = Json::object());
  /// The same, and its answer, which must be there and a success; the body.
  Json Ask(const std::string& command, Json arguments = Json::object());
  /// The text of the error it is answered with.
  std::string Refused(const std::string& command, Json arguments = Json::object());
  /// How often a request was answered.
  int Answers(int seq) const;
  Json AnswerTo(int seq) const;
  /// The bodies of all events of a name, in order, since the last call of Clear().
  std::vector<Json> Events(const std::string& name) const;
  std::string Console() const;
  void Clear() { to_client.clear(); }
  /// initialize, attach, configurationDone.
  void Attach(Json arguments = Json::object());
  /// The run takes the session that asked for it.
  void Joins();

  // The run's side.
  void Worker(std::uint32_t worker, bool lane = false);
  void Leaves(std::uint32_t worker, const std::string& why);
  void Says(wire::ToClient message);
  void Debugger(std::uint32_t worker, Json message);
  /// A thread stops; `frames` names its innermost first.
  void Stops(std::uint32_t worker, std::int64_t thread, const std::string& reason, int line = 0, Json more = {});
  void Gate(std::uint32_t worker, wire::AtGate at);
  void Gate(std::uint32_t worker, wire::Gate gate, Attempt attempt, std::vector<std::uint32_t> rules);
  /// Time passes.
  void Wait(std::chrono::milliseconds time);
  void Settle();

  /// As the client sees them.
  Json Threads() { return Ask("threads")["threads"]; }
  /// The client's number of the thread that runs run().
  int ThreadOf(std::uint32_t worker);
  /// How often a message of this kind went to the run.
  template <typename Kind>
  std::vector<Kind> Sent() const {
    std::vector<Kind> found;
    for (const auto& message : to_run) {
      if (const auto* one = std::get_if<Kind>(&message)) found.push_back(*one);
    }
    return found;
  }
  bool Passed(std::uint32_t worker) const;

 private:
  TempFolder temp_;

 public:
  const std::filesystem::path folder;
  std::string own_file;  ///< entry.py in the source directory.
  std::string copy;      ///< The run's.

  std::vector<Json> to_client;
  std::vector<wire::FromClient> to_run;
  std::map<std::uint32_t, FakeDebugger> debuggers;
  std::map<std::uint32_t, wire::WorkerView> views;
  bool slow_disarming = false;       ///< The test itself says WorkerDisarmed.
  std::vector<std::string> trouble;  ///< What pydevd must never get.
  std::vector<LaunchPlan> launched;
  std::string joined;
  int left = 0;
  int ended = 0;
  int stopped_launched = 0;
  MonotonicTime now;
  Session session;

 private:
  void Serve(std::uint32_t worker, const Json& request);
  Json Body(std::uint32_t worker, const Json& request);
  Json Made(FakeDebugger& debugger, const Json& wanted);

  int last_seq_ = 0;
  std::deque<wire::ToClient> queue_;
};

/// The entry script of every fake run; `run` begins at line 8.
extern const char* const kEntry;

}  // namespace batchscope::session
