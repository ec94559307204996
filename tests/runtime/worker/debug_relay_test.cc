#include "runtime/worker/debug_relay.h"

#include <gmock/gmock.h>
#include <sys/socket.h>
#include <unistd.h>

#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <variant>
#include <vector>

namespace batchscope::worker {
namespace {

using testing::IsEmpty;

constexpr const char* kStopped =
    R"({"type":"event","event":"stopped","body":{"reason":"pause","threadId":1,"allThreadsStopped":true}})";

/// The relay with a debugger whose part the test plays.
class DebugRelayTest : public testing::Test {
 protected:
  /// Takes the newest connection, as the debugger's thread does.
  UniqueFd& Connect() {
    socket_ = ends_.back()->TakeSocket();
    return socket_;
  }
  void DebuggerSays(std::string_view bytes) {
    ASSERT_TRUE(WriteAll(socket_.get(), bytes).ok());
    relay_.Look();
  }
  std::string DebuggerHears() {
    std::string bytes(std::size_t{1} << 20, '\0');
    const ssize_t got = ::recv(socket_.get(), bytes.data(), bytes.size(), MSG_DONTWAIT);
    bytes.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
    return bytes;
  }
  /// What the host hears since the last time.
  std::vector<wire::FromWorker> Words() { return outbox_.Take().words; }

  Outbox outbox_;
  wire::BoardSlot slot_{};
  StopClock clock_{slot_};
  std::vector<std::shared_ptr<DebuggerEnd>> ends_;
  UniqueFd socket_;
  DebugRelay relay_{outbox_, clock_, [this](std::shared_ptr<DebuggerEnd> end) { ends_.push_back(std::move(end)); }};
};

template <typename Word>
std::vector<wire::FromWorker> Only(Word word) {
  return {wire::FromWorker(std::move(word))};
}

TEST_F(DebugRelayTest, CarriesWholeMessagesBothWaysFromTheFirstMomentOn) {
  relay_.Input("too early");
  relay_.Arm();
  relay_.Input("{\"seq\":1}");
  Connect();
  EXPECT_EQ(DebuggerHears(), "Content-Length: 9\r\n\r\n{\"seq\":1}");
  DebuggerSays("Content-Length: 2\r\n\r\n{}Content-Length: 3\r\n\r\n{");
  EXPECT_EQ(Words(), Only(wire::DebuggerOutput{"{}"}));
  DebuggerSays("} ");
  EXPECT_EQ(Words(), Only(wire::DebuggerOutput{"{} "}));
}

TEST_F(DebugRelayTest, SaysArmedAndGoneWhenTheDebuggersThreadDoes) {
  relay_.Arm();
  Connect();
  ends_[0]->Armed();
  relay_.Look();
  EXPECT_EQ(Words(), Only(wire::DebuggerArmed{}));
  relay_.Arm();  // Once more: it is.
  EXPECT_EQ(Words(), Only(wire::DebuggerArmed{}));

  relay_.Disarm();
  EXPECT_TRUE(ends_[0]->is_over());
  EXPECT_EQ(::read(socket_.get(), &socket_, 1), 0);
  EXPECT_THAT(Words(), IsEmpty());
  ends_[0]->Gone("");
  relay_.Look();
  EXPECT_EQ(Words(), Only(wire::DebuggerGone{}));
  EXPECT_EQ(relay_.wanted().fd, -1);
  relay_.Disarm();
  EXPECT_EQ(Words(), Only(wire::DebuggerGone{}));
}

TEST_F(DebugRelayTest, PassesOnWhyTheDebuggerIsNotThere) {
  relay_.Arm();
  ends_[0]->Gone("debugpy is missing");
  relay_.Look();
  EXPECT_EQ(Words(), Only(wire::DebuggerGone{"debugpy is missing"}));
  EXPECT_EQ(ends_.size(), 1U);
}

TEST_F(DebugRelayTest, AnswersForAValueThatIsTooLargeForAClient) {
  relay_.Arm();
  Connect();
  const std::string value(std::size_t{17} << 20, 'x');
  const std::string answer =
      R"({"type":"response","seq":7,"request_seq":3,"command":"evaluate","success":true,"body":{"result":")" + value +
      R"("}})";
  // More than a socket takes at once: the relay reads meanwhile.
  std::jthread debugger([&] {
    ASSERT_TRUE(WriteAll(socket_.get(), wire::WithContentLength(answer) + "Content-Length: 2\r\n\r\n{}").ok());
  });
  std::vector<wire::FromWorker> words;
  while (words.size() < 2) {
    relay_.Look();
    for (wire::FromWorker& word : Words()) words.push_back(std::move(word));
  }
  const std::string refusal =
      R"({"command":"evaluate","message":"the answer has 17.0 MiB, more than the 16.0 MiB that reach a client; ask )"
      R"(for a part of it, such as a slice","request_seq":3,"seq":7,"success":false,"type":"response"})";
  EXPECT_THAT(words, testing::ElementsAre(wire::FromWorker(wire::DebuggerOutput{refusal}),
                                          wire::FromWorker(wire::DebuggerOutput{"{}"})));
}

