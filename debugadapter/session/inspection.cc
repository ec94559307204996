#include <fmt/format.h>

#include <filesystem>
#include <utility>

#include "debugadapter/fleet/frame_filter.h"
#include "debugadapter/fleet/thread_names.h"
#include "debugadapter/session/handlers.h"
#include "debugadapter/session/stops.h"
#include "debugadapter/session/worker_link.h"
#include "runtime/base/files.h"
#include "runtime/base/text.h"

namespace batchscope::session {
namespace {

/// What of the arguments is wrong, told to the client; true when nothing is.
bool Right(Context& context, const Call& call) {
  if (call.arguments.ok()) return true;
  context.client.Fail(call.ticket, protocol::kMalformed, call.arguments.status().message());
  return false;
}

std::string HelperName(const fleet::Worker& worker, std::int64_t number, const fleet::Thread& thread) {
  return fmt::format("{} / {}", fleet::WorkerName(worker.id),
                     thread.name.empty() ? fmt::format("thread {}", number) : thread.name);
}

Json ListThreads(Context& context) {
  Json threads = Json::array();
  for (const auto& [id, worker] : context.workers) {
    threads.push_back({{"id", ThreadId(context, worker, 0)}, {"name", fleet::ThreadName(worker.view)}});
    for (const auto& [number, thread] : worker.threads) {
      if (worker.is_main(number) || !thread.shown) continue;
      threads.push_back({{"id", ThreadId(context, worker, number)}, {"name", HelperName(worker, number, thread)}});
    }
  }
  return {{"threads", std::move(threads)}};
}

Json TranslateSource(Context& context, WorkerId worker, const Json& source) {
  Json ours = source;
  Fields fields(source);
  const std::string path = fields.Text("path");
  const std::int64_t reference = fields.Integer("sourceReference");
  if (!path.empty()) {
    ours["path"] = context.paths.ToClient(path);
    ours["name"] = std::filesystem::path(path).filename().string();
  }
  if (reference != 0) {
    ours["sourceReference"] = context.ids.sources.Of({worker, 0, reference});
  } else {
    ours.erase("sourceReference");
  }
  return ours;
}

Json TranslateFrames(Context& context, WorkerId worker, std::int64_t thread, Json page) {
  for (Json& frame : page["stackFrames"]) {
    Fields fields(frame);
    const std::int64_t id = fields.Integer("id");
    std::string name = fleet::WithoutCurrentFrame(fields.Text("name"));
    frame["id"] = context.ids.frames.Of({worker, thread, id});
    frame["name"] = std::move(name);
    if (const auto source = frame.find("source"); source != frame.end() && source->is_object()) {
      frame["source"] = TranslateSource(context, worker, *source);
    }
  }
  return page;
}

}  // namespace

void Threads(Context& context, const Call& call) {
  if (context.stage < Stage::kJoined) {
    return context.client.Succeed(call.ticket, {{"threads", Json::array()}});
  }
  AskViews(context, [&context, ticket = call.ticket](const wire::Workers&) {
    context.client.Succeed(ticket, ListThreads(context));
  });
}

void StackTrace(Context& context, const Call& call) {
  const std::int64_t id = call.arguments.NeededInteger("threadId");
  const std::int64_t start = call.arguments.Integer("startFrame");
  const std::int64_t levels = call.arguments.Integer("levels");
  const Json& format = call.arguments.Object("format");
  if (!Right(context, call)) return;
  const auto named = FindThread(context, id);
  if (!named) {
    return context.client.Deny(call.ticket, fmt::format("There is no thread {} (any more)", id), protocol::kNoSuchId);
  }
  const auto thread = named->worker->threads.find(named->thread);
  if (thread == named->worker->threads.end() || !thread->second.stopped) {
    // The debugger of a worker in native code would not answer; frames of a running one would be gone at once.
    return context.client.Succeed(call.ticket, {{"stackFrames", Json::array()}, {"totalFrames", 0}});
  }
  const WorkerId worker = named->worker->id;
  Json asked = {{"threadId", named->thread}};
  if (!format.empty()) asked["format"] = format;
  Ask(context, worker, "stackTrace", std::move(asked),
      [&context, worker, number = named->thread, start, levels, ticket = call.ticket](const Answer& answer) {
        if (!answer.ok) return context.client.Deny(ticket, answer.message);
        Json page = fleet::PageOfFrames(answer.body, start, levels);
        context.client.Succeed(ticket, TranslateFrames(context, worker, number, std::move(page)));
        SayDifferences(context);
      });
}

void Source(Context& context, const Call& call) {
  Fields source(call.arguments.Object("source"), call.arguments.Where("source"));
  const std::int64_t reference = call.arguments.Integer("sourceReference", source.Integer("sourceReference"));
  const std::string path = source.Text("path");
  call.arguments.Note(source.status());
  if (!Right(context, call)) return;
  if (reference == 0) {
    const Result<std::string> content =
        path.empty() ? Result<std::string>(Status::Error("'arguments.sourceReference' is missing")) : ReadFile(path);
    if (!content.ok()) return context.client.Deny(call.ticket, content.message(), protocol::kNoSuchId);
    return context.client.Succeed(call.ticket, {{"content", ToDisplay(*content)}});
  }
  const auto remote = context.ids.sources.Find(reference);
  if (!remote) {
    return context.client.Deny(call.ticket, fmt::format("Source {} is gone with its worker's debugger", reference),
                               protocol::kNoSuchId);
  }
  const Json asked = {{"source", {{"path", path}, {"sourceReference", remote->id}}}, {"sourceReference", remote->id}};
  Ask(context, remote->worker, "source", asked, [&context, ticket = call.ticket](const Answer& answer) {
    answer.ok ? context.client.Succeed(ticket, answer.body) : context.client.Deny(ticket, answer.message);
  });
}

void Modules(Context& context, const Call& call) {
  const std::int64_t start = call.arguments.Integer("startModule");
  const std::int64_t count = call.arguments.Integer("moduleCount");
  if (!Right(context, call)) return;
  Json modules = Json::array();
  std::int64_t at = 0;
  for (const auto& [path, module] : context.modules) {
    if (at >= start && (count <= 0 || at - start < count)) modules.push_back(module);
    ++at;
  }
  context.client.Succeed(call.ticket, {{"modules", std::move(modules)}, {"totalModules", context.modules.size()}});
}

void ExceptionInfo(Context& context, const Call& call) {
  const std::int64_t id = call.arguments.NeededInteger("threadId");
  if (!Right(context, call)) return;
  const auto named = FindThread(context, id);
  const auto* thread = named ? &named->worker->threads[named->thread] : nullptr;
  if (thread == nullptr || !thread->stopped || !thread->raised) {
    // Asked then, a worker's debugger prints a traceback and does not answer.
    return context.client.Deny(call.ticket, fmt::format("Thread {} is not stopped at an exception", id),
                               protocol::kWrongState);
  }
  const Json asked = {{"threadId", named->thread}};
  Ask(context, named->worker->id, "exceptionInfo", asked,
      [&context, ticket = call.ticket, says = thread->says](const Answer& answer) {
        if (!answer.ok) return context.client.Deny(ticket, answer.message);
        Json body = answer.body;
        Fields fields(answer.body);
        body["exceptionId"] = fleet::WithoutNote(fields.Text("exceptionId"));
        body["description"] = says.empty() ? fleet::WithoutNote(fields.Text("description")) : says;
        if (const auto details = body.find("details"); details != body.end() && details->is_object()) {
          for (auto& [name, value] : details->items()) {
            if (!value.is_string()) continue;
            value = fleet::WithoutNote(fleet::WithoutCurrentFrame(value.get<std::string>()));
            if (name == "source") value = context.paths.ToClient(value.get<std::string>());
          }
        }
        context.client.Succeed(ticket, std::move(body));
      });
}

}  // namespace batchscope::session
