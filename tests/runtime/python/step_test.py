"""Steps and their configuration, checked by the engine."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

import batchscope
from batchscope import ConfigurationError, FileDataset, ParallelRunConfig, ParallelRunStep


def problems_of(*arguments, **named) -> list[str]:
    with pytest.raises(ConfigurationError) as caught:
        ParallelRunStep(*arguments, **named)
    return caught.value.problems


def test_importing_batchscope_imports_neither_numpy_nor_pandas(bench):
    done = bench.python("import batchscope, sys; print(sorted({'numpy', 'pandas', 'IPython'} & sys.modules.keys()))")
    assert (done.stdout, done.stderr) == ("[]\n", "")


def test_importing_batchscope_puts_the_names_last_on_the_path(bench):
    done = bench.python(
        """
import sys, batchscope
names = sys.path[-1]
import azureml.core, azureml_user.parallel_run, azureml.contrib.pipeline.steps
from azureml.pipeline.steps import ParallelRunConfig, ParallelRunStep
from azureml.pipeline.steps.parallel_run_config import ParallelRunConfig as Again
print(ParallelRunStep is batchscope.ParallelRunStep, ParallelRunConfig is batchscope.ParallelRunConfig is Again)
print(azureml.core.__file__.startswith(names))
"""
    )
    assert (done.stdout, done.stderr) == ("True True\nTrue\n", "")


def test_a_registered_model_is_found_by_its_name(bench):
    (bench.folder / "m.pkl").write_text("1")
    place = batchscope.register_model("mnist", bench.folder / "m.pkl")
    assert place == bench.folder / "home/models/mnist/1/m.pkl"
    assert place.read_text() == "1"


def test_what_is_left_out_gets_its_default(bench):
    settings = bench.step(process_count_per_node=None).settings
    config = settings["parallel_run_config"]
    assert settings["name"] == "test-step"
    assert settings["inputs"] == [{"name": "input_0", "path": [str(bench.files)]}]
    assert config["entry_script"] == str(bench.folder / "source/entry.py")
    assert config["source_directory"] == str(bench.folder / "source")
    assert config["process_count_per_node"] == len(os.sched_getaffinity(0))
    defaults = ("mini_batch_size", "output_action", "append_row_file_name", "logging_level", "run_max_try")
    assert [config[name] for name in defaults] == [10, "append_row", "parallel_run_step.txt", "INFO", 3]
    assert config["run_invocation_timeout"] == 60


def test_what_is_given_reaches_the_engine(bench):
    given = {
        "mini_batch_size": "7",
        "output_action": "SUMMARY_ONLY",
        "logging_level": "DEBUG",
        "run_invocation_timeout": 2.5,
        "run_max_try": 1,
        "error_threshold": 0,
        "allowed_failed_count": 2,
        "allowed_failed_percent": 50,
        "environment": Path(sys.executable),
        "environment_variables": {"A": "b"},
        "task_overhead_timeout": 3,
        "progress_update_timeout": 4,
        "resource_monitor_interval": 0,
        "description": "a test",
        "compute_target": object(),
        "node_count": 1,
    }
    config = bench.step(**given).settings["parallel_run_config"]
    kept = {name: config[name] for name in given if name not in ("compute_target", "node_count")}
    expected = {name: value for name, value in given.items() if name in kept}
    expected.update(mini_batch_size=7, output_action="summary_only", environment=sys.executable)
    assert kept == expected


def test_arguments_are_written_as_python_writes_them(bench):
    step = bench.step(arguments=["--rate", 1e-05, "--count", 3, "--flag", True, "--path", Path("a b"), "--empty", ""])
    assert step.settings["arguments"] == [
        *("--rate", "1e-05", "--count", "3", "--flag", "True", "--path", "a b", "--empty", "")
    ]


@pytest.mark.parametrize(
    ("inputs", "expected"),
    [
        ("files", [("input_0", ["files"])]),
        (["files", Path("files/0001.txt")], [("input_0", ["files"]), ("input_1", ["files/0001.txt"])]),
        ([["files", "files/*.txt"]], [("input_0", ["files", "files/*.txt"])]),
        (FileDataset("files"), [("input_0", ["files"])]),
        ([FileDataset(["files"]).as_named_input("pictures").as_mount()], [("pictures", ["files"])]),
    ],
)
def test_inputs_can_be_given_in_many_ways(bench, monkeypatch, inputs, expected):
    monkeypatch.chdir(bench.folder)
    found = bench.step(inputs=inputs).settings["inputs"]
    absolute = [{"name": name, "path": [str(bench.folder / path) for path in paths]} for name, paths in expected]
    assert found == absolute


def test_relative_paths_mean_where_the_step_was_made(bench, monkeypatch):
    bench.script()
    monkeypatch.chdir(bench.folder)
    config = ParallelRunConfig(entry_script="entry.py", source_directory="source", error_threshold=1)
    step = ParallelRunStep("test-step", config, inputs=["files"], output="out")
    monkeypatch.chdir("/")
    assert step.settings["output"] == str(bench.folder / "out")
    assert step.settings["parallel_run_config"]["entry_script"] == str(bench.folder / "source/entry.py")


@pytest.mark.parametrize(
    ("given", "settings"),
    [
        ({}, {"debug": "on", "debug_lease": 3600, "hold_on_failure": 0}),
        ({"debug": False}, {"debug": "off", "debug_lease": 3600, "hold_on_failure": 0}),
        ({"debug_lease": 0.5, "hold_on_failure": 60}, {"debug": "on", "debug_lease": 0.5, "hold_on_failure": 60}),
        ({"debug": "lane"}, {"debug": "lane", "debug_lane": "next", "debug_lease": 3600, "hold_on_failure": 0}),
        (
            {"debug": "lane", "debug_lane": range(3)},
            {"debug": "lane", "debug_lane": [0, 1, 2], "debug_lease": 3600, "hold_on_failure": 0},
        ),
    ],
)
def test_a_step_says_how_it_may_be_debugged(bench, given, settings):
    of_step = bench.step(**given).settings
    assert {name: value for name, value in of_step.items() if name.startswith(("debug", "hold"))} == settings


def test_a_step_file_may_say_how_it_may_be_debugged(bench):
    bench.script()
    file = bench.folder / "step.yml"
    file.write_text(
        """
