#include "kernel/channels/deadline.h"

#include <gtest/gtest.h>

#include <future>
#include <string>

namespace batchscope::kernel {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;

TEST(Deadline, TakesItsStepsInOrderAndOnlyOnce) {
  std::string taken;
  std::promise<void> last;
  Deadline deadline;
  deadline.Start({{milliseconds(1), [&] { taken += "a"; }}, {milliseconds(0), [&] {
                                                               taken += "b";
                                                               last.set_value();
                                                             }}});
  deadline.Start({{milliseconds(0), [&] { taken += "never"; }}});
  last.get_future().wait();
  EXPECT_EQ(taken, "ab");
}

TEST(Deadline, DoesNothingMoreWhenItIsGone) {
  bool acted = false;
  {
    Deadline deadline;
    deadline.Start({{hours(1), [&] { acted = true; }}});
  }
  EXPECT_FALSE(acted);
}

}  // namespace
}  // namespace batchscope::kernel
