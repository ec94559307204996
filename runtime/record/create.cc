// Recorder::Create: the run folder and everything in it that is there before the first event.
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <nlohmann/json.hpp>
#include <random>
#include <system_error>
#include <utility>

#include "runtime/record/entry_copy.h"
#include "runtime/record/environment.h"
#include "runtime/record/plan_file.h"
#include "runtime/record/recorder_parts.h"

namespace batchscope::record {
namespace {

// "classify-20260504-101112-kxqv".
std::string NewId(const std::string& step, WallTime now) {
  std::string digits;
  for (const char c : FormatUtc(now).substr(0, 19)) {
    if (c == 'T') digits.push_back('-');
    if (c >= '0' && c <= '9') digits.push_back(c);
  }
  std::random_device device;
  std::uniform_int_distribution<int> letter('a', 'z');
  std::string id = step + "-" + digits + "-";
  for (int i = 0; i < 4; ++i) id.push_back(static_cast<char>(letter(device)));
  return id;
}

Result<RunFolder> MakeFolder(const std::filesystem::path& home, const std::string& step, WallTime now) {
  BATCHSCOPE_RETURN_IF_ERROR(MakeFolders(home).Within("runs are recorded in " + home.string()));
  for (int tries = 0; tries < 100; ++tries) {
    RunFolder folder(std::filesystem::absolute(home) / NewId(step, now));
    if (::mkdir(folder.path().c_str(), 0777) == 0) return folder;
    if (errno != EEXIST) return Status::FromErrno("cannot make the run folder " + folder.path().string(), errno);
  }
  return Status::Error("cannot find a free name for a run in " + home.string());
}

// Removes the folder unless the run came to be.
class FolderGuard {
 public:
  explicit FolderGuard(const RunFolder& folder) : folder_(folder) {}
  FolderGuard(const FolderGuard&) = delete;
  FolderGuard& operator=(const FolderGuard&) = delete;
  ~FolderGuard() {
    std::error_code ignored;
    if (!kept_) std::filesystem::remove_all(folder_.path(), ignored);
  }
  void Keep() { kept_ = true; }

