#include "runtime/wire/links.h"

#include <gmock/gmock.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "runtime/base/files.h"
#include "runtime/wire/socket.h"

namespace batchscope::wire {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using ::testing::StartsWith;

using Received = std::pair<WorkerId, FromWorker>;

void WaitReadable(int fd) {
  pollfd wanted{fd, POLLIN, 0};
  while (::poll(&wanted, 1, -1) != 1) {
  }
}

/// The next message of a link, waiting on its descriptor only.
template <typename Link>
auto Next(Link& link) {
  while (true) {
    WaitReadable(link.fd());
    auto received = link.Receive();
    if (!received.ok() || received->has_value()) return received;
  }
}

class LinksTest : public ::testing::Test {
 protected:
  LinksTest() {
    std::string path = (fs::temp_directory_path() / "links-XXXXXX").string();
    folder_ = ::mkdtemp(path.data());
  }
  ~LinksTest() override { fs::remove_all(folder_); }

  void Bind(const fs::path& folder) {
    auto host = HostLink::Bind(folder);
    ASSERT_TRUE(host.ok()) << host.message();
    host_ = std::move(host).value();
  }
  std::unique_ptr<WorkerLink> Connect(std::uint32_t worker) {
    auto link = WorkerLink::Connect(host_->endpoint(), {worker});
    EXPECT_TRUE(link.ok()) << link.message();
    return std::move(link).value();
  }
  /// A folder whose name is as long as it takes for a socket path of `size` bytes.
  fs::path FolderForSocketPath(std::size_t size) {
    const std::size_t other = (folder_ / "").native().size() + std::string("/link.sock").size();
    fs::path folder = folder_ / std::string(size - other, 'x');
    fs::create_directories(folder);
    return folder;
  }

