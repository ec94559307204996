#include "runtime/cli/stop_signals.h"

#include <gtest/gtest.h>
#include <poll.h>

#include <csignal>

namespace batchscope::cli {
namespace {

TEST(StopSignals, TurnsSignalsIntoSomethingToPollAndLosesNone) {
  Result<StopSignals> signals = StopSignals::Block();
  ASSERT_TRUE(signals.ok()) << signals.message();
  EXPECT_EQ(signals->Take(), std::nullopt);
  std::raise(SIGTERM);
  std::raise(SIGINT);
  pollfd watched{signals->fd(), POLLIN, 0};
  EXPECT_EQ(::poll(&watched, 1, 0), 1);
  EXPECT_EQ(signals->Take(), SIGINT);  // Of several the lowest number comes first.
  EXPECT_EQ(signals->Take(), SIGTERM);
  EXPECT_EQ(signals->Take(), std::nullopt);
}

}  // namespace
}  // namespace batchscope::cli
