#include "runtime/launch/fork_server.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <poll.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <set>

#include "runtime/base/files.h"
#include "runtime/base/text.h"
#include "tests/support/temp_folder.h"

namespace batchscope::launch {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

constexpr const char* kPython = "/usr/bin/python3";

/// A named pipe that lives as long as some process of a run holds it.
class Pipe {
 public:
  explicit Pipe(const fs::path& path) {
    Check(::mkfifo(path.c_str(), 0600) == 0, "mkfifo {}", path.string());
    end_ = UniqueFd(::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
  }
  /// The next bytes, at least one; empty when all who wrote have closed it or are dead.
  std::string Read() {
    char buffer[4096];
    while (true) {
      pollfd wanted{end_.get(), POLLIN, 0};
      ::poll(&wanted, 1, -1);
      const ssize_t got = ::read(end_.get(), buffer, sizeof buffer);
      if (got >= 0) return {buffer, static_cast<std::size_t>(got)};
    }
  }
  std::string ReadToTheEnd() {
    std::string all;
    for (std::string part; !(part = Read()).empty();) all += part;
    return all;
  }

 private:
  UniqueFd end_;
};

/// Every report up to the `exits`-th exit, or the server's own end.
struct Reports {
  std::map<std::uint32_t, pid_t> started;
  std::map<std::uint32_t, WorkerExited> exited;
  std::string gone;

  std::map<std::uint32_t, std::string> Ends() const {
    std::map<std::uint32_t, std::string> ends;
    for (const auto& [worker, report] : exited) ends[worker] = DescribeExit(report.wait_status);
    return ends;
  }
};

class ForkServerTest : public ::testing::Test {
 protected:
  ForkServerTest() {
    package_ = temp_.path() / "package";
    fs::create_directories(package_ / "batchscope");
    const fs::path here = fs::path(__FILE__).parent_path();
    const fs::path sources = here.parent_path().parent_path().parent_path() / "runtime/python/batchscope";
    fs::create_symlink(sources / "_forkserver.py", package_ / "batchscope/_forkserver.py");
    fs::create_symlink(here / "stand_in/_worker.py", package_ / "batchscope/_worker.py");
  }

  /// Options of a server whose workers run `script`; `hold(name)` in it opens the pipe of that name for good.
  ForkServerOptions Options(const std::string& script) const {
    std::string setup = "{\"folder\":";
    AppendJsonString(setup, temp_.path().native());
    setup += ",\"script\":";
    AppendJsonString(setup,
                     "import os, signal, sys\n"
                     "def hold(name, text='held'):\n"
                     "    fd = os.open(os.path.join(folder, name), os.O_WRONLY)\n"
                     "    os.write(fd, text.encode())\n" +
                         script);
    ForkServerOptions options;
    options.python = kPython;
    options.package_folder = package_;
    options.run_folder = temp_.path();
    options.driver_log = temp_.path() / "driver.txt";
    options.setup_json = setup + "}";
    options.environment = {{"PYTHONDONTWRITEBYTECODE", "1"}};
    return options;
  }

  void Start(const ForkServerOptions& options) {
    auto server = ForkServer::Start(options);
    ASSERT_TRUE(server.ok()) << server.message();
    server_ = std::move(server).value();
  }
  void Start(const std::string& script) { Start(Options(script)); }

  void Fork(std::uint32_t worker) { ASSERT_TRUE(server_->Fork({worker}, 0, {}, AtStart::kGoOn).ok()); }

  Reports ReadUntil(std::size_t exits) {
    Reports all;
    while (all.exited.size() < exits && all.gone.empty()) {
      pollfd wanted{server_->fd(), POLLIN, 0};
      ::poll(&wanted, 1, -1);
      for (const Report& report : server_->Read()) {
        if (const auto* started = std::get_if<WorkerStarted>(&report)) {
          all.started[started->worker.value] = started->pid;
        } else if (const auto* exited = std::get_if<WorkerExited>(&report)) {
          all.exited[exited->worker.value] = *exited;
        } else {
          all.gone = std::get<ServerGone>(report).why;
        }
      }
    }
    return all;
  }
  std::string Log() const { return ReadFile(temp_.path() / "driver.txt").value(); }

