"""The names that scripts import, in a Python of their own, as in a worker."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
NAMES = ROOT / "runtime" / "python" / "names"


def python(code: str, folder: Path, *, real: Path | None = None, **environment: str) -> str:
    """What `code` prints in a fresh interpreter without any other package, the names last on its path."""
    paths = [*([str(real)] if real else []), str(NAMES)]
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    done = subprocess.run(
        [sys.executable, "-S", "-c", f"import sys; sys.path += {paths!r}\n{code}"],
        cwd=folder,
        env={**kept, "PYTHONDONTWRITEBYTECODE": "1", "BATCHSCOPE_MODELS": str(folder / "models"), **environment},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def put_model(folder: Path, place: str) -> Path:
    file = folder / place
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(place)
    return file


GET_PATH = "from azureml.core.model import Model; print(Model.get_model_path('mnist'))"


def test_the_newest_version_of_a_model_is_found_by_number(tmp_path):
    for version in (2, 9, 10):
        put_model(tmp_path, f"models/mnist/{version}/m.pkl")
    assert python(GET_PATH, tmp_path) == str(tmp_path / "models/mnist/10/m.pkl")


def test_a_version_can_be_asked_for(tmp_path):
    for version in (1, 2):
        put_model(tmp_path, f"models/mnist/{version}/m.pkl")
    code = "from azureml.core import Model; print(Model.get_model_path('mnist', version=1), Model(None, 'mnist').id)"
    assert python(code, tmp_path) == f"{tmp_path}/models/mnist/1/m.pkl mnist:2"


def test_a_model_of_several_files_is_its_folder(tmp_path):
    put_model(tmp_path, "models/mnist/1/a.bin")
    put_model(tmp_path, "models/mnist/1/b.bin")
    assert python(GET_PATH, tmp_path) == str(tmp_path / "models/mnist/1")


@pytest.mark.parametrize(
    ("given", "place"),
    [
        ("given", "given/mnist/1/m.pkl"),
        ("given", "given/mnist/m.pkl"),
        ("given", "given/mnist"),
        ("given/mnist", "given/mnist/3/m.pkl"),
        ("given/mnist/3", "given/mnist/3/m.pkl"),
    ],
)
def test_the_steps_model_folder_comes_first(tmp_path, given, place):
    put_model(tmp_path, "models/mnist/7/local.pkl")
    file = put_model(tmp_path, place)
    assert python(GET_PATH, tmp_path, AZUREML_MODEL_DIR=str(tmp_path / given)) == str(file)


@pytest.mark.parametrize("place", ["azureml-models/mnist/1/m.pkl", "mnist"])
def test_a_model_beside_the_script_is_found_last(tmp_path, place):
    file = put_model(tmp_path, place)
    assert python(GET_PATH, tmp_path) == str(file)
    local = put_model(tmp_path, "models/mnist/1/local.pkl")
    assert python(GET_PATH, tmp_path) == str(local)


@pytest.mark.parametrize(
    ("environment", "models"),
    [
        ({"BATCHSCOPE_MODELS": "{}/m", "BATCHSCOPE_HOME": "{}/h"}, "m"),
        ({"BATCHSCOPE_MODELS": "", "BATCHSCOPE_HOME": "{}/h", "XDG_DATA_HOME": "{}/x"}, "h/models"),
        ({"BATCHSCOPE_MODELS": "", "XDG_DATA_HOME": "{}/x", "HOME": "{}/home"}, "x/batchscope/models"),
        ({"BATCHSCOPE_MODELS": "", "HOME": "{}/home"}, "home/.local/share/batchscope/models"),
    ],
)
def test_the_model_folder_lies_in_batchscopes_home(tmp_path, environment, models):
    file = put_model(tmp_path, f"{models}/mnist/1/m.pkl")
    given = {name: value.format(tmp_path) for name, value in environment.items()}
    assert python(GET_PATH, tmp_path, **given) == str(file)


def test_a_missing_model_is_told_with_what_there_is(tmp_path):
    put_model(tmp_path, "models/mnist2/1/m.pkl")
    code = """
