#include "runtime/worker/passable.h"

#include <gmock/gmock.h>

#include <string>

namespace batchscope::worker {
namespace {

using testing::AllOf;
using testing::HasSubstr;

constexpr const char* kTail = R"("}})";

/// The message that begins so, with a text that makes it `size` bytes long.
std::string Filled(std::string begin, std::size_t size) {
  begin.append(size - begin.size() - std::char_traits<char>::length(kTail), 'x');
  return begin + kTail;
}

constexpr std::size_t kMost = std::size_t{128} << 10;
constexpr std::size_t kTooLarge = std::size_t{512} << 10;

TEST(Passable, LeavesAMessageThatJustFitsAsItIs) {
  const std::string begin = R"({"type":"response","request_seq":3,"body":{"result":")";
  const std::string fits = Filled(begin, kMost);
  EXPECT_TRUE(Passable(fits, kMost) == fits);
  EXPECT_EQ(
      Passable(Filled(begin, kMost + 1), kMost),
      R"({"message":"the answer has 0.1 MiB, more than the 0.1 MiB that reach a client; ask for a part of it, such )"
      R"(as a slice","request_seq":3,"success":false,"type":"response"})");
}

TEST(Passable, SaysThatAnEventWasLeftOut) {
  EXPECT_EQ(Passable(Filled(R"({"type":"event","event":"output","body":{"output":")", kTooLarge), kMost),
            R"({"body":{"category":"important","output":"the debugger's event 'output' was left out: it has 0.5 MiB, )"
            R"(more than the 0.1 MiB that reach a client\n"},"event":"output","seq":0,"type":"event"})");
  EXPECT_THAT(Passable(std::string(kTooLarge, '{'), kMost), HasSubstr("the debugger's message was left out"));
}

TEST(Passable, KeepsAStopWithALargeText) {
  const std::string begin = R"({"type":"event","event":"stopped","body":{"threadId":5,"reason":"exception","text":")";
  const std::string stopped = Passable(Filled(begin, kTooLarge), kMost);
  EXPECT_LE(stopped.size(), kMost);
  EXPECT_THAT(stopped, AllOf(HasSubstr(R"("event":"stopped")"), HasSubstr(R"("reason":"exception")"),
                             HasSubstr(R"("threadId":5)"), HasSubstr(R"("text":"xxx)")));
}

}  // namespace
}  // namespace batchscope::worker
