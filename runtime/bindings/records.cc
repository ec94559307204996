#include "runtime/bindings/records.h"

#include <utility>

#include "runtime/record/how_to_attach.h"
#include "runtime/record/reader.h"

namespace py = pybind11;

namespace batchscope::bindings {
namespace {

/// Reading needs no Python, and a big journal takes a while.
template <typename Read>
auto WithoutGil(Read read) {
  const py::gil_scoped_release released;
  return read();
}

py::dict FailureRow(const Failure& failure) {
  py::dict row;
  row["kind"] = ToString(failure.kind);
  row["type"] = ToPython(failure.type);
  row["message"] = ToPython(failure.message);
  row["traceback"] = ToPython(failure.traceback);
  return row;
}

py::dict CountsRow(const engine::Counts& counts) {
  py::dict row;
  row["mini_batches"] = counts.mini_batches;
  row["succeeded"] = counts.succeeded;
  row["failed"] = counts.failed;
  row["items_succeeded"] = counts.items_succeeded;
  row["items_failed"] = counts.items_failed;
  row["workers_alive"] = counts.workers_alive;
  row["workers_ready"] = counts.workers_ready;
  row["retries"] = counts.retries;
  return row;
}

py::dict ReadSummary(const std::string& folder) {
  const record::RunSummary summary =
      OrRaise(WithoutGil([&] { return record::ReadSummary(record::RunFolder(folder)); }));
  py::dict row;
  row["id"] = ToPython(summary.id);
  row["name"] = ToPython(summary.name);
  row["status"] = summary.status;
  row["reason"] = ToPython(summary.reason);
  row["started"] = summary.started;
  row["ended"] = summary.ended;
  row["elapsed_seconds"] = summary.elapsed_seconds;
  row["counts"] = CountsRow(summary.counts);
  row["folder"] = ToPython(summary.folder.native());
  row["output_file"] = ToPython(summary.output_file.native());
  row["logs"] = ToPython(summary.logs.native());
  py::list stopped;
  for (const record::StoppedWorker& one : summary.stopped) {
    py::dict worker;
    worker["worker"] = one.worker;
    worker["where"] = ToPython(one.where);
    worker["seconds"] = one.seconds;
    stopped.append(worker);
  }
  row["stopped"] = stopped;
  row["fatal"] = summary.fatal ? py::object(FailureRow(*summary.fatal)) : py::object(py::none());
  return row;
}

py::dict HowToAttach(const std::string& folder, const std::string& adapter) {
  const record::HowToAttach how =
      OrRaise(WithoutGil([&] { return record::ReadHowToAttach(record::RunFolder(folder)); }));
  py::dict row;
  row["link"] = how.link;
  row["launch_json"] = how.launch_json;
  row["obstacle"] = how.obstacle;
  row["text"] = record::InWords(how, adapter);
  return row;
}

/// One Python list: a field of every row.
template <typename Rows, typename Field>
py::list Column(const Rows& rows, Field field) {
  py::list column(rows.size());
  for (std::size_t i = 0; i < rows.size(); ++i) column[i] = field(rows[i]);
  return column;
}

py::dict ReadMiniBatches(const std::string& folder) {
  const auto rows = OrRaise(WithoutGil([&] { return record::ReadMiniBatches(record::RunFolder(folder)); }));
  using Row = record::MiniBatchRow;
  py::dict table;
  table["id"] = Column(rows, [](const Row& row) { return row.id; });
  table["status"] = Column(rows, [](const Row& row) { return row.status; });
  table["picked_count"] = Column(rows, [](const Row& row) { return row.picked_count; });
  table["process"] = Column(rows, [](const Row& row) { return row.process; });
  table["start_unix_us"] = Column(rows, [](const Row& row) { return row.start_unix_us; });
  table["total"] = Column(rows, [](const Row& row) { return row.total; });
  table["succeeded"] = Column(rows, [](const Row& row) { return row.succeeded; });
  table["failed"] = Column(rows, [](const Row& row) { return row.failed; });
  table["elapsed_seconds"] = Column(rows, [](const Row& row) { return row.elapsed_seconds; });
  table["process_seconds"] = Column(rows, [](const Row& row) { return row.process_seconds; });
  table["run_seconds"] = Column(rows, [](const Row& row) { return row.run_seconds; });
  table["error_category"] = Column(rows, [](const Row& row) { return ToPython(row.error_category); });
  table["error_message"] = Column(rows, [](const Row& row) { return ToPython(row.error_message); });
  return table;
}

py::tuple ReadErrors(const std::string& folder, std::uint64_t limit) {
  const record::Errors errors =
      OrRaise(WithoutGil([&] { return record::ReadErrors(record::RunFolder(folder), limit); }));
  using Row = record::ErrorRow;
  py::dict table;
  table["mini_batch"] = Column(errors.rows, [](const Row& row) { return row.mini_batch; });
  table["attempt"] = Column(errors.rows, [](const Row& row) { return row.attempt; });
  table["last"] = Column(errors.rows, [](const Row& row) { return row.last; });
  table["process"] = Column(errors.rows, [](const Row& row) { return row.process; });
  table["time"] = Column(errors.rows, [](const Row& row) { return row.time; });
  table["kind"] = Column(errors.rows, [](const Row& row) { return ToString(row.failure.kind); });
  table["type"] = Column(errors.rows, [](const Row& row) { return ToPython(row.failure.type); });
  table["message"] = Column(errors.rows, [](const Row& row) { return ToPython(row.failure.message); });
  table["traceback"] = Column(errors.rows, [](const Row& row) { return ToPython(row.failure.traceback); });
  table["items"] = Column(errors.rows, [](const Row& row) {
    return Column(row.items, [](const std::string& item) { return ToPython(item); });
  });
  return py::make_tuple(table, errors.total);
}

py::list Texts(const std::vector<std::string>& texts) {
  return Column(texts, [](const std::string& text) { return ToPython(text); });
}

}  // namespace

py::str ToPython(std::string_view bytes) {
  PyObject* text = PyUnicode_DecodeUTF8(bytes.data(), static_cast<py::ssize_t>(bytes.size()), "surrogateescape");
  if (text == nullptr) throw py::error_already_set();
  return py::reinterpret_steal<py::str>(text);
}

void AddRecords(py::module_& module) {
  module.def("runs_home", [] { return ToPython(record::RunsHome().native()); });
  module.def(
      "list_runs",
      [](const std::string& home) {
        const auto runs = WithoutGil([&] { return record::ListRuns(home); });
        return Column(runs, [](const record::RunFolder& run) { return ToPython(run.path().native()); });
      },
      py::arg("home"));
  module.def(
      "find_run",
      [](const std::string& home, const std::string& which) {
        return ToPython(OrRaise(record::FindRun(home, which)).path().native());
      },
      py::arg("home"), py::arg("which"));
  module.def("read_summary", &ReadSummary, py::arg("folder"));
  module.def("how_to_attach", &HowToAttach, py::arg("folder"), py::arg("adapter"));
  module.def("read_mini_batches", &ReadMiniBatches, py::arg("folder"));
  module.def("read_errors", &ReadErrors, py::arg("folder"), py::arg("limit"));
  module.def(
      "read_items",
      [](const std::string& folder, std::uint32_t mini_batch) {
        return Texts(OrRaise(record::ReadItems(record::RunFolder(folder), MiniBatchId{mini_batch})));
      },
      py::arg("folder"), py::arg("mini_batch"));
  module.def(
      "why",
      [](const std::string& folder, std::uint32_t mini_batch) {
        return Texts(OrRaise(record::Why(record::RunFolder(folder), MiniBatchId{mini_batch})));
      },
      py::arg("folder"), py::arg("mini_batch"));
}

}  // namespace batchscope::bindings
