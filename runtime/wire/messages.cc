#include "runtime/wire/messages.h"

#include <fmt/format.h>

#include "runtime/wire/message_parts.h"

namespace batchscope::wire {
namespace {

// The first bytes, in the order of the variants.
constexpr std::string_view kToWorker = "WDAUIVPF";
constexpr std::string_view kFromWorker = "HRITANOSCG";
static_assert(kToWorker.size() == std::variant_size_v<ToWorker>);
static_assert(kFromWorker.size() == std::variant_size_v<FromWorker>);

// The smallest that one can be in bytes; bounds what a count may promise.
constexpr std::size_t kLeastTask = 4 + 4 + 4 + 8 + 1;
constexpr std::size_t kLeastTaskResult = 4 + 4 + 1 + 1 + 4 + 8 + 8 + 8 + 8 + 4;

void Put(Writer& to, const Work& work) {
  to.Put(static_cast<std::uint32_t>(work.tasks.size()));
  for (const Task& task : work.tasks) {
    Put(to, task.attempt);
    to.Put(task.items);
    to.PutText(task.paths);
    Put(to, task.last_try);
  }
}

void Get(Reader& from, Work& work) {
  work.tasks.resize(from.GetCount("the tasks", kLeastTask));
  for (Task& task : work.tasks) {
    Get(from, task.attempt);
    task.items = from.Get<std::uint32_t>("the number of items");
    task.paths = from.GetText("the paths");
    task.last_try = GetBool(from, "whether it is the last try");
  }
}

void Put(Writer&, const Dismiss&) {}
void Get(Reader&, Dismiss&) {}

void Put(Writer& to, const Hello& hello) {
  Put(to, hello.worker);
  to.Put(hello.pid);
}

void Get(Reader& from, Hello& hello) {
  Get(from, hello.worker);
  hello.pid = from.Get<std::int32_t>("the pid");
}

void Put(Writer& to, const Ready& ready) { to.Put(ready.init_ns); }
void Get(Reader& from, Ready& ready) { ready.init_ns = from.Get<std::uint64_t>("the time of init()"); }

void Put(Writer& to, const InitFailure& failed) { Put(to, failed.failure); }
void Get(Reader& from, InitFailure& failed) { Get(from, failed.failure); }

void Put(Writer& to, const TaskResult& result) {
  Put(to, result.attempt);
  Put(to, result.ok);
  Put(to, result.holds);
  to.Put(result.results);
  to.Put(result.picked_unix_us);
  to.Put(result.process_ns);
  to.Put(result.run_ns);
  to.Put(result.rows_size);
  to.Put(result.header_size);
  if (!result.ok) Put(to, result.failure);
}

void Get(Reader& from, TaskResult& result) {
  Get(from, result.attempt);
  result.ok = GetBool(from, "whether the attempt succeeded");
  result.holds = GetBool(from, "whether the worker holds");
  result.results = from.Get<std::uint32_t>("the number of results");
  result.picked_unix_us = from.Get<std::int64_t>("the time of picking");
  result.process_ns = from.Get<std::uint64_t>("the process time");
  result.run_ns = from.Get<std::uint64_t>("the time of run()");
  result.rows_size = from.Get<std::uint64_t>("the size of the rows");
  result.header_size = from.Get<std::uint32_t>("the size of the header");
  if (result.header_size > result.rows_size) from.Refuse("the header is larger than the rows it begins");
  if (!result.ok) Get(from, result.failure);
}

void Put(Writer& to, const TaskResults& all) {
  to.Put(static_cast<std::uint32_t>(all.results.size()));
  for (const TaskResult& result : all.results) Put(to, result);
  to.PutText(all.rows);
}

void Get(Reader& from, TaskResults& all) {
  all.results.resize(from.GetCount("the results", kLeastTaskResult));
  for (TaskResult& result : all.results) Get(from, result);
  all.rows = from.GetText("the rows");
  // Whoever cuts the rows apart trusts the sizes.
  std::uint64_t left = all.rows.size();
  for (const TaskResult& result : all.results) {
    if (result.rows_size > left) {
      return from.Refuse(fmt::format("mini-batch {} claims {} bytes of rows, {} are left",
                                     result.attempt.mini_batch.value, result.rows_size, left));
    }
    left -= result.rows_size;
  }
  if (left != 0) from.Refuse(fmt::format("{} bytes of rows belong to no result", left));
}

/// Nearly exact for the messages that get large; too small is only slower.
std::size_t ExpectedSize(const ToWorker& message) {
  std::size_t size = 64;
  if (const auto* work = std::get_if<Work>(&message)) {
    for (const Task& task : work->tasks) size += kLeastTask + task.paths.size();
  } else if (const auto* input = std::get_if<DebuggerInput>(&message)) {
    size += input->json.size();
  }
  return size;
}

std::size_t ExpectedSize(const FromWorker& message) {
  if (const auto* all = std::get_if<TaskResults>(&message)) {
    return 64 + all->results.size() * kLeastTaskResult + all->rows.size();
  }
  const auto* output = std::get_if<DebuggerOutput>(&message);
  return 64 + (output == nullptr ? 0 : output->json.size());
}

constexpr auto kPut = [](Writer& to, const auto& part) { Put(to, part); };
constexpr auto kGet = [](Reader& from, auto& part) { Get(from, part); };

}  // namespace

std::string Encode(const ToWorker& message) { return EncodeTagged(kToWorker, message, ExpectedSize(message), kPut); }

std::string Encode(const FromWorker& message) {
  return EncodeTagged(kFromWorker, message, ExpectedSize(message), kPut);
}

Result<ToWorker> DecodeToWorker(std::string_view bytes) { return DecodeTagged<ToWorker>(kToWorker, bytes, kGet); }

Result<FromWorker> DecodeFromWorker(std::string_view bytes) {
  return DecodeTagged<FromWorker>(kFromWorker, bytes, kGet);
}

}  // namespace batchscope::wire
