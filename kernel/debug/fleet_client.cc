#include "kernel/debug/fleet_client.h"

#include <cerrno>
#include <chrono>
#include <future>
#include <map>
#include <mutex>
#include <thread>
#include <utility>

#include <fcntl.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <nlohmann/json.hpp>

#include "debugadapter/transport/serve.h"
#include "runtime/base/files.h"
#include "runtime/wire/content_frames.h"

namespace batchscope::kernel {
namespace {

using Json = nlohmann::json;
using std::chrono::milliseconds;

// The front end's other requests wait that long, an interrupt of the kernel does not.
constexpr std::chrono::seconds kAnswerMayTake{5};
constexpr milliseconds kLastWordsMayTake{500};
constexpr std::size_t kMostBytes = std::size_t{64} << 20U;  // of one message

Json Refusal(const std::string& message) { return {{"success", false}, {"message", message}}; }

class FleetClient final : public Fleet {
 public:
  FleetClient(UniqueFd fd, std::thread adapter, FleetReports reports)
      : fd_(std::move(fd)),
        wake_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)),
        reports_(std::move(reports)),
        adapter_(std::move(adapter)),
        thread_([this] { Run(); }) {}

  ~FleetClient() override {
    {
      const std::lock_guard lock(mutex_);
      leaving_ = true;
    }
    Wake();
    thread_.join();
    shutdown(fd_.get(), SHUT_RDWR);
    if (adapter_.joinable()) {
      adapter_.join();
    }
  }

  void Post(const std::string& command, Json arguments) override {
    Send(command, std::move(arguments), [this, command](const Json& response) {
      if (!response.value("success", false) && response.contains("request_seq")) {  // else it is our own answer
        reports_.on_failure(command, response.value("message", "no reason was given"));
      }
    });
  }

  Json Ask(const std::string& command, Json arguments) override {
    auto answer = std::make_shared<std::promise<Json>>();
    std::future<Json> answered = answer->get_future();
    Send(command, std::move(arguments), [answer](const Json& response) { answer->set_value(response); });
    if (answered.wait_for(kAnswerMayTake) != std::future_status::ready) {
      return Refusal("The worker has not answered for " + std::to_string(kAnswerMayTake.count()) +
                     " s: it may be inside native code, or in what it was asked to evaluate. Try again later.");
    }
    return answered.get();
  }

 private:
  using OnResponse = std::function<void(const Json&)>;

  void Send(const std::string& command, Json arguments, OnResponse on_response) {
    {
      const std::unique_lock lock(mutex_);
      if (!ended_) {
        const int seq = ++last_seq_;
        waiting_.emplace(seq, std::move(on_response));
        outbox_ += wire::WithContentLength(
            Json{{"type", "request"}, {"seq", seq}, {"command", command}, {"arguments", std::move(arguments)}}.dump(
                -1, ' ', false, Json::error_handler_t::replace));
        on_response = nullptr;
      }
    }
    if (on_response) {
      on_response(Ended());
    } else {
      Wake();
    }
  }

  static Json Ended() { return Refusal("The debugger of this worker's run has ended."); }

  void Wake() const {
    const std::uint64_t one = 1;
    [[maybe_unused]] const ssize_t written = write(wake_.get(), &one, sizeof one);
  }

  void Run() {
    while (Turn()) {
    }
    std::map<int, OnResponse> unanswered;
    bool leaving = false;
    {
      const std::lock_guard lock(mutex_);
      ended_ = true;
      leaving = leaving_;
      unanswered.swap(waiting_);
    }
    if (leaving) {
      SayLastWords();
    }
    for (const auto& [seq, on_response] : unanswered) {
      on_response(Ended());
    }
    if (!leaving) {
      reports_.on_gone();
    }
  }

