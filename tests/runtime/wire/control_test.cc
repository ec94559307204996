#include "runtime/wire/control.h"

#include <gmock/gmock.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <future>

#include "runtime/wire/control_socket.h"
#include "tests/support/temp_folder.h"

namespace batchscope::wire {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr std::chrono::minutes kLong{10};
const Welcome kWelcome{"id", "score", "/runs/1", "/runs/1/entry", "/home/s", "entry.py", 3};

std::string Framed(std::string_view bytes) {
  std::string framed(kSizeBytes, '\0');
  for (std::size_t i = 0; i < kSizeBytes; ++i) framed[i] = static_cast<char>(bytes.size() >> (8 * i));
  return framed.append(bytes);
}
std::string Framed(const FromClient& message) { return Framed(Encode(message)); }

/// "0 joined: VS Code (debugger)", "0 said: Pass 3", "0 gone: it closed the connection".
std::string InWords(const ClientEvent& event) {
  const auto number = [](ClientId id) { return std::to_string(static_cast<std::uint32_t>(id)); };
  if (const auto* joined = std::get_if<ClientJoined>(&event)) {
    return number(joined->client) + " joined: " + joined->who + (joined->debugger ? " (debugger)" : "");
  }
  if (const auto* gone = std::get_if<ClientGone>(&event)) return number(gone->client) + " gone: " + gone->why;
  const auto& said = std::get<ClientSaid>(event);
  if (const auto* pass = std::get_if<Pass>(&said.message)) {
    return number(said.client) + " said: Pass " + std::to_string(pass->worker.value);
  }
  if (const auto* input = std::get_if<ToDebugger>(&said.message)) {
    return number(said.client) + " said: ToDebugger of " + std::to_string(input->json.size());
  }
  return number(said.client) + " said: " + std::to_string(said.message.index());
}

class ControlTest : public ::testing::Test {
 protected:
  void Bind(const ControlLimits& limits = {kLong, std::size_t{64} << 20}) {
    fs::create_directories(control());
    auto server = ControlServer::Bind(control(), limits);
    ASSERT_TRUE(server.ok()) << server.message();
    server_ = std::move(server).value();
  }
  fs::path control() const { return run_ / kControlFolder; }
  std::string Token() const { return ReadFile(control() / kControlToken).value(); }
  std::string Joining(const std::string& who, bool debugger = false) const {
    return Framed(Join{kControlVersion, Token(), who, debugger});
  }
  UniqueFd Dial() const {
    auto fd = ControlFolder::Open(control())->Connect(kLong);
    EXPECT_TRUE(fd.ok()) << fd.message();
    return std::move(fd).value();
  }
  /// A connection that said `bytes` all at once; they must fit into the socket.
  UniqueFd Say(const std::string& bytes) const {
    UniqueFd fd = Dial();
    Say(fd, bytes);
    return fd;
  }
  static void Say(const UniqueFd& fd, const std::string& bytes) {
    EXPECT_EQ(::send(fd.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL), static_cast<ssize_t>(bytes.size()));
  }
  static bool IsReadable(int fd, int timeout_ms) {
    pollfd wanted{fd, POLLIN, 0};
    return ::poll(&wanted, 1, timeout_ms) == 1;
  }
  void Take() {
    for (ClientEvent& event : server_->Take()) events_.push_back(InWords(event));
  }
  /// Lets the server work until it told of `count` events; all so far.
  const std::vector<std::string>& Events(std::size_t count) {
    while (events_.size() < count) {
      IsReadable(server_->fd(), -1);
      Take();
    }
    return events_;
  }
  /// Lets the server work until it has closed the connection; what it said before.
  std::vector<ToClient> Answers(const UniqueFd& fd) {
    std::string bytes;
    while (true) {
      pollfd wanted[] = {{fd.get(), POLLIN, 0}, {server_->fd(), POLLIN, 0}};
      ::poll(wanted, 2, -1);
      if (wanted[1].revents != 0) Take();
      if (wanted[0].revents == 0) continue;
      char part[1 << 16];
      const ssize_t got = ::recv(fd.get(), part, sizeof part, MSG_DONTWAIT);
      if (got <= 0) break;
      bytes.append(part, static_cast<std::size_t>(got));
    }
    std::vector<ToClient> messages;
    for (std::string_view rest = bytes; rest.size() >= kSizeBytes; rest.remove_prefix(kSizeBytes + SizeIn(rest))) {
      messages.push_back(DecodeToClient(rest.substr(kSizeBytes, SizeIn(rest))).value());
    }
    return messages;
  }
  /// A client of the real kind, welcomed.
  std::unique_ptr<ControlClient> Connect(const std::string& who, bool debugger = false) {
    auto connected = std::async(std::launch::async, [&] {
      return ControlClient::Connect(run_, {kControlVersion, "", who, debugger}, kLong);
    });
    IsReadable(server_->fd(), -1);
    for (std::vector<ClientEvent> some; some.empty(); IsReadable(server_->fd(), some.empty() ? -1 : 0)) {
      some = server_->Take();
      for (const ClientEvent& event : some) {
        events_.push_back(InWords(event));
        if (const auto* joined = std::get_if<ClientJoined>(&event)) server_->Send(joined->client, kWelcome);
      }
    }
    auto client = connected.get();
    EXPECT_TRUE(client.ok()) << client.message();
    EXPECT_EQ(client->second, kWelcome);
    return std::move(client->first);
  }
  /// The client's next message; lets the server work meanwhile.
  Result<std::optional<ToClient>> Next(ControlClient& client) {
    while (true) {
      auto next = client.Receive();
      if (!next.ok() || *next) return next;
      pollfd wanted[] = {{client.fd(), POLLIN, 0}, {server_ ? server_->fd() : -1, POLLIN, 0}};
      ::poll(wanted, 2, -1);
      if (wanted[1].revents != 0) Take();
    }
  }

