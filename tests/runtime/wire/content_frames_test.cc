#include "runtime/wire/content_frames.h"

#include <gmock/gmock.h>

#include <vector>

namespace batchscope::wire {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr std::size_t kMost = 1000;

/// The messages of a stream, then the error, when there was one, in brackets.
std::vector<std::string> Messages(ContentFrames& frames) {
  std::vector<std::string> messages;
  while (true) {
    auto next = frames.Next();
    if (!next.ok()) messages.push_back("[" + next.message() + "]");
    if (!next.ok() || !*next) return messages;
    messages.push_back(**next);
  }
}

std::vector<std::string> Messages(std::string_view stream) {
  ContentFrames frames(kMost);
  frames.Append(stream);
  return Messages(frames);
}

std::vector<std::string> ByteByByte(std::string_view stream) {
  ContentFrames frames(kMost);
  std::vector<std::string> all;
  for (const char byte : stream) {
    frames.Append({&byte, 1});
    for (std::string& message : Messages(frames)) {
      all.push_back(std::move(message));
      if (all.back().front() == '[') return all;
    }
  }
  return all;
}

TEST(ContentFrames, CutAStreamIntoMessagesHoweverItArrives) {
  const std::string stream =
      WithContentLength("{\"a\":1}") + WithContentLength("{}") +
      "CONTENT-length :\t 3 \r\nContent-Type: application/vscode-jsonrpc; charset=utf-8\r\n\r\nabc" +
      "content-length:2\n\n[]";
  EXPECT_THAT(Messages(stream), ElementsAre("{\"a\":1}", "{}", "abc", "[]"));
  EXPECT_EQ(ByteByByte(stream), Messages(stream));
  EXPECT_EQ(WithContentLength("{}"), "Content-Length: 2\r\n\r\n{}");
}

TEST(ContentFrames, GiveNothingBeforeAMessageIsWhole) {
  const std::string stream = WithContentLength("{\"text\":\"\\r\\n\\r\\n\"}");
  for (std::size_t size = 0; size < stream.size(); ++size) {
    EXPECT_THAT(Messages(std::string_view(stream).substr(0, size)), IsEmpty()) << size;
  }
}

TEST(ContentFrames, TakeMessagesUpToTheLimit) {
  const std::string largest(kMost, 'x');
  EXPECT_THAT(Messages(WithContentLength(largest) + WithContentLength("")), ElementsAre(largest, ""));
  EXPECT_THAT(Messages("Content-Length: 1001\r\n"), ElementsAre("[a message of 1001 bytes, expected at most 1000]"));
  EXPECT_THAT(Messages("Content-Length: 99999999999999999999\r\n"),
              ElementsAre("[a message of 99999999999999999999 bytes, expected at most 1000]"));
}

TEST(ContentFrames, RefuseAHeaderThatCannotBeReadAndAllBehindIt) {
  const auto unreadable = [](const std::string& line) {
    return "[the header of a message has the line \"" + line + "\", expected \"Content-Length: <bytes>\"]";
  };
  for (const std::string line : {"{}", "Content-Length: ", "Content-Length: -1", "Content-Length: 0x10",
                                 "Content-Length: 1 2", "Content-Length: +1"}) {
    EXPECT_THAT(Messages(line + "\r\n\r\n"), ElementsAre(unreadable(line)));
  }
  EXPECT_THAT(Messages("\xff\n"), ElementsAre(unreadable("\\xff")));
  EXPECT_THAT(Messages("a: b\r\n\r\n"),
              ElementsAre("[the header of a message ends without a line \"Content-Length: <bytes>\"]"));
  EXPECT_THAT(Messages("Content-Length: 1\nContent-Length: 1\n\n"),
              ElementsAre("[the header of a message has two lines \"Content-Length\", expected one]"));

  ContentFrames frames(kMost);
  frames.Append(WithContentLength("{}") + "?\n");
  EXPECT_THAT(Messages(frames), ElementsAre("{}", unreadable("?")));
  frames.Append(WithContentLength("{}"));
  EXPECT_THAT(Messages(frames), ElementsAre(unreadable("?")));
}

TEST(ContentFrames, RefuseAHeaderWithoutAnEnd) {
  const std::string rest = "Content-Length: 2\r\n\r\n";
  const auto padded = [&rest](std::size_t size) {
    return "a:" + std::string(size - rest.size() - 3, ' ') + "\n" + rest;
  };
  const std::string error = "[the header of a message has more than 4096 bytes]";
  EXPECT_THAT(Messages(padded(4096) + "{}"), ElementsAre("{}"));
  EXPECT_THAT(Messages(padded(4097) + "{}"), ElementsAre(error));
  EXPECT_THAT(Messages(std::string(4095, 'x')), IsEmpty());
  EXPECT_THAT(Messages(std::string(4096, 'x')), ElementsAre(error));
  EXPECT_EQ(ByteByByte(padded(4096) + "{}"), Messages(padded(4096) + "{}"));
  EXPECT_EQ(ByteByByte(padded(4097) + "{}"), Messages(padded(4097) + "{}"));
}

TEST(ContentFrames, FindEachMessageAmongMany) {
  ContentFrames frames(kMost);
  for (int round = 0; round < 3; ++round) {
    std::string stream;
    std::vector<std::string> expected;
    for (int i = 0; i < 100; ++i) stream += WithContentLength(expected.emplace_back(std::to_string(i)));
    frames.Append(std::string_view(stream).substr(0, 1234));
    std::vector<std::string> all = Messages(frames);
    frames.Append(std::string_view(stream).substr(1234));
    for (std::string& message : Messages(frames)) all.push_back(std::move(message));
    EXPECT_EQ(all, expected);
  }
}

}  // namespace
}  // namespace batchscope::wire
