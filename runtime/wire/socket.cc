#include "runtime/wire/socket.h"

#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <cerrno>
#include <utility>
#include <zmq.hpp>

#include "runtime/base/files.h"

namespace batchscope::wire {
namespace {

Status FromZmq(const std::string& context, const zmq::error_t& error) {
  return Status::Error(context + ": " + error.what());
}

/// What `call` gives; libzmq's calls may be ended by a signal before they did anything.
template <typename Call>
auto Uninterrupted(Call call) -> decltype(call()) {
  while (true) {
    try {
      return call();
    } catch (const zmq::error_t& error) {
      if (error.num() != EINTR) throw;
    }
  }
}

class ZmqSocket final : public Socket {
 public:
  explicit ZmqSocket(const Options& options);
  ~ZmqSocket() override { Close(std::chrono::milliseconds(0)); }

  /// Makes fd(); the second half of the construction, which fails without throwing.
  Status PrepareToPoll();
  Status Bind(const std::string& endpoint) override;
  Status Connect(const std::string& endpoint) override;
  int fd() const override { return poll_.get(); }
  Status Send(std::initializer_list<std::string_view> frames) override;
  Result<std::vector<std::string_view>> Receive() override;
  void Close(std::chrono::milliseconds linger) override;

 private:
  void SetWaiting(bool waiting);

  zmq::context_t context_;
  zmq::socket_t socket_;
  std::vector<zmq::message_t> frames_;
  // An epoll set of libzmq's descriptor and of an eventfd that is raised while a message may wait unannounced.
  UniqueFd poll_;
  UniqueFd raised_;
  bool waiting_ = false;
};

ZmqSocket::ZmqSocket(const Options& options)
    : context_(1),
      socket_(context_, options.kind == Kind::kRouter ? zmq::socket_type::router : zmq::socket_type::dealer) {
  // Nothing is dropped for being too much: the ledger bounds what travels.
  socket_.set(zmq::sockopt::sndhwm, 0);
  socket_.set(zmq::sockopt::rcvhwm, 0);
  socket_.set(zmq::sockopt::linger, 0);
  // Hundreds of workers dial at the same moment; one that finds the queue full dials again soon.
  socket_.set(zmq::sockopt::backlog, 4096);
  socket_.set(zmq::sockopt::reconnect_ivl, 10);
  if (!options.routing_id.empty()) socket_.set(zmq::sockopt::routing_id, options.routing_id);
}

Status ZmqSocket::PrepareToPoll() {
  poll_ = UniqueFd(::epoll_create1(EPOLL_CLOEXEC));
  raised_ = UniqueFd(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!poll_.valid() || !raised_.valid()) return Status::FromErrno("cannot make a descriptor to poll", errno);
  for (const int fd : {socket_.get(zmq::sockopt::fd), raised_.get()}) {
    epoll_event wanted{};
    wanted.events = EPOLLIN;
    if (::epoll_ctl(poll_.get(), EPOLL_CTL_ADD, fd, &wanted) != 0) {
      return Status::FromErrno("cannot poll a socket of libzmq", errno);
    }
  }
  return {};
}

Status ZmqSocket::Bind(const std::string& endpoint) try {
  Uninterrupted([&] { socket_.bind(endpoint); });
  return {};
} catch (const zmq::error_t& error) {
  return FromZmq("cannot bind " + endpoint, error);
}

Status ZmqSocket::Connect(const std::string& endpoint) try {
  Uninterrupted([&] { socket_.connect(endpoint); });
  return {};
} catch (const zmq::error_t& error) {
  return FromZmq("cannot connect to " + endpoint, error);
}

Status ZmqSocket::Send(std::initializer_list<std::string_view> frames) try {
  std::size_t left = frames.size();
  for (const std::string_view frame : frames) {
    const auto more = --left > 0 ? zmq::send_flags::sndmore : zmq::send_flags::none;
    zmq::message_t copy(frame.data(), frame.size());
    if (!Uninterrupted([&] { return socket_.send(copy, more | zmq::send_flags::dontwait); })) {
      return Status::Error("cannot send: libzmq's queue is full, though it has no limit");
    }
  }
  // Sending takes in what the other side did meanwhile, and with it the edge of libzmq's descriptor.
  const int events = Uninterrupted([&] { return socket_.get(zmq::sockopt::events); });
  if ((events & ZMQ_POLLIN) != 0) SetWaiting(true);
  return {};
} catch (const zmq::error_t& error) {
  return FromZmq("cannot send", error);
}

Result<std::vector<std::string_view>> ZmqSocket::Receive() try {
  std::size_t count = 0;
  for (bool more = true; more; ++count) {
    if (frames_.size() == count) frames_.emplace_back();
    zmq::message_t& frame = frames_[count];
    // Nothing there: only before the first, as libzmq delivers whole messages.
    if (!Uninterrupted([&] { return socket_.recv(frame, zmq::recv_flags::dontwait); })) break;
    more = frame.more();
  }
  SetWaiting(count > 0);
  std::vector<std::string_view> views;
  for (std::size_t i = 0; i < count; ++i) views.push_back(frames_[i].to_string_view());
  return views;
} catch (const zmq::error_t& error) {
  return FromZmq("cannot receive", error);
}

void ZmqSocket::Close(std::chrono::milliseconds linger) try {
  if (!socket_) return;
  socket_.set(zmq::sockopt::linger, static_cast<int>(linger.count()));
  // libzmq closes its descriptor with the socket: the number may soon be somebody else's.
  ::epoll_ctl(poll_.get(), EPOLL_CTL_DEL, socket_.get(zmq::sockopt::fd), nullptr);
  SetWaiting(false);
  socket_.close();
  context_.close();
} catch (const zmq::error_t&) {
  // The context is ending already: nothing is left to wait for.
}

void ZmqSocket::SetWaiting(bool waiting) {
  if (waiting == waiting_) return;
  waiting_ = waiting;
  // An eventfd that does not block never fails at 0 and 1.
  eventfd_t ignored = 0;
  (void)(waiting ? ::eventfd_write(raised_.get(), 1) : ::eventfd_read(raised_.get(), &ignored));
}

}  // namespace

Result<std::unique_ptr<Socket>> Socket::Open(const Options& options) try {
  auto socket = std::make_unique<ZmqSocket>(options);
  BATCHSCOPE_RETURN_IF_ERROR(socket->PrepareToPoll());
  return std::unique_ptr<Socket>(std::move(socket));
} catch (const zmq::error_t& error) {
  return FromZmq("cannot make a socket of libzmq", error);
}

}  // namespace batchscope::wire