  const TempFolder folder_;
  fs::path run_ = folder_.path();
  std::unique_ptr<ControlServer> server_;
  std::vector<std::string> events_;
};

TEST_F(ControlTest, CarriesMessagesBothWaysAndSaysWhoComesAndGoes) {
  Bind();
  auto editor = Connect("VS Code", true);
  auto viewer = Connect("JupyterLab");
  ASSERT_TRUE(editor->Send(Pass{{3}}).ok());
  ASSERT_TRUE(editor->Send(Pass{{4}}).ok());
  EXPECT_THAT(Events(4),
              ElementsAre("0 joined: VS Code (debugger)", "1 joined: JupyterLab", "0 said: Pass 3", "0 said: Pass 4"));
  server_->Send(ClientId(1), Notice{"for the viewer"});
  server_->Send(ClientId(0), WorkerArmed{{3}});
  server_->Send(ClientId(0), FromDebugger{{3}, "{}"});
  EXPECT_EQ(Next(*editor).value(), ToClient(WorkerArmed{{3}}));
  EXPECT_TRUE(IsReadable(editor->fd(), 0));  // The second waits in the socket.
  EXPECT_EQ(Next(*editor).value(), ToClient(FromDebugger{{3}, "{}"}));
  EXPECT_EQ(editor->Receive().value(), std::nullopt);
  EXPECT_EQ(Next(*viewer).value(), ToClient(Notice{"for the viewer"}));

  editor.reset();
  EXPECT_EQ(Events(5).back(), "0 gone: it closed the connection");
  server_->Send(ClientId(0), Notice{"nobody hears it"});
  server_->Send(ClientId(1), RunEnded{"completed", ""});
  server_.reset();
  EXPECT_EQ(Next(*viewer).value(), ToClient(RunEnded{"completed", ""}));
  EXPECT_EQ(Next(*viewer).message(), "the host closed the connection");
  EXPECT_THAT(viewer->Send(AskWorkers{}).message(), HasSubstr("to the host: cannot send"));
}

TEST_F(ControlTest, OnlyItsOwnerMayReachItAndBothFilesGoWithIt) {
  for (const mode_t mask : {0U, 0777U}) {
    fs::create_directories(control());
    const mode_t before = ::umask(mask);
    Bind();
    ::umask(before);
    for (const char* name : {kControlSocket, kControlToken}) {
      struct stat about {};
      ASSERT_EQ(::stat((control() / name).c_str(), &about), 0);
      EXPECT_EQ(about.st_mode & 07777, 0600U) << name;
    }
    server_.reset();
    EXPECT_TRUE(fs::is_empty(control()));
  }
}

TEST_F(ControlTest, HasAnotherTokenEachTimeAndTakesThePlaceOfAKilledHost) {
  Bind();
  const std::string first = Token();
  EXPECT_THAT(first, ::testing::MatchesRegex("[0-9a-f]{64}"));
  const fs::path kept = folder_.path() / "kept";
  for (const char* name : {kControlSocket, kControlToken}) fs::create_hard_link(control() / name, kept.native() + name);
  server_.reset();
  for (const char* name : {kControlSocket, kControlToken}) fs::rename(kept.native() + name, control() / name);
  EXPECT_THAT(ControlClient::Connect(run_, {}, kLong).message(),
              HasSubstr("cannot be joined: it is over, or its host is gone (cannot connect to "));
  Bind();
  EXPECT_NE(Token(), first);
  Connect("VS Code");
}

TEST_F(ControlTest, IsReachedHoweverLongItsPathIs) {
  for (const std::size_t size : {107U, 108U, 200U}) {
    const std::size_t other = (folder_.path() / "" / kControlFolder / kControlSocket).native().size() + 1;
    run_ = folder_.path() / std::string(size - other, 'x');
    ASSERT_EQ((control() / kControlSocket).native().size(), size);
    Bind();
    Connect("VS Code");
    server_.reset();
    EXPECT_TRUE(fs::is_empty(control()));
  }
}

TEST_F(ControlTest, RefusesWhoeverDoesNotShowTheToken) {
  Bind();
  std::string wrong = Token();
  wrong.back() = wrong.back() == '0' ? '1' : '0';
  const Refused refused{"its token is not the one in control/token of the run folder"};
  for (const std::string& token : {wrong, std::string(), Token().substr(1), Token() + "0"}) {
    const UniqueFd fd = Say(Framed(Join{kControlVersion, token, "VS Code", true}) + Framed(CancelRun{}));
    EXPECT_THAT(Answers(fd), ElementsAre(ToClient(refused)));
  }
  EXPECT_THAT(events_, IsEmpty());
}

TEST_F(ControlTest, RefusesWhoeverDoesNotBeginWithAProperJoin) {
  Bind();
  const auto answers = [&](const std::string& bytes) { return Answers(Say(bytes)); };
  const auto refused = [](const std::string& why) { return ElementsAre(ToClient(Refused{why})); };
  EXPECT_THAT(answers(Framed(CancelRun{})), refused("its first message is not Join"));
  EXPECT_THAT(answers(Framed("")), refused("its first message is not Join"));
  EXPECT_THAT(answers(Framed("J")), refused("its first message is not Join"));
  EXPECT_THAT(answers("GET / HTTP/1.1\r\n\r\n"),
              refused("it sent a message of 542393671 bytes, expected at most 4096"));
  EXPECT_THAT(answers(Framed(std::string("J\2\0\0\0something else", 19))),
              refused("it speaks version 2 of the control endpoint, the run's host 1; take both from the same "
                      "Batchscope"));
  // At the limit it is read.
  EXPECT_THAT(answers(Framed(std::string(4096, '?'))), refused("its first message is not Join"));
  EXPECT_THAT(answers(Framed(std::string(4097, '?'))),
              refused("it sent a message of 4097 bytes, expected at most 4096"));
  const std::string name = "its name is no text of at most 200 bytes without control characters";
  EXPECT_THAT(answers(Joining(std::string(201, 'n'))), refused(name));
  EXPECT_THAT(answers(Joining("a\nb")), refused(name));
  EXPECT_THAT(answers(Joining("\xff")), refused(name));
  EXPECT_THAT(events_, IsEmpty());
  const UniqueFd longest = Say(Joining(std::string(200, 'n')));
  EXPECT_THAT(Events(1), ElementsAre("10 joined: " + std::string(200, 'n')));
}

TEST_F(ControlTest, DropsWhoeverIsSilentInsteadOfJoining) {
  Bind({std::chrono::milliseconds(1), 1 << 20});
  EXPECT_THAT(Answers(Dial()), IsEmpty());
  EXPECT_THAT(Answers(Say(Joining("VS Code").substr(0, 20))), IsEmpty());
  EXPECT_THAT(events_, IsEmpty());
  EXPECT_FALSE(IsReadable(server_->fd(), 0));
}

TEST_F(ControlTest, DropsAClientThatSendsWhatCannotBeRead) {
  Bind();
  EXPECT_THAT(Answers(Say(Joining("a") + Framed(Pass{{1}}) + Framed("?") + Framed(Pass{{2}}))),
              ElementsAre(ToClient(Refused{
                  "it sent: a message that cannot be read: no message begins with the byte 63 (at byte 1 of 1)"})));
  EXPECT_THAT(Answers(Say(Joining("b") + Joining("b"))), ElementsAre(ToClient(Refused{"it joined a second time"})));
  EXPECT_THAT(events_, ElementsAre("0 joined: a", "0 said: Pass 1",
                                   "0 gone: it sent: a message that cannot be read: no message begins with the byte 63 "
                                   "(at byte 1 of 1)",
                                   "1 joined: b", "1 gone: it joined a second time"));
}

TEST_F(ControlTest, TakesMessagesUpToTheirLargestSize) {
  Bind();
  auto client = Connect("VS Code");
  ToDebugger largest{{1}, ""};
  largest.json.assign(kMostControlBytes - Encode(FromClient(largest)).size(), 'x');
  ASSERT_TRUE(client->Send(largest).ok());
  EXPECT_TRUE(client->wants_to_write());  // Nobody has read yet.
  while (events_.size() < 2) {
    ASSERT_TRUE(client->Flush().ok());
    Take();
  }
  EXPECT_FALSE(client->wants_to_write());
  EXPECT_EQ(events_.back(), "0 said: ToDebugger of " + std::to_string(largest.json.size()));

  largest.json.push_back('x');
  EXPECT_EQ(client->Send(largest).message(), "to the host: a message of 16777217 bytes, expected at most 16777216");
  server_->Send(ClientId(0), FromDebugger{{1}, largest.json});
  EXPECT_EQ(Next(*client).value(),
            ToClient(Notice{"a message of 16777217 bytes was left out, expected at most 16777216"}));
  largest.json.pop_back();
  server_->Send(ClientId(0), FromDebugger{{1}, largest.json});
  EXPECT_EQ(Next(*client).value(), ToClient(FromDebugger{{1}, largest.json}));

  const UniqueFd other = Say(Joining("other") + std::string("\1\0\0\1", 4));
  EXPECT_THAT(Answers(other),
              ElementsAre(ToClient(Refused{"it sent a message of 16777217 bytes, expected at most 16777216"})));
}

TEST_F(ControlTest, DropsAClientThatStopsReadingAndServesTheOthers) {
  Bind({kLong, std::size_t{1} << 20});
  auto reader = Connect("reader");
  const UniqueFd stuck = Say(Joining("stuck"));
  Events(2);
  const ToClient notice = Notice{std::string(1 << 16, 'n')};
  for (int sent = 0; sent < 1000; ++sent) {
    server_->Send(ClientId(1), notice);
    server_->Send(ClientId(0), notice);
    EXPECT_EQ(Next(*reader).value(), notice);
  }
  EXPECT_EQ(Events(3).back(), "1 gone: it stopped reading: more than 1 MiB wait for it");
  EXPECT_EQ(events_.size(), 3U);
}

TEST_F(ControlTest, SeesAClientThatVanishesAndReadsWhatItSaidBefore) {
  Bind();
  Say(Joining("a") + Framed(Pass{{1}})).Reset();
  EXPECT_THAT(Events(3), ElementsAre("0 joined: a", "0 said: Pass 1", "0 gone: it closed the connection"));
  Say(Joining("b") + Framed(Pass{{1}}).substr(0, 6)).Reset();
  EXPECT_EQ(Events(5).back(), "1 gone: it closed the connection amid a message");
  const UniqueFd half = Say(Joining("c"));
  ::shutdown(half.get(), SHUT_WR);
  EXPECT_EQ(Events(7).back(), "2 gone: it closed the connection");

  // The host finds out when it sends.
  UniqueFd fd = Say(Joining("d"));
  Events(8);
  Say(fd, Framed(Pass{{7}}));
  fd.Reset();
  server_->Send(ClientId(3), Notice{"?"});
  EXPECT_EQ(Events(10)[8], "3 said: Pass 7");
  EXPECT_EQ(events_.back(), "3 gone: it closed the connection");
  const UniqueFd deaf = Say(Joining("e"));
  Events(11);
  ::shutdown(deaf.get(), SHUT_RD);
  server_->Send(ClientId(4), Notice{"?"});
  EXPECT_EQ(Events(12).back(), "4 gone: it no longer reads");
}

TEST_F(ControlTest, RefusesASecondDebuggerInTheHostsWords) {
  Bind();
  auto first = Connect("VS Code", true);
  const UniqueFd second = Say(Joining("Emacs", true) + Framed(Pass{{1}}));
  EXPECT_EQ(Events(3)[1], "1 joined: Emacs (debugger)");
  server_->Refuse(ClientId(1), "VS Code debugs this run already");
  server_->Refuse(ClientId(1), "it is gone");
  EXPECT_THAT(Answers(second), ElementsAre(ToClient(Refused{"VS Code debugs this run already"})));
  EXPECT_EQ(Events(4).back(), "1 gone: VS Code debugs this run already");
  ASSERT_TRUE(first->Send(Pass{{2}}).ok());
  EXPECT_EQ(Events(5).back(), "0 said: Pass 2");
}

TEST_F(ControlTest, ACopyOfItsDescriptorsInAChildHidesNoEnd) {
  Bind();
  auto client = Connect("VS Code");
  const UniqueFd other = Say(Joining("other"));
  Events(2);
  const pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    ::pause();
    ::_exit(0);
  }
  client.reset();
  EXPECT_EQ(Events(3).back(), "0 gone: it closed the connection");
  server_->Refuse(ClientId(1), "no");
  EXPECT_THAT(Answers(other), ElementsAre(ToClient(Refused{"no"})));
  Take();
  EXPECT_FALSE(IsReadable(server_->fd(), 0));  // Nor do the copies wake the host.
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
}