  fs::path folder_;
  std::unique_ptr<HostLink> host_;
};

TEST_F(LinksTest, CarryMessagesBothWaysAndSayWhoSentThem) {
  Bind(folder_);
  auto first = Connect(0);
  auto second = Connect(0xffffffff);
  const FromWorker hello = Hello{{0}, 12};
  ASSERT_TRUE(first->Send(hello).ok());
  EXPECT_EQ(Next(*host_).value(), Received({0}, hello));
  const FromWorker ready = Ready{5};
  ASSERT_TRUE(second->Send(ready).ok());
  EXPECT_EQ(Next(*host_).value(), Received({0xffffffff}, ready));

  const ToWorker work = Work{{{{{1}, 0}, 1, std::string("/a\0", 3)}}};
  ASSERT_TRUE(host_->Send({0xffffffff}, work).ok());
  ASSERT_TRUE(host_->Send({0}, Dismiss{}).ok());
  EXPECT_EQ(Next(*first).value(), ToWorker(Dismiss{}));
  EXPECT_EQ(Next(*second).value(), work);
}

TEST_F(LinksTest, KeepTheOrderOfManyMessages) {
  Bind(folder_);
  auto worker = Connect(4);
  constexpr std::uint64_t kMany = 5000;
  for (std::uint64_t i = 0; i < kMany; ++i) ASSERT_TRUE(worker->Send(Ready{i}).ok());
  for (std::uint64_t i = 0; i < kMany; ++i) ASSERT_EQ(Next(*host_).value(), Received({4}, Ready{i}));
}

TEST_F(LinksTest, StayReadableWhenTheCallerSendsInBetween) {
  Bind(folder_);
  auto worker = Connect(1);
  for (std::uint64_t i = 0; i < 200; ++i) {
    ASSERT_TRUE(worker->Send(Ready{i}).ok());
    WaitReadable(host_->fd());
    ASSERT_TRUE(host_->Send({99}, Dismiss{}).ok());
    ASSERT_EQ(Next(*host_).value(), Received({1}, Ready{i}));
    ASSERT_EQ(host_->Receive().value(), std::nullopt);
  }
}

TEST_F(LinksTest, StayReadableWhileMessagesAreLeft) {
  Bind(folder_);
  auto worker = Connect(1);
  ASSERT_TRUE(worker->Send(Hello{{1}, 2}).ok());
  ASSERT_TRUE(worker->Send(Ready{3}).ok());
  worker->Flush(std::chrono::minutes(1));
  EXPECT_EQ(Next(*host_).value(), Received({1}, Hello{{1}, 2}));
  EXPECT_EQ(Next(*host_).value(), Received({1}, Ready{3}));
}

TEST_F(LinksTest, AWorkerThatIsGoneIsNoError) {
  Bind(folder_);
  ASSERT_TRUE(host_->Send({7}, Dismiss{}).ok());
  auto worker = Connect(7);
  ASSERT_TRUE(worker->Send(Ready{1}).ok());
  EXPECT_EQ(Next(*host_).value(), Received({7}, Ready{1}));
  worker.reset();
  EXPECT_TRUE(host_->Send({7}, Dismiss{}).ok());
}

TEST_F(LinksTest, FlushWaitsForLargeMessagesAndEndsTheLink) {
  Bind(folder_);
  auto worker = Connect(2);
  const FromWorker large = TaskResults{{{{{1}, 0}, true, 1, 0, 0, 0, 32 << 20, 0, {}}}, std::string(32 << 20, 'r')};
  ASSERT_TRUE(worker->Send(large).ok());
  worker->Flush(std::chrono::minutes(1));
  EXPECT_EQ(Next(*host_).value(), Received({2}, large));
  EXPECT_FALSE(worker->Send(Ready{1}).ok());
  EXPECT_FALSE(worker->Receive().ok());
}

TEST_F(LinksTest, FlushEndsWhenNobodyListens) {
  auto worker = WorkerLink::Connect("ipc://" + (folder_ / "nobody").string(), {1});
  ASSERT_TRUE(worker.ok()) << worker.message();
  ASSERT_TRUE((*worker)->Send(Ready{1}).ok());
  (*worker)->Flush(std::chrono::milliseconds(1));
  EXPECT_FALSE((*worker)->Send(Ready{1}).ok());
}

TEST_F(LinksTest, AnUnreadableMessageNamesItsSenderAndTheNextOneIsRead) {
  Bind(folder_);
  const auto dial = [&](const std::string& name) {
    auto socket = Socket::Open({Socket::Kind::kDealer, name}).value();
    EXPECT_TRUE(socket->Connect(host_->endpoint()).ok());
    return socket;
  };
  auto worker = dial(std::string("w\5\0\0\0", 5));
  ASSERT_TRUE(worker->Send({"?"}).ok());
  ASSERT_TRUE(worker->Send({"R", "R"}).ok());
  ASSERT_TRUE(worker->Send({Encode(FromWorker(Ready{1}))}).ok());
  EXPECT_THAT(Next(*host_).message(), StartsWith("from worker 5: a message that cannot be read: no message begins"));
  EXPECT_EQ(Next(*host_).message(), "from worker 5: a message of 2 frames, expected 1");
  EXPECT_EQ(Next(*host_).value(), Received({5}, Ready{1}));

  auto stranger = dial("who");
  ASSERT_TRUE(stranger->Send({Encode(FromWorker(Ready{1}))}).ok());
  EXPECT_EQ(Next(*host_).message(), "a message of \"who\", which is no worker");
}

TEST_F(LinksTest, TheSocketIsItsOwnersAloneAndGoesWithTheLink) {
  Bind(folder_);
  const fs::path socket = folder_ / "link.sock";
  EXPECT_EQ(host_->endpoint(), "ipc://" + socket.string());
  struct stat about {};
  ASSERT_EQ(::stat(socket.c_str(), &about), 0);
  EXPECT_EQ(about.st_mode & 0777, 0600U);
  host_.reset();
  EXPECT_TRUE(fs::is_empty(folder_));
}

TEST_F(LinksTest, APathThatJustFitsIsUsed) {
  const fs::path folder = FolderForSocketPath(107);
  Bind(folder);
  EXPECT_EQ(host_->endpoint(), "ipc://" + (folder / "link.sock").string());
  auto worker = Connect(1);
  ASSERT_TRUE(worker->Send(Ready{1}).ok());
  EXPECT_EQ(Next(*host_).value(), Received({1}, Ready{1}));
}

TEST_F(LinksTest, APathThatIsTooLongMovesToAPrivateFolderThatIsNotedAndRemoved) {
  const fs::path folder = FolderForSocketPath(108);
  Bind(folder);
  auto worker = Connect(1);
  ASSERT_TRUE(worker->Send(Ready{1}).ok());
  EXPECT_EQ(Next(*host_).value(), Received({1}, Ready{1}));

  const fs::path noted = ReadFile(folder / kLinkFolderNote).value();
  EXPECT_EQ(host_->endpoint(), "ipc://" + (noted / "link.sock").string());
  struct stat about {};
  ASSERT_EQ(::stat(noted.c_str(), &about), 0);
  EXPECT_EQ(about.st_mode & 0777, 0700U);
  host_.reset();
  EXPECT_FALSE(fs::exists(noted));
  EXPECT_TRUE(fs::is_empty(folder));
}

TEST_F(LinksTest, AFolderThatIsNotThereIsAnErrorWithItsPath) {
  const auto host = HostLink::Bind(folder_ / "missing");
  ASSERT_FALSE(host.ok());
  EXPECT_THAT(host.message(), HasSubstr("cannot bind ipc://" + (folder_ / "missing/link.sock").string()));
}

}  // namespace
}  // namespace batchscope::wire
