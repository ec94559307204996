#pragma once

#include "runtime/wire/board.h"

namespace batchscope::worker {

/// The slot where this worker says what it does: the board's, but not while it holds after a failure, when another
/// worker has that one. The main thread's.
class Seat {
 public:
  explicit Seat(wire::BoardSlot& on_board) : on_board_(on_board), now_(&on_board) {}
  Seat(const Seat&) = delete;
  Seat& operator=(const Seat&) = delete;

  wire::BoardSlot& slot() const { return *now_; }
  /// From now on nobody sees what is written.
  wire::BoardSlot& Leave() { return *(now_ = &private_); }
  wire::BoardSlot& Return() { return *(now_ = &on_board_); }

 private:
  wire::BoardSlot& on_board_;
  wire::BoardSlot private_{};
  wire::BoardSlot* now_;
};

}  // namespace batchscope::worker
