#include "kernel/channels/iopub.h"

#include <gtest/gtest.h>

#include <future>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include <nlohmann/json.hpp>

namespace batchscope::kernel {
namespace {

using Json = nlohmann::json;

// What was sent, one line a message: type, parent's id, and the text or the content.
class Sent {
 public:
  IoPub::Send Sender() {
    return [this](const std::string& type, const Json& parent, Json&&, Json&& content, IoPub::Buffers&&) {
      const std::string what =
          type == "stream" ? content.value("name", "") + " " + content.value("text", "") : content.dump();
      lines.push_back(type + " " + parent.value("id", "-") + " " + what);
    };
  }
  std::vector<std::string> lines;  // written under the lock of the IoPub; read when it is gone, or after Flush
};

Parent ParentOf(const std::string& id) { return std::make_shared<const Json>(Json{{"id", id}}); }

TEST(IoPub, JoinsTextOfOneStreamAndSendsItBeforeAnyOtherMessage) {
  Sent sent;
  {
    IoPub iopub(sent.Sender());
    const Parent cell = ParentOf("a");
    iopub.set_parent(cell);
    iopub.Write(Stream::kStdout, "one ");
    iopub.Write(Stream::kStdout, "two");
    iopub.Write(Stream::kStderr, "three");
    iopub.Write(Stream::kStdout, "");
    iopub.Publish("display_data", cell, Json::object(), {{"x", 1}}, {});
    iopub.Write(Stream::kStdout, "four");
  }
  std::string told;
  for (const std::string& line : sent.lines) {
    told += line + "|";
  }
  // However the flusher cuts it: the order holds.
  for (std::string::size_type at; (at = told.find("|stream a stdout two|")) != std::string::npos;) {
    told.replace(at, std::string("|stream a stdout ").size(), "");
  }
  EXPECT_EQ(told, "stream a stdout one two|stream a stderr three|display_data a {\"x\":1}|stream a stdout four|");
}

TEST(IoPub, KeepsTheTextOfTwoRequestsApart) {
  Sent sent;
  IoPub iopub(sent.Sender());
  iopub.set_parent(ParentOf("a"));
  iopub.Write(Stream::kStdout, "x");
  iopub.set_parent(ParentOf("b"));
  iopub.Write(Stream::kStdout, "y");
  iopub.Flush();
  EXPECT_EQ(sent.lines, (std::vector<std::string>{"stream a stdout x", "stream b stdout y"}));
}

TEST(IoPub, SendsTextThatNobodyFlushes) {
  std::promise<std::string> first;
  IoPub iopub([&](const std::string& type, const Json&, Json&&, Json&&, IoPub::Buffers&&) { first.set_value(type); });
  iopub.Write(Stream::kStdout, "x");
  EXPECT_EQ(first.get_future().get(), "stream");
}

TEST(IoPub, SendsAtOnceWhatIsTooMuchToWait) {
  Sent sent;
  IoPub iopub(sent.Sender());
  iopub.Write(Stream::kStdout, std::string(IoPub::kMostPending + 1, 'x'));
  iopub.InOrder([&] { EXPECT_EQ(sent.lines.size(), 1U); });
}

TEST(IoPub, LosesNothingOfManyThreads) {
  constexpr int kThreads = 8;
  constexpr int kEach = 500;
  int characters = 0;
  int displays = 0;
  {
    IoPub iopub([&](const std::string& type, const Json&, Json&&, Json&& content, IoPub::Buffers&&) {
      if (type == "stream") {
        characters += static_cast<int>(content.at("text").get<std::string>().size());
      } else {
        ++displays;
      }
    });
    std::vector<std::thread> threads;
    for (int thread = 0; thread < kThreads; ++thread) {
      threads.emplace_back([&iopub] {
        for (int i = 0; i < kEach; ++i) {
          iopub.Write(Stream::kStdout, "12345");
          iopub.Publish("display_data", iopub.parent(), Json::object(), Json::object(), {});
        }
      });
    }
    for (std::thread& thread : threads) {
      thread.join();
    }
  }
  EXPECT_EQ(characters, kThreads * kEach * 5);
  EXPECT_EQ(displays, kThreads * kEach);
}

}  // namespace
}  // namespace batchscope::kernel