from azureml.core import Model
try: Model.get_model_path("mnist")
except FileNotFoundError as error: print(error)
"""
    text = python(code, tmp_path)
    assert text.startswith(
        f"there is no model named 'mnist' (did you mean 'mnist2'?); models in {tmp_path}/models: mnist2. Looked in "
    )
    assert text.endswith("Put it there with batchscope.register_model('mnist', path).")


def test_a_missing_version_is_told_with_those_there_are(tmp_path):
    for version in (1, 2):
        put_model(tmp_path, f"models/mnist/{version}/m.pkl")
    code = """
from azureml.core import Model
try: Model.get_model_path("mnist", version=3)
except FileNotFoundError as error: print(error)
"""
    assert python(code, tmp_path).startswith("the model 'mnist' has no version 3; there are: 1, 2 (looked in ")


def test_registering_a_model_again_makes_the_next_version(tmp_path):
    file = put_model(tmp_path, "here/m.pkl")
    code = f"""
from azureml.core import Model
print([Model.register(None, model_path={str(file)!r}, model_name="mnist", tags={{"a": "b"}}).id for _ in range(3)])
"""
    assert python(code, tmp_path) == "['mnist:1', 'mnist:2', 'mnist:3']"
    models = tmp_path / "models"
    kept = sorted(str(each.relative_to(models)) for each in models.rglob("*") if each.is_file())
    assert kept == ["mnist/1/m.pkl", "mnist/2/m.pkl", "mnist/3/m.pkl"]


def test_processes_that_register_at_once_lose_no_version(tmp_path):
    file = put_model(tmp_path, "here/m.pkl")
    code = f"""
import os
from azureml.core import Model
children = []
for _ in range(4):
    child = os.fork()
    if child == 0:
        for _ in range(10): Model.register(None, {str(file)!r}, "mnist")
        os._exit(0)
    children.append(child)
print([os.waitpid(child, 0)[1] for child in children])
"""
    assert python(code, tmp_path) == "[0, 0, 0, 0]"
    assert sorted(int(each.name) for each in (tmp_path / "models/mnist").iterdir()) == list(range(1, 41))


def test_a_folder_can_be_a_model(tmp_path):
    put_model(tmp_path, "net/weights.bin")
    code = "from azureml.core import Model; Model.register(None, 'net', 'net'); print(Model.get_model_path('net'))"
    assert python(code, tmp_path) == str(tmp_path / "models/net/1/net")
    assert (tmp_path / "models/net/1/net/weights.bin").is_file()


@pytest.mark.parametrize("name", ["", "../up", ".hidden", "a/b", "-x"])
def test_a_model_needs_a_name_that_a_folder_can_have(tmp_path, name):
    put_model(tmp_path, "m.pkl")
    code = f"""
from azureml.core import Model
try: Model.register(None, "m.pkl", {name!r})
except ValueError as error: print(error)
"""
    assert f"found {name!r}" in python(code, tmp_path)


def run_environment(folder: Path) -> dict[str, str]:
    (folder / "run/logs/user").mkdir(parents=True)
    return {
        "BATCHSCOPE_RUN_ID": "digits-1",
        "AZUREML_ROOT_RUN_ID": "pipeline-1",
        "BATCHSCOPE_RUN_FOLDER": str(folder / "run"),
        "BATCHSCOPE_LOG_DIR": str(folder / "run/logs/user"),
        "BATCHSCOPE_LOG_FILE": str(folder / "run/logs/user/process003.log.txt"),
        "BATCHSCOPE_WORKING_DIR": str(folder / "work"),
        "BATCHSCOPE_OUTPUT_DIR": str(folder / "out"),
        "BATCHSCOPE_AGENT_NAME": "process003",
        "BATCHSCOPE_LOGGING_LEVEL": "WARNING",
    }


def test_the_entry_script_helper_knows_its_process(tmp_path):
    code = """
