#include "kernel/channels/iopub.h"

#include <utility>

#include <nlohmann/json.hpp>

namespace batchscope::kernel {

using Json = nlohmann::json;

IoPub::IoPub(Send send)
    : send_(std::move(send)),
      parent_(std::make_shared<const Json>(Json::object())),
      flusher_([this] { RunFlusher(); }) {}

IoPub::~IoPub() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  flusher_.join();
  Flush();
}

void IoPub::set_parent(Parent parent) {
  const std::lock_guard lock(mutex_);
  parent_ = std::move(parent);
}

Parent IoPub::parent() const {
  const std::lock_guard lock(mutex_);
  return parent_;
}

void IoPub::Write(Stream stream, std::string_view text) {
  if (text.empty()) {
    return;
  }
  const std::lock_guard lock(mutex_);
  const bool wakes_flusher = pending_.empty();  // else it is counting its 50 ms already
  const bool joins_last = !pending_.empty() && pending_.back().stream == stream && pending_.back().parent == parent_ &&
                          pending_.back().text.size() < kLongestText;
  if (joins_last) {
    pending_.back().text += text;
  } else {
    pending_.push_back({stream, parent_, std::string(text)});
  }
  pending_bytes_ += text.size();
  if (pending_bytes_ > kMostPending) {
    FlushLocked();
  } else if (wakes_flusher) {
    changed_.notify_one();
  }
}

void IoPub::Flush() {
  const std::lock_guard lock(mutex_);
  FlushLocked();
}

void IoPub::Publish(const std::string& type, const Parent& parent, Json&& metadata, Json&& content, Buffers&& buffers) {
  const std::lock_guard lock(mutex_);
  FlushLocked();
  send_(type, *parent, std::move(metadata), std::move(content), std::move(buffers));
}

void IoPub::InOrder(const std::function<void()>& send) {
  const std::lock_guard lock(mutex_);
  FlushLocked();
  send();
}

void IoPub::FlushLocked() {
  while (!pending_.empty()) {
    Text next = std::move(pending_.front());
    pending_.pop_front();
    const char* name = next.stream == Stream::kStdout ? "stdout" : "stderr";
    send_("stream", *next.parent, Json::object(), {{"name", name}, {"text", std::move(next.text)}}, {});
  }
  pending_bytes_ = 0;
}

void IoPub::RunFlusher() {
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    changed_.wait(lock, [this] { return stopping_ || !pending_.empty(); });
    changed_.wait_for(lock, kFlushInterval, [this] { return stopping_; });
    FlushLocked();
  }
}

}  // namespace batchscope::kernel