TEST_F(ControlTest, IsNotHeldUpByManyConnections) {
  Bind();
  auto client = Connect("VS Code");
  std::vector<UniqueFd> many;
  for (int i = 0; i < 255; ++i) {
    many.push_back(Dial());
    Take();
  }
  EXPECT_THAT(Answers(Dial()), IsEmpty());  // One too many.
  ASSERT_TRUE(client->Send(Pass{{1}}).ok());
  EXPECT_THAT(Events(2), ElementsAre("0 joined: VS Code", "0 said: Pass 1"));
  many.clear();
  EXPECT_THAT(Answers(Say(Framed("?"))), ElementsAre(ToClient(Refused{"its first message is not Join"})));
}

TEST_F(ControlTest, TurnsClientsAwayWhenNoDescriptorIsLeft) {
  Bind();
  auto client = Connect("VS Code");
  const UniqueFd late = Dial();
  std::vector<UniqueFd> fillers;  // No number is free below the last.
  while (fillers.empty() || fillers.back().get() < late.get()) fillers.emplace_back(::dup(late.get()));
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
  const rlimit full{static_cast<rlim_t>(fillers.back().get()) + 1, before.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &full), 0);
  EXPECT_THAT(Answers(late), IsEmpty());
  EXPECT_FALSE(IsReadable(server_->fd(), 0));
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &before), 0);
  EXPECT_THAT(Answers(Say(Framed("?"))), ElementsAre(ToClient(Refused{"its first message is not Join"})));
  ASSERT_TRUE(client->Send(Pass{{1}}).ok());
  EXPECT_EQ(Events(2).back(), "0 said: Pass 1");
}

