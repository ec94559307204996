#include "debugadapter/protocol/message.h"

#include <gtest/gtest.h>

#include <string>

namespace batchscope::protocol {
namespace {

std::string Refusal(const char* text) { return ParseRequest(Json::parse(text)).message(); }

TEST(ParseRequest, TakesARequestWithOrWithoutArguments) {
  const Result<Request> next =
      ParseRequest(Json::parse(R"({"seq":7,"type":"request","command":"next","arguments":{"threadId":3},"more":1})"));
  ASSERT_TRUE(next.ok()) << next.message();
  EXPECT_EQ(next->seq, 7);
  EXPECT_EQ(next->command, "next");
  EXPECT_EQ(next->arguments, Json({{"threadId", 3}}));

  for (const char* text : {R"({"seq":0,"type":"request","command":""})",
                           R"({"seq":2147483647,"type":"request","command":"x","arguments":null})"}) {
    const Result<Request> bare = ParseRequest(Json::parse(text));
    ASSERT_TRUE(bare.ok()) << bare.message();
    EXPECT_EQ(bare->arguments, Json::object());
  }
}

TEST(ParseRequest, NamesTheFieldThatIsWrong) {
  EXPECT_EQ(Refusal("[]"), "the message is an array, expected an object");
  EXPECT_EQ(Refusal("null"), "the message is missing, expected an object");
  EXPECT_EQ(Refusal("{}"), "'type' is missing, expected \"request\"");
  EXPECT_EQ(Refusal(R"({"type":1})"), "'type' is a number, expected \"request\"");
  EXPECT_EQ(Refusal(R"({"type":"response"})"), "'type' is \"response\", expected \"request\"");
  EXPECT_EQ(Refusal(R"({"type":"request","command":"x"})"), "'seq' is missing, expected an integer");
  EXPECT_EQ(Refusal(R"({"type":"request","seq":"1"})"), "'seq' is a string, expected an integer");
  EXPECT_EQ(Refusal(R"({"type":"request","seq":1.0})"), "'seq' is a number, expected an integer");
  EXPECT_EQ(Refusal(R"({"type":"request","seq":-1})"), "'seq' is -1, expected 0 to 2147483647");
  EXPECT_EQ(Refusal(R"({"type":"request","seq":2147483648})"), "'seq' is 2147483648, expected 0 to 2147483647");
  EXPECT_EQ(Refusal(R"({"type":"request","seq":1})"), "'command' is missing, expected a string");
  EXPECT_EQ(Refusal(R"({"type":"request","seq":1,"command":{}})"), "'command' is an object, expected a string");
  EXPECT_EQ(Refusal(R"({"type":"request","seq":1,"command":"x","arguments":[]})"),
            "'arguments' is an array, expected an object");
}

TEST(Message, AnswersCarryWhatTheyAnswer) {
  const Request request{.seq = 7, .command = "threads", .arguments = {}};
  EXPECT_EQ(Success(request), Json::parse(R"({"type":"response","request_seq":7,"command":"threads","success":true})"));
  EXPECT_EQ(
      Success(request, {{"threads", Json::array()}}),
      Json::parse(R"({"type":"response","request_seq":7,"command":"threads","success":true,"body":{"threads":[]}})"));
  EXPECT_EQ(Failure(request, 12, "no run"),
            Json::parse(R"({"type":"response","request_seq":7,"command":"threads","success":false,"message":"no run",
                            "body":{"error":{"id":12,"format":"no run","showUser":true}}})"));
}

TEST(Message, EventsCarryABodyOnlyWhenThereIsOne) {
  EXPECT_EQ(Event("initialized"), Json::parse(R"({"type":"event","event":"initialized"})"));
  EXPECT_EQ(Event("exited", {{"exitCode", 3}}),
            Json::parse(R"({"type":"event","event":"exited","body":{"exitCode":3}})"));
}

}  // namespace
}  // namespace batchscope::protocol
