"""The words, exit codes and screens of `batchscope`."""

import json
import os
import re
import select
import signal
import subprocess
import sys
from pathlib import Path

from support.processes import wait_until_gone
from support.shell import ENTRY_SCRIPTS, PROGRAM, Shell
from support.waiting import wait_for

GATED = """
    import os, time

    def run(mini_batch):
        while mini_batch[0].endswith("0005.txt") and not os.path.exists(os.environ["GATE"]):
            time.sleep(0.005)
        return [os.path.basename(path) for path in mini_batch]
"""


def gated(shell: Shell, **changes) -> tuple[Path, Path]:
    """A step of ten files that waits at the sixth until the gate is there; step file and gate."""
    shell.files(10)
    shell.script(GATED)
    gate = shell.folder / "gate"
    return shell.step(environment_variables={"GATE": str(gate)}, **changes), gate


def names_step(shell: Shell, **changes) -> Path:
    return shell.step("names.py", source_directory=str(ENTRY_SCRIPTS), **changes)


def test_a_result_is_on_stdout_and_progress_on_stderr_in_plain_lines(shell: Shell):
    shell.files(5)
    ran = shell.call("run", names_step(shell))
    assert ran.code == 0
    run = shell.show().result
    assert ran.out == (
        f"{run['id']}  completed\n"
        "  mini-batches  5: 5 succeeded, 0 failed\n"
        "  items         5 succeeded, 0 failed\n"
        f"  time          {ran.out.splitlines()[3].removeprefix('  time          ')}\n"
        f"  output        {run['output']}\n"
        f"  logs          {run['logs']}\n"
    )
    lines = ran.err.splitlines()
    assert lines[0] == f"run {run['id']}: 5 items in 5 mini-batches; logs in {run['logs']}"
    assert lines[-1].startswith("5 of 5 mini-batches")
    assert "\r" not in ran.err and "\x1b" not in ran.err


def test_quiet_says_nothing_but_the_result(shell: Shell):
    shell.files(2)
    ran = shell.call("run", names_step(shell), "--quiet")
    assert ran.code == 0 and ran.err == "" and "completed" in ran.out


def test_json_is_one_object_with_everything_a_script_needs(shell: Shell):
    shell.files(3)
    result = shell.run(names_step(shell)).result
    assert result["status"] == "completed" and result["exit_code"] == 0 and result["reason"] == ""
    assert result["mini_batches"] == {"total": 3, "succeeded": 3, "failed": 0, "tried_again": 0}
    assert Path(result["output"]).read_text() == "0000.txt\n0001.txt\n0002.txt\n"
    assert Path(result["folder"]).name == result["id"]
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z", result["started"])
    assert (Path(result["logs"]) / "overview.txt").exists()


def test_a_terminal_sees_a_bar_that_is_taken_away_at_the_end(shell: Shell):
    step, gate = gated(shell)
    master, terminal = os.openpty()
    started = shell.start("run", step, stderr=terminal, env={**shell.environment, "TERM": "xterm"})
    os.close(terminal)
    seen = bytearray()
    while True:
        if select.select([master], [], [], 0.005)[0]:
            try:
                seen += os.read(master, 65536)
            except OSError:  # the program has ended
                break
        if b"mini-batches, " in seen:
            gate.touch()
    os.close(master)
    ran = started.end()
    assert ran.code == 0
    assert re.search(rb"\r\x1b\[K\[=* *\] +\d+%", seen), bytes(seen)
    assert seen.endswith(b"\r\x1b[K")


def test_a_wrong_step_file_is_refused_with_all_its_problems(shell: Shell):
    shell.files(1)
    shell.script("def run(mini_batch):\n    return mini_batch\n")
    ran = shell.call("run", shell.step(run_max_try=0, error_treshold=3, output_action="append"))
    assert ran.code == 2
    for found in ["run_max_try", "error_treshold", "error_threshold", "output_action", "append_row"]:
        assert found in ran.err
    assert not shell.home.exists() or not list(shell.home.iterdir())


def test_words_nobody_knows_are_refused(shell: Shell):
    for words in [["fly"], ["run"], ["run", "a.yml", "--fast"], ["show"]]:
        done = subprocess.run([PROGRAM, *words], capture_output=True, text=True, check=False)
        assert done.returncode == 2, words
        assert done.stderr and not done.stdout


def test_values_of_the_step_file_can_be_set_and_so_can_its_output(shell: Shell):
    shell.files(4)
    ran = shell.run(names_step(shell), "--set", "mini_batch_size=4", "--output", "here")
    assert ran.result["mini_batches"]["total"] == 1
    assert Path(ran.result["output"]) == shell.folder / "here" / "parallel_run_step.txt"


def test_another_python_can_be_asked_for(shell: Shell):
    shell.files(1)
    shell.script("import sys\ndef run(mini_batch):\n    return [sys.executable]\n")
    python = Path(sys.executable)
    ran = shell.run(None, "--python", str(python))
    assert [Path(row).resolve() for row in ran.rows] == [python.resolve()]
    ran = shell.call("run", shell.step(), "--python", "/no/such/python")
    assert ran.code == 2 and "/no/such/python" in ran.err


def test_list_has_the_newest_run_first(shell: Shell):
    shell.files(2)
    first = shell.run(names_step(shell, name="step-one")).result["id"]
    second = shell.run(names_step(shell, name="step-two")).result["id"]
    listed = shell.call("list")
    assert listed.code == 0
    lines = listed.out.splitlines()
    assert [line.split()[:3] for line in lines[1:]] == [[second, "completed", "2/2"], [first, "completed", "2/2"]]
    assert [run["id"] for run in json.loads(shell.call("list", "--json").out)] == [second, first]


