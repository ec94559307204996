#pragma once
#include <chrono>
#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include <nlohmann/json_fwd.hpp>

namespace batchscope::kernel {

enum class Stream { kStdout, kStderr };

// The header of the request that a message answers; never null. Shared, since thousands of messages have the same one.
using Parent = std::shared_ptr<const nlohmann::json>;

// The one publisher of the kernel: whatever anyone sees on the iopub channel went through here, in this order.
//
// Any thread may call anything, with or without Python's GIL: nothing here takes the GIL, and the one lock is never
// held while waiting. Text of streams is gathered and goes out every `kFlushInterval`, and before any other message, so
// that 20,000 prints are some messages and none overtakes a display.
class IoPub {
 public:
  using Buffers = std::vector<std::string>;
  // Puts one message on the wire. Called with the publish lock held, from any thread; must not throw.
  using Send = std::function<void(const std::string& type, const nlohmann::json& parent, nlohmann::json&& metadata,
                                  nlohmann::json&& content, Buffers&& buffers)>;

  static constexpr std::chrono::milliseconds kFlushInterval{50};
  static constexpr std::size_t kLongestText = std::size_t{1} << 20U;  // bytes of one stream message, about
  static constexpr std::size_t kMostPending = std::size_t{8} << 20U;  // bytes that may wait; more go out at once

  explicit IoPub(Send send);
  ~IoPub();
  IoPub(const IoPub&) = delete;
  IoPub& operator=(const IoPub&) = delete;

  // The request that is being answered: what is published without a parent of its own belongs to it.
  void set_parent(Parent parent);
  [[nodiscard]] Parent parent() const;

  void Write(Stream stream, std::string_view text);
  void Flush();
  void Publish(const std::string& type, const Parent& parent, nlohmann::json&& metadata, nlohmann::json&& content,
               Buffers&& buffers);
  // Runs `send` at its place in the order: after the text that waits, with the lock held.
  void InOrder(const std::function<void()>& send);

 private:
  struct Text {
    Stream stream;
    Parent parent;
    std::string text;
  };

  void RunFlusher();
  void FlushLocked();

  const Send send_;
  mutable std::mutex mutex_;  // guards all below
  std::condition_variable changed_;
  Parent parent_;
  std::deque<Text> pending_;
  std::size_t pending_bytes_ = 0;
  bool stopping_ = false;
  std::thread flusher_;
};

}  // namespace batchscope::kernel
