#include "kernel/debug/fleet_client.h"

#include <gtest/gtest.h>

#include <future>
#include <string>
#include <thread>

#include <sys/socket.h>

#include <nlohmann/json.hpp>

#include "runtime/base/files.h"
#include "runtime/wire/content_frames.h"

namespace batchscope::kernel {
namespace {

using Json = nlohmann::json;

// The adapter's end of a client's socket.
class Peer {
 public:
  Peer() {
    int ends[2];
    Check(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0, "socketpair failed");
    fd_ = UniqueFd(ends[0]);
    clients_end = ends[1];
  }
  void Send(const Json& message) {
    Check(WriteAll(fd_.get(), wire::WithContentLength(message.dump())).ok(), "the client is gone");
  }
  // The next message; null when the client has gone.
  Json Receive() {
    while (true) {
      const auto message = frames_.Next();
      Check(message.ok(), "no frame");
      if (message.value()) {
        return Json::parse(*message.value());
      }
      char bytes[4096];
      const ssize_t size = recv(fd_.get(), bytes, sizeof bytes, 0);
      if (size <= 0) {
        return nullptr;
      }
      frames_.Append({bytes, static_cast<std::size_t>(size)});
    }
  }
  void Close() { fd_.Reset(); }

  int clients_end = -1;

 private:
  UniqueFd fd_;
  wire::ContentFrames frames_{1U << 20U};
};

FleetReports Silent() {
  return {.on_event = [](const Json&) {},
          .on_failure = [](const std::string&, const std::string&) {},
          .on_gone = [] {},
          .next_time = []() -> std::optional<MonotonicTime> { return std::nullopt; },
          .on_time = [] {}};
}

TEST(FleetClient, GivesEachRequestItsOwnAnswer) {
  Peer peer;
  std::promise<std::string> failure;
  std::promise<Json> event;
  FleetReports reports = Silent();
  reports.on_failure = [&](const std::string& command, const std::string& why) {
    failure.set_value(command + ": " + why);
  };
  reports.on_event = [&](const Json& it) { event.set_value(it); };
  const auto client = MakeFleetClientOn(peer.clients_end, reports);
  client->Post("attach", {{"run", "x"}});
  auto asked = std::async(std::launch::async, [&] { return client->Ask("threads", Json::object()); });
  const Json first = peer.Receive();
  const Json second = peer.Receive();
  EXPECT_EQ(first.at("arguments"), (Json{{"run", "x"}}));
  peer.Send({{"type", "event"}, {"event", "initialized"}});
  peer.Send({{"type", "response"}, {"request_seq", 99}, {"success", true}});  // to nothing that was asked
  peer.Send({{"type", "response"}, {"request_seq", second.at("seq")}, {"success", true}, {"body", 5}});
  peer.Send({{"type", "response"}, {"request_seq", first.at("seq")}, {"success", false}, {"message", "no"}});
  EXPECT_EQ(asked.get().at("body"), 5);
  EXPECT_EQ(event.get_future().get().at("event"), "initialized");
  EXPECT_EQ(failure.get_future().get(), "attach: no");
}

TEST(FleetClient, AnswersForAnAdapterThatIsGone) {
  Peer peer;
  std::promise<void> gone;
  FleetReports reports = Silent();
  reports.on_gone = [&] { gone.set_value(); };
  const auto client = MakeFleetClientOn(peer.clients_end, reports);
  auto asked = std::async(std::launch::async, [&] { return client->Ask("threads", Json::object()); });
  peer.Receive();
  peer.Close();
  EXPECT_EQ(asked.get().at("success"), false);
  gone.get_future().get();
  EXPECT_EQ(client->Ask("threads", Json::object()).at("success"), false);
}

TEST(FleetClient, SaysItsLastWordsAndThenNothingMore) {
  Peer peer;
  FleetReports reports = Silent();
  reports.on_gone = [] { ADD_FAILURE() << "it left by itself"; };
  auto client = MakeFleetClientOn(peer.clients_end, reports);
  client->Post("disconnect", Json::object());
  client.reset();
  EXPECT_EQ(peer.Receive().at("command"), "disconnect");
  EXPECT_EQ(peer.Receive(), nullptr);
}

TEST(FleetClient, CallsWhenItIsTime) {
  Peer peer;
  std::promise<void> called;
  std::optional<MonotonicTime> time = std::chrono::steady_clock::now();
  FleetReports reports = Silent();
  reports.next_time = [&] { return time; };
  reports.on_time = [&] {
    time.reset();
    called.set_value();
  };
  const auto client = MakeFleetClientOn(peer.clients_end, reports);
  called.get_future().get();
}

}  // namespace
}  // namespace batchscope::kernel
