#include "runtime/launch/fork_server.h"

#include <fmt/format.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <nlohmann/json.hpp>
#include <utility>

#include "runtime/base/text.h"
#include "runtime/launch/log_tail.h"
#include "runtime/launch/server_process.h"

namespace batchscope::launch {
namespace {

using nlohmann::json;

/// What an idle server needs to end, even while it imports something large; then it is killed.
constexpr std::chrono::seconds kTimeToEnd{5};

void AppendField(std::string& to, std::string_view name, std::string_view text) {
  AppendJsonString(to, name);
  to += ':';
  AppendJsonString(to, text);
}

/// The first line to the server. Paths may be any bytes, so no JSON library writes it.
std::string SettingsLine(const ForkServerOptions& options) {
  std::string line = "{";
  AppendField(line, "setup", options.setup_json);
  line += ',';
  AppendField(line, "run_folder", options.run_folder.native());
  line += ",\"preload\":[";
  for (const std::string& module : options.preload) {
    if (line.back() != '[') line += ',';
    AppendJsonString(line, module);
  }
  return line + "]}\n";
}

class LocalForkServer final : public ForkServer {
 public:
  LocalForkServer(ServerProcess process, LogTail log) : process_(std::move(process)), log_(std::move(log)) {}
  ~LocalForkServer() override {
    (void)Say("{\"end\":true}\n");
    process_.CloseSocket();
    if (!process_.WaitFor(kTimeToEnd)) EndByForce();
  }

  Status Say(std::string_view line);
  pid_t pid() const override { return process_.pid(); }
  int fd() const override { return process_.socket(); }
  Status Fork(WorkerId worker, std::uint32_t seat, const std::map<std::string, std::string>& environment,
              AtStart at_start) override;
  void Kill(WorkerId worker) override { (void)Say(fmt::format("{{\"kill\":{}}}\n", worker.value)); }
  std::vector<Report> Read() override;

 private:
  bool ReceiveAll();
  void ReadLine(std::string_view line, std::vector<Report>& reports);
  ServerGone Gone();
  void EndByForce();

  ServerProcess process_;
  LogTail log_;
  std::string unread_;
  std::string failure_;              // What the server said about its own end.
  std::map<WorkerId, pid_t> alive_;  // Started, and not reported as exited.
  bool is_gone_ = false;
};

Status LocalForkServer::Say(std::string_view line) {
  while (!line.empty()) {
    const ssize_t sent = ::send(process_.socket(), line.data(), line.size(), MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent < 0) return Status::FromErrno("the fork server cannot be reached", errno);
    line.remove_prefix(static_cast<std::size_t>(sent));
  }
  return {};
}

Status LocalForkServer::Fork(WorkerId worker, std::uint32_t seat, const std::map<std::string, std::string>& environment,
                             AtStart at_start) {
  std::string line = fmt::format("{{\"fork\":{},\"seat\":{},\"wait\":{},\"environment\":{{", worker.value, seat,
                                 at_start == AtStart::kWaitForDebugger);
  for (const auto& [name, value] : environment) {
    if (line.back() != '{') line += ',';
    AppendField(line, name, value);
  }
  return Say(line + "}}\n").Within(fmt::format("worker {} cannot be started", worker.value));
}

std::vector<Report> LocalForkServer::Read() {
  std::vector<Report> reports;
  if (is_gone_) return reports;
  const bool is_there = ReceiveAll();
  std::size_t begin = 0;
  for (std::size_t end; (end = unread_.find('\n', begin)) != std::string::npos; begin = end + 1) {
    ReadLine(std::string_view(unread_).substr(begin, end - begin), reports);
  }
  unread_.erase(0, begin);
  if (!is_there) reports.emplace_back(Gone());
  return reports;
}

/// False when the server has closed its end.
bool LocalForkServer::ReceiveAll() {
  char buffer[1 << 14];
  while (true) {
    const ssize_t got = ::recv(process_.socket(), buffer, sizeof buffer, MSG_DONTWAIT);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0 && errno == EAGAIN) return true;
    if (got <= 0) return false;
    unread_.append(buffer, static_cast<std::size_t>(got));
  }
}

void LocalForkServer::ReadLine(std::string_view line, std::vector<Report>& reports) try {
  const json said = json::parse(line);
  if (said.contains("started")) {
    const WorkerStarted started{{said.at("started").get<std::uint32_t>()}, said.at("pid").get<pid_t>()};
    alive_[started.worker] = started.pid;
    reports.emplace_back(started);
  } else if (said.contains("exited")) {
    const WorkerExited exited{
        {said.at("exited").get<std::uint32_t>()}, said.at("status").get<int>(), said.at("max_rss_kib").get<long>()};
    alive_.erase(exited.worker);
    reports.emplace_back(exited);
  } else {
    failure_ = said.at("failed").get<std::string>();
  }
} catch (const json::exception& error) {
  // Only this package's own file writes there.
  Check(false, "the fork server said {}: {}", line, error.what());
}

ServerGone LocalForkServer::Gone() {
  is_gone_ = true;
  if (!process_.WaitFor(kTimeToEnd)) EndByForce();
  // The kernel kills the workers with their parent, but not what they have started in their groups.
  for (const auto& [worker, pid] : std::exchange(alive_, {})) ::kill(-pid, SIGKILL);
  if (!failure_.empty()) return {failure_};
  std::string why = "the fork server has ended: " + DescribeExit(process_.wait_status());
  if (const std::string end = log_.Read(); !end.empty()) why += "; it wrote:\n" + end;
  return {why};
}

void LocalForkServer::EndByForce() {
  process_.Kill();
  for (const auto& [worker, pid] : alive_) ::kill(-pid, SIGKILL);
}

}  // namespace

Result<std::unique_ptr<ForkServer>> ForkServer::Start(const ForkServerOptions& options) {
  LogTail log(options.driver_log);
  BATCHSCOPE_ASSIGN_OR_RETURN(ServerProcess process, ServerProcess::Start(options));
  auto server = std::make_unique<LocalForkServer>(std::move(process), std::move(log));
  // One that ended at once is reported, with the reason, by Read().
  (void)server->Say(SettingsLine(options));
  return std::unique_ptr<ForkServer>(std::move(server));
}

}  // namespace batchscope::launch
