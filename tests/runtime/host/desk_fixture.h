#pragma once

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "runtime/host/debug_desk.h"
#include "tests/runtime/host/fake_control.h"

/// A desk with people and workers that are lists of what was said to them.
namespace batchscope::host {

using namespace std::chrono_literals;

inline constexpr wire::ClientId kCode{1};
inline constexpr wire::ClientId kLab{2};
inline constexpr WorkerId kFirst{0};
inline constexpr WorkerId kSecond{1};
inline const Failure kFailure{FailureKind::kException, "ValueError", "no", "Traceback"};
inline const Attempt kTry{MiniBatchId{117}, 1};

using ToPerson = std::vector<wire::ToClient>;
using ToProcess = std::vector<wire::ToWorker>;
using Lines = std::vector<std::string>;

class FakeFleet final : public DeskFleet {
 public:
  Doing DoingOf(WorkerId worker) override { return doing[worker]; }
  void Send(WorkerId worker, const wire::ToWorker& message) override { sent[worker].push_back(message); }
  void EndHeld(WorkerId worker) override { ended.push_back(worker); }
  void Cancel() override { cancelled = true; }
  void Log(std::string_view level, const std::string& line) override {
    lines.push_back(std::string(level) + ": " + line);
  }

  std::map<WorkerId, Doing> doing;
  std::map<WorkerId, ToProcess> sent;
  std::vector<WorkerId> ended;
  bool cancelled = false;
  Lines lines;
};

class DeskTest : public ::testing::Test {
 protected:
  DeskTest() { Open(Rules()); }

  static DebugRules Rules() {
    DebugRules rules;
    rules.lease = 1h;
    rules.hold = 10min;
    return rules;
  }
  void Open(const DebugRules& rules) {
    welcome_.run_id = "digits-1";
    welcome_.entry_folder = "/runs/digits-1/entry";
    desk_ = std::make_unique<DebugDesk>(rules, welcome_, &server_, fleet_);
  }
  void Join(wire::ClientId client, const std::string& who, bool debugger = true) {
    Happens(wire::ClientJoined{client, who, debugger});
  }
  void Leave(wire::ClientId client) { Happens(wire::ClientGone{client, "it closed the connection"}); }
  template <typename Message>
  void Say(const Message& message, wire::ClientId client = kCode) {
    Happens(wire::ClientSaid{client, message});
  }
  void Happens(wire::ClientEvent event) {
    control_.events.push_back(std::move(event));
    desk_->TakeClients(now_);
  }
  void Start(WorkerId worker, bool lane = false) {
    desk_->Ordered(worker, lane);
    Hear(wire::Hello{worker, PidOf(worker)}, worker);
  }
  static std::int32_t PidOf(WorkerId worker) { return 100 + static_cast<std::int32_t>(worker.value); }
  template <typename Message>
  void Hear(const Message& message, WorkerId worker = kFirst) {
    desk_->Heard(worker, message, now_);
  }
  /// A debugger is there and has the first worker armed; nothing of that is left among what was said.
  void JoinAndArm() {
    Start(kFirst);
    Join(kCode, "VS Code");
    Say(wire::ArmWorker{kFirst});
    Hear(wire::DebuggerArmed{});
    Told();
    Heard();
    Logged();
  }
  /// The moment from which there may be something to end; an hour where there is nothing.
  std::chrono::nanoseconds Watch() {
    MonotonicTime next = now_ + 1h;
    desk_->WatchClocks(now_, next);
    return next - now_;
  }

  // What was said since these were asked last.
  ToPerson Heard(wire::ClientId client = kCode) { return std::exchange(control_.sent[client], {}); }
  ToProcess Told(WorkerId worker = kFirst) { return std::exchange(fleet_.sent[worker], {}); }
  Lines Logged() { return std::exchange(fleet_.lines, {}); }

  wire::Welcome welcome_;
  ControlBook control_;
  FakeControl server_{control_};
  FakeFleet fleet_;
  MonotonicTime now_{1000h};
  std::unique_ptr<DebugDesk> desk_;
};

}  // namespace batchscope::host
