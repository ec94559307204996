#include "kernel/channels/server.h"

#include <atomic>
#include <cstdio>
#include <deque>
#include <mutex>
#include <thread>
#include <utility>

#include <unistd.h>

#include <nlohmann/json.hpp>
#include <xeus/xauthentication.hpp>
#include <xeus/xeus_context.hpp>
#include <xeus/xguid.hpp>
#include <xeus/xmiddleware.hpp>
#include <xeus/xserver.hpp>
#include <xeus/xzmq_serializer.hpp>
#include <zmq.hpp>
#include <zmq_addon.hpp>

#include "kernel/channels/deadline.h"
#include "kernel/channels/fd_capture.h"
#include "kernel/channels/interrupts.h"
#include "kernel/channels/iopub.h"
#include "kernel/channels/sockets.h"

namespace batchscope::kernel {
namespace {

using Json = nlohmann::json;
using std::chrono::milliseconds;

constexpr milliseconds kForever{-1};
constexpr milliseconds kLookUpEvery{100};
constexpr milliseconds kIdleWorkEvery{10};
constexpr milliseconds kSecondInterrupt{1000};  // after a stop was asked for
constexpr milliseconds kCellMayTake{1500};      // after the second interrupt
constexpr milliseconds kLeaveMayTake{6000};     // atexit functions, an engine that ends its workers
constexpr milliseconds kLastRepliesMayTake{500};
constexpr auto kBadText = Json::error_handler_t::replace;  // bytes that are no UTF-8 must not cost the message

std::string MessageType(const xeus::xmessage_base& message) { return message.header().value("msg_type", ""); }

xeus::buffer_sequence ToXeus(IoPub::Buffers&& buffers) {
  xeus::buffer_sequence result;
  for (const std::string& buffer : buffers) {
    result.emplace_back(buffer.begin(), buffer.end());
  }
  return result;
}

// What xeus' debugger wants run "on the shell" runs where it is asked for, on the control thread: so a debugger can be
// attached while a cell runs, and nothing waits for the cell.
class Messenger final : public xeus::xcontrol_messenger {
 public:
  explicit Messenger(std::function<Json(Json)> run) : run_(std::move(run)) {}

  Server::DebugHandler debug_requests;

 private:
  Json send_to_shell_impl(const Json& message) override {
    try {
      return run_(message);
    } catch (const std::exception& error) {  // debugpy.listen failed: an answer, not the end of the kernel
      return {{"status", "error"},
              {"ename", "Error"},
              {"evalue", error.what()},
              {"traceback", Json::array({std::string(error.what())})}};
    }
  }

  const std::function<Json(Json)> run_;
};

class XeusServer final : public xeus::xserver, public Server {
 public:
  XeusServer(zmq::context_t& debugger_context, const xeus::xconfiguration& config);
  ~XeusServer() override;

  void set_comm_handler(CommHandler handler) override { comm_handler_ = std::move(handler); }
  void set_idle_work(IdleWork work) override { idle_work_ = std::move(work); }
  void set_debug_handlers(DebugHandler requests, DebugEventHandler events) override {
    messenger_.debug_requests = std::move(requests);
    debug_events_ = std::move(events);
  }
  IoPub& iopub() override { return iopub_; }
  Interrupts& interrupts() override { return interrupts_; }
  FdCapture* capture() override { return capture_.get(); }
  void Capture() override;
  std::optional<std::string> Ask(const std::string& prompt, Echo echo, const std::function<void()>& look_up) override;
  void Stop() override { stop_impl(); }
  void Close() override;

 private:
  void OpenSocket(zmq::socket_t& socket, const std::string& port);
  std::optional<xeus::xmessage> Read(zmq::socket_ref socket);
  void SendReply(const xeus::xmessage& request, const std::string& type, Json content);
  void PublishStatus(const Parent& parent, const char* state);

  void RunShell();
  void RunControl();
  void RunBeat();
  void DispatchShell(xeus::xmessage message);
  void DispatchControl(xeus::xmessage message);
  void AnswerComm(const xeus::xmessage& message, const Parent& parent);
  Json WithOwnCount(const Json& content) const;
  void ReadQueue();
  void Abort(const xeus::xmessage& request);