  TempFolder temp_;
  fs::path package_;
  std::unique_ptr<ForkServer> server_;
};

TEST_F(ForkServerTest, ReportsEachWayForAWorkerToEnd) {
  Start(
      "if worker == 1: code = 3\n"
      "if worker == 2: os.kill(os.getpid(), signal.SIGSEGV)\n"
      "if worker == 3: os.abort()\n"
      "if worker == 4: raise ValueError('broken serve')\n"
      "if worker == 5: os._exit(0)\n");
  for (std::uint32_t worker = 1; worker <= 5; ++worker) Fork(worker);
  const Reports reports = ReadUntil(5);
  EXPECT_EQ(reports.Ends(), (std::map<std::uint32_t, std::string>{{1, "exit code 3"},
                                                                  {2, "SIGSEGV (segmentation fault)"},
                                                                  {3, "SIGABRT (aborted)"},
                                                                  {4, "exit code 70"},
                                                                  {5, "exit code 0"}}));
  std::set<pid_t> pids;
  for (const auto& [worker, pid] : reports.started) pids.insert(pid);
  EXPECT_EQ(pids.size(), 5U);
  for (const auto& [worker, exited] : reports.exited) EXPECT_GT(exited.max_rss_kib, 1000) << worker;
  EXPECT_THAT(Log(), HasSubstr("ValueError: broken serve"));
}

TEST_F(ForkServerTest, AWorkerBeginsAsAProcessOfItsOwn) {
  Pipe facts(temp_.path() / "facts");
  ForkServerOptions options = Options(
      "fds = sorted(fd for fd in map(int, os.listdir('/proc/self/fd')) if os.path.exists(f'/proc/self/fd/{fd}'))\n"
      "hold('facts', repr([seat, os.environ['OF_ALL'], os.environ['OF_ONE'], os.getpgid(0) == os.getpid(), fds,\n"
      "    signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGCHLD),\n"
      "    signal.pthread_sigmask(signal.SIG_BLOCK, []), 'batchscope' in sys.modules,\n"
      "    [path for path in sys.path if 'package' in path and folder in path], sys.stdin.read(),\n"
      "    hasattr(sys.modules['__main__'], 'Server')]))\n");
  UniqueFd board(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  options.board_fd = board.get();
  options.environment["OF_ALL"] = "all \xff";
  std::string inherited = "0, 1, 2";
  for (int fd = 3; fd < 1024; ++fd) {  // What started the test may have left some open.
    const int flags = ::fcntl(fd, F_GETFD);
    if (fd == board.get() || (flags >= 0 && (flags & FD_CLOEXEC) == 0)) inherited += ", " + std::to_string(fd);
  }
  sigset_t usr1;
  sigemptyset(&usr1);
  sigaddset(&usr1, SIGUSR1);
  ::pthread_sigmask(SIG_BLOCK, &usr1, nullptr);
  const auto before = ::signal(SIGTERM, SIG_IGN);
  Start(options);
  ::signal(SIGTERM, before);
  ::pthread_sigmask(SIG_UNBLOCK, &usr1, nullptr);
  ASSERT_TRUE(server_->Fork({0}, 7, {{"OF_ONE", "one \xc3\xa4 \xff \""}}, AtStart::kGoOn).ok());
  EXPECT_EQ(facts.ReadToTheEnd(),
            "[7, 'all \\udcff', 'one ä \\udcff \"', True, [" + inherited +
                "], <Handlers.SIG_IGN: 1>, <Handlers.SIG_DFL: 0>, <Handlers.SIG_DFL: 0>, set(), False, [], '', "
                "False]");
}

TEST_F(ForkServerTest, KillsAWorkerOnRequestAndNoOther) {
  Pipe first(temp_.path() / "worker1");
  Pipe second(temp_.path() / "worker2");
  Start("hold(f'worker{worker}')\nif worker == 1: signal.pause()\nos.read(os.open(folder + '/go', os.O_RDONLY), 1)\n");
  ASSERT_EQ(::mkfifo((temp_.path() / "go").c_str(), 0600), 0);
  Fork(1);
  Fork(2);
  EXPECT_EQ(first.Read() + second.Read(), "heldheld");
  server_->Kill({1});
  EXPECT_EQ(ReadUntil(1).Ends(),
            (std::map<std::uint32_t, std::string>{{1, "SIGKILL (killed; often the kernel's out-of-memory killer)"}}));
  server_->Kill({1});
  server_->Kill({99});
  UniqueFd go(::open((temp_.path() / "go").c_str(), O_WRONLY | O_CLOEXEC));
  ASSERT_TRUE(WriteAll(go.get(), "g").ok());
  EXPECT_EQ(ReadUntil(1).Ends(), (std::map<std::uint32_t, std::string>{{2, "exit code 0"}}));
}

TEST_F(ForkServerTest, WhatAWorkerLeavesBehindInItsGroupGoesWithIt) {
  Pipe left(temp_.path() / "left");
  Start("if os.fork() == 0:\n    hold('left')\n    signal.pause()\nos.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG)\n");
  Fork(0);
  // It may be killed before it holds the pipe: the test's own end keeps that from being waited for.
  UniqueFd ours(::open((temp_.path() / "left").c_str(), O_WRONLY | O_CLOEXEC));
  EXPECT_EQ(ReadUntil(1).Ends(), (std::map<std::uint32_t, std::string>{{0, "exit code 0"}}));
  ours.Reset();
  left.ReadToTheEnd();
}

TEST_F(ForkServerTest, WhatLeftItsWorkersGroupIsKilledAtTheEndAndATidyEndSealsNothing) {
  Pipe left(temp_.path() / "left");
  Start(
      "read, write = os.pipe()\n"
      "if os.fork() == 0:\n"
      "    os.setsid()\n"
      "    hold('left')\n"
      "    os.write(write, b'x')\n"
      "    signal.pause()\n"
      "os.read(read, 1)\n");
  Fork(0);
  EXPECT_EQ(left.Read(), "held");
  ReadUntil(1);
  server_.reset();
  EXPECT_EQ(left.ReadToTheEnd(), "");
  EXPECT_FALSE(fs::exists(temp_.path() / "sealed"));
}

TEST_F(ForkServerTest, AHostThatDiesTakesItsWorkersAndLeavesASealedRun) {
  Pipe held(temp_.path() / "held");
  Pipe sealed(temp_.path() / "sealed");
  int keep[2];
  ASSERT_EQ(::pipe2(keep, O_CLOEXEC), 0);
  UniqueFd keep_read(keep[0]);
  UniqueFd keep_write(keep[1]);
  const pid_t host = ::fork();
  ASSERT_GE(host, 0);
  if (host == 0) {
    Start("hold('held')\nsignal.pause()\n");
    Fork(0);
    ReadUntil(0);
    if (::fork() == 0) {  // A process of user code's that goes on, and has the host's descriptors.
      keep_write.Reset();
      char none = 0;
      while (::read(keep_read.get(), &none, 1) < 0) {
      }
      ::_exit(0);
    }
    ::pause();
    ::_exit(0);
  }
  EXPECT_EQ(held.Read(), "held");
  ASSERT_EQ(::kill(host, SIGKILL), 0);
  EXPECT_EQ(held.ReadToTheEnd(), "");
  EXPECT_EQ(sealed.ReadToTheEnd(), "sealed");
  ASSERT_EQ(::waitpid(host, nullptr, 0), host);
}

TEST_F(ForkServerTest, AKilledServerIsReportedAndItsWorkersDieWithIt) {
  Pipe held(temp_.path() / "held");
  Start("print('a last word', flush=True)\nhold('held')\nsignal.pause()\n");
  Fork(0);
  EXPECT_EQ(held.Read(), "held");
  ASSERT_EQ(::kill(server_->pid(), SIGKILL), 0);
  EXPECT_EQ(held.ReadToTheEnd(), "");
  EXPECT_EQ(ReadUntil(1).gone,
            "the fork server has ended: SIGKILL (killed; often the kernel's out-of-memory killer); it wrote:\n"
            "a last word");
  EXPECT_THAT(server_->Read(), IsEmpty());
  EXPECT_THAT(server_->Fork({1}, 0, {}, AtStart::kGoOn).message(),
              StartsWith("worker 1 cannot be started: the fork server cannot be reached: "));
  server_->Kill({0});
}

TEST_F(ForkServerTest, HundredsOfWorkersAreAskedForAtOnce) {
  Start("code = worker % 7\n");
  constexpr std::uint32_t kMany = 400;  // More than a socket's buffer holds, one message each.
  for (std::uint32_t worker = 0; worker < kMany; ++worker) Fork(worker);
  const Reports reports = ReadUntil(kMany);
  EXPECT_EQ(reports.started.size(), kMany);
  for (const auto& [worker, end] : reports.Ends()) EXPECT_EQ(end, "exit code " + std::to_string(worker % 7));
}

TEST_F(ForkServerTest, AModuleThatCannotBePreloadedIsOnlyLogged) {
  ForkServerOptions options = Options("code = 'colorsys' in sys.modules\n");
  options.preload = {"no_such_module_anywhere", "colorsys"};
  Start(options);
  Fork(0);
  EXPECT_EQ(ReadUntil(1).Ends(), (std::map<std::uint32_t, std::string>{{0, "exit code 1"}}));
  EXPECT_THAT(Log(), HasSubstr("no_such_module_anywhere is not preloaded: ModuleNotFoundError"));
}

TEST_F(ForkServerTest, APythonWithoutAWorkerModuleIsRefusedInOneSentence) {
  const fs::path foreign = package_ / "batchscope/_worker.cpython-39-x86_64-linux-gnu.so";
  ASSERT_TRUE(WriteFileAtomically(foreign, "").ok());
  Start("");
  const std::string why = ReadUntil(1).gone;
  EXPECT_THAT(why, StartsWith("Batchscope has no worker module for /usr/bin/python3 (Python 3."));
  EXPECT_THAT(why, HasSubstr("found _worker.cpython-39-x86_64-linux-gnu.so; install batchscope with that Python"));
  EXPECT_THAT(Log(), HasSubstr(why));
}

TEST_F(ForkServerTest, AnInterpreterThatIsNoneIsReported) {
  ForkServerOptions options = Options("");
  options.python = temp_.path() / "missing";
  EXPECT_THAT(ForkServer::Start(options).message(),
              StartsWith("cannot start " + options.python.string() + ", expected a Python interpreter"));
  options.python = "/bin/false";
  Start(options);
  EXPECT_EQ(ReadUntil(1).gone, "the fork server has ended: exit code 1");
}

TEST(DescribeExit, NamesSignalsAndCodes) {
  EXPECT_EQ(DescribeExit(0), "exit code 0");
  EXPECT_EQ(DescribeExit(255 << 8), "exit code 255");
  EXPECT_EQ(DescribeExit(SIGTERM), "SIGTERM (terminated)");
  EXPECT_EQ(DescribeExit(SIGXCPU), "SIGXCPU (CPU time limit exceeded)");
  EXPECT_EQ(DescribeExit(SIGBUS | 0x80), "SIGBUS (bus error)");
  EXPECT_EQ(DescribeExit(50), "signal 50");
}

}  // namespace
}  // namespace batchscope::launch
