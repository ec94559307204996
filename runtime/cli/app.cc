#include "runtime/cli/app.h"

#include <CLI/CLI.hpp>
#include <csignal>
#include <exception>
#include <ostream>

#include "runtime/cli/commands.h"
#include "runtime/cli/exit_code.h"

namespace batchscope::cli {
namespace {

constexpr const char* kFooter =
    "exit codes: 0 completed, 42 the run failed (the reason is the last line), 130 cancelled,\n"
    "            2 wrong usage or configuration (nothing was started), 1 anything else";

void AddHome(CLI::App& command, std::filesystem::path& home) {
  command
      .add_option("--home", home,
                  "The folder the runs lie in (default: $BATCHSCOPE_HOME/runs or ~/.local/share/batchscope/runs)")
      ->type_name("DIR");
}

void AddRun(CLI::App& app, RunOptions& options) {
  CLI::App& run = *app.add_subcommand("run", "Run a step to its end");
  run.footer(kFooter);
  run.add_option("step", options.step_file, "The step: a YAML or JSON file")->type_name("STEP.yml")->required();
  run.add_option("--output", options.output, "The folder for the output file, instead of the step's")->type_name("DIR");
  AddHome(run, options.home);
  run.add_option("--python", options.python,
                 "The workers' interpreter (default: $VIRTUAL_ENV/bin/python, or the one beside this program)")
      ->type_name("PATH");
  run.add_option("--set", options.settings,
                 "Change a value of the step file: --set run_max_try=5 --set 'inputs=[\"more/*.png\"]'")
      ->type_name("KEY=VALUE")
      ->take_all();
  run.add_flag("--quiet,-q", options.quiet, "No progress");
  run.add_flag("--json", options.json, "The result as one JSON object");
  run.add_flag("--wait-for-debugger", options.wait_for_debugger,
               "Workers wait for a debugger before they import the script");
  run.add_option("--announce", options.announce,
                 "Write the run's folder and a line break to this descriptor when the run runs, and close it")
      ->type_name("FD")
      ->check(CLI::Range(3, 1'000'000));
}

void AddAttach(CLI::App& app, AttachOptions& options) {
  CLI::App& attach = *app.add_subcommand("attach", "Show how to get a debugger to a run");
  attach
      .add_option("run", options.run,
                  "Its id, the beginning of its id, its folder, or \"latest\" (default: the newest that is running)")
      ->type_name("RUN");
  AddHome(attach, options.home);
}

void AddList(CLI::App& app, ListOptions& options) {
  CLI::App& list = *app.add_subcommand("list", "List the runs, newest first");
  AddHome(list, options.home);
  list.add_flag("--json", options.json, "As a JSON list");
}

void AddShow(CLI::App& app, ShowOptions& options) {
  CLI::App& show = *app.add_subcommand("show", "Show a run, also one that goes on elsewhere");
  show.add_option("run", options.run, "Its id, the beginning of its id, its folder, or \"latest\"")
      ->type_name("RUN")
      ->required();
  AddHome(show, options.home);
  show.add_option("--why", options.why, "The story of one mini-batch")->type_name("MINI_BATCH");
  CLI::Option* json = show.add_flag("--json", options.json, "As a JSON object");
  show.add_flag("--workers", options.workers, "With --json: what each worker does (null when the run is over)")
      ->needs(json);
  show.add_flag("--mini-batches", options.mini_batches, "With --json: the first thousand mini-batches of each status")
      ->needs(json);
}

int MainOrThrow(int argc, const char* const* argv, std::ostream& out, std::ostream& err) {
  CLI::App app("Batchscope: init() / run(mini_batch) over thousands of files, in parallel processes", "batchscope");
  app.set_version_flag("--version", std::string("batchscope ") + BATCHSCOPE_VERSION);
  app.require_subcommand(1);
  RunOptions run;
  AttachOptions attach;
  ListOptions list;
  ShowOptions show;
  AddRun(app, run);
  AddAttach(app, attach);
  AddList(app, list);
  AddShow(app, show);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& problem) {  // Also --help and --version.
    return app.exit(problem, out, err) == 0 ? kCompleted : kWrongUsage;
  }
  if (app.got_subcommand("run")) return RunStep(run, out, err);
  if (app.got_subcommand("attach")) return HowToAttach(attach, out, err);
  if (app.got_subcommand("list")) return ListRuns(list, out, err);
  return ShowRun(show, out, err);
}

}  // namespace

int Main(int argc, const char* const* argv, std::ostream& out, std::ostream& err) {
  std::signal(SIGPIPE,
              SIG_IGN);  // `batchscope list | head` ends quietly, and a lost terminal never ends a run halfway.
  try {
    const int code = MainOrThrow(argc, argv, out, err);
    out.flush();
    err.flush();
    return code;
  } catch (const std::exception& problem) {
    err << "batchscope: " << problem.what() << std::endl;
    return kOther;
  }
}

}  // namespace batchscope::cli
