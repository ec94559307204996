#pragma once

#include <condition_variable>
#include <cstdint>
#include <mutex>

namespace batchscope::worker {

/// Where the main thread waits for the host's word.
///
/// The word may come before the wait begins, but only one said since Close() counts.
class Gate {
 public:
  enum class Word {
    kPass,     ///< PassGate, or nothing is watched any more.
    kRefuse,   ///< RefuseHold.
    kDismiss,  ///< Nothing more comes.
  };
  /// What the main thread waits for, and so what may end that.
  enum class Wait {
    kStart,  ///< At wire::Gate::kStart: any word but kRefuse.
    kTask,   ///< At another gate: kPass. A dismissal is for later, when the mini-batches at hand are done.
    kHold,   ///< With what its mini-batch raised: any word, but not that nothing is watched any more.
  };

  /// Main thread: words count from now on. Before the host is told.
  void Close(Wait wait);
  /// Main thread: it does not want to wait after all.
  void Open();
  /// Main thread, without the GIL: returns the first word; the gate is open again.
  Word AwaitWord();

  /// Control thread. Words that nobody waits for are dropped, but for the dismissal.
  void Pass();
  void NothingIsWatched();
  void Refuse();
  void Dismiss();

 private:
  enum class State : std::uint8_t { kOpen, kClosed, kSaid };

  void Say(Word word);

  std::mutex mutex_;
  std::condition_variable said_;
  State state_ = State::kOpen;  // Guarded by mutex_.
  Wait wait_ = Wait::kTask;     // Guarded by mutex_.
  Word word_ = Word::kPass;     // Guarded by mutex_.
  bool dismissed_ = false;      // Guarded by mutex_.
};

}  // namespace batchscope::worker
