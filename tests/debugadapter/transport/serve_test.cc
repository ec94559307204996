#include "debugadapter/transport/serve.h"

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <functional>
#include <optional>
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

/// Serves what the client said and does not say more, with a limit that is over at once; what it is told.
Client AfterTheLimit(const std::string& token) {
  int ends[2];
  Check(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0, "socketpair");
  Client client{UniqueFd(ends[0])};
  const UniqueFd server(ends[1]);
  const TempFolder temp;
  client.Ask(1, "initialize", {{"adapterID", "batchscope"}});
  if (!token.empty()) client.Ask(2, "attach", {{"token", token}});
  client.Ask(3, "threads");
  client.StopSpeaking();
  ServeOptions options;
  options.session.token = "secret";
  options.home = temp.path();
  options.token_limit = std::chrono::milliseconds(0);
  Serve(server.get(), server.get(), options);
  return client;
}

TEST(Serve, LetsGoOfAClientThatShowsNoTokenInTime) {
  for (const char* token : {"", "wrong"}) {
    Client client = AfterTheLimit(token);
    EXPECT_EQ(client.Event("output")["body"]["output"],
              "Batchscope: the debug client is not served any more: it showed no token within 0 s\n")
        << token;
  }
  // With the token it is served to the end of what it says.
  EXPECT_EQ(AfterTheLimit("secret").Event("output")["body"]["output"],
            "Batchscope: the debug client is not served any more: it closed the connection\n");
}

UniqueFd MakeSocket() { return UniqueFd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)); }

Client ConnectTo(const Listener& listener, UniqueFd fd = MakeSocket()) {
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

/// A listener that serves on a thread of its own.
struct Listening {
  Listening() {
    options.session.token = "secret";
    options.home = temp.path();
    options.stop_fd = stop.get();
    thread = std::thread([this] { listener.Serve(options); });
  }
  ~Listening() {
    ::eventfd_write(stop.get(), 1);
    thread.join();
  }
  /// One that has shown the token.
  Client Enter() const {
    Client client = ConnectTo(listener);
    client.Ask(1, "initialize", {{"adapterID", "batchscope"}});
    client.Ask(2, "attach", {{"token", "secret"}});
    EXPECT_THAT(client.Answer(2).value("message", ""), HasSubstr("no run is running in"));
    return client;
  }

  TempFolder temp;
  UniqueFd stop{::eventfd(0, EFD_CLOEXEC)};
  Listener listener = Listener::Bind(0).value();
  ServeOptions options;
  std::thread thread;
};

TEST(Listener, LetsTheOneWithTheTokenInHoweverManySayNothing) {
  Listening listening;
  std::vector<Client> silent;
  for (std::size_t i = 0; i < Listener::kMostClients; ++i) silent.push_back(ConnectTo(listening.listener));
  Client owner = listening.Enter();
  EXPECT_TRUE(silent.front().AtEnd());
  // Nor do they drive it out.
  for (std::size_t i = 0; i < 2 * Listener::kMostClients; ++i) silent.push_back(ConnectTo(listening.listener));
  EXPECT_TRUE(silent[2 * Listener::kMostClients].AtEnd());
  owner.Ask(3, "threads");
  EXPECT_EQ(owner.Answer(3)["success"], true);
}

TEST(Listener, RefusesAClientWhenThereIsNoDescriptorLeft) {
  Listening listening;
  const Client first = listening.Enter();  // Everything is open that serving needs.
  UniqueFd fd = MakeSocket();
  const UniqueFd next(::dup(fd.get()));
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
  rlimit none = before;
  none.rlim_cur = static_cast<rlim_t>(UniqueFd(::dup(next.get())).get());
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &none), 0);
  Client refused = ConnectTo(listening.listener, std::move(fd));
  // Left waiting, it would keep the listener busy for ever.
  EXPECT_TRUE(refused.AtEnd());
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &before), 0);
  const Client later = listening.Enter();
}

}  // namespace
}  // namespace batchscope::transport