from azureml_user.parallel_run import EntryScript
it = EntryScript()
print(it is EntryScript(), it.output_dir, it.working_dir, it.log_dir, it.agent_name)
it.logger.info("not wanted")
it.logger.warning("caf\\u00e9 %d \\udcff", 7)
"""
    text = python(code, tmp_path, **run_environment(tmp_path))
    assert text == f"True {tmp_path}/out {tmp_path}/work {tmp_path}/run/logs/user process003"
    (line,) = (tmp_path / "run/logs/user/process003.log.txt").read_text(encoding="utf-8").splitlines()
    time, level, _, message = line.split("|")
    assert (time[-1], level, message) == ("Z", "WARNING", "café 7 \\udcff")


def test_the_entry_script_helper_works_outside_a_run(tmp_path):
    code = """
from azureml_user.parallel_run import EntryScript
it = EntryScript()
it.logger.info("hello")
print(it.working_dir, it.output_dir)
"""
    assert python(code, tmp_path) == f"{tmp_path} {tmp_path}"


def test_metrics_are_lines_in_the_runs_logs(tmp_path):
    code = """
from azureml.core.run import Run
run = Run.get_context()
run.log("accuracy", 0.5, description="of all")
run.log_list("losses", (1, float("nan")))
run.parent.log_row("table", x=1, y=object)
print(run.id, run.parent.id, run.parent.parent)
"""
    assert python(code, tmp_path, **run_environment(tmp_path)) == "digits-1 pipeline-1 None"
    lines = [json.loads(line) for line in (tmp_path / "run/logs/metrics.jsonl").read_text().splitlines()]
    assert all(line.pop("time").endswith("Z") and line.pop("process") == "process003" for line in lines)
    assert lines == [
        {"name": "accuracy", "value": 0.5, "description": "of all"},
        {"name": "losses", "value": [1, "nan"]},
        {"name": "table", "value": {"x": 1, "y": "<class 'object'>"}},
    ]


def test_metrics_of_processes_that_write_at_once_stay_whole(tmp_path):
    code = """
import os
from azureml.core import Run
children = []
for _ in range(4):
    child = os.fork()
    if child == 0:
        for i in range(200): Run.get_context().log("long", [i] * 300)
        os._exit(0)
    children.append(child)
print([os.waitpid(child, 0)[1] for child in children])
"""
    assert python(code, tmp_path, **run_environment(tmp_path)) == "[0, 0, 0, 0]"
    values = [json.loads(line)["value"] for line in (tmp_path / "run/logs/metrics.jsonl").read_text().splitlines()]
    assert sorted(values) == sorted([i] * 300 for i in range(200) for _ in range(4))


def test_outside_a_run_there_is_an_offline_one(tmp_path):
    code = """
from azureml.core import Run
run = Run.get_context()
run.log("a", 1)
print(run.id.split("_")[0], run.parent)
try: Run.get_context(allow_offline=False)
except RuntimeError as error: print(error)
"""
    first, second = python(code, tmp_path).splitlines()
    assert first == "OfflineRun None"
    assert second.startswith("Run.get_context(): this process belongs to no run")


def test_a_worker_needs_neither_batchscope_nor_pandas_for_its_names(tmp_path):
    put_model(tmp_path, "models/mnist/1/m.pkl")
    code = f"""
{GET_PATH}
from azureml.core import Run
from azureml_user.parallel_run import EntryScript
Run.get_context().log("a", 1), EntryScript()
print(sorted({{"batchscope", "pandas", "numpy"}} & sys.modules.keys()))
"""
    assert python(code, tmp_path).splitlines()[1] == "[]"


REAL_PACKAGES = {
    "with __init__.py": "__path__ = __import__('pkgutil').extend_path(__path__, __name__)\n",
    "without __init__.py": None,
}


@pytest.mark.parametrize("init", REAL_PACKAGES.values(), ids=REAL_PACKAGES.keys())
def test_the_real_packages_win(tmp_path, init):
    core = tmp_path / "real/azureml/core"
    core.mkdir(parents=True)
    (core / "__init__.py").write_text("Model = 'the real one'\n")
    if init is not None:
        (core.parent / "__init__.py").write_text(init)
    code = """
import azureml.core, azureml_user.parallel_run
print(azureml.core.Model, azureml_user.parallel_run.EntryScript.__name__)
"""
    assert python(code, tmp_path, real=tmp_path / "real") == "the real one EntryScript"