TEST_F(DebugRelayTest, TellsTheClockAndTheHostOfAStop) {
  relay_.Arm();
  Connect();
  DebuggerSays(wire::WithContentLength(kStopped));
  EXPECT_EQ(Words(), Only(wire::DebuggerOutput{kStopped}));
  EXPECT_NE(slot_.stopped_since_ns, 0);
  EXPECT_THAT(DebuggerHears(), testing::HasSubstr(R"("command":"stackTrace")"));
  DebuggerSays(wire::WithContentLength(
      R"({"type":"response","request_seq":1000000000,"body":{"stackFrames":[{"line":4,"source":{"path":"/a.py"}}]}})"));
  EXPECT_EQ(Words(), Only(wire::WorkerStopped{"/a.py", 4, "pause"}));

  relay_.Disarm();
  EXPECT_EQ(Words(), Only(wire::WorkerContinued{}));
  EXPECT_EQ(slot_.stopped_since_ns, 0);
}

TEST_F(DebugRelayTest, TakesOutADebuggerThatEndsByItself) {
  relay_.Arm();
  Connect();
  DebuggerSays(wire::WithContentLength(kStopped));
  Words();
  socket_.Reset();
  relay_.Look();
  EXPECT_EQ(Words(), Only(wire::WorkerContinued{}));
  EXPECT_TRUE(ends_[0]->is_over());
  ends_[0]->Gone("");
  relay_.Look();
  EXPECT_EQ(Words(), Only(wire::DebuggerGone{"the debugger ended by itself"}));
}

TEST_F(DebugRelayTest, TakesOutADebuggerThatSaysNonsense) {
  relay_.Arm();
  Connect();
  DebuggerSays("Hello\r\n\r\n");
  ends_[0]->Gone("");
  relay_.Look();
  const std::vector<wire::FromWorker> words = Words();
  ASSERT_EQ(words.size(), 1U);
  EXPECT_THAT(std::get<wire::DebuggerGone>(words[0]).why, testing::StartsWith("the debugger cannot be understood: "));
}

TEST_F(DebugRelayTest, ArmsAnewWhenTheOneBeforeIsGone) {
  relay_.Arm();
  relay_.Disarm();
  relay_.Arm();
  relay_.Input("{\"new\":1}");
  EXPECT_EQ(ends_.size(), 1U);
  ends_[0]->Gone("");
  relay_.Look();
  EXPECT_EQ(Words(), Only(wire::DebuggerGone{}));
  ASSERT_EQ(ends_.size(), 2U);
  Connect();
  EXPECT_EQ(DebuggerHears(), "Content-Length: 9\r\n\r\n{\"new\":1}");
  ends_[1]->Armed();
  relay_.Look();
  EXPECT_EQ(Words(), Only(wire::DebuggerArmed{}));
}

TEST_F(DebugRelayTest, ForgetsToArmAnewWhenThatIsTakenBack) {
  relay_.Arm();
  relay_.Disarm();
  relay_.Arm();
  relay_.Disarm();
  ends_[0]->Gone("");
  relay_.Look();
  EXPECT_EQ(Words(), Only(wire::DebuggerGone{}));
  EXPECT_EQ(ends_.size(), 1U);
}

TEST_F(DebugRelayTest, KeepsWhatTheDebuggerHasNoRoomFor) {
  relay_.Arm();
  Connect();
  const std::string large(std::size_t{4} << 20, 'x');
  relay_.Input(large);
  EXPECT_EQ(relay_.wanted().events, POLLIN | POLLOUT);
  std::string heard;
  while (heard.size() < large.size() + 27) {
    heard += DebuggerHears();
    relay_.Look();
  }
  EXPECT_TRUE(heard == "Content-Length: 4194304\r\n\r\n" + large);
  EXPECT_EQ(relay_.wanted().events, POLLIN);
}

TEST_F(DebugRelayTest, KeepsItsHandsOffADescriptorThatTheScriptClosedAndUsesItself) {
  relay_.Arm();
  Connect();
  const int fd = relay_.wanted().fd;
  int pipes[2];
  ASSERT_EQ(::pipe(pipes), 0);
  ASSERT_EQ(::dup2(pipes[1], fd), fd);
  relay_.Input("{}");
  EXPECT_EQ(relay_.wanted().fd, -1);
  EXPECT_EQ(::close(fd), 0);  // It is still open.
  ::close(pipes[0]);
  ::close(pipes[1]);
}

}  // namespace
}  // namespace batchscope::worker
