#include "kernel/interpreter.h"

#include <string>
#include <utility>

#include <nlohmann/json.hpp>
#include <xeus/xhistory_manager.hpp>
#include <xeus/xinterpreter.hpp>

#include "kernel/driver.h"

namespace batchscope::kernel {
namespace {

using Json = nlohmann::json;

Json Call(Driver& driver, const char* method, const Json& arguments) {
  const std::string text = arguments.dump(-1, ' ', false, Json::error_handler_t::replace);
  Json result = Json::parse(driver.Call(method, text), nullptr, /*allow_exceptions=*/false);
  if (!result.is_object()) {
    return {{"status", "error"},
            {"ename", "KernelError"},
            {"evalue", std::string("the kernel's own answer to ") + method + " is not a JSON object"},
            {"traceback", Json::array()}};
  }
  return result;
}

class Interpreter final : public xeus::xinterpreter {
 public:
  explicit Interpreter(Driver& driver) : driver_(driver), kernel_info_(Call(driver, "kernel_info", Json::object())) {}

 private:
  void configure_impl() override {}

  Json execute_request_impl(int execution_count, const std::string& code, bool silent, bool store_history,
                            Json user_expressions, bool allow_stdin) override {
    return Call(driver_, "execute",
                {{"execution_count", execution_count},
                 {"code", code},
                 {"silent", silent},
                 {"store_history", store_history},
                 {"user_expressions", std::move(user_expressions)},
                 {"allow_stdin", allow_stdin}});
  }

  Json complete_request_impl(const std::string& code, int cursor_pos) override {
    return Call(driver_, "complete", {{"code", code}, {"cursor_pos", cursor_pos}});
  }

  Json inspect_request_impl(const std::string& code, int cursor_pos, int detail_level) override {
    return Call(driver_, "inspect", {{"code", code}, {"cursor_pos", cursor_pos}, {"detail_level", detail_level}});
  }

  Json is_complete_request_impl(const std::string& code) override {
    return Call(driver_, "is_complete", {{"code", code}});
  }

  Json kernel_info_request_impl() override { return kernel_info_; }

  void shutdown_request_impl() override {}  // what has to be done is done when the loop has ended

  // What the debugger wants, on its thread: a method of the driver by its name (ours), or code to be run
  // (xeus-python's).
  Json internal_request_impl(const Json& message) override {
    const auto method = message.find("method");
    if (method != message.end()) {
      return Call(driver_, method->get<std::string>().c_str(), message.at("arguments"));
    }
    return Call(driver_, "run_internal", {{"code", message.value("code", "")}});
  }

  Driver& driver_;
  const Json kernel_info_;
};

class History final : public xeus::xhistory_manager {
 public:
  explicit History(Driver& driver) : driver_(driver) {}

 private:
  void configure_impl() override {}
  // IPython stores what it runs.
  void store_inputs_impl(int /*session*/, int /*line*/, const std::string& /*input*/,
                         const std::string& /*output*/) override {}

  Json get_tail_impl(int n, bool raw, bool output) const override {
    return Call(driver_, "history_tail", {{"n", n}, {"raw", raw}, {"output", output}});
  }
  Json get_range_impl(int session, int start, int stop, bool raw, bool output) const override {
    return Call(driver_, "history_range",
                {{"session", session}, {"start", start}, {"stop", stop}, {"raw", raw}, {"output", output}});
  }
  Json search_impl(const std::string& pattern, bool raw, bool output, int n, bool unique) const override {
    return Call(driver_, "history_search",
                {{"pattern", pattern}, {"raw", raw}, {"output", output}, {"n", n}, {"unique", unique}});
  }

  Driver& driver_;
};

}  // namespace

std::unique_ptr<xeus::xinterpreter> MakeInterpreter(Driver& driver) { return std::make_unique<Interpreter>(driver); }

std::unique_ptr<xeus::xhistory_manager> MakeHistory(Driver& driver) { return std::make_unique<History>(driver); }

}  // namespace batchscope::kernel
