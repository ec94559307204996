#include "tests/runtime/record/small_run.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include "runtime/base/check.h"
#include "runtime/base/files.h"

namespace batchscope::record {

SmallRun::SmallRun(std::uint32_t mini_batches) {
  WriteAllTo(temp.path() / "source" / "score.py", "def run(mini_batch):\n    return mini_batch\n");
  step.name = "score";
  step.run.entry_script = temp.path() / "source" / "score.py";
  step.run.source_directory = temp.path() / "source";
  step.inputs.push_back({"images", {"/data"}});
  for (std::uint32_t id = 0; id < mini_batches; ++id) {
    plan.AddMiniBatch(0, "/data");
    plan.AddFile(fmt::format("{:03}.png", 2 * id));
    plan.AddFile(fmt::format("{:03}.png", 2 * id + 1));
  }
}

Result<std::unique_ptr<Recorder>> SmallRun::TryToBegin() {
  return Recorder::Create({.home = temp.path() / "runs", .interpreter = "/usr/bin/python3", .clock = &clock}, step,
                          plan);
}

Recorder& SmallRun::Begin() {
  auto made = TryToBegin();
  Check(made.ok(), "{}", made.status().message());
  recorder = std::move(made).value();
  folder_path = recorder->folder().path();
  output_file = recorder->output_file();
  return *recorder;
}

void SmallRun::Ok(std::uint32_t mini_batch, std::string_view rows, std::uint32_t header_size, std::uint32_t number) {
  const AttemptTimes times{1'777'889'470'000'000, std::chrono::milliseconds(1500), std::chrono::milliseconds(1250)};
  recorder->Finished(WorkerId{3}, {MiniBatchId{mini_batch}, number}, 2, 2, times, rows, header_size);
}

Failure ValueError(const std::string& message) {
  return {
      FailureKind::kException, "ValueError", message,
      "Traceback (most recent call last):\n  File \"score.py\", line 3, in run\n    raise ValueError()\nValueError: " +
          message + "\n"};
}

void SmallRun::Fail(std::uint32_t mini_batch, std::uint32_t number, const Failure& failure) {
  const AttemptTimes times{1'777'889'471'000'000, std::chrono::milliseconds(250), std::chrono::milliseconds(200)};
  recorder->Failed(WorkerId{3}, {MiniBatchId{mini_batch}, number}, 2, failure, times);
}

Status SmallRun::Finish(engine::RunStatus status, std::uint32_t succeeded, std::uint32_t failed,
                        const std::string& reason) {
  const engine::Counts counts{.mini_batches = plan.size(),
                              .succeeded = succeeded,
                              .failed = failed,
                              .items_succeeded = 2 * succeeded,
                              .items_failed = 2 * failed};
  return recorder->Finish(status, counts, reason, nullptr);
}

std::string SmallRun::Output() const { return ReadAll(output_file); }

std::string ReadAll(const std::filesystem::path& file) {
  auto text = ReadFile(file);
  return text.ok() ? std::move(text).value() : "(" + text.message() + ")";
}

void WriteAllTo(const std::filesystem::path& file, std::string_view text) {
  std::filesystem::create_directories(file.parent_path());
  // Not with O_TRUNC: some file systems bring a file that was emptied to the disk when it is closed, which takes long.
  const auto fd = OpenFile(file, O_WRONLY | O_CREAT);
  Check(fd.ok() && WriteAll(fd->get(), text).ok(), "cannot write {}", file.string());
  Check(::ftruncate(fd->get(), static_cast<off_t>(text.size())) == 0, "cannot cut {}", file.string());
}

}  // namespace batchscope::record