name: test-step
inputs: [files]
parallel_run_config: {entry_script: source/entry.py, error_threshold: -1, process_count_per_node: 1}
debug: lane
debug_lane: failed
hold_on_failure: 60
"""
    )
    given = {"debug": "lane", "debug_lane": "failed", "hold_on_failure": 60}
    assert batchscope.load_step(file).settings == bench.step(**given).settings
    file.write_text(file.read_text().replace("debug_lane: failed", "debug_lane: faild"))
    with pytest.raises(ConfigurationError, match="did you mean failed"):
        batchscope.load_step(file)


def test_all_problems_come_at_once_each_by_its_path(bench):
    config = ParallelRunConfig(entry_script=bench.script(), run_max_try=0, mini_batchsize=3)
    problems = problems_of("no", config, inputs=[], argument=["x"])
    paths = sorted(problem.split(":")[0].split(" ")[0] for problem in problems)
    assert paths == [
        "argument",
        "inputs",
        "name",
        "parallel_run_config.error_threshold",
        "parallel_run_config.mini_batchsize",
        "parallel_run_config.run_max_try",
    ]
    text = "\n".join(problems)
    assert "mini_batch_size" in text and "arguments" in text  # the nearest right names


def test_a_step_of_nothing_says_what_it_needs():
    text = "\n".join(problems_of())
    assert all(name in text for name in ("name", "parallel_run_config", "inputs"))


def test_a_configuration_of_the_wrong_kind_is_refused(bench):
    assert any(problem.startswith("parallel_run_config") for problem in problems_of("abc", "x", inputs=[bench.files]))


def test_a_configuration_may_be_a_mapping(bench):
    step = ParallelRunStep("abc", {"entry_script": bench.script(), "error_threshold": 1}, inputs=[bench.files])
    assert step.settings["parallel_run_config"]["error_threshold"] == 1


def test_a_path_that_is_not_utf8_is_refused_with_a_way_out(bench):
    (problem,) = problems_of("abc", ParallelRunConfig(entry_script=bench.script()), inputs=["files/\udcff"])
    assert "not UTF-8" in problem and "give the folder" in problem


def test_a_value_changed_after_the_check_is_checked_at_submit(bench):
    step = bench.step()
    step.parallel_run_config.run_max_try = 0
    with pytest.raises(ConfigurationError, match="parallel_run_config.run_max_try"):
        step.submit()
    assert batchscope.runs().empty


def test_a_step_file_gives_an_equal_step(bench):
    bench.script()
    file = bench.folder / "step.yml"
    file.write_text(
        """
name: test-step
inputs: [files]
parallel_run_config: {entry_script: source/entry.py, error_threshold: -1, process_count_per_node: 1}
"""
    )
    assert batchscope.load_step(file).settings == bench.step().settings
    file.write_text("name: 1")
    with pytest.raises(ConfigurationError, match=str(file)):
        batchscope.load_step(file)


def test_ipython_shows_the_problems_without_a_traceback():
    error = ConfigurationError("a: x\nb: y")
    assert error._render_traceback_() == ["ConfigurationError: a: x\nb: y"]


def test_representations_are_short_and_true(bench):
    config = ParallelRunConfig(entry_script="a.py", error_threshold=1)
    assert repr(config) == "ParallelRunConfig(entry_script='a.py', error_threshold=1)"
    assert repr(bench.step(inputs=["files/*"])).startswith("ParallelRunStep(name='test-step', entry_script=")
    assert repr(FileDataset(["a", Path("b")], "in")) == "FileDataset(['a', 'b'], name='in')"
