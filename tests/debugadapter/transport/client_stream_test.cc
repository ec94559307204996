#include "debugadapter/transport/client_stream.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <string>

#include "debugadapter/protocol/json_text.h"
#include "runtime/base/files.h"
#include "runtime/base/text.h"
#include "tests/support/temp_folder.h"

namespace batchscope::transport {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::StartsWith;

/// A client's end of a socket or of two pipes, and the stream at the other.
struct Line {
  explicit Line(bool pipes) {
    int ends[2];
    if (pipes) {
      Check(::pipe2(ends, O_CLOEXEC) == 0, "pipe");
      in = UniqueFd(ends[0]);
      to = UniqueFd(ends[1]);
      Check(::pipe2(ends, O_CLOEXEC) == 0, "pipe");
      from = UniqueFd(ends[0]);
      out = UniqueFd(ends[1]);
    } else {
      Check(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0, "socketpair");
      in = UniqueFd(ends[0]);
      to = UniqueFd(ends[1]);
    }
  }
  int out_fd() const { return out.valid() ? out.get() : in.get(); }
  int from_fd() const { return from.valid() ? from.get() : to.get(); }
  void Say(std::string_view bytes) const { ASSERT_TRUE(WriteAll(to.get(), bytes).ok()); }
  /// What lies there, at most `most` bytes.
  std::string Read(std::size_t most) const {
    std::string text(most, '\0');
    const ssize_t size = ::read(from_fd(), text.data(), most);
    text.resize(size > 0 ? static_cast<std::size_t>(size) : 0);
    return text;
  }

