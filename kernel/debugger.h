#pragma once
#include <memory>
#include <string>

#include <nlohmann/json_fwd.hpp>

namespace xeus {
class xcontext;
class xdebugger;
struct xconfiguration;
}  // namespace xeus

namespace batchscope::kernel {

// xeus-python's debugger (debugpy behind the debug_request messages of Jupyter) with two promises more: every request
// is answered, whatever fails inside; and rich variables are shown also inside functions. Requests go through the
// server's debug handler first, which adds the workers. Its signature is what xeus wants of a factory. Lives on the
// control thread. What it needs of Python it asks through xeus' control messenger (see interpreter.cc).
std::unique_ptr<xeus::xdebugger> MakeDebugger(xeus::xcontext& context, const xeus::xconfiguration& config,
                                              const std::string& user, const std::string& session,
                                              const nlohmann::json& debugger_config);

}  // namespace batchscope::kernel