  // Waits for something and does it; false at the end.
  bool Turn() {
    const std::optional<MonotonicTime> next_time = reports_.next_time();
    pollfd polled[] = {{fd_.get(), POLLIN, 0}, {wake_.get(), POLLIN, 0}};
    {
      const std::lock_guard lock(mutex_);
      if (leaving_) {
        return false;
      }
      if (!outbox_.empty()) {
        polled[0].events |= POLLOUT;
      }
    }
    int wait_ms = -1;
    if (next_time) {
      const auto left = std::chrono::ceil<milliseconds>(*next_time - std::chrono::steady_clock::now());
      wait_ms = static_cast<int>(std::max<milliseconds::rep>(left.count(), 0));
    }
    poll(polled, 2, wait_ms);
    if (next_time && *next_time <= std::chrono::steady_clock::now()) {
      reports_.on_time();
    }
    std::uint64_t ignored = 0;
    [[maybe_unused]] const ssize_t woken = read(wake_.get(), &ignored, sizeof ignored);
    return Write() && Read();
  }

  bool Write() {
    const std::lock_guard lock(mutex_);
    const ssize_t sent = send(fd_.get(), outbox_.data(), outbox_.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent < 0) {
      return errno == EAGAIN || errno == EINTR;
    }
    outbox_.erase(0, static_cast<std::size_t>(sent));
    return true;
  }

  // False when the adapter is gone.
  bool Read() {
    char bytes[1U << 16U];
    const ssize_t size = recv(fd_.get(), bytes, sizeof bytes, MSG_DONTWAIT);
    if (size < 0) {
      return errno == EAGAIN || errno == EINTR;
    }
    frames_.Append({bytes, static_cast<std::size_t>(size)});
    while (true) {
      const auto message = frames_.Next();
      if (!message.ok()) {
        return false;
      }
      if (!message.value()) {
        return size > 0;
      }
      Take(Json::parse(*message.value(), nullptr, /*allow_exceptions=*/false));
    }
  }

  void Take(const Json& message) {
    if (!message.is_object()) {
      return;
    }
    if (message.value("type", "") == "event") {
      reports_.on_event(message);
      return;
    }
    OnResponse on_response;
    {
      const std::lock_guard lock(mutex_);
      const auto found = waiting_.find(message.value("request_seq", 0));
      if (found == waiting_.end()) {
        return;
      }
      on_response = std::move(found->second);
      waiting_.erase(found);
    }
    on_response(message);
  }

  // What was posted before the end still goes out.
  void SayLastWords() {
    const auto until = std::chrono::steady_clock::now() + kLastWordsMayTake;
    while (!outbox_.empty() && std::chrono::steady_clock::now() < until) {
      pollfd polled{fd_.get(), POLLOUT, 0};
      poll(&polled, 1, static_cast<int>(kLastWordsMayTake.count()));
      if (!Write()) {
        return;
      }
    }
  }

  const UniqueFd fd_;
  const UniqueFd wake_;
  const FleetReports reports_;
  wire::ContentFrames frames_{kMostBytes};  // thread_
  std::mutex mutex_;                        // guards from here to the threads
  std::string outbox_;
  std::map<int, OnResponse> waiting_;
  int last_seq_ = 0;
  bool leaving_ = false;
  bool ended_ = false;  // nothing is answered any more
  std::thread adapter_;
  std::thread thread_;
};

}  // namespace

std::shared_ptr<Fleet> MakeFleetClientOn(int fd, FleetReports reports) {
  return std::make_shared<FleetClient>(UniqueFd(fd), std::thread(), std::move(reports));
}

std::shared_ptr<Fleet> MakeFleetClient(int first_id, FleetReports reports) {
  int ends[2] = {-1, -1};
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) {
    return std::make_shared<FleetClient>(UniqueFd(), std::thread(), std::move(reports));  // ends at once
  }
  std::thread adapter([first_id, end = ends[1]] {
    const UniqueFd closed_at_the_end(end);
    transport::ServeOptions options;
    options.session.first_id = first_id;
    transport::Serve(end, end, options);
  });
  return std::make_shared<FleetClient>(UniqueFd(ends[0]), std::move(adapter), std::move(reports));
}

}  // namespace batchscope::kernel
