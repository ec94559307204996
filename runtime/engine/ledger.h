#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "runtime/engine/events.h"

namespace batchscope::engine {

/// The debug lane: one worker beside the others that is handed one mini-batch at a time.
struct Lane {
  enum class Takes {
    kNext,    ///< What any worker would be handed next; at least one is left for it.
    kFailed,  ///< Every try after a failed one.
    kChosen,  ///< The mini-batches of `chosen`.
  };
  Takes takes = Takes::kNext;
  std::set<MiniBatchId> chosen;  ///< With kChosen: below the number of mini-batches, at least one.
};

/// What the ledger decides by.
struct Rules {
  std::uint32_t workers = 1;  ///< process_count_per_node.
  std::uint32_t run_max_try = 3;
  std::int64_t error_threshold = -1;
  std::int64_t allowed_failed_count = -1;
  std::optional<double> allowed_failed_percent = std::nullopt;
  std::optional<Lane> lane = std::nullopt;
  bool needs_a_row = true;  ///< append_row: a run without any succeeded item fails.
  std::uint32_t group_limit =
      256;  ///< Most mini-batches a worker is handed at a time; the ledger sizes groups below it.
};

enum class RunStatus { kRunning, kCancelling, kFailing, kCompleted, kFailed, kCancelled };

/// So many failed init()s of its own and the lane is not replaced any more.
inline constexpr std::uint32_t kLaneInitLimit = 3;

/// "running", "completed" and so on, as files and people read it.
std::string ToString(RunStatus status);

/// What there is to count, at one moment.
struct Counts {
  std::uint32_t mini_batches = 0;
  std::uint32_t succeeded = 0;  ///< Mini-batches.
  std::uint32_t failed = 0;     ///< Mini-batches whose tries are used up.
  std::uint64_t items_succeeded = 0;
  std::uint64_t items_failed = 0;
  std::uint32_t workers_alive = 0;  ///< Started and not exited.
  std::uint32_t workers_ready = 0;
  std::uint32_t retries = 0;  ///< Attempts beyond each first one.

  friend bool operator==(const Counts&, const Counts&) = default;
};

/// The brain of a run: who runs what, tries, thresholds, lost workers. Pure: no clock, no files, no threads; the same
/// events give the same commands, which is what makes the journal a replay.
///
/// A mini-batch is waiting, handed (to one worker, perhaps begun) or settled. Rules it keeps, which Validate() checks:
/// every mini-batch is in exactly one of these states; a settled one never changes; no worker that exited holds an
/// attempt; an attempt number is handed out again only when the earlier holder never began it; failed items are counted
/// once.
///
/// Small mini-batches are handed out in groups: a worker gets as many as it finished since it last asked, doubled, up
/// to the limit and to its fair share of what waits; plus one group in advance, so that it never idles. The last
/// mini-batches, one a worker, are handed out on demand only, so that none waits behind a slow one while another worker
/// idles. An answer that comes late, from a worker that was killed or for an attempt it does not hold, is ignored.
///
/// A worker that ends is replaced while there are more unsettled mini-batches than workers to run them. Workers without
/// work stay for what may come back from others, and are dismissed as soon as they outnumber that.
///
/// A lane is one worker more, in a place of its own, with one mini-batch at a time. What it alone takes waits while it
/// starts or is replaced, and goes to the others when it cannot be had: after kLaneInitLimit failed init()s. It stays
/// as long as something may come to it. When no other worker can be had any more, it takes all. A held worker has no
/// place; the run's end waits for it.
class Ledger {
 public:
  /// `items[i]`: how many items mini-batch i has.
  Ledger(Rules rules, std::function<std::uint32_t(MiniBatchId)> items, std::uint32_t mini_batches);

  /// The first commands: as many workers as there is work for.
  std::vector<Command> Start();

  /// Takes one fact, appends what follows from it to `commands`.
  void Apply(const Event& event, std::vector<Command>& commands);

  RunStatus status() const { return status_; }
  bool ended() const { return ended_; }
  const Counts& counts() const { return counts_; }
  /// Why the run failed, in words; empty when it did not.
  const std::string& reason() const { return reason_; }
  /// The failure that ended it, where one did (the init() error of all workers).
  const std::optional<Failure>& fatal() const { return fatal_; }
  /// Whether the answer of this worker to this attempt would count now.
  bool Holds(WorkerId worker, const Attempt& attempt) const;

  /// Check()s every rule above; linear in the run's size.
  void Validate() const;

 private:
  enum class State : std::uint8_t { kWaiting, kHanded, kSucceeded, kFailed };
  struct MiniBatch {  // Four bytes.
    State state : 2;
    std::uint32_t attempts : 30;  ///< That are over; also the number of the attempt that waits or is handed.
  };
  /// kEnding: init() failed, it was dismissed, or is held. Of a killed one nothing counts but its exit.
  enum class Stage { kStarting, kReady, kEnding, kKilled };
  struct Worker {
    std::optional<std::uint32_t> place;  ///< None: it is held.
    bool lane = false;
    Stage stage = Stage::kStarting;
    bool answered = false;         ///< At least one attempt, in its whole life.
    std::deque<MiniBatchId> held;  ///< In the order it was handed them.
    std::uint32_t first_left = 0;  ///< Of `held`: the group it works on,
    std::uint32_t next_left = 0;   ///< and the one in advance.
    std::uint32_t group = 1;       ///< Size of the next group.
  };
  using Workers = std::map<WorkerId, Worker>;

