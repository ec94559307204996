#include "runtime/worker/gate.h"

#include <gtest/gtest.h>

#include <thread>

namespace batchscope::worker {
namespace {

using Wait = Gate::Wait;
using Word = Gate::Word;

TEST(Gate, TakesTheFirstWordSaidSinceItWasClosed) {
  Gate gate;
  gate.Pass();  // Dropped: nobody waits.
  gate.Close(Wait::kHold);
  gate.Refuse();
  gate.Pass();
  EXPECT_EQ(gate.AwaitWord(), Word::kRefuse);
  gate.Close(Wait::kHold);
  gate.Pass();
  EXPECT_EQ(gate.AwaitWord(), Word::kPass);
}

TEST(Gate, WaitsForAWordFromAnotherThread) {
  Gate gate;
  gate.Close(Wait::kTask);
  std::thread control([&gate] { gate.Pass(); });
  EXPECT_EQ(gate.AwaitWord(), Word::kPass);
  control.join();
}

TEST(Gate, OfAMiniBatchHearsNoRefusalAndNoDismissal) {
  Gate gate;
  gate.Close(Wait::kTask);
  gate.Refuse();
  gate.Dismiss();
  gate.NothingIsWatched();
  EXPECT_EQ(gate.AwaitWord(), Word::kPass);
}

TEST(Gate, OfAHoldIsNotOpenedBecauseNothingIsWatched) {
  Gate gate;
  gate.Close(Wait::kHold);
  gate.NothingIsWatched();
  gate.Refuse();
  EXPECT_EQ(gate.AwaitWord(), Word::kRefuse);
}

TEST(Gate, RemembersADismissalForHoldsAndTheStart) {
  Gate gate;
  gate.Dismiss();
  gate.Close(Wait::kHold);
  EXPECT_EQ(gate.AwaitWord(), Word::kDismiss);
  gate.Close(Wait::kStart);
  EXPECT_EQ(gate.AwaitWord(), Word::kDismiss);
  gate.Close(Wait::kTask);
  gate.Pass();
  EXPECT_EQ(gate.AwaitWord(), Word::kPass);
}

TEST(Gate, ForgetsAWordWhenTheWaitIsCalledOff) {
  Gate gate;
  gate.Close(Wait::kTask);
  gate.Pass();
  gate.Open();
  gate.Close(Wait::kHold);
  gate.Refuse();
  EXPECT_EQ(gate.AwaitWord(), Word::kRefuse);
}

}  // namespace
}  // namespace batchscope::worker
