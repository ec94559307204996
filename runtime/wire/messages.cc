#include "runtime/wire/messages.h"

#include <fmt/format.h>

#include "runtime/wire/codec.h"

namespace batchscope::wire {
namespace {

constexpr std::uint8_t kWork = 'W';
constexpr std::uint8_t kDismiss = 'D';
constexpr std::uint8_t kHello = 'H';
constexpr std::uint8_t kReady = 'R';
constexpr std::uint8_t kInitFailure = 'I';
constexpr std::uint8_t kTaskResults = 'T';

// The smallest that one can be in bytes; bounds what a count may promise.
constexpr std::size_t kLeastTask = 4 + 4 + 4 + 8;
constexpr std::size_t kLeastTaskResult = 4 + 4 + 1 + 4 + 8 + 8 + 8 + 8 + 4;

std::string OnlyTag(std::uint8_t tag) { return std::string(1, static_cast<char>(tag)); }

void Put(Writer& to, const Attempt& attempt) {
  to.Put(attempt.mini_batch.value);
  to.Put(attempt.number);
}

Attempt GetAttempt(Reader& from) {
  Attempt attempt;
  attempt.mini_batch.value = from.Get<std::uint32_t>("the mini-batch");
  attempt.number = from.Get<std::uint32_t>("the attempt");
  return attempt;
}

void Put(Writer& to, const Failure& failure) {
  to.Put(static_cast<std::uint8_t>(failure.kind));
  to.PutText(failure.type);
  to.PutText(failure.message);
  to.PutText(failure.traceback);
}

Failure GetFailure(Reader& from) {
  Failure failure;
  constexpr auto kLast = static_cast<std::uint8_t>(FailureKind::kRejected);
  failure.kind = static_cast<FailureKind>(from.GetChoice("the kind of failure", kLast));
  failure.type = from.GetText("the failure's type");
  failure.message = from.GetText("the failure's message");
  failure.traceback = from.GetText("the failure's traceback");
  return failure;
}

void Put(Writer& to, const TaskResult& result) {
  Put(to, result.attempt);
  to.Put<std::uint8_t>(result.ok ? 1 : 0);
  to.Put(result.results);
  to.Put(result.picked_unix_us);
  to.Put(result.process_ns);
  to.Put(result.run_ns);
  to.Put(result.rows_size);
  to.Put(result.header_size);
  if (!result.ok) Put(to, result.failure);
}

void Get(Reader& from, TaskResult& result) {
  result.attempt = GetAttempt(from);
  result.ok = from.GetChoice("whether the attempt succeeded", 1) == 1;
  result.results = from.Get<std::uint32_t>("the number of results");
  result.picked_unix_us = from.Get<std::int64_t>("the time of picking");
  result.process_ns = from.Get<std::uint64_t>("the process time");
  result.run_ns = from.Get<std::uint64_t>("the time of run()");
  result.rows_size = from.Get<std::uint64_t>("the size of the rows");
  result.header_size = from.Get<std::uint32_t>("the size of the header");
  if (result.header_size > result.rows_size) from.Refuse("the header is larger than the rows it begins");
  if (!result.ok) result.failure = GetFailure(from);
}

std::string EncodeWork(const Work& work) {
  std::size_t size = 1 + 4;
  for (const Task& task : work.tasks) size += kLeastTask + task.paths.size();
  Writer to(size);
  to.Put(kWork);
  to.Put(static_cast<std::uint32_t>(work.tasks.size()));
  for (const Task& task : work.tasks) {
    Put(to, task.attempt);
    to.Put(task.items);
    to.PutText(task.paths);
  }
  return to.Take();
}

Work GetWork(Reader& from) {
  Work work;
  work.tasks.resize(from.GetCount("the tasks", kLeastTask));
  for (Task& task : work.tasks) {
    task.attempt = GetAttempt(from);
    task.items = from.Get<std::uint32_t>("the number of items");
    task.paths = from.GetText("the paths");
  }
  return work;
}

std::string EncodeTaskResults(const TaskResults& all) {
  Writer to(1 + 4 + all.results.size() * kLeastTaskResult + 8 + all.rows.size());
  to.Put(kTaskResults);
  to.Put(static_cast<std::uint32_t>(all.results.size()));
  for (const TaskResult& result : all.results) Put(to, result);
  to.PutText(all.rows);
  return to.Take();
}

TaskResults GetTaskResults(Reader& from) {
  TaskResults all;
  all.results.resize(from.GetCount("the results", kLeastTaskResult));
  for (TaskResult& result : all.results) Get(from, result);
  all.rows = from.GetText("the rows");
  // Whoever cuts the rows apart trusts the sizes.
  std::uint64_t left = all.rows.size();
  for (const TaskResult& result : all.results) {
    if (result.rows_size > left) {
      from.Refuse(fmt::format("mini-batch {} claims {} bytes of rows, {} are left", result.attempt.mini_batch.value,
                              result.rows_size, left));
      return all;
    }
    left -= result.rows_size;
  }
  if (left != 0) from.Refuse(fmt::format("{} bytes of rows belong to no result", left));
  return all;
}

template <typename Message>
Result<Message> Finished(Reader& from, Message message) {
  BATCHSCOPE_RETURN_IF_ERROR(from.Finish().Within("a message that cannot be read"));
  return message;
}

template <typename Message>
Result<Message> UnknownTag(Reader& from, std::uint8_t tag) {
  from.Refuse(fmt::format("no message begins with the byte {}", tag));
  return from.Finish().Within("a message that cannot be read");
}

}  // namespace

std::string Encode(const ToWorker& message) {
  if (const auto* work = std::get_if<Work>(&message)) return EncodeWork(*work);
  return OnlyTag(kDismiss);
}

std::string Encode(const FromWorker& message) {
  if (const auto* all = std::get_if<TaskResults>(&message)) return EncodeTaskResults(*all);
  Writer to;
  if (const auto* hello = std::get_if<Hello>(&message)) {
    to.Put(kHello);
    to.Put(hello->worker.value);
    to.Put(hello->pid);
  } else if (const auto* ready = std::get_if<Ready>(&message)) {
    to.Put(kReady);
    to.Put(ready->init_ns);
  } else {
    to.Put(kInitFailure);
    Put(to, std::get<InitFailure>(message).failure);
  }
  return to.Take();
}

Result<ToWorker> DecodeToWorker(std::string_view bytes) {
  Reader from(bytes);
  switch (const auto tag = from.Get<std::uint8_t>("the message"); tag) {
    case kWork:
      return Finished<ToWorker>(from, GetWork(from));
    case kDismiss:
      return Finished<ToWorker>(from, Dismiss{});
    default:
      return UnknownTag<ToWorker>(from, tag);
  }
}

Result<FromWorker> DecodeFromWorker(std::string_view bytes) {
  Reader from(bytes);
  switch (const auto tag = from.Get<std::uint8_t>("the message"); tag) {
    case kHello: {
      Hello hello;
      hello.worker.value = from.Get<std::uint32_t>("the worker");
      hello.pid = from.Get<std::int32_t>("the pid");
      return Finished<FromWorker>(from, hello);
    }
    case kReady:
      return Finished<FromWorker>(from, Ready{from.Get<std::uint64_t>("the time of init()")});
    case kInitFailure:
      return Finished<FromWorker>(from, InitFailure{GetFailure(from)});
    case kTaskResults:
      return Finished<FromWorker>(from, GetTaskResults(from));
    default:
      return UnknownTag<FromWorker>(from, tag);
  }
}

}  // namespace batchscope::wire
