#pragma once
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

namespace xeus {
class xcontext;
class xcontrol_messenger;
class xserver;
struct xconfiguration;
}  // namespace xeus

namespace batchscope::kernel {

class FdCapture;
class Interrupts;
class IoPub;

enum class Echo { kShown, kHidden };

// The five sockets of a kernel, as xeus wants them (a xeus::xserver), and what the rest of this kernel needs of them.
//
// Threads: `main` reads the shell socket and runs all user code; `control` reads the control socket, so that interrupt,
// shutdown and debug requests are answered while a cell runs; `beat` echoes the heartbeat and hands on the debugger's
// events.
class Server {
 public:
  // A comm_* message, on the main thread: its type, the whole message as JSON (header, metadata, content) and its
  // buffers. Returns the content of the reply as JSON, empty where there is none. Must not throw.
  using CommHandler = std::function<std::string(const std::string& type, const std::string& message,
                                                std::vector<std::string>&& buffers)>;
  // Runs what is due between two messages, on the main thread; true: there will be more soon, so do not sleep long.
  using IdleWork = std::function<bool()>;

  // The answer to a debug_request with this header; `kernel` gives that of the kernel's own debugger. Control thread.
  using KernelDebugger = std::function<nlohmann::json(const nlohmann::json& request)>;
  using DebugHandler = std::function<nlohmann::json(const nlohmann::json& header, const nlohmann::json& request,
                                                    const KernelDebugger& kernel)>;
  // An event that the kernel's own debugger has published; called on the beat thread when it has gone out.
  using DebugEventHandler = std::function<void(const nlohmann::json& event)>;

  virtual ~Server() = default;
  Server() = default;
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  virtual void set_comm_handler(CommHandler handler) = 0;
  virtual void set_idle_work(IdleWork work) = 0;
  virtual void set_debug_handlers(DebugHandler requests, DebugEventHandler events) = 0;

  [[nodiscard]] virtual IoPub& iopub() = 0;
  [[nodiscard]] virtual Interrupts& interrupts() = 0;
  // Null until Capture: everything the process writes to its descriptors 1 and 2 then goes to the iopub channel.
  [[nodiscard]] virtual FdCapture* capture() = 0;
  virtual void Capture() = 0;

  // What a person typed, for the front end that sent the current request. Any thread, without the GIL. `look_up` is
  // called ten times a second and may throw to give up. Nothing when the kernel stops.
  virtual std::optional<std::string> Ask(const std::string& prompt, Echo echo,
                                         const std::function<void()>& look_up) = 0;

  // Ends the kernel, from any thread: interrupts user code that runs, and ends the process by force when it will not
  // end.
  virtual void Stop() = 0;
  // After the loop has ended: waits (bounded) until the last replies have left.
  virtual void Close() = 0;
};

// Throws zmq::error_t when a port is taken. `config` is a connection file as xeus reads it.
std::unique_ptr<xeus::xserver> MakeServer(xeus::xcontext& context, const xeus::xconfiguration& config);
// The server that MakeServer made.
Server& AsServer(xeus::xserver& server);
// What was set for requests, for the debugger that MakeServer's server gave this messenger; may be empty. (xeus makes
// debuggers by a plain function: the messenger is all that they get of ours.)
const Server::DebugHandler& DebugHandlerOf(xeus::xcontrol_messenger& messenger);

}  // namespace batchscope::kernel
