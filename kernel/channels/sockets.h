#pragma once
#include <chrono>
#include <vector>

struct zmq_pollitem_t;
namespace zmq {
class multipart_t;
class socket_ref;
}  // namespace zmq

namespace batchscope::kernel {

// Small helpers over cppzmq that know EINTR: any signal may cut a call short, and cppzmq throws then.

// As zmq::poll; a signal counts as a time-out. A negative limit waits for ever.
bool Poll(std::vector<zmq_pollitem_t>& items, std::chrono::milliseconds limit);

// A whole message, if one is there.
bool Receive(zmq::socket_ref socket, zmq::multipart_t& message);

// Leaves `message` empty. ROUTER and PUB sockets never block: a peer that is gone loses the message, as with every
// kernel.
void Send(zmq::socket_ref socket, zmq::multipart_t& message);

// Once set, stays set; a poll of its descriptor returns at once from then on. Any thread.
class StopFlag {
 public:
  StopFlag();
  ~StopFlag();
  StopFlag(const StopFlag&) = delete;
  StopFlag& operator=(const StopFlag&) = delete;

  void Set();
  [[nodiscard]] bool is_set() const;
  [[nodiscard]] int fd() const { return fd_; }

 private:
  const int fd_;
};

}  // namespace batchscope::kernel
