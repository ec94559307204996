#include "runtime/worker/module_process.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <string>

#include "runtime/base/files.h"
#include "runtime/worker/module_text.h"
#include "runtime/worker/stack_dumps.h"

namespace batchscope::worker {
namespace py = pybind11;
namespace {

void SetEnvironment(const Setup& setup, WorkerId worker, const std::filesystem::path& cwd,
                    const std::filesystem::path& log_path) {
  // os.environ, because it tells the C environment too.
  const py::object environment = py::module_::import("os").attr("environ");
  const auto set = [&](const char* name, const std::string& value) { environment[name] = FromPathBytes(value); };
  set("AZUREML_BI_OUTPUT_PATH", setup.output_dir);
  set("AZUREML_RUN_ID", setup.run_id);
  set("AZUREML_ROOT_RUN_ID", setup.run_id);
  set("AZUREML_NODE_COUNT", "1");
  if (!setup.model_dir.empty()) set("AZUREML_MODEL_DIR", setup.model_dir);
  set("BATCHSCOPE_RUN_ID", setup.run_id);
  set("BATCHSCOPE_RUN_FOLDER", setup.run_folder);
  set("BATCHSCOPE_LOG_DIR", log_path.parent_path().native());
  set("BATCHSCOPE_LOG_FILE", log_path.native());
  set("BATCHSCOPE_WORKING_DIR", cwd.native());
  set("BATCHSCOPE_OUTPUT_DIR", setup.output_dir);
  set("BATCHSCOPE_AGENT_NAME", ProcessName(worker));
  set("BATCHSCOPE_LOGGING_LEVEL", setup.logging_level);
  set("BATCHSCOPE_NAMES", setup.names_folder);
}

void SetArguments(const Setup& setup) {
  py::list argv;
  argv.append(FromPathBytes(setup.entry_script));
  argv.append("--output");
  argv.append(FromPathBytes(setup.output_dir));
  for (const std::string& argument : setup.arguments) argv.append(FromPathBytes(argument));
  py::module_::import("sys").attr("argv") = argv;
}

void SetPath(const Setup& setup) {
  const py::module_ sys = py::module_::import("sys");
  py::list path;
  path.append(FromPathBytes(setup.source_directory));
  const std::string script_folder = std::filesystem::path(setup.entry_script).parent_path().native();
  if (script_folder != setup.source_directory) path.append(FromPathBytes(script_folder));
  for (const py::handle entry : sys.attr("path")) path.append(entry);
  path.append(FromPathBytes(setup.names_folder));
  sys.attr("path") = path;
  py::module_::import("importlib").attr("invalidate_caches")();
}

}  // namespace

Status PrepareProcess(const Setup& setup, WorkerId worker, const std::filesystem::path& log_path) {
  try {
    const std::filesystem::path cwd = std::filesystem::path(setup.work_folder) / std::to_string(worker.value);
    BATCHSCOPE_RETURN_IF_ERROR(MakeFolders(cwd));
    if (::chdir(cwd.c_str()) != 0) return Status::FromErrno("chdir " + cwd.string(), errno);
    SetEnvironment(setup, worker, cwd, log_path);
    SetArguments(setup);
    SetPath(setup);
    const py::module_ signal = py::module_::import("signal");
    signal.attr("signal")(signal.attr("SIGINT"), signal.attr("SIG_IGN"));
    return Status();
  } catch (const std::exception& problem) {
    return Status::Error(fmt::format("the worker's process cannot be prepared: {}", problem.what()));
  }
}

Status PrepareStackDumps(const Setup& setup, WorkerId worker, wire::BoardSlot& slot) {
  try {
    const std::filesystem::path folder = setup.stacks_folder;
    BATCHSCOPE_RETURN_IF_ERROR(MakeFolders(folder));
    BATCHSCOPE_ASSIGN_OR_RETURN(
        UniqueFd file, OpenFile(folder / (std::to_string(worker.value) + ".txt"), O_WRONLY | O_CREAT | O_APPEND));
    const py::module_ faulthandler = py::module_::import("faulthandler");
    faulthandler.attr("enable")(py::arg("file") = STDERR_FILENO, py::arg("all_threads") = true);
    // The handler writes to the descriptor as long as the process lives.
    faulthandler.attr("register")(wire::DumpStacksSignal(), py::arg("file") = file.Release(),
                                  py::arg("all_threads") = true, py::arg("chain") = false);
    return CountStackDumps(slot);
  } catch (const std::exception& problem) {
    return Status::Error(fmt::format("stack dumps cannot be prepared: {}", problem.what()));
  }
}

void RunExitHandlers() {
  try {
    py::module_::import("atexit").attr("_run_exitfuncs")();
  } catch (py::error_already_set& error) {
    error.restore();
    PyErr_Print();
  }
}

}  // namespace batchscope::worker
