#include "debugadapter/session/worker_link.h"

#include <utility>

#include "debugadapter/protocol/json_text.h"

namespace batchscope::session {

void Ask(Context& context, WorkerId worker, const char* command, Json arguments, OnAnswer on_answer) {
  const int seq = ++context.last_seq;
  const Json message = {{"type", "request"}, {"seq", seq}, {"command", command}, {"arguments", std::move(arguments)}};
  context.calls.emplace(std::pair(worker, seq), std::move(on_answer));
  context.outside.ToRun(wire::ToDebugger{worker, protocol::WriteJson(message)});
}

void Tell(Context& context, WorkerId worker, const char* command, Json arguments) {
  Ask(context, worker, command, std::move(arguments), [](const Answer&) {});
}

void OnAnswerOf(Context& context, WorkerId worker, const Json& message) {
  const auto seq = message.find("request_seq");
  if (seq == message.end() || !seq->is_number_integer()) return;
  const auto call = context.calls.extract(std::pair(worker, seq->get<int>()));
  if (call.empty()) return;
  Answer answer;
  const auto success = message.find("success");
  answer.ok = success != message.end() && success->is_boolean() && success->get<bool>();
  if (const auto body = message.find("body"); body != message.end() && body->is_object()) answer.body = *body;
  if (const auto text = message.find("message"); text != message.end() && text->is_string()) {
    answer.message = text->get<std::string>();
  }
  call.mapped()(answer);
}

void DropCalls(Context& context, WorkerId worker, const std::string& why) {
  std::vector<OnAnswer> dropped;
  for (auto at = context.calls.begin(); at != context.calls.end();) {
    if (at->first.first == worker) {
      dropped.push_back(std::move(at->second));
      at = context.calls.erase(at);
    } else {
      ++at;
    }
  }
  for (const OnAnswer& on_answer : dropped) on_answer({false, Json::object(), why});
}

void AskViews(Context& context, std::function<void(const wire::Workers&)> on_views) {
  if (context.run_over) return on_views({});
  context.waiting_for_views.push_back(std::move(on_views));
  context.outside.ToRun(wire::AskWorkers{});
}

void OnViews(Context& context, const wire::Workers& views) {
  for (const wire::WorkerView& view : views.workers) {
    if (fleet::Worker* worker = context.Find(view.worker)) worker->view = view;
  }
  if (context.waiting_for_views.empty()) return;
  const auto on_views = std::move(context.waiting_for_views.front());
  context.waiting_for_views.erase(context.waiting_for_views.begin());
  on_views(views);
}

}  // namespace batchscope::session