  UniqueFd in, out, to, from;
};

std::string Framed(std::string_view text) { return wire::WithContentLength(text); }

class ClientStreams : public ::testing::TestWithParam<bool> {};
INSTANTIATE_TEST_SUITE_P(SocketsAndPipes, ClientStreams, ::testing::Bool());

TEST_P(ClientStreams, TakeMessagesHoweverTheyAreCut) {
  const Line line(GetParam());
  ClientStream stream(line.in.get(), line.out_fd(), {});
  EXPECT_THAT(stream.Receive(), ElementsAre()) << "nothing has come";
  const std::string two = Framed("{\"a\":1}") + Framed("[2]");
  line.Say(two.substr(0, 5));
  EXPECT_THAT(stream.Receive(), ElementsAre());
  line.Say(two.substr(5));
  EXPECT_THAT(stream.Receive(), ElementsAre(protocol::Json({{"a", 1}}), protocol::Json::array({2})));
  EXPECT_EQ(stream.end(), "");
}

TEST_P(ClientStreams, NumberWhatTheySend) {
  const Line line(GetParam());
  ClientStream stream(line.in.get(), line.out_fd(), {});
  stream.Send({{"type", "event"}});
  stream.Send({{"type", "response"}, {"text", "\xFF"}});
  EXPECT_FALSE(stream.wants_to_write());
  EXPECT_EQ(line.Read(1000), Framed(R"({"seq":1,"type":"event"})") +
                                 Framed("{\"seq\":2,\"text\":\"\xEF\xBF\xBD\",\"type\":\"response\"}"));
}

TEST(ClientStream, StillAnswersAClientThatHasNothingMoreToSay) {
  Line line(true);
  ClientStream stream(line.in.get(), line.out_fd(), {});
  line.Say(Framed("{}"));
  line.to.Reset();
  EXPECT_THAT(stream.Receive(), ElementsAre(protocol::Json::object()));
  EXPECT_THAT(stream.Receive(), ElementsAre());
  EXPECT_EQ(stream.end(), "it closed the connection");
  stream.Send(protocol::Json::object());
  EXPECT_EQ(line.Read(1000), Framed(R"({"seq":1})"));
}

TEST_P(ClientStreams, EndAtWhatIsNoMessage) {
  for (const auto& [bytes, why] : {std::pair{std::string("GET / HTTP/1.1\r\n\r\n"), std::string("")},
                                   {"Content-Length: 99999999\r\n\r\n", "99999999"},
                                   {Framed("{"), "a message of it is no JSON: "},
                                   {Framed(std::string(1000, '[')), "a message of it is JSON nested 1000 deep"}}) {
    const Line line(GetParam());
    ClientStream stream(line.in.get(), line.out_fd(), {});
    line.Say(Framed("1") + bytes + Framed("2"));
    EXPECT_THAT(stream.Receive(), ElementsAre(protocol::Json(1)));
    EXPECT_NE(stream.end(), "");
    EXPECT_THAT(stream.end(), HasSubstr(why));
    EXPECT_THAT(stream.Receive(), ElementsAre());
  }
}

TEST_P(ClientStreams, DropAClientThatStopsReading) {
  const Line line(GetParam());
  ClientStream stream(line.in.get(), line.out_fd(), {}, 2 << 20);
  const protocol::Json large = {{"text", std::string(1 << 18, 'x')}};
  int sent = 0;
  while (stream.end().empty() && sent < 100) {
    stream.Send(large);
    ++sent;
  }
  EXPECT_EQ(stream.end(), "it stopped reading: 2 MiB wait for it");
  EXPECT_GE(sent, 8);
  EXPECT_FALSE(stream.wants_to_write()) << "what waited for it is gone";
}

TEST_P(ClientStreams, SendTheRestWhenThereIsRoomAgain) {
  const Line line(GetParam());
  ClientStream stream(line.in.get(), line.out_fd(), {});
  const protocol::Json large = {{"seq", 1}, {"text", std::string(1 << 20, 'x')}};
  const std::string expected = Framed(protocol::WriteJson(large));
  stream.Send(large);
  ASSERT_TRUE(stream.wants_to_write());
  std::string got;
  while (got.size() < expected.size()) {
    got += line.Read(1 << 20);
    stream.Flush();
  }
  EXPECT_TRUE(got == expected);
  EXPECT_FALSE(stream.wants_to_write());
}

TEST_P(ClientStreams, LeaveTheFlagsOfDescriptorsAlone) {
  const Line line(GetParam());
  ClientStream stream(line.in.get(), line.out_fd(), {});
  stream.Send({});
  stream.Receive();
  EXPECT_EQ(::fcntl(line.in.get(), F_GETFL) & O_NONBLOCK, 0);
  EXPECT_EQ(::fcntl(line.out_fd(), F_GETFL) & O_NONBLOCK, 0);
}

TEST(ClientStream, EndsWhenNobodyReads) {
  std::signal(SIGPIPE, SIG_IGN);
  Line line(true);
  ClientStream stream(line.in.get(), line.out_fd(), {});
  line.from.Reset();
  stream.Send({});
  EXPECT_EQ(stream.end(), "it cannot be written to: Broken pipe");
}

TEST(ClientStream, LogsEveryMessageButNoToken) {
  const TempFolder temp;
  Result<MessageLog> log = MessageLog::Open(temp.path() / "log");
  ASSERT_TRUE(log.ok()) << log.message();
  const Line line(false);
  ClientStream stream(line.in.get(), line.out_fd(), std::move(log).value());
  line.Say(Framed(R"({"arguments":{"run":"latest","token":"secret"}})") + Framed("[1]"));
  EXPECT_EQ(stream.Receive().size(), 2U);
  stream.Send({{"type", "event"}});
  const std::string text = ReadFile(temp.path() / "log").value();
  std::vector<std::string> told;
  for (const std::string_view each : Split(text, '\n')) {
    if (each.empty()) continue;
    protocol::Json entry = protocol::ReadJson(each).value();
    EXPECT_THAT(entry["at"].get<std::string>(), StartsWith("20"));
    told.push_back(entry["from"].get<std::string>() + " " + entry["message"].dump());
  }
  EXPECT_THAT(told, ElementsAre(R"(client {"arguments":{"run":"latest","token":"..."}})", "client [1]",
                                R"(adapter {"seq":1,"type":"event"})"));
  struct stat found {};
  ASSERT_EQ(::stat((temp.path() / "log").c_str(), &found), 0);
  EXPECT_EQ(found.st_mode & 0777U, 0600U);
}

}  // namespace
}  // namespace batchscope::transport