def test_a_run_is_shown_by_id_beginning_folder_and_latest(shell: Shell):
    shell.files(1)
    result = shell.run(names_step(shell)).result
    for which in [result["id"], result["id"][:-2], result["folder"], "latest"]:
        shown = shell.call("show", which)
        assert shown.code == 0 and shown.out.startswith(f"{result['id']}  completed\n")
    nothing = shell.call("show", "no-such-run")
    assert nothing.code == 1 and "no-such-run" in nothing.err and result["id"] in nothing.err


def test_the_story_of_a_mini_batch_tells_every_try(shell: Shell):
    shell.files(4)
    shell.script("""
        def run(mini_batch, context):
            if mini_batch[0].endswith("0002.txt") and context.retry_count == 0:
                raise ValueError("bad luck")
            return mini_batch
    """)
    shell.run()
    told = shell.call("show", "latest", "--why", "2")
    assert told.code == 0
    assert told.out.startswith(f"mini-batch 2: 1 item\n  {shell.inputs}/0002.txt\n\n")
    assert "ValueError: bad luck" in told.out
    story = json.loads(shell.call("show", "latest", "--why", "2", "--json").out)
    assert story["mini_batch"] == 2 and story["items"] == [f"{shell.inputs}/0002.txt"] and len(story["story"]) >= 3
    missing = shell.call("show", "latest", "--why", "4")
    assert missing.code == 1 and "4" in missing.err


def test_a_run_that_goes_on_elsewhere_is_shown_as_it_stands(shell: Shell):
    step, gate = gated(shell)
    started = shell.submit(step)

    def after_five() -> dict | None:
        shown = shell.show()
        return shown.result if shown.code == 0 and shown.result["mini_batches"]["succeeded"] >= 5 else None

    shown = wait_for("finished mini-batches", after_five)
    assert shown["status"] == "running" and shown["ended"] is None
    assert "so far" in shell.call("show", "latest").out
    assert [run["status"] for run in json.loads(shell.call("list", "--json").out)] == ["running"]
    gate.touch()
    assert started.end().code == 0
    assert shell.show().result["status"] == "completed"


def test_a_closed_stdout_does_not_end_the_run(shell: Shell):
    step, gate = gated(shell)
    reading, writing = os.pipe()
    started = shell.start("run", step, stdout=writing)
    os.close(writing)
    os.close(reading)
    gate.touch()
    assert started.end().code == 0
    assert shell.show().result["status"] == "completed"


def test_an_ignored_hangup_stays_ignored(shell: Shell):
    step, gate = gated(shell)
    started = shell.submit(step, preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_IGN))
    shell.run_folder()
    started.signal(signal.SIGHUP)
    gate.touch()
    assert started.end().code == 0
    wait_until_gone(shell.home)


def test_a_script_as_azures_samples_are_runs_and_its_log_is_kept(shell: Shell):
    files = shell.files(3)
    ran = shell.run(shell.step("lines.py", source_directory=str(ENTRY_SCRIPTS), process_count_per_node=1))
    assert ran.code == 0, ran.err
    assert ran.rows == [f"{path}: {path.stem}" for path in files]
    log = ran.log_text("user/*/process000.log.txt")
    assert log.count("init() is called.") == log.count("shutdown() is called.") == 1
    assert log.count("1 rows") == 3


def test_the_run_is_announced_to_whoever_started_it_and_attach_shows_the_way(shell: Shell):
    step, gate = gated(shell)
    ours, announced = os.pipe()
    started = shell.start("run", step, "--announce", str(announced), pass_fds=[announced])
    os.close(announced)
    with os.fdopen(ours) as pipe:
        text = pipe.read()  # ends while the run goes on: none of its processes has the other end
    assert started.process.poll() is None
    folder = Path(text.removesuffix("\n"))
    assert text == f"{folder}\n" and (folder / "incomplete").exists()
    for words in ([], ["latest"], [folder.name], [folder]):
        page = shell.call("attach", *words)
        assert page.code == 0 and page.err == ""
        assert page.out.startswith(f"{folder.name}\n\nVS Code with the extension Batchscope: open this link\n")
        assert f'"run": "{folder}"' in page.out and "vscode://batchscope.batchscope/attach?run=%2F" in page.out
        assert page.out.endswith(f"    {PROGRAM.parent / 'batchscope-dap'}\n")
    gate.touch()
    assert started.end().code == 0
    page = shell.call("attach")
    assert page.code == 0
    assert "No debugger can be attached now: the run is completed; a debugger gets only to one" in page.out


def test_a_reader_of_the_announcement_that_is_gone_does_no_harm(shell: Shell):
    shell.files(2)
    ours, announced = os.pipe()
    os.close(ours)
    started = shell.start("run", names_step(shell), "--announce", str(announced), pass_fds=[announced])
    os.close(announced)
    ran = started.end()
    assert ran.code == 0 and "--announce: " in ran.err


def test_set_reaches_what_a_step_says_about_debugging(shell: Shell):
    shell.files(2)
    ran = shell.run(names_step(shell), "--set", "debug=lane", "--set", "debug_lane=[1]", "--set", "hold_on_failure=1.5")
    assert ran.code == 0
    config = json.loads((Path(ran.result["folder"]) / "config.json").read_text())
    of_the_debugger = [config[name] for name in ("debug", "debug_lane", "debug_lease", "hold_on_failure")]
    assert of_the_debugger == ["lane", [1], 3600, 1.5]
    refused = shell.call("run", names_step(shell), "--set", "debug_lane=next", "--set", "debug_lease=0")
    assert refused.code == 2
    assert "debug_lane: says what the debug lane gets, and there is none" in refused.err
    assert "debug_lease: found 0, expected a number above 0" in refused.err
