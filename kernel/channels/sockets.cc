#include "kernel/channels/sockets.h"

#include <cerrno>
#include <cstdint>

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <zmq.hpp>
#include <zmq_addon.hpp>

namespace batchscope::kernel {

bool Poll(std::vector<zmq_pollitem_t>& items, std::chrono::milliseconds limit) {
  return zmq_poll(items.data(), static_cast<int>(items.size()), limit.count()) > 0;
}

bool Receive(zmq::socket_ref socket, zmq::multipart_t& message) {
  while (true) {
    try {
      return message.recv(socket, ZMQ_DONTWAIT);
    } catch (const zmq::error_t& error) {
      if (error.num() != EINTR) {
        return false;
      }
    }
  }
}

void Send(zmq::socket_ref socket, zmq::multipart_t& message) {
  while (!message.empty()) {
    const bool more = message.size() > 1;
    zmq::message_t part = message.pop();
    while (zmq_msg_send(part.handle(), socket.handle(), more ? ZMQ_SNDMORE : 0) < 0 && zmq_errno() == EINTR) {
    }
  }
}

StopFlag::StopFlag() : fd_(eventfd(0, EFD_CLOEXEC)) {}

StopFlag::~StopFlag() { close(fd_); }

void StopFlag::Set() {
  const std::uint64_t one = 1;
  [[maybe_unused]] const auto written = write(fd_, &one, sizeof one);
}

bool StopFlag::is_set() const {
  pollfd self{fd_, POLLIN, 0};
  return poll(&self, 1, 0) > 0;
}

}  // namespace batchscope::kernel
