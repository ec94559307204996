#include "runtime/worker/control.h"

#include <gmock/gmock.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "runtime/wire/links.h"
#include "tests/support/temp_folder.h"

namespace batchscope::worker {
namespace {

using testing::ElementsAre;

constexpr WorkerId kWorker{7};

/// The host's end, in this process.
class Host {
 public:
  Host() : link_(wire::HostLink::Bind(folder_.path()).value()) {}

  wire::HostLink& link() { return *link_; }
  /// The worker's side of debugging; a debugger that is started says at once that it is gone.
  DebugSide& debug() { return debug_; }
  wire::BoardSlot& slot() { return slot_; }
  wire::FromWorker Receive() {
    while (true) {
      auto received = link_->Receive();
      EXPECT_TRUE(received.ok()) << received.message();
      if (received->has_value()) return std::move((*received)->second);
      pollfd wanted{link_->fd(), POLLIN, 0};
      ::poll(&wanted, 1, -1);
    }
  }

 private:
  TempFolder folder_;
  std::unique_ptr<wire::HostLink> link_;
  wire::BoardSlot slot_{};
  DebugSide debug_{slot_, kWorker, [](const std::shared_ptr<DebuggerEnd>& end) { end->Gone("no debugger here"); }};
};

void Push(Control& control, std::uint32_t mini_batch, Urgency urgency) {
  wire::TaskResult result;
  result.attempt.mini_batch.value = mini_batch;
  result.ok = true;
  std::string rows = std::to_string(mini_batch) + "\n";
  control.outbox().Push(result, rows, urgency);
}

TEST(Control, SaysHelloAndPassesWorkResultsAndTheDismissalOn) {
  Host host;
  Control control(host.link().endpoint(), kWorker, host.debug());
  const auto hello = std::get<wire::Hello>(host.Receive());
  EXPECT_EQ(std::pair(hello.worker, hello.pid), std::pair(kWorker, ::getpid()));

  control.outbox().Say(wire::Ready{9});
  EXPECT_EQ(std::get<wire::Ready>(host.Receive()).init_ns, 9U);

  ASSERT_TRUE(host.link().Send(kWorker, wire::Work{{{{{1}, 0}, 1, std::string("/a\0", 3)}}}).ok());
  ASSERT_TRUE(host.link().Send(kWorker, wire::Dismiss{}).ok());
  std::vector<wire::Task> tasks;
  while (control.inbox().Take(tasks) == Inbox::State::kNothing) {
    control.inbox().bell().Wait(std::chrono::milliseconds(1'000));
  }
  ASSERT_EQ(tasks.size(), 1U);
  EXPECT_EQ(tasks.front().paths, std::string("/a\0", 3));
  while (control.inbox().Take(tasks) != Inbox::State::kDismissed) {
    control.inbox().bell().Wait(std::chrono::milliseconds(1'000));
  }

  Push(control, 1, Urgency::kNow);
  EXPECT_EQ(std::get<wire::TaskResults>(host.Receive()).rows, "1\n");
}

TEST(Control, SendsAResultThatIsNotUrgentWithoutAnotherWord) {
  Host host;
  Control control(host.link().endpoint(), kWorker, host.debug());
  host.Receive();
  Push(control, 3, Urgency::kSoon);
  EXPECT_EQ(std::get<wire::TaskResults>(host.Receive()).rows, "3\n");
}

TEST(Control, SendsAllThatIsLeftWhenItFinishes) {
  Host host;
  Control control(host.link().endpoint(), kWorker, host.debug());
  host.Receive();
  Push(control, 4, Urgency::kSoon);
  Push(control, 5, Urgency::kSoon);
  control.Finish();
  std::string rows;
  while (rows.size() < 4) rows += std::get<wire::TaskResults>(host.Receive()).rows;
  EXPECT_EQ(rows, "4\n5\n");
}

TEST(Control, HandlesNoSignals) {
  Host host;
  sigset_t only;
  ::sigemptyset(&only);
  ::sigaddset(&only, SIGUSR2);
  Control control(host.link().endpoint(), kWorker, host.debug());
  host.Receive();
  // With this thread's hands off as well, a signal to the process stays pending: no other thread takes it.
  ::pthread_sigmask(SIG_BLOCK, &only, nullptr);
  ::kill(::getpid(), SIGUSR2);
  Push(control, 1, Urgency::kNow);
  host.Receive();
  sigset_t pending;
  ::sigpending(&pending);
  EXPECT_EQ(::sigismember(&pending, SIGUSR2), 1);
  int taken = 0;
  ::sigwait(&only, &taken);
  ::pthread_sigmask(SIG_UNBLOCK, &only, nullptr);
}

TEST(ControlDeathTest, EndsTheProcessWhenItsTimeIsOver) {
  testing::FLAGS_gtest_death_test_style = "threadsafe";
  EXPECT_EXIT(
      {
        Host host;
        Control control(host.link().endpoint(), kWorker, host.debug());
        control.EndProcessAfter(std::chrono::milliseconds(1));
        while (true) ::pause();
      },
      testing::ExitedWithCode(0), "");
}

}  // namespace
}  // namespace batchscope::worker