TEST_F(ControlTest, ConnectSaysWhyARunCannotBeJoined) {
  const auto connect = [&](std::chrono::milliseconds limit) {
    return ControlClient::Connect(run_, {kControlVersion, "", "VS Code", true}, limit).message();
  };
  const std::string of_run = "the run in " + run_.string() + " cannot be joined: ";
  EXPECT_THAT(connect(kLong), HasSubstr(of_run + "it is over, or its host is gone (cannot open "));
  Bind();
  EXPECT_EQ(connect(std::chrono::milliseconds(1)), of_run + "its host did not answer within 0.001 s");
  fs::remove(control() / kControlToken);
  EXPECT_EQ(connect(kLong),
            of_run + "cannot open " + (control() / kControlToken).string() + ": No such file or directory");
  ASSERT_TRUE(WriteFileAtomically(control() / kControlToken, std::string(64, '0'), 0600).ok());
  auto refused = std::async(std::launch::async, [&] { return connect(kLong); });
  while (refused.wait_for(std::chrono::milliseconds(0)) != std::future_status::ready) {
    IsReadable(server_->fd(), 10);
    Take();
  }
  EXPECT_EQ(refused.get(), of_run + "its token is not the one in control/token of the run folder");
}

}  // namespace
}  // namespace batchscope::wire
