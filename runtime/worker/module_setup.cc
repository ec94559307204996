#include "runtime/worker/module_setup.h"

#include <fmt/format.h>

#include "runtime/worker/module_text.h"

namespace batchscope::worker {
namespace py = pybind11;
namespace {

/// Takes fields from the object; remembers the first that is missing or of another type.
class Fields {
 public:
  explicit Fields(py::dict object) : object_(std::move(object)) {}

  std::string Text(const char* name) {
    const py::object value = Find(name);
    if (py::isinstance<py::str>(value)) return ToUtf8(value);
    Refuse(name, "a string", value);
    return {};
  }
  int Number(const char* name) {
    const py::object value = Find(name);
    if (py::isinstance<py::int_>(value)) return value.cast<int>();
    Refuse(name, "a number", value);
    return 0;
  }
  bool Truth(const char* name) {
    const py::object value = Find(name);
    if (py::isinstance<py::bool_>(value)) return value.cast<bool>();
    Refuse(name, "true or false", value);
    return false;
  }
  bool TruthOrFalse(const char* name) { return Find(name) && Truth(name); }
  std::vector<std::string> Texts(const char* name) {
    const py::object value = Find(name);
    std::vector<std::string> texts;
    if (!py::isinstance<py::list>(value)) {
      Refuse(name, "a list of strings", value);
      return texts;
    }
    for (const py::handle each : value) {
      if (!py::isinstance<py::str>(each)) Refuse(name, "a list of strings", value);
      texts.push_back(ToUtf8(py::str(each)));
    }
    return texts;
  }
  void Refuse(const char* name, const char* expected, const py::object& found) {
    if (!problem_.ok()) return;
    const std::string what = found ? ToUtf8(py::repr(found)) : "nothing";
    problem_ =
        Status::Error(fmt::format("the worker's setup, field \"{}\": found {}, expected {}", name, what, expected));
  }
  const Status& problem() const { return problem_; }

 private:
  py::object Find(const char* name) const { return object_.contains(name) ? py::object(object_[name]) : py::object(); }

  py::dict object_;
  Status problem_;
};

Setup ReadFields(Fields& from) {
  Setup setup;
  setup.run_id = from.Text("run_id");
  setup.run_folder = from.Text("run_folder");
  setup.endpoint = from.Text("endpoint");
  setup.board_fd = from.Number("board_fd");
  setup.node = from.Text("node");
  setup.entry_script = from.Text("entry_script");
  setup.source_directory = from.Text("source_directory");
  setup.arguments = from.Texts("arguments");
  setup.output_dir = from.Text("output_dir");
  const std::string action = from.Text("output_action");
  if (action == "summary_only") {
    setup.output_action = OutputAction::kSummaryOnly;
  } else if (action != "append_row") {
    from.Refuse("output_action", "append_row or summary_only", FromPathBytes(action));
  }
  setup.append_header = from.Truth("append_header");
  setup.model_dir = from.Text("model_dir");
  setup.logging_level = from.Text("logging_level");
  setup.work_folder = from.Text("work_folder");
  setup.logs_folder = from.Text("logs_folder");
  setup.stacks_folder = from.Text("stacks_folder");
  setup.names_folder = from.Text("names_folder");
  setup.input_names = from.Texts("input_names");
  setup.hold_on_failure = from.TruthOrFalse("hold_on_failure");
  return setup;
}

}  // namespace

Result<Setup> ReadSetup(const std::string& json) {
  try {
    const py::object object = py::module_::import("json").attr("loads")(FromPathBytes(json));
    if (!py::isinstance<py::dict>(object)) return Status::Error("the worker's setup is no JSON object");
    Fields fields{py::dict(object)};
    Setup setup = ReadFields(fields);
    if (!fields.problem().ok()) return fields.problem();
    return setup;
  } catch (const std::exception& problem) {
    return Status::Error(fmt::format("the worker's setup cannot be read: {}", problem.what()));
  }
}

}  // namespace batchscope::worker
