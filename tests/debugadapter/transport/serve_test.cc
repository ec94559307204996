#include "debugadapter/transport/serve.h"

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "debugadapter/protocol/json_text.h"
#include "debugadapter/transport/listener.h"
#include "runtime/base/files.h"
#include "runtime/wire/content_frames.h"
#include "tests/support/temp_folder.h"

namespace batchscope::transport {
namespace {

using protocol::Json;
using ::testing::HasSubstr;

/// A client's end of a connection; reading blocks.
class Client {
 public:
  explicit Client(UniqueFd fd) : fd_(std::move(fd)) {}

  void Say(std::string_view bytes) const { ASSERT_TRUE(WriteAll(fd_.get(), bytes).ok()); }
  void Ask(int seq, const std::string& command, const Json& arguments = Json::object()) const {
    Say(wire::WithContentLength(
        protocol::WriteJson({{"seq", seq}, {"type", "request"}, {"command", command}, {"arguments", arguments}})));
  }
  /// The response to a request, whatever comes before it; null at the end of the stream.
  Json Answer(int seq) {
    return Next([seq](const Json& message) { return message.value("request_seq", -1) == seq; });
  }
  Json Event(const std::string& name) {
    return Next([&name](const Json& message) { return message.value("event", "") == name; });
  }
  bool AtEnd() {
    return Next([](const Json&) { return false; }).is_null();
  }
  void StopSpeaking() const { ::shutdown(fd_.get(), SHUT_WR); }

 private:
  Json Next(const std::function<bool(const Json&)>& fits) {
    while (true) {
      while (auto text = frames_.Next().value()) {
        Json message = Json::parse(*text);
        if (fits(message)) return message;
      }
      char buffer[4096];
      const ssize_t size = ::recv(fd_.get(), buffer, sizeof buffer, 0);
      if (size <= 0) return nullptr;
      frames_.Append({buffer, static_cast<std::size_t>(size)});
    }
  }

  UniqueFd fd_;
  wire::ContentFrames frames_{1 << 20};
};

/// A server on a thread of its own, and a client of it.
struct Served {
  Served() {
    int ends[2];
    Check(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0, "socketpair");
    client.emplace(UniqueFd(ends[0]));
    options.home = temp.path() / "runs";
    options.stop_fd = stop.get();
    thread = std::thread([this, server = UniqueFd(ends[1])] { Serve(server.get(), server.get(), options); });
  }
  ~Served() {
    client.reset();
    thread.join();
  }

  TempFolder temp;
  UniqueFd stop{::eventfd(0, EFD_CLOEXEC)};
  ServeOptions options;
  std::optional<Client> client;
  std::thread thread;
};

TEST(Serve, AnswersUntilTheClientSaysGoodBye) {
  Served served;
  served.client->Ask(1, "initialize", {{"adapterID", "batchscope"}});
  EXPECT_EQ(served.client->Answer(1)["success"], true);
  served.client->Ask(2, "attach", {{"run", "latest"}});
  const Json refused = served.client->Answer(2);
  EXPECT_EQ(refused["success"], false);
  EXPECT_THAT(refused["message"].get<std::string>(), HasSubstr("no run is running in"));
  served.client->Ask(3, "disconnect");
  EXPECT_EQ(served.client->Answer(3)["success"], true);
  EXPECT_TRUE(served.client->AtEnd());
}

TEST(Serve, AnswersWhatWasAskedBeforeTheClientFellSilent) {
  Served served;
  served.client->Ask(1, "initialize", {{"adapterID", "batchscope"}});
  served.client->StopSpeaking();
  EXPECT_EQ(served.client->Answer(1)["success"], true);
  EXPECT_TRUE(served.client->AtEnd());
}

TEST(Serve, TellsAClientThatSpeaksNoDapAndEnds) {
  Served served;
  served.client->Say("GET / HTTP/1.1\r\n\r\n");
  EXPECT_THAT(served.client->Event("output")["body"]["output"].get<std::string>(),
              HasSubstr("the debug client is not served any more: "));
  EXPECT_TRUE(served.client->AtEnd());
}

TEST(Serve, EndsWhenItIsTold) {
  Served served;
  served.client->Ask(1, "initialize", {{"adapterID", "batchscope"}});
  EXPECT_EQ(served.client->Answer(1)["success"], true);
  ::eventfd_write(served.stop.get(), 1);
  EXPECT_TRUE(served.client->AtEnd());
}

Client ConnectTo(const Listener& listener) {
  UniqueFd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(listener.port());
  Check(::connect(fd.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) == 0, "connect");
  return Client(std::move(fd));
}

TEST(Listener, ServesClientsBesideEachOtherWhoShowTheToken) {
  Result<Listener> listener = Listener::Bind(0);
  ASSERT_TRUE(listener.ok()) << listener.message();
  EXPECT_THAT(Listener::Bind(listener->port()).message(), HasSubstr("cannot listen at 127.0.0.1:"));
  const TempFolder temp;
  const UniqueFd stop(::eventfd(0, EFD_CLOEXEC));
  ServeOptions options{.session = {.token = "secret"}, .home = temp.path(), .log = {}, .stop_fd = stop.get()};
  std::thread thread([&] { listener->Serve(options); });
  Client silent = ConnectTo(*listener);
  for (const auto& [token, words] : {std::pair{"wrong", "token"}, {"secret", "no run is running in"}}) {
    Client client = ConnectTo(*listener);
    client.Ask(1, "initialize", {{"adapterID", "batchscope"}});
    EXPECT_EQ(client.Answer(1)["success"], true);
    client.Ask(2, "attach", {{"token", token}});
    const Json refused = client.Answer(2);
    EXPECT_EQ(refused["success"], false);
    EXPECT_THAT(refused["message"].get<std::string>(), HasSubstr(words));
  }
  ::eventfd_write(stop.get(), 1);
  thread.join();
  EXPECT_TRUE(silent.AtEnd());
}

}  // namespace
}  // namespace batchscope::transport