 private:
  const RunFolder folder_;
  bool kept_ = false;
};

std::filesystem::path OutputPath(const RunFolder& folder, const config::StepConfig& step) {
  if (step.run.output_action == config::OutputAction::kSummaryOnly) return {};
  return (step.output.empty() ? folder.output() : step.output) / step.run.append_row_file_name;
}

std::string Dump(const config::StepConfig& step) {
  // Paths may hold bytes that are no UTF-8; in the file they are shown as such.
  return config::ToJson(step).dump(2, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
}

Result<EntryCopy> WriteSources(const RunFolder& folder, const CreateOptions& options, const config::StepConfig& step,
                               const input::Plan& plan) {
  BATCHSCOPE_RETURN_IF_ERROR(WriteFileAtomically(folder.config(), Dump(step)));
  BATCHSCOPE_RETURN_IF_ERROR(WritePlan(folder.plan(), step, plan));
  BATCHSCOPE_RETURN_IF_ERROR(
      WriteFileAtomically(folder.environment(), DescribeEnvironment(options.interpreter, NodeName())));
  const std::filesystem::path output = OutputPath(folder, step);
  std::vector<std::filesystem::path> left_out = {folder.path().parent_path()};
  if (!step.output.empty()) left_out.push_back(step.output);
  if (!output.empty()) left_out.push_back(output);
  return CopyEntry(step.run.source_directory, folder.entry(), left_out, EntryCopyLimits());
}

Status MakeSubfolders(const RunFolder& folder, const config::StepConfig& step) {
  for (const auto& each : {folder.work(), folder.stacks(), step.output.empty() ? folder.output() : step.output}) {
    BATCHSCOPE_RETURN_IF_ERROR(MakeFolders(each));
  }
  return LogsLayout(folder.logs(), NodeName()).Make();
}

}  // namespace

Result<std::unique_ptr<Recorder>> Recorder::Create(const CreateOptions& options, const config::StepConfig& step,
                                                   const input::Plan& plan) {
  const SystemClock system_clock;
  const WallTime now = (options.clock != nullptr ? options.clock : &system_clock)->WallNow();
  const std::filesystem::path home = options.home.empty() ? RunsHome() : options.home;
  BATCHSCOPE_ASSIGN_OR_RETURN(const RunFolder folder, MakeFolder(home, step.name, now));
  FolderGuard guard(folder);
  BATCHSCOPE_ASSIGN_OR_RETURN(HostLock lock, HostLock::Take(folder));
  BATCHSCOPE_RETURN_IF_ERROR(WriteIncomplete(folder));
  BATCHSCOPE_RETURN_IF_ERROR(MakeSubfolders(folder, step));
  BATCHSCOPE_ASSIGN_OR_RETURN(const EntryCopy copy, WriteSources(folder, options, step, plan));

  RunFacts facts{.id = folder.id(),
                 .step = step.name,
                 .started_unix_us = UnixMicros(now),
                 .pid = ::getpid(),
                 .node = NodeName(),
                 .mini_batches = plan.size(),
                 .items = plan.items(),
                 .workers = step.run.process_count_per_node,
                 .output_file = OutputPath(folder, step),
                 .output_identity = {}};
  BATCHSCOPE_ASSIGN_OR_RETURN(UniqueFd spool, OpenFile(folder.spool(), O_RDWR | O_CREAT | O_TRUNC, 0600));
  BATCHSCOPE_ASSIGN_OR_RETURN(Journal journal, Journal::Create(folder.journal()));
  OutputFile output_file;
  AppendFile output;
  if (!facts.output_file.empty()) {
    // Last, so that nothing of an earlier run is lost to one that does not come to be.
    BATCHSCOPE_ASSIGN_OR_RETURN(output_file, OutputFile::Create(facts.output_file));
    facts.output_identity = FileIdentity::Of(output_file.fd()).value_or(FileIdentity());
    output = AppendFile(output_file.fd(), facts.output_file, 0);
  }
  auto ordered = std::make_unique<OrderedOutput>(facts.mini_batches, output, AppendFile(spool.get(), folder.spool(), 0),
                                                 OrderedOutput::Budgets());
  AddLine(journal, facts);
  BATCHSCOPE_RETURN_IF_ERROR(journal.Commit(ordered->mark(), facts.started_unix_us));

  auto logs = std::make_unique<RunLogs>(folder, facts);
  auto stopped = std::make_unique<StoppedFile>(folder);
  auto parts = std::unique_ptr<Parts>(new Parts{.folder = folder,
                                                .lock = std::move(lock),
                                                .plan = &plan,
                                                .own_clock = {},
                                                .clock = options.clock,
                                                .facts = std::move(facts),
                                                .output_file = std::move(output_file),
                                                .spool_fd = std::move(spool),
                                                .journal = std::move(journal),
                                                .output = std::move(ordered),
                                                .logs = std::move(logs),
                                                .stopped = std::move(stopped),
                                                .broken = {},
                                                .finished = false,
                                                .deaths = {}});
  if (parts->clock == nullptr) parts->clock = &parts->own_clock;
  auto recorder = std::unique_ptr<Recorder>(new Recorder(std::move(parts)));
  recorder->Log("INFO", fmt::format("{}: {} mini-batches, {} items, {} files of {} copied", folder.id(), plan.size(),
                                    plan.items(), copy.files, step.run.source_directory.string()));
  for (const std::string& skipped : copy.skipped) recorder->Log("WARNING", "not copied into entry/: " + skipped);
  recorder->Refresh({.mini_batches = plan.size()}, engine::RunStatus::kRunning);
  guard.Keep();
  return recorder;
}

}  // namespace batchscope::record
