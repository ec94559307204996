#include "kernel/debugger.h"

#include <exception>
#include <utility>

#include <nlohmann/json.hpp>
#include <xeus-python/xdebugger.hpp>
#include <xeus/xdebugger.hpp>
#include <xeus/xsystem.hpp>

#include "kernel/channels/server.h"

namespace batchscope::kernel {
namespace {

using Json = nlohmann::json;

Json Response(const Json& request, const char* command, bool success) {
  return {{"type", "response"},
          {"seq", request.value("seq", 0)},
          {"request_seq", request.value("seq", 0)},
          {"command", command},
          {"success", success}};
}

Json Refusal(const Json& request, const std::string& command, const std::string& message) {
  Json response = Response(request, command.c_str(), false);
  response["message"] = message;
  return response;
}

class Debugger final : public xeus::xdebugger {
 public:
  explicit Debugger(std::unique_ptr<xeus::xdebugger> inner) : inner_(std::move(inner)) {}

 private:
  Json process_request_impl(const Json& header, const Json& request) override {
    inner_->register_control_messenger(get_control_messenger());
    const Server::DebugHandler& handler = DebugHandlerOf(get_control_messenger());
    try {
      const auto kernel = [this, &header](const Json& asked) { return Ask(header, asked); };
      return handler ? handler(header, request, kernel) : kernel(request);
    } catch (const std::exception& error) {  // a field of the wrong type
      return Refusal(request, "debug_request", error.what());
    }
  }

  // The kernel's own debugger alone.
  Json Ask(const Json& header, const Json& request) {
    const std::string command = request.value("command", "");
    try {
      if (command == "richInspectVariables") {
        return InspectRichly(header, request);
      }
      Json response = inner_->process_request(header, request);
      return Complete(request, command, std::move(response));
    } catch (const std::exception& error) {
      return Refusal(request, command, error.what());
    }
  }

  // xeus-python answers with nothing, or without a reason, when debugpy is not there.
  Json Complete(const Json& request, const std::string& command, Json response) {
    if (!response.is_object() || response.empty()) {
      return Refusal(request, command,
                     "The debugger is not started. Expected `initialize` and `attach` before `" + command + "`.");
    }
    if (command == "initialize" && !response.value("success", true) && !response.contains("message")) {
      const Json reason = AskDriver("internal_error", Json::object());
      response["message"] = "debugpy could not be started in this kernel: " + reason.value("message", "") +
                            ". Mend that (often: pip install debugpy) and restart the kernel.";
    }
    if (command == "stackTrace" && response.contains("body")) {
      LeaveOutKernelFrames(response["body"]);
    }
    return response;
  }

  // Below the outermost cell lie IPython and the kernel: nobody's business who debugs a notebook.
  static void LeaveOutKernelFrames(Json& body) {
    const std::string cells = xeus::get_tmp_prefix("xpython");
    Json& frames = body["stackFrames"];
    for (std::size_t size = frames.size(); size > 0; --size) {
      const Json source = frames[size - 1].value("source", Json::object());
      if (source.is_object() && source.value("path", "").rfind(cells, 0) == 0) {
        frames.erase(frames.begin() + static_cast<Json::difference_type>(size), frames.end());
        body["totalFrames"] = frames.size();
        return;
      }
    }
  }

  // xeus-python stores the result in a variable of the module and never finds it again when the frame is a function's.
  // We have the debugger evaluate an expression that gives the rich forms as text.
  Json InspectRichly(const Json& header, const Json& request) {
    const Json arguments = request.value("arguments", Json::object());
    const std::string name = arguments.value("variableName", "");
    const Json state = inner_->process_request(
        header, {{"type", "request"}, {"seq", request.value("seq", 0)}, {"command", "debugInfo"}});
    const bool stopped = state.contains("body") && !state.at("body").value("stoppedThreads", Json::array()).empty();
    Json body;
    if (stopped && arguments.contains("frameId")) {
      const Json evaluate{
          {"type", "request"},
          {"seq", request.value("seq", 0)},
          {"command", "evaluate"},
          {"arguments",
           {{"expression", "__import__('batchscope.kernel.inspection', fromlist=['_']).rich_text(" + name + ")"},
            {"frameId", arguments.at("frameId")},
            {"context", "clipboard"}}}};  // the one context whose results are never shortened
      const Json evaluated = inner_->process_request(header, evaluate);
      if (!evaluated.value("success", false)) {
        return Refusal(request, "richInspectVariables", evaluated.value("message", "the variable cannot be evaluated"));
      }
      body = AskDriver("read_rich_text", {{"text", evaluated.at("body").value("result", "")}});
    } else {
      body = AskDriver("rich_variable", {{"name", name}});
    }
    if (body.value("status", "ok") != "ok") {
      return Refusal(request, "richInspectVariables", body.value("ename", "") + ": " + body.value("evalue", ""));
    }
    Json response = Response(request, "richInspectVariables", true);
    response["body"] = {{"data", body.at("data")}, {"metadata", body.at("metadata")}};
    return response;
  }

  Json AskDriver(const char* method, Json arguments) {
    return get_control_messenger().send_to_shell({{"method", method}, {"arguments", std::move(arguments)}});
  }

  const std::unique_ptr<xeus::xdebugger> inner_;
};

}  // namespace

std::unique_ptr<xeus::xdebugger> MakeDebugger(xeus::xcontext& context, const xeus::xconfiguration& config,
                                              const std::string& user, const std::string& session,
                                              const nlohmann::json& debugger_config) {
  return std::make_unique<Debugger>(xpyt::make_python_debugger(context, config, user, session, debugger_config));
}

}  // namespace batchscope::kernel