  void On(const WorkerReady& event, std::vector<Command>& commands);
  void On(const InitFailed& event, std::vector<Command>& commands);
  void On(const AttemptFinished& event, std::vector<Command>& commands);
  void On(const AttemptFailed& event, std::vector<Command>& commands);
  void On(const WorkerExited& event, std::vector<Command>& commands);
  void On(const WorkerHeld& event, std::vector<Command>& commands);
  void On(const CancelRequested& event, std::vector<Command>& commands);
  void On(const HostFailed& event, std::vector<Command>& commands);
  void On(const ProgressStalled& event, std::vector<Command>& commands);

  // Tries (ledger.cc).
  /// Of these any worker may be handed one now.
  std::uint32_t waiting() const;
  /// The same, with the one that is left for the lane.
  std::uint32_t open() const { return static_cast<std::uint32_t>(returned_.size()) + fresh_; }
  std::uint32_t unsettled() const { return counts_.mini_batches - counts_.succeeded - counts_.failed; }
  /// Takes the attempt off its worker; false when the worker does not hold it.
  bool TakeAnswer(WorkerId worker, const Attempt& attempt);
  /// Counts a failed attempt: another try, or the mini-batch is settled.
  void FailAttempt(MiniBatchId id, std::vector<Command>& commands);
  void SettleAs(MiniBatchId id, State state, std::uint64_t succeeded_items, std::vector<Command>& commands);
  void PutBack(MiniBatchId id);
  void HandOut(WorkerId id, Worker& worker, std::vector<Command>& commands);
  void AssignGroup(WorkerId id, Worker& worker, std::uint32_t size, std::vector<Command>& commands);
  MiniBatchId TakeOpen();
  /// Serves those who hold nothing, then the advance of `asking`, then dismisses who is not needed any more.
  void ShareOut(std::optional<WorkerId> asking, std::vector<Command>& commands);

  void Dismiss(WorkerId id, Worker& worker, std::vector<Command>& commands);

  // The lane (ledger_lane.cc).
  bool lane_takes(Lane::Takes takes) const { return rules_.lane && rules_.lane->takes == takes; }
  /// Whether the mini-batch, as it stands, is for the lane alone.
  bool IsForLane(MiniBatchId id) const;
  /// The most that may ever be handed to workers that are not the lane, as things stand.
  std::uint32_t FleetMayGet() const;
  bool FleetCannotBeHad() const { return usable_ == 0 && init_failures_ >= InitFailureLimit(); }
  /// Whether a lane is needed for what there is to do.
  bool NeedsLane() const;
  void ServeLane(std::vector<Command>& commands);
  void DismissLaneIfDone(std::vector<Command>& commands);
  /// Starts a lane where one is needed and none is, or gives what waits for it to the others.
  void RenewLane(std::vector<Command>& commands);

  // Workers and the run's end (ledger_workers.cc).
  void AddWorker(std::uint32_t place, bool lane, std::vector<Command>& commands);
  /// Takes the worker off its place; what it was handed goes back, the attempts in `begun` as failed ones. Returns
  /// whether there were such.
  bool TakeOff(WorkerId id, Worker& worker, const std::vector<Attempt>& begun, std::vector<Command>& commands);
  void CountFailedInit(WorkerId id, const Failure& failure, std::vector<Command>& commands);
  /// After a worker left its place: hands out what came back, starts who is needed, or sees that nobody can be had.
  void FillPlaces(std::vector<Command>& commands);
  void StartFleet(std::vector<Command>& commands);
  /// Kills all but those that are held: why the run fails is what a person may want to look at.
  void FailRun(std::string reason, std::vector<Command>& commands);
  void KillAll(std::vector<Command>& commands);
  void Kill(WorkerId id, Worker& worker, std::vector<Command>& commands);
  void EndWhenAllExited(std::vector<Command>& commands);
  /// What speaks against "completed" once every mini-batch is settled; empty: nothing.
  std::string FinalObjection() const;
  std::uint32_t InitFailureLimit() const { return 3 * rules_.workers; }

  void ValidateWorkers(std::vector<bool>& placed) const;
  void ValidatePlaces() const;

  const Rules rules_;
  const std::function<std::uint32_t(MiniBatchId)> items_;
  const std::uint32_t fleet_;  ///< Workers at a time, the lane aside: no more than there are mini-batches.

  RunStatus status_ = RunStatus::kRunning;
  bool ended_ = false;
  std::string reason_;
  std::optional<Failure> fatal_;
  Counts counts_;

  std::vector<MiniBatch> mini_batches_;
  std::uint32_t next_fresh_ = 0;      ///< From here on none was ever handed out.
  std::uint32_t fresh_ = 0;           ///< How many these are, without the lane's chosen ones.
  std::deque<MiniBatchId> returned_;  ///< Waiting again; they go before fresh ones.
  std::deque<MiniBatchId> for_lane_;  ///< Waiting for the lane alone; the chosen ones from the beginning.

  Workers workers_;                         ///< Started and not exited.
  std::set<WorkerId> idle_;                 ///< Ready, hold nothing, and are not the lane.
  std::vector<std::uint32_t> free_places_;  ///< Of the fleet; the last one is taken first.
  std::uint32_t usable_ = 0;                ///< Workers that are starting or ready, without the lane.
  std::uint32_t next_worker_ = 0;

  std::optional<WorkerId> lane_;  ///< Who is in the lane's place.
  bool lane_served_ = false;      ///< It was handed something.
  bool lane_given_up_ = false;
  std::uint32_t lane_init_failures_ = 0;

  std::uint32_t init_failures_ = 0;
  std::optional<Failure> last_init_failure_;
  bool any_was_ready_ = false;
  std::optional<Failure> first_init_failure_;
  std::uint32_t first_workers_ = 0;        ///< Started at the beginning, the lane included.
  std::uint32_t same_first_failures_ = 0;  ///< First workers whose init() failed with first_init_failure_.
};

}  // namespace batchscope::engine