  xeus::xcontrol_messenger& get_control_messenger_impl() override { return messenger_; }
  void send_shell_impl(xeus::xmessage message) override;
  void send_control_impl(xeus::xmessage message) override;
  void send_stdin_impl(xeus::xmessage message) override;
  void publish_impl(xeus::xpub_message message, xeus::channel channel) override;
  void start_impl(xeus::xpub_message message) override;
  void abort_queue_impl(const listener& abort, long wait_ms) override;
  void stop_impl() override;
  void update_config_impl(xeus::xconfiguration& config) const override;

  const xeus::xconfiguration config_;
  Interrupts interrupts_;
  zmq::context_t context_;  // ours alone, so that closing it waits for our last messages and for nobody else's
  zmq::socket_t shell_{context_, ZMQ_ROUTER};    // main
  zmq::socket_t control_{context_, ZMQ_ROUTER};  // control
  zmq::socket_t stdin_{context_, ZMQ_ROUTER};    // stdin_mutex_
  zmq::socket_t heartbeat_{context_, ZMQ_REP};   // beat
  zmq::socket_t publisher_{context_, ZMQ_PUB};   // the lock of iopub_
  zmq::socket_t debugger_events_;                // beat; in the debugger's context, where it publishes
  const std::unique_ptr<xeus::xauthentication> authentication_;
  // Who sends. All messages of a kernel must have one session: JupyterLab drops what it has not handled yet when a
  // message of another session comes. xeus makes its own and shows it only in its messages. Main, under iopub_'s lock.
  std::string user_ = "kernel";
  std::string session_ = xeus::new_xguid();
  StopFlag stop_;
  std::atomic<bool> shell_ended_{false};
  std::mutex stdin_mutex_;
  std::mutex request_mutex_;                                         // guards identities_
  std::vector<std::string> identities_;                              // of who sent the current shell request
  std::deque<xeus::xmessage> postponed_;                             // main
  int uncounted_cells_ = 0;                                          // main; run without store_history
  Parent last_cell_ = std::make_shared<const Json>(Json::object());  // main
  CommHandler comm_handler_;
  IdleWork idle_work_;
  DebugEventHandler debug_events_;
  Messenger messenger_{[this](Json message) { return notify_internal_listener(std::move(message)); }};
  IoPub iopub_;
  std::unique_ptr<FdCapture> capture_;
  Deadline deadline_;
  std::thread control_thread_;
  std::thread beat_thread_;
};

XeusServer::XeusServer(zmq::context_t& debugger_context, const xeus::xconfiguration& config)
    : config_(config),
      debugger_events_(debugger_context, ZMQ_SUB),
      authentication_(xeus::make_xauthentication(config.m_signature_scheme, config.m_key)),
      iopub_([this](const std::string& type, const Json& parent, Json&& metadata, Json&& content,
                    IoPub::Buffers&& buffers) {
        xeus::xpub_message message("kernel." + type, xeus::make_header(type, user_, session_), parent,
                                   std::move(metadata), std::move(content), ToXeus(std::move(buffers)));
        auto frames = xeus::xzmq_serializer::serialize_iopub(std::move(message), *authentication_, kBadText);
        Send(publisher_, frames);
      }) {
  // No limit on what waits: a front end that reads slowly gets everything, late.
  for (zmq::socket_t* socket : {&shell_, &control_, &stdin_, &publisher_}) {
    socket->set(zmq::sockopt::sndhwm, 0);
    socket->set(zmq::sockopt::rcvhwm, 0);
  }
  for (zmq::socket_t* socket : {&shell_, &control_, &stdin_}) {
    socket->set(zmq::sockopt::router_handover, true);  // a front end that comes back may use its old identity
  }
  OpenSocket(shell_, config.m_shell_port);
  OpenSocket(control_, config.m_control_port);
  OpenSocket(stdin_, config.m_stdin_port);
  OpenSocket(heartbeat_, config.m_hb_port);
  OpenSocket(publisher_, config.m_iopub_port);
  debugger_events_.set(zmq::sockopt::subscribe, "");
  debugger_events_.set(zmq::sockopt::rcvhwm, 0);
  debugger_events_.bind(xeus::get_publisher_end_point());
}

XeusServer::~XeusServer() { Close(); }

void XeusServer::OpenSocket(zmq::socket_t& socket, const std::string& port) {
  xeus::init_socket(socket, config_.m_transport, config_.m_ip, port);
  socket.set(zmq::sockopt::linger, static_cast<int>(kLastRepliesMayTake.count()));
}

void XeusServer::Capture() {
  std::setvbuf(stdout, nullptr, _IOLBF, 0);  // a pipe would be buffered by the page: C's printf would show up late
  capture_ = std::make_unique<FdCapture>(
      std::vector<FdCapture::Target>{{STDOUT_FILENO, Stream::kStdout}, {STDERR_FILENO, Stream::kStderr}},
      [this](Stream stream, std::string_view text) { iopub_.Write(stream, text); });
}

std::optional<xeus::xmessage> XeusServer::Read(zmq::socket_ref socket) {
  zmq::multipart_t frames;
  if (!Receive(socket, frames)) {
    return std::nullopt;
  }
  try {
    return xeus::xzmq_serializer::deserialize(frames, *authentication_);
  } catch (const std::exception& error) {
    const int log = capture_ ? capture_->original(STDERR_FILENO) : STDERR_FILENO;
    dprintf(log, "batchscope.kernel: dropped a message that is not signed or not formed as it should be: %s\n",
            error.what());
    return std::nullopt;
  }
}

// ---- main

void XeusServer::start_impl(xeus::xpub_message message) {
  iopub_.InOrder([this, &message] {
    user_ = message.header().value("username", user_);
    session_ = message.header().value("session", session_);
  });
  control_thread_ = std::thread([this] { RunControl(); });
  beat_thread_ = std::thread([this] { RunBeat(); });
  publish_impl(std::move(message), xeus::channel::SHELL);
  RunShell();
  shell_ended_ = true;
  control_thread_.join();
}

void XeusServer::RunShell() {
  std::vector<zmq::pollitem_t> items{{shell_.handle(), 0, ZMQ_POLLIN, 0}, {nullptr, stop_.fd(), ZMQ_POLLIN, 0}};
  while (!stop_.is_set()) {
    if (!postponed_.empty()) {
      xeus::xmessage next = std::move(postponed_.front());
      postponed_.pop_front();
      DispatchShell(std::move(next));
      continue;
    }
    const bool more_idle_work = idle_work_ && idle_work_();
    Poll(items, more_idle_work ? kIdleWorkEvery : kForever);
    if (auto message = Read(shell_)) {
      DispatchShell(std::move(*message));
    }
  }
}

void XeusServer::DispatchShell(xeus::xmessage message) {
  const std::string type = MessageType(message);
  const auto parent = std::make_shared<const Json>(message.header());
  const Json content = message.content();
  {
    const std::lock_guard lock(request_mutex_);
    identities_ = message.identities();
  }
  iopub_.set_parent(parent);
  interrupts_.BeginRequest();
  if (type.rfind("comm_", 0) == 0 && comm_handler_) {
    AnswerComm(message, parent);
  } else {
    notify_shell_listener(std::move(message));
  }
  interrupts_.EndRequest();
  if (type == "execute_request") {
    last_cell_ = parent;
    if (!content.value("silent", false) && !content.value("store_history", true)) {
      ++uncounted_cells_;
    }
  } else {
    iopub_.set_parent(last_cell_);  // threads of that cell may still print; nobody looks at the output of a completion
  }
}

void XeusServer::AnswerComm(const xeus::xmessage& message, const Parent& parent) {
  const std::string type = MessageType(message);
  PublishStatus(parent, "busy");
  const Json whole{{"header", message.header()}, {"metadata", message.metadata()}, {"content", message.content()}};
  std::vector<std::string> buffers;
  for (const auto& buffer : message.buffers()) {
    buffers.emplace_back(buffer.begin(), buffer.end());
  }
  const std::string reply = comm_handler_(type, whole.dump(-1, ' ', false, kBadText), std::move(buffers));
  if (type == "comm_info_request") {
    SendReply(message, "comm_info_reply", Json::parse(reply, nullptr, false));
  }
  PublishStatus(parent, "idle");
}

// xeus counts every cell that is not silent; the protocol (and IPython) only those that are stored in the history.
Json XeusServer::WithOwnCount(const Json& content) const {
  Json result = content;
  if (result.value("execution_count", 0) > 0) {
    result["execution_count"] = result.value("execution_count", 0) - uncounted_cells_;
  }
  return result;
}

void XeusServer::PublishStatus(const Parent& parent, const char* state) {
  if (capture_) {
    capture_->Drain();
  }
  iopub_.Publish("status", parent, Json::object(), {{"execution_state", state}}, {});
}

void XeusServer::SendReply(const xeus::xmessage& request, const std::string& type, Json content) {
  send_shell_impl(xeus::xmessage(request.identities(), xeus::make_header(type, user_, session_), request.header(),
                                 Json::object(), std::move(content), {}));
}

// What is in the queue when a cell fails, is aborted; what a front end sends once it has seen the reply, is not. So the
// queue is read before the reply goes out (send_shell_impl), not after, as xeus would with a time to wait.
void XeusServer::ReadQueue() {
  while (auto message = Read(shell_)) {
    postponed_.push_back(std::move(*message));
  }
}

void XeusServer::abort_queue_impl(const listener& /*xeus' own answer says "error", the protocol "aborted"*/,
                                  long /*ms*/) {
  std::deque<xeus::xmessage> rest;
  for (xeus::xmessage& message : std::exchange(postponed_, {})) {
    if (MessageType(message) == "execute_request") {
      Abort(message);
    } else {
      rest.push_back(std::move(message));
    }
  }
  postponed_ = std::move(rest);
}

void XeusServer::Abort(const xeus::xmessage& request) {
  const auto parent = std::make_shared<const Json>(request.header());
  PublishStatus(parent, "busy");
  SendReply(request, "execute_reply", {{"status", "aborted"}});
  PublishStatus(parent, "idle");
}

void XeusServer::send_shell_impl(xeus::xmessage message) {
  if (MessageType(message) == "execute_reply") {
    ReadQueue();
    message = xeus::xmessage(message.identities(), message.header(), message.parent_header(), message.metadata(),
                             WithOwnCount(message.content()), {});
  }
  auto frames = xeus::xzmq_serializer::serialize(std::move(message), *authentication_, kBadText);
  Send(shell_, frames);
}

// ---- control

void XeusServer::RunControl() {
  std::vector<zmq::pollitem_t> items{{control_.handle(), 0, ZMQ_POLLIN, 0}, {nullptr, stop_.fd(), ZMQ_POLLIN, 0}};
  while (!stop_.is_set()) {
    Poll(items, kForever);
    if (auto message = Read(control_)) {
      DispatchControl(std::move(*message));
    }
  }
}

void XeusServer::DispatchControl(xeus::xmessage message) {
  if (MessageType(message) == "interrupt_request") {
    interrupts_.Raise();
  }
  notify_control_listener(std::move(message));
}

void XeusServer::send_control_impl(xeus::xmessage message) {
  const std::string type = MessageType(message);
  Json content = message.content();
  if ((type == "shutdown_reply" || type == "interrupt_reply") && !content.contains("status")) {
    content["status"] = "ok";  // xeus leaves out what the protocol asks for
  }
  xeus::xmessage reply(message.identities(), message.header(), message.parent_header(), message.metadata(),
                       std::move(content), {});
  auto frames = xeus::xzmq_serializer::serialize(std::move(reply), *authentication_, kBadText);
  Send(control_, frames);
}

// ---- beat

void XeusServer::RunBeat() {
  std::vector<zmq::pollitem_t> items{{heartbeat_.handle(), 0, ZMQ_POLLIN, 0},
                                     {debugger_events_.handle(), 0, ZMQ_POLLIN, 0},
                                     {nullptr, stop_.fd(), ZMQ_POLLIN, 0}};
  while (!stop_.is_set()) {
    Poll(items, kForever);
    zmq::multipart_t frames;
    while (Receive(heartbeat_, frames)) {
      Send(heartbeat_, frames);
    }
    while (Receive(debugger_events_, frames)) {  // signed already, with our key
      const Json event = frames.empty() ? Json() : Json::parse(frames.back().to_string_view(), nullptr, false);
      iopub_.InOrder([&] { Send(publisher_, frames); });
      if (event.is_object() && debug_events_) {
        debug_events_(event);
      }
    }
  }
}

// ---- any thread

void XeusServer::publish_impl(xeus::xpub_message message, xeus::channel channel) {
  const std::string type = MessageType(message);
  if (type == "interrupt") {
    return;  // xeus' own; no front end knows it
  }
  if (channel == xeus::channel::SHELL && capture_) {
    capture_->Drain();
  }
  if (type == "shutdown") {  // the protocol's name of it
    iopub_.Publish("shutdown_reply", std::make_shared<const Json>(message.parent_header()), Json::object(),
                   Json(message.content()), {});
    return;
  }
  if (type == "execute_input") {
    message = xeus::xpub_message(message.topic(), message.header(), message.parent_header(), message.metadata(),
                                 WithOwnCount(message.content()), {});
  }
  iopub_.InOrder([&] {
    auto frames = xeus::xzmq_serializer::serialize_iopub(std::move(message), *authentication_, kBadText);
    Send(publisher_, frames);
  });
}

std::optional<std::string> XeusServer::Ask(const std::string& prompt, Echo echo, const std::function<void()>& look_up) {
  const std::lock_guard one_at_a_time(stdin_mutex_);
  while (Read(stdin_)) {  // answers to questions that were interrupted
  }
  std::vector<std::string> to;
  {
    const std::lock_guard lock(request_mutex_);
    to = identities_;
  }
  if (capture_) {
    capture_->Drain();
  }
  iopub_.Flush();
  const Json content{{"prompt", prompt}, {"password", echo == Echo::kHidden}};
  send_stdin_impl(xeus::xmessage(to, xeus::make_header("input_request", user_, session_), *iopub_.parent(),
                                 Json::object(), content, {}));
  std::vector<zmq::pollitem_t> items{{stdin_.handle(), 0, ZMQ_POLLIN, 0}, {nullptr, stop_.fd(), ZMQ_POLLIN, 0}};
  while (!stop_.is_set()) {
    Poll(items, kLookUpEvery);
    look_up();
    const auto reply = Read(stdin_);
    if (reply && MessageType(*reply) == "input_reply") {
      return reply->content().value("value", "");
    }
  }
  return std::nullopt;
}

void XeusServer::send_stdin_impl(xeus::xmessage message) {
  auto frames = xeus::xzmq_serializer::serialize(std::move(message), *authentication_, kBadText);
  Send(stdin_, frames);
}

void XeusServer::stop_impl() {
  const auto end_now = [this] {
    iopub_.Flush();
    _exit(0);
  };
  interrupts_.Raise();
  deadline_.Start({{kSecondInterrupt, [this] { interrupts_.Raise(); }},
                   {kCellMayTake,
                    [this, end_now] {
                      if (!shell_ended_) {
                        end_now();
                      }
                    }},
                   {kLeaveMayTake, end_now}});
  stop_.Set();
}

void XeusServer::Close() {
  stop_.Set();
  for (std::thread* thread : {&control_thread_, &beat_thread_}) {
    if (thread->joinable()) {
      thread->join();
    }
  }
  capture_.reset();
  iopub_.InOrder([this] { publisher_.close(); });  // who still publishes (an engine's thread) does so in vain
  for (zmq::socket_t* socket : {&shell_, &control_, &stdin_, &heartbeat_, &debugger_events_}) {
    socket->close();
  }
  context_.close();  // waits for what was sent last, as long as the sockets linger
}

void XeusServer::update_config_impl(xeus::xconfiguration& config) const {
  config.m_shell_port = xeus::get_socket_port(shell_);
  config.m_control_port = xeus::get_socket_port(control_);
  config.m_stdin_port = xeus::get_socket_port(stdin_);
  config.m_hb_port = xeus::get_socket_port(heartbeat_);
  config.m_iopub_port = xeus::get_socket_port(publisher_);
}

}  // namespace

std::unique_ptr<xeus::xserver> MakeServer(xeus::xcontext& context, const xeus::xconfiguration& config) {
  return std::make_unique<XeusServer>(context.get_wrapped_context<zmq::context_t>(), config);
}

Server& AsServer(xeus::xserver& server) { return dynamic_cast<Server&>(server); }

const Server::DebugHandler& DebugHandlerOf(xeus::xcontrol_messenger& messenger) {
  return dynamic_cast<Messenger&>(messenger).debug_requests;
}

}  // namespace batchscope::kernel
