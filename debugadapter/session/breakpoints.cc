#include <fmt/format.h>

#include <filesystem>
#include <system_error>
#include <utility>

#include "debugadapter/fleet/python_lines.h"
#include "debugadapter/session/arming.h"
#include "debugadapter/session/handlers.h"
#include "runtime/base/files.h"

namespace batchscope::session {
namespace {

constexpr int kMostLine = 1'000'000'000;

bool EndsWith(const std::string& text, std::string_view end) {
  return text.size() >= end.size() && text.compare(text.size() - end.size(), end.size(), end) == 0;
}

/// Where the breakpoint stops in workers, moved down to the next line that has code.
void Locate(Context& context, fleet::WantedBreakpoint& wanted) {
  const fleet::Place place = context.paths.ToWorker({wanted.path, wanted.line});
  wanted.worker_path = place.path;
  wanted.worker_line = place.line;
  std::error_code ignored;
  if (!std::filesystem::is_regular_file(place.path, ignored)) {
    wanted.trouble = fmt::format("There is no file {}", place.path);
    return;
  }
  if (!EndsWith(place.path, ".py")) return;
  const Result<std::string> source = ReadFile(place.path);
  if (!source.ok()) return;
  const int line = fleet::LineOfStatement(fleet::LogicalLines(*source), place.line);
  if (line == 0) {
    wanted.trouble = "There is no code at this line or below it";
    return;
  }
  wanted.line += line - wanted.worker_line;
  wanted.worker_line = line;
}

void ReadConditions(Fields& fields, fleet::WantedBreakpoint& wanted) {
  wanted.condition = fields.Text("condition");
  wanted.hit_condition = fields.Text("hitCondition");
  // Blanks would be an expression that is none.
  if (wanted.hit_condition.find_first_not_of(" \t\r\n") == std::string::npos) wanted.hit_condition.clear();
  wanted.log_message = fields.Text("logMessage");
}

/// Says what is to be known of a breakpoint on functions of one name.
void Advise(Context& context, fleet::WantedBreakpoint& wanted) {
  if (!context.names) context.names = fleet::ReadFunctionNames(context.entry.path);
  fleet::FunctionAdvice advice = fleet::AdviseOnFunction(wanted.function, context.run.entry_script, *context.names);
  wanted.trouble = std::move(advice.trouble);
  wanted.remark = std::move(advice.remark);
}

/// Replaces what the fleet had, and answers.
void Replace(Context& context, Ticket ticket, const std::string& source,
             const std::vector<fleet::WantedBreakpoint>& wanted) {
  Json made = Json::array();
  for (const int id : context.breakpoints.Set(source, wanted)) {
    made.push_back(DescribeBreakpoint(*context.breakpoints.Find(id)));
  }
  context.client.Succeed(ticket, {{"breakpoints", std::move(made)}});
  SayDifferences(context);
  ReconcileAll(context, Why::kClientAsked);
}

}  // namespace

void SetBreakpoints(Context& context, const Call& call) {
  Fields source(call.arguments.Object("source"), call.arguments.Where("source"));
  const std::string path = source.Text("path");
  const std::int64_t reference = source.Integer("sourceReference");
  const Json& list = call.arguments.Array("breakpoints");
  call.arguments.Note(source.status());
  std::vector<fleet::WantedBreakpoint> wanted;
  for (const Json& one : list) {
    Fields fields(one, call.arguments.Where(fmt::format("breakpoints[{}]", wanted.size())));
    fleet::WantedBreakpoint breakpoint;
    breakpoint.path = path;
    const std::int64_t line = fields.NeededInteger("line");
    if (fields.ok() && (line < 1 || line > kMostLine)) {
      fields.Note(Status::Error(fmt::format("'{}' is {}, expected a line from 1", fields.Where("line"), line)));
    }
    ReadConditions(fields, breakpoint);
    call.arguments.Note(fields.status());
    if (!call.arguments.ok()) break;
    breakpoint.line = static_cast<int>(line);
    if (path.empty() || reference != 0) {
      breakpoint.trouble = "Generated code cannot have breakpoints";
    } else {
      Locate(context, breakpoint);
    }
    wanted.push_back(std::move(breakpoint));
  }
  if (call.arguments.ok() && path.empty() && reference == 0) {
    call.arguments.Note(Status::Error("'arguments.source.path' is missing, expected the file of the breakpoints"));
  }
  if (!call.arguments.ok()) {
    return context.client.Fail(call.ticket, protocol::kMalformed, call.arguments.status().message());
  }
  Replace(context, call.ticket, path.empty() ? fmt::format("source {}", reference) : path, wanted);
}

void SetFunctionBreakpoints(Context& context, const Call& call) {
  std::vector<fleet::WantedBreakpoint> wanted;
  for (const Json& one : call.arguments.Array("breakpoints")) {
    Fields fields(one, call.arguments.Where(fmt::format("breakpoints[{}]", wanted.size())));
    fleet::WantedBreakpoint breakpoint;
    breakpoint.function = fields.NeededText("name");
    ReadConditions(fields, breakpoint);
    breakpoint.log_message.clear();  // Functions have none.
    call.arguments.Note(fields.status());
    // "run()" is what people write, too.
    if (EndsWith(breakpoint.function, "()")) breakpoint.function.resize(breakpoint.function.size() - 2);
    const fleet::EntryPoints& points = context.entry.points;
    const std::optional<int> line = breakpoint.function == "run"    ? points.run
                                    : breakpoint.function == "init" ? points.init
                                                                    : std::nullopt;
    if (line) {
      // Its debugger would stop at each function of this name, and on the line of the `def`.
      breakpoint.worker_path = context.entry.path;
      breakpoint.worker_line = *line;
      breakpoint.path = context.paths.ToClient(context.entry.path);
      breakpoint.line = *line;
    } else if (call.arguments.ok()) {
      Advise(context, breakpoint);
    }
    wanted.push_back(std::move(breakpoint));
  }
  if (!call.arguments.ok()) {
    return context.client.Fail(call.ticket, protocol::kMalformed, call.arguments.status().message());
  }
  Replace(context, call.ticket, "", wanted);
}

void SetExceptionBreakpoints(Context& context, const Call& call) {
  std::vector<std::string> names = call.arguments.Texts("filters");
  const Json& options = call.arguments.Array("filterOptions");
  for (const Json& one : options) {
    Fields fields(one, call.arguments.Where("filterOptions[]"));
    names.push_back(fields.NeededText("filterId"));
    call.arguments.Note(fields.status());
  }
  if (!call.arguments.ok()) {
    return context.client.Fail(call.ticket, protocol::kMalformed, call.arguments.status().message());
  }
  fleet::ExceptionFilters filters;
  Json made = Json::array();
  for (const std::string& name : names) {
    filters.raised |= name == "raised";
    filters.uncaught |= name == "uncaught";
    filters.failed |= name == "failed";
    const bool is_known = name == "raised" || name == "uncaught" || name == "failed";
    Json one = {{"verified", is_known}};
    if (!is_known) one["message"] = fmt::format("'{}' is no filter: there are uncaught, failed and raised", name);
    made.push_back(std::move(one));
  }
  context.breakpoints.filters = filters;
  context.client.Succeed(call.ticket, {{"breakpoints", std::move(made)}});
  ReconcileAll(context, Why::kClientAsked);
}

void SayDifferences(Context& context) {
  for (const fleet::PathMap::Difference& difference : context.paths.TakeDifferences()) {
    context.client.Important(fmt::format(
        "{} differs from the run's copy, which is what the workers execute. Breakpoints are set in the copy; the debug "
        "console shows the difference.",
        difference.path));
    context.client.Console(difference.diff);
  }
}

}  // namespace batchscope::session
