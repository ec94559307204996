#include "kernel/debug/stop_queue.h"

#include <algorithm>
#include <utility>

#include <nlohmann/json.hpp>

namespace batchscope::kernel {
namespace {

using Json = nlohmann::json;

int ThreadOf(const Json& event) { return event.value("body", Json::object()).value("threadId", 0); }

Json Continued(int thread) {
  return {{"type", "event"}, {"event", "continued"}, {"body", {{"threadId", thread}, {"allThreadsContinued", false}}}};
}

}  // namespace

StopQueue::Events StopQueue::OnResume(int thread, Resume resume, MonotonicTime now) {
  if (shown_ && shown_->stop.thread == thread) {
    shown_->resume = resume;
    if (shown_->stop.kernel) {
      return {};
    }
  }
  return OnContinued(thread, now);
}

StopQueue::Events StopQueue::OnStopped(const Json& event) {
  const int thread = ThreadOf(event);
  if (shown_ && shown_->stop.thread != thread) {
    std::erase_if(waiting_, [thread](const Stop& stop) { return stop.thread == thread; });
    waiting_.push_back({thread, /*kernel=*/false, {event}});
    return {};
  }
  shown_ = Shown{{thread, /*kernel=*/false, {event}}, Resume::kGoesOn, std::nullopt};
  return {event};
}

StopQueue::Events StopQueue::OnContinued(int thread, MonotonicTime now) {
  std::erase_if(waiting_, [thread](const Stop& stop) { return stop.thread == thread; });
  if (!shown_ || shown_->stop.thread != thread || shown_->steps_since) {
    return {};
  }
  Events events{Continued(thread)};
  for (Json& next : LetGo(now)) {
    events.push_back(std::move(next));
  }
  return events;
}

StopQueue::Events StopQueue::OnGone(int thread) {
  std::erase_if(waiting_, [thread](const Stop& stop) { return stop.thread == thread; });
  if (!shown_ || shown_->stop.thread != thread) {
    return {};
  }
  Events events;
  if (!shown_->steps_since) {
    events.push_back(Continued(thread));  // else the front end would show its frames for ever
  }
  for (Json& next : Next()) {
    events.push_back(std::move(next));
  }
  return events;
}

void StopQueue::OnKernelStopped(int thread) {
  if (shown_ && !shown_->stop.kernel && !shown_->steps_since) {
    waiting_.push_front(std::move(shown_->stop));
  }
  shown_ = Shown{{thread, /*kernel=*/true, {}}, Resume::kGoesOn, std::nullopt};
}

StopQueue::Events StopQueue::OnKernelContinued(int thread, MonotonicTime now) {
  if (!shown_ || !shown_->stop.kernel || shown_->stop.thread != thread) {
    return {};
  }
  return LetGo(now);
}

std::optional<MonotonicTime> StopQueue::next_time() const {
  if (!shown_ || !shown_->steps_since) {
    return std::nullopt;
  }
  return *shown_->steps_since + kStepMayTake;
}

StopQueue::Events StopQueue::OnTime(MonotonicTime now) {
  const auto due = next_time();
  return due && *due <= now ? Next() : Events{};
}

std::optional<int> StopQueue::shown() const {
  return shown_ && !shown_->steps_since ? std::optional(shown_->stop.thread) : std::nullopt;
}

std::vector<int> StopQueue::stopped() const {
  std::vector<int> threads;
  if (shown_ && !shown_->steps_since && !shown_->stop.kernel) {
    threads.push_back(shown_->stop.thread);
  }
  for (const Stop& stop : waiting_) {
    threads.push_back(stop.thread);
  }
  return threads;
}

StopQueue::Events StopQueue::LetGo(MonotonicTime now) {
  if (shown_->resume == Resume::kSteps) {
    shown_->steps_since = now;
    return {};
  }
  return Next();
}

StopQueue::Events StopQueue::Next() {
  shown_.reset();
  if (waiting_.empty()) {
    return {};
  }
  shown_ = Shown{std::move(waiting_.front()), Resume::kGoesOn, std::nullopt};
  waiting_.pop_front();
  return shown_->stop.event;
}

}  // namespace batchscope::kernel
